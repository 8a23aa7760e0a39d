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
import type { ModelSnapshot, Ranking } from './model-snapshot.ts'
import { nameOf, reasonOf } from './titles.ts'

export interface KeptRanking extends Kept {
  readonly source: Ranking['source']
}

const wordsATitle = 3

export function keepRanking({ source, titles }: Ranking): KeptRanking {
  // From Node's pool: an allocation of its own would take more than what is in it.
  const bytes = Buffer.allocUnsafe(4 * wordsATitle * titles.length)
  for (const [n, { position, score, because }] of titles.entries()) {
    const place = 4 * wordsATitle * n
    bytes.writeUInt32LE(position, place)
    bytes.writeFloatLE(score, place + 4)
    bytes.writeUInt32LE(because === undefined ? 0 : 1 + 2 * because.position + Number(because.was === 'clicked'), place + 8)
  }
  return { source, bytes }
}

export function textOfRanking(
  { source, bytes }: KeptRanking,
  user: string,
  { version, manifest, catalogue, items }: ModelSnapshot,
): string {
  let text = `{"user":${JSON.stringify(user)},"model":"${version}","week":"${manifest.week}","source":"${source}","items":[`
  const plain = source === 'personal' ? '"for you"' : '"popular"'
  for (let place = 0; place < bytes.length; place += 4 * wordsATitle) {
    if (place > 0) text += ','
    text += `${catalogue.titleText(bytes.readUInt32LE(place))},"score":${bytes.readFloatLE(place + 4)},"reason":`
    const reason = bytes.readUInt32LE(place + 8)
    const item = reason === 0 ? undefined : items[(reason - 1) >>> 1]
    if (item === undefined) text += `${plain}}`
    else {
      const because = reasonOf(nameOf(item), (reason - 1) % 2 === 0 ? 'watched' : 'clicked')
      const { program_id, program_name } = item
      text += `${JSON.stringify(because)},"because":{"program_id":${JSON.stringify(program_id)},"program_name":${JSON.stringify(program_name)}}}`
    }
  }
  return `${text}]}`
}
