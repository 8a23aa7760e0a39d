/** The titles of a model, and which of them may be shown: to whom (genre, age), and when (release, availability). */
import type { ModelItem } from '../contracts/documents.ts'
import { MatineeError } from '../contracts/errors.ts'
import { byteTextOf } from './byte-text.ts'
import { momentOf } from './local-moment.ts'
import { TitleMasks, type ShownTitles, type TitleFilter } from './title-masks.ts'

/** What every answer says of a title. */
export const titleOf = ({ program_id, program_name, program_genre, age_limit }: ModelItem) => ({
  program_id,
  program_name,
  genre: program_genre,
  age_limit,
})

/** What people call a title: its name, or its id where it has none. */
export const nameOf = ({ program_id, program_name }: ModelItem): string => program_name ?? program_id

/** What answers say of a title that another one owes most to. */
export const namedOf = ({ program_id, program_name }: ModelItem) => ({ program_id, program_name })

/** Of a title that owes most to this one. */
export const reasonOf = (item: ModelItem, was: 'watched' | 'clicked'): string =>
  `because you ${was === 'watched' ? 'watched' : 'looked at'} ${nameOf(item)}`

/** Of one title, as JSON in byte text: what lists are written of. */
interface TitleText {
  /** `titleOf` up to its score: what differs from list to list follows. */
  readonly title: string
  /** `reasonText` of one that was watched: most are. */
  readonly watched: string
}

export class Catalogue {
  readonly items: readonly ModelItem[]
  /** Genres of the titles that may be recommended, sorted. */
  readonly genres: readonly string[]
  /** The same as a set, for checks. */
  readonly genreSet: ReadonlySet<string>
  /** First moment at which each title is out. */
  readonly #from: Float64Array
  /** Positions by release, the latest first; of equals the smaller. */
  readonly newestFirst: Uint32Array
  /** Moments at which some title comes or goes, ascending. */
  readonly #changes: Float64Array
  readonly #masks: TitleMasks
  /** Made when first asked for. */
  readonly #texts: (TitleText | undefined)[]

  constructor(items: readonly ModelItem[]) {
    this.items = items
    this.#texts = Array.from(items, () => undefined)
    this.genres = [
      ...new Set(items.flatMap(({ recommendable, program_genre: genre }) => (recommendable && genre ? [genre] : []))),
    ].toSorted()
    this.genreSet = new Set(this.genres)
    // Thousands of titles share some hundred dates.
    const moments = new Map<string, number | undefined>()
    const momentOnce = (text: string | null | undefined): number | undefined => {
      if (text === null || text === undefined) return undefined
      if (!moments.has(text)) moments.set(text, momentOf(text))
      return moments.get(text)
    }
    const from = new Float64Array(items.length)
    const until = new Float64Array(items.length)
    const released = new Map<number, number[]>()
    const changes = new Set<number>()
    for (const [position, item] of items.entries()) {
      const first = Math.max(momentOnce(item.release_date) ?? -Infinity, momentOnce(item.available_from) ?? -Infinity)
      const last = momentOnce(item.available_until) ?? Infinity
      from[position] = first
      until[position] = last
      changes.add(first).add(last)
      const together = released.get(first)
      if (together === undefined) released.set(first, [position])
      else together.push(position)
    }
    this.#from = from
    this.#masks = new TitleMasks(items, this.genres, from, until)
    const newest = [...released].toSorted(([a], [b]) => b - a)
    this.newestFirst = Uint32Array.from(newest.flatMap(([, positions]) => positions))
    this.#changes = Float64Array.from([...changes].filter(Number.isFinite)).toSorted()
  }

  /** A number that changes when, with time, a title comes or goes. */
  epoch(moment: number): number {
    let low = 0
    let high = this.#changes.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#changes[middle] as number) <= moment) low = middle + 1
      else high = middle
    }
    return low
  }

  /** The moment from which a title is out; -Infinity where it always was. */
  releasedAt(position: number): number {
    return this.#from[position] ?? -Infinity
  }

  /** The place of its genre in `genres`; their number where it has none, or one of which nothing may be recommended. */
  genreNumberOf(position: number): number {
    return this.#masks.genreNumberOf(position)
  }

  item(position: number): ModelItem {
    const item = this.items[position]
    if (item === undefined) throw new MatineeError('internal', `title ${position}, expected below ${this.items.length}`)
    return item
  }

  textOf(position: number): TitleText {
    const known = this.#texts[position]
    if (known !== undefined) return known
    const item = this.item(position)
    const text = { title: byteTextOf(`${JSON.stringify(titleOf(item)).slice(0, -1)},"score":`), watched: reasonText(item, 'watched') }
    this.#texts[position] = text
    return text
  }

  /** Which titles may be shown. Kept and handed out again: not to be written to. */
  allowed(filter: TitleFilter): ShownTitles {
    return this.#masks.allowed(filter, this.epoch(filter.moment))
  }
}

/** What follows the score of a title that owes most to this one: the rest of the title, as JSON in byte text. */
export function reasonText(item: ModelItem, was: 'watched' | 'clicked'): string {
  return byteTextOf(`,"reason":${JSON.stringify(reasonOf(item, was))},"because":${JSON.stringify(namedOf(item))}}`)
}
