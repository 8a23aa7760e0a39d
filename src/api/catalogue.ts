/** The titles of a model, and which of them may be shown: to whom (genre, age), and when (release, availability). */
import type { ModelItem } from '../contracts/documents.ts'
import { MatineeError } from '../contracts/errors.ts'
import { byteTextOf } from './byte-text.ts'
import { momentOf } from './local-moment.ts'

export interface TitleFilter {
  /** Titles of any of these genres; absent or empty: all. */
  readonly genres?: ReadonlySet<string> | undefined
  /** Titles whose age limit is known and not above this; absent: all. */
  readonly maxAge?: number | undefined
  /** Titles that are out at this moment, by `LocalClock`. */
  readonly moment: number
}

/** What every answer says of a title. */
export const titleOf = ({ program_id, program_name, program_genre, age_limit }: ModelItem) => ({
  program_id,
  program_name,
  genre: program_genre,
  age_limit,
})

/** What people call a title: its name, or its id where it has none. */
export const nameOf = ({ program_id, program_name }: ModelItem): string => program_name ?? program_id

/** Of one title, as JSON in byte text: what lists are written of. */
interface TitleText {
  /** `titleOf` without its last brace: what differs from list to list follows. */
  readonly title: string
  /** Its id and name. */
  readonly named: string
  /** `nameOf`, as it stands within quotes. */
  readonly name: string
}

/** The same set twice. */
export interface ShownTitles {
  /** One mark a title: 1 where it may be shown. */
  readonly marks: Uint8Array
  /** Those that may be shown, ascending. */
  readonly positions: Uint32Array
}

/** Masks are as long as the catalogue: this many are kept. */
const masksAtMost = 64

export class Catalogue {
  readonly items: readonly ModelItem[]
  /** Genres of the titles that may be recommended, sorted. */
  readonly genres: readonly string[]
  /** The same as a set, for checks. */
  readonly genreSet: ReadonlySet<string>
  /** Of each title, length I: 1 where it may be recommended; its genre as a place in `genres`; its age limit, NaN where unknown. */
  readonly #recommendable: Uint8Array
  readonly #genreNumbers: Int32Array
  readonly #ageLimits: Float64Array
  /** First moment at which it is out, and the first at which it no longer is. */
  readonly #from: Float64Array
  readonly #until: Float64Array
  /** Positions by release, the latest first; of equals the smaller. */
  readonly newestFirst: readonly number[]
  /** Moments at which some title comes or goes, ascending. */
  readonly #changes: readonly number[]
  readonly #masks = new Map<string, ShownTitles>()
  #masksEpoch = -1
  /** Made when first asked for. */
  readonly #texts: (TitleText | undefined)[]

  constructor(items: readonly ModelItem[]) {
    this.items = items
    this.#texts = Array.from(items, () => undefined)
    this.genres = [
      ...new Set(items.flatMap(({ recommendable, program_genre: genre }) => (recommendable && genre ? [genre] : []))),
    ].toSorted()
    this.genreSet = new Set(this.genres)
    const numbers = new Map(this.genres.map((genre, number) => [genre, number]))
    this.#recommendable = Uint8Array.from(items, (item) => Number(item.recommendable))
    this.#genreNumbers = Int32Array.from(items, (item) => numbers.get(item.program_genre ?? '') ?? noGenre)
    this.#ageLimits = Float64Array.from(items, (item) => item.age_limit ?? NaN)
    this.#from = Float64Array.from(items, (item) =>
      Math.max(momentOf(item.release_date ?? '') ?? -Infinity, momentOf(item.available_from ?? '') ?? -Infinity),
    )
    this.#until = Float64Array.from(items, (item) => momentOf(item.available_until ?? '') ?? Infinity)
    this.newestFirst = items
      .map((_, position) => position)
      .toSorted((a, b) => (this.releasedAt(a) === this.releasedAt(b) ? a - b : this.releasedAt(a) < this.releasedAt(b) ? 1 : -1))
    this.#changes = [...new Set([...this.#from, ...this.#until])].filter(Number.isFinite).toSorted((a, b) => a - b)
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

  textOf(position: number): TitleText {
    const known = this.#texts[position]
    if (known !== undefined) return known
    const item = this.items[position]
    if (item === undefined) throw new MatineeError('internal', `title ${position}, expected below ${this.items.length}`)
    const { program_id, program_name } = item
    const text = {
      title: byteTextOf(JSON.stringify(titleOf(item)).slice(0, -1)),
      named: byteTextOf(JSON.stringify({ program_id, program_name })),
      name: byteTextOf(JSON.stringify(nameOf(item)).slice(1, -1)),
    }
    this.#texts[position] = text
    return text
  }

  /** Which titles may be shown. Kept and handed out again: not to be written to. */
  allowed({ genres, maxAge, moment }: TitleFilter): ShownTitles {
    const epoch = this.epoch(moment)
    if (epoch !== this.#masksEpoch) {
      this.#masks.clear()
      this.#masksEpoch = epoch
    }
    const anyGenre = genres === undefined || genres.size === 0
    const key = anyGenre && maxAge === undefined ? '' : JSON.stringify([maxAge ?? null, anyGenre ? [] : [...genres].toSorted()])
    const known = this.#masks.get(key)
    if (known !== undefined) return known
    const marks = this.#mask(anyGenre ? undefined : genres, maxAge, moment)
    const shown = { marks, positions: Uint32Array.from(marks.keys()).filter((position) => marks[position] === 1) }
    if (this.#masks.size >= masksAtMost) this.#masks.clear()
    this.#masks.set(key, shown)
    return shown
  }

  #mask(genres: ReadonlySet<string> | undefined, maxAge: number | undefined, moment: number): Uint8Array {
    const wanted = Uint8Array.from(this.genres, (genre) => Number(genres === undefined || genres.has(genre)))
    return Uint8Array.from(this.items, (_, position) => {
      const genre = this.#genreNumbers[position] as number
      return Number(
        this.#recommendable[position] === 1 &&
          (genre === noGenre ? genres === undefined : wanted[genre] === 1) &&
          // Who asks for an age limit must not get a title of which none is known: NaN compares as false.
          (maxAge === undefined || (this.#ageLimits[position] as number) <= maxAge) &&
          (this.#from[position] as number) <= moment &&
          moment < (this.#until[position] as number),
      )
    })
  }
}

const noGenre = -1
