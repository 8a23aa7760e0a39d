/**
 * What is kept of a home page, and from it the answer as its schema (`Rows`) has it: of five rows of twenty titles 1.3 KiB. Their
 * number comes first, then the rows, four words each, the titles of all (see kept-titles.ts), and where those that are gone on with were left.
 *
 * | word of a row | what                                                       |
 * |---------------|------------------------------------------------------------|
 * | 0             | the place of its kind in `rowKinds`                        |
 * | 1             | 0, or 1 + the position of the title that it starts from    |
 * | 2             | 0, or 1 + the place of its genre in those of the catalogue |
 * | 3             | how many titles it has                                     |
 *
 * | bytes of where one was left | what                                                    |
 * |-----------------------------|---------------------------------------------------------|
 * | 0 to 7, 8 to 15             | when, and the share watched: 64-bit floats              |
 * | 16 to 19, and from there on | 0, or 1 + the length of the episode's text, and that in UTF-8 |
 */
import type { ModelItem } from '../contracts/documents.ts'
import type { Kept } from './answer-cache.ts'
import { bytesOf, jsonOf } from './byte-text.ts'
import { namedOf, nameOf } from './catalogue.ts'
import type { HomePage, RowTitle } from './home-rows.ts'
import { titleAt, titleBytes, writeTitles } from './kept-titles.ts'
import type { ModelSnapshot } from './model-snapshot.ts'
import { momentText } from './number-text.ts'
import { rowKinds, type HomeRow } from './schemas.ts'
import { beginningOf, plainReason, textOfTitle } from './title-text.ts'

export type KeptPage = Kept<HomePage['source']>

const countBytes = 4
const rowBytes = 16
const leftBytes = 20

export function keepPage({ source, rows }: HomePage): KeptPage {
  const titles = rows.flatMap((row) => row.titles)
  const head = Buffer.allocUnsafe(countBytes + rowBytes * rows.length + titleBytes * titles.length)
  let place = head.writeUInt32LE(rows.length, 0)
  for (const { kind, because = -1, genre = -1, titles: ofRow } of rows)
    for (const word of [rowKinds.indexOf(kind), because + 1, genre + 1, ofRow.length]) place = head.writeUInt32LE(word, place)
  writeTitles(titles, head, place)
  return { source, bytes: Buffer.concat([head, ...titles.flatMap(bytesOfLeft)]) }
}

function bytesOfLeft({ score, next }: RowTitle): Buffer[] {
  if (next === undefined) return []
  const bytes = Buffer.allocUnsafe(leftBytes)
  const episode = next.episode === null ? undefined : Buffer.from(next.episode)
  bytes.writeDoubleLE(score, 0)
  bytes.writeDoubleLE(next.share, 8)
  bytes.writeUInt32LE(episode === undefined ? 0 : 1 + episode.length, 16)
  return episode === undefined ? [bytes] : [bytes, episode]
}

export function bytesOfPage({ source, bytes }: KeptPage, user: string, snapshot: ModelSnapshot): Buffer {
  const { catalogue } = snapshot
  const words = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const word = (place: number): number => words.getUint32(place, true)
  const rowsEnd = countBytes + rowBytes * word(0)
  let title = rowsEnd
  let left = rowsEnd
  for (let row = countBytes; row < rowsEnd; row += rowBytes) left += titleBytes * word(row + 12)
  let text = `${beginningOf(user, source, snapshot)}"rows":[`
  for (let row = countBytes; row < rowsEnd; row += rowBytes) {
    const kind = rowKinds[word(row)] ?? 'for_you'
    const because = word(row + 4) === 0 ? undefined : catalogue.item(word(row + 4) - 1)
    const genre = catalogue.genres[word(row + 8) - 1]
    const { heading, reason } = sayingsOf(kind, source, because, genre)
    text += `${row === countBytes ? '' : ','}{"kind":"${kind}","title":"${heading}",`
    if (because !== undefined) text += `"because":${jsonOf(namedOf(because))},`
    if (genre !== undefined) text += `"genre":${jsonOf(genre)},`
    text += '"items":['
    const end = title + titleBytes * word(row + 12)
    for (let comma = ''; title < end; title += titleBytes, comma = ',') {
      const listed = titleAt(words, title)
      if (kind === 'continue_watching') {
        const share = words.getFloat64(left + 8, true)
        const whole = textOfTitle(
          catalogue,
          { ...listed, score: momentText(words.getFloat64(left, true)) },
          share === 0 ? 'next episode' : reason,
        )
        const [episode, length] = [left + leftBytes, word(left + 16) - 1]
        left = episode + Math.max(0, length)
        text += `${comma}${whole.slice(0, -1)},"episode":${length < 0 ? 'null' : jsonOf(bytes.toString('utf8', episode, left))},"watched_share":${share}}`
      } else {
        // A moment takes more digits than are kept of a score.
        const { position } = listed
        text +=
          comma + textOfTitle(catalogue, kind === 'new' ? { position, score: momentText(catalogue.releasedAt(position)) } : listed, reason)
      }
    }
    text += ']}'
  }
  return bytesOf(`${text}]}`)
}

interface Sayings {
  readonly heading: string
  /** Of titles that owe nothing to one of the history. */
  readonly reason: string
}

const plainSayings = {
  continue_watching: { heading: 'Continue watching', reason: 'continue watching' },
  trending: { heading: 'Trending', reason: 'trending' },
  new: { heading: 'New', reason: 'new' },
} as const

/** In byte text, as it stands within quotes. */
function sayingsOf(kind: HomeRow['kind'], source: KeptPage['source'], because: ModelItem | undefined, genre = ''): Sayings {
  if (kind === 'for_you') return { heading: source === 'personal' ? 'For you' : 'Popular', reason: plainReason(source) }
  if (kind === 'genre') return { heading: `${withinQuotes(genre)} for you`, reason: 'for you' }
  if (kind !== 'because_you_watched') return plainSayings[kind]
  const name = because === undefined ? '' : withinQuotes(nameOf(because))
  return { heading: `Because you watched ${name}`, reason: `like ${name}` }
}

const withinQuotes = (text: string): string => jsonOf(text).slice(1, -1)
