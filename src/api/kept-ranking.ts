/** What is kept of a list, and from it the answer as its schema (`Recommendations`) has it, sooner than by the schema's serialiser. */
import type { Kept } from './answer-cache.ts'
import { bytesOf } from './byte-text.ts'
import { titleAt, titleBytes, writeTitles } from './kept-titles.ts'
import type { ModelSnapshot, Ranking } from './model-snapshot.ts'
import { beginningOf, plainReason, textOfTitle } from './title-text.ts'

export type KeptRanking = Kept<Ranking['source']>

export function keepRanking({ source, titles }: Ranking): KeptRanking {
  const bytes = Buffer.allocUnsafe(titleBytes * titles.length)
  writeTitles(titles, bytes, 0)
  return { source, bytes }
}

export function bytesOfRanking({ source, bytes }: KeptRanking, user: string, snapshot: ModelSnapshot): Buffer {
  let text = `${beginningOf(user, source, snapshot)}"items":[`
  const plain = plainReason(source)
  const words = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  for (let place = 0; place < bytes.length; place += titleBytes)
    text += `${place === 0 ? '' : ','}${textOfTitle(snapshot.catalogue, titleAt(words, place), plain)}`
  return bytesOf(`${text}]}`)
}
