/** Which titles pass a filter: marks made of tables of what each is, without a branch a title. */
import type { ModelItem } from '../contracts/documents.ts'

export interface TitleFilter {
  /** Titles of any of these genres; absent or empty: all. */
  readonly genres?: ReadonlySet<string> | undefined
  /** Titles whose age limit is known and not above this; absent: all. */
  readonly maxAge?: number | undefined
  /** Titles that are out at this moment, by `LocalClock`. */
  readonly moment: number
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

export class TitleMasks {
  readonly #genres: readonly string[]
  /** Of each title its genre as a place in `genres`, or their number where it has none of them. */
  readonly #genreNumbers: Uint32Array
  /** Age limits that titles have, ascending; and of each title its limit as a place among them, or their number where none is known. */
  readonly #ages: readonly number[]
  readonly #ageNumbers: Uint32Array
  readonly #recommendable: Uint8Array
  /** A title is out from the one moment up to the other. */
  readonly #from: Float64Array
  readonly #until: Float64Array
  /** 1 where a title may be recommended and is out in the epoch of the masks. */
  #open: Uint8Array
  readonly #masks = new Map<string, ShownTitles>()
  #epoch = -1

  constructor(items: readonly ModelItem[], genres: readonly string[], from: Float64Array, until: Float64Array) {
    const ages = [...new Set(items.map(({ age_limit: age }) => age))].filter((age) => age !== null).toSorted((a, b) => a - b)
    const genreNumbers = new Map<string | null, number>(genres.map((genre, number) => [genre, number]))
    const ageNumbers = new Map<number | null, number>(ages.map((age, number) => [age, number]))
    this.#genres = genres
    this.#ages = ages
    this.#genreNumbers = new Uint32Array(items.length)
    this.#ageNumbers = new Uint32Array(items.length)
    this.#recommendable = new Uint8Array(items.length)
    for (const [position, { program_genre: genre, age_limit: age, recommendable }] of items.entries()) {
      this.#genreNumbers[position] = genreNumbers.get(genre) ?? genres.length
      this.#ageNumbers[position] = ageNumbers.get(age) ?? ages.length
      this.#recommendable[position] = Number(recommendable)
    }
    this.#from = from
    this.#until = until
    this.#open = this.#recommendable
  }

  /** The place of a title's genre in `genres`; their number where it has none of them. */
  genreNumberOf(position: number): number {
    return this.#genreNumbers[position] ?? this.#genres.length
  }

  /** @param epoch another number where, with time, a title has come or gone */
  allowed({ genres, maxAge, moment }: TitleFilter, epoch: number): ShownTitles {
    if (epoch !== this.#epoch) {
      this.#masks.clear()
      this.#epoch = epoch
      this.#open = this.#openAt(moment)
    }
    const anyGenre = genres === undefined || genres.size === 0
    const key = anyGenre && maxAge === undefined ? '' : JSON.stringify([maxAge ?? null, anyGenre ? [] : [...genres].toSorted()])
    const known = this.#masks.get(key)
    if (known !== undefined) return known
    const marks = key === '' ? this.#open : this.#mask(anyGenre ? undefined : genres, maxAge)
    const shown = { marks, positions: positionsOf(marks) }
    if (this.#masks.size >= masksAtMost) this.#masks.clear()
    this.#masks.set(key, shown)
    return shown
  }

  #openAt(moment: number): Uint8Array {
    return this.#recommendable.map((recommendable, position) => {
      const out = (this.#from[position] as number) <= moment && moment < (this.#until[position] as number)
      return out ? recommendable : 0
    })
  }

  #mask(genres: ReadonlySet<string> | undefined, maxAge: number | undefined): Uint8Array {
    // The last of each is for titles without one: they pass where none is asked for.
    const ofGenre = Uint8Array.from(
      [...this.#genres.map((genre) => genres === undefined || genres.has(genre)), genres === undefined],
      Number,
    )
    const ofAge = Uint8Array.from([...this.#ages.map((age) => maxAge === undefined || age <= maxAge), maxAge === undefined], Number)
    const [genreNumbers, ageNumbers, mask] = [this.#genreNumbers, this.#ageNumbers, this.#open.slice()]
    for (let position = 0; position < mask.length; position++)
      mask[position] =
        (mask[position] as number) &
        (ofGenre[genreNumbers[position] as number] as number) &
        (ofAge[ageNumbers[position] as number] as number)
    return mask
  }
}

function positionsOf(marks: Uint8Array): Uint32Array {
  const positions = new Uint32Array(marks.length)
  let count = 0
  for (let position = 0; position < marks.length; position++) {
    positions[count] = position
    count += marks[position] as number
  }
  return positions.slice(0, count)
}
