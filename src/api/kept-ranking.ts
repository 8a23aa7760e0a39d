/**
 * A list in twelve bytes a title, and from them the answer as its schema (`Recommendations`) has it. Of 50,000 users the answers would take
 * 110 MiB, these 25; and to write one from parts that are made once a title takes a tenth of the time of the schema's serialiser.
 *
 * | word | what                                                                       |
 * |------|----------------------------------------------------------------------------|
 * | 0    | the title's position                                                       |
 * | 1    | its score, 32-bit float                                                    |
 * | 2    | 0: no reason; else 1 + 2 × the position of the reason's title + (1: clicked) |
 */
import type { Kept } from './answer-cache.ts'
import { bytesOf, byteTextOf } from './byte-text.ts'
import type { ModelSnapshot, Ranking } from './model-snapshot.ts'
import { textOfTitle } from './title-text.ts'

export type KeptRanking = Kept<Ranking['source']>

const wordsATitle = 3

export function keepRanking({ source, titles }: Ranking): KeptRanking {
  const bytes = Buffer.allocUnsafe(4 * wordsATitle * titles.length)
  for (const [n, { position, score, because }] of titles.entries()) {
    const place = 4 * wordsATitle * n
    bytes.writeUInt32LE(position, place)
    bytes.writeFloatLE(score, place + 4)
    bytes.writeUInt32LE(because === undefined ? 0 : 1 + 2 * because.position + Number(because.was === 'clicked'), place + 8)
  }
  return { source, bytes }
}

export function bytesOfRanking({ source, bytes }: KeptRanking, user: string, { version, manifest, catalogue }: ModelSnapshot): Buffer {
  let text = `{"user":${byteTextOf(JSON.stringify(user))},"model":"${version}","week":"${manifest.week}","source":"${source}","items":[`
  const plain = source === 'personal' ? 'for you' : 'popular'
  const words = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  for (let place = 0; place < bytes.length; place += 4 * wordsATitle) {
    const word = words.getUint32(place + 8, true)
    const because =
      word === 0 ? undefined : { position: (word - 1) >>> 1, was: word % 2 === 1 ? ('watched' as const) : ('clicked' as const) }
    const title = { position: words.getUint32(place, true), score: words.getFloat32(place + 4, true), because }
    text += `${place === 0 ? '' : ','}${textOfTitle(catalogue, title, plain)}`
  }
  return bytesOf(`${text}]}`)
}
