/** What is kept of a list, and from it the answer as its schema (`Recommendations`) has it, in a tenth of the time of the schema's serialiser. */
import type { Kept } from './answer-cache.ts'
import { bytesOf, byteTextOf } from './byte-text.ts'
import { titleAt, titleBytes, writeTitles } from './kept-titles.ts'
import type { ModelSnapshot, Ranking } from './model-snapshot.ts'
import { textOfTitle } from './title-text.ts'

export type KeptRanking = Kept<Ranking['source']>

export function keepRanking({ source, titles }: Ranking): KeptRanking {
  const bytes = Buffer.allocUnsafe(titleBytes * titles.length)
  writeTitles(titles, bytes, 0)
  return { source, bytes }
}

export function bytesOfRanking({ source, bytes }: KeptRanking, user: string, { version, manifest, catalogue }: ModelSnapshot): Buffer {
  let text = `{"user":${byteTextOf(JSON.stringify(user))},"model":"${version}","week":"${manifest.week}","source":"${source}","items":[`
  const plain = source === 'personal' ? 'for you' : 'popular'
  const words = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  for (let place = 0; place < bytes.length; place += titleBytes)
    text += `${place === 0 ? '' : ','}${textOfTitle(catalogue, titleAt(words, place), plain)}`
  return bytesOf(`${text}]}`)
}
