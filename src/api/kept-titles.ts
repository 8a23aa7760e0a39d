/**
 * Titles of a list in twelve bytes each, so that lists of many users can be kept.
 *
 * | word | what                                                                       |
 * |------|----------------------------------------------------------------------------|
 * | 0    | the title's position                                                       |
 * | 1    | its score, 32-bit float                                                    |
 * | 2    | 0: no reason; else 1 + 2 × the position of the reason's title + (1: clicked) |
 */
import type { RankedTitle } from './model-snapshot.ts'
import { scoreText } from './number-text.ts'
import type { ListedTitle } from './title-text.ts'

export const titleBytes = 12

/** Writes them from `place` on. Answers the place after them. */
export function writeTitles(titles: readonly RankedTitle[], bytes: Buffer, place: number): number {
  for (const { position, score, because } of titles) {
    bytes.writeUInt32LE(position, place)
    bytes.writeFloatLE(score, place + 4)
    bytes.writeUInt32LE(because === undefined ? 0 : 1 + 2 * because.position + Number(because.was === 'clicked'), place + 8)
    place += titleBytes
  }
  return place
}

export function titleAt(bytes: DataView, place: number): ListedTitle {
  const word = bytes.getUint32(place + 8, true)
  return {
    position: bytes.getUint32(place, true),
    score: scoreText(bytes.getFloat32(place + 4, true)),
    because: word === 0 ? undefined : { position: (word - 1) >>> 1, was: word % 2 === 1 ? 'watched' : 'clicked' },
  }
}
