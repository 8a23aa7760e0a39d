/** The titles of a model, and which of them may be shown: to whom (genre, age), and when (release, availability). */
import type { ModelItem } from '../contracts/documents.ts'
import { MatineeError } from '../contracts/errors.ts'
import { byteTextOf } from './byte-text.ts'
import { momentOf } from './local-moment.ts'
import { kindsOf, TitleMasks, type ShownTitles, type TitleFilter, type TitleKinds } from './title-masks.ts'

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

/** What is worked out of titles once; another thread can do it. */
export interface CatalogueTables extends TitleKinds {
  /** Positions by release, the latest first; of equals the smaller. */
  readonly newestFirst: Uint32Array
  /** Moments at which some title comes or goes, ascending. */
  readonly changes: Float64Array
}

export function catalogueTables(items: readonly ModelItem[]): CatalogueTables {
  const ofRecommendable = items.flatMap(({ recommendable, program_genre: genre }) => (recommendable && genre ? [genre] : []))
  const genres = [...new Set(ofRecommendable)].toSorted()
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
  const newest = [...released].toSorted(([a], [b]) => b - a)
  return {
    ...kindsOf(items, genres),
    from,
    until,
    newestFirst: Uint32Array.from(newest.flatMap(([, positions]) => positions)),
    changes: Float64Array.from([...changes].filter(Number.isFinite)).toSorted(),
  }
}

export class Catalogue {
  readonly items: readonly ModelItem[]
  /** Genres of the titles that may be recommended, as a set for checks. */
  readonly genreSet: ReadonlySet<string>
  readonly #tables: CatalogueTables
  readonly #masks: TitleMasks
  /** Made when first asked for. */
  readonly #texts: (TitleText | undefined)[]

  /** @param tables of these items */
  constructor(items: readonly ModelItem[], tables = catalogueTables(items)) {
    this.items = items
    this.genreSet = new Set(tables.genres)
    this.#tables = tables
    this.#masks = new TitleMasks(tables)
    this.#texts = Array.from({ length: items.length })
  }

  /** Genres of the titles that may be recommended, sorted. */
  get genres(): readonly string[] {
    return this.#tables.genres
  }

  /** Positions by release, the latest first; of equals the smaller. */
  get newestFirst(): Uint32Array {
    return this.#tables.newestFirst
  }

  /** A number that changes when, with time, a title comes or goes. */
  epoch(moment: number): number {
    let low = 0
    const { changes } = this.#tables
    let high = changes.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((changes[middle] as number) <= moment) low = middle + 1
      else high = middle
    }
    return low
  }

  /** The moment from which a title is out; -Infinity where it always was. */
  releasedAt(position: number): number {
    return this.#tables.from[position] ?? -Infinity
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
