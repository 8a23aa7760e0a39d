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

/** The same set twice; to be read at once, for what is asked for later is written into the same arrays. */
export interface ShownTitles {
  /** One mark a title: 1 where it may be shown. */
  readonly marks: Uint8Array
  /** Those that may be shown, ascending. */
  readonly positions: Uint32Array
}

/** Masks are as long as the catalogue: this many are kept, the one used longest ago makes room for the next. */
const masksAtMost = 64

/** Arrays as long as the catalogue, for a set to be written into: new ones for each would have the garbage collector run all the time. */
interface Room {
  readonly marks: Uint8Array
  readonly places: Uint32Array
}

interface Mask extends ShownTitles, Room {
  /** The number of the question that asked for it last. */
  lastUse: number
}

/** What titles are, for masks to be made of. */
export interface TitleKinds {
  readonly genres: readonly string[]
  /** Age limits that titles have, ascending. */
  readonly ages: readonly number[]
  /** Of each title the place of its genre in `genres`, or their number, times one more than there are ages, and the place of its age limit. */
  readonly kinds: Uint32Array
  readonly recommendable: Uint8Array
  /** A title is out from the one moment up to the other. */
  readonly from: Float64Array
  readonly until: Float64Array
}

/** @param genres that titles are told apart by */
export function kindsOf(
  items: readonly ModelItem[],
  genres: readonly string[],
): Pick<TitleKinds, 'genres' | 'ages' | 'kinds' | 'recommendable'> {
  const ages = [...new Set(items.map(({ age_limit: age }) => age))].filter((age) => age !== null).toSorted((a, b) => a - b)
  const genreNumbers = new Map<string | null, number>(genres.map((genre, number) => [genre, number]))
  const ageNumbers = new Map<number | null, number>(ages.map((age, number) => [age, number]))
  const kinds = new Uint32Array(items.length)
  const recommendable = new Uint8Array(items.length)
  for (const [position, item] of items.entries()) {
    const { program_genre: genre, age_limit: age } = item
    kinds[position] = (genreNumbers.get(genre) ?? genres.length) * (ages.length + 1) + (ageNumbers.get(age) ?? ages.length)
    recommendable[position] = Number(item.recommendable)
  }
  return { genres, ages, kinds, recommendable }
}

export class TitleMasks {
  readonly #titles: TitleKinds
  /** 1 where a title may be recommended and is out in the epoch of the masks. */
  #open: Uint8Array
  readonly #masks = new Map<string, Mask>()
  #epoch = -1
  #uses = 0

  constructor(titles: TitleKinds) {
    this.#titles = titles
    this.#open = titles.recommendable
  }

  /** The place of a title's genre in `genres`; their number where it has none of them. */
  genreNumberOf(position: number): number {
    const { genres, ages, kinds } = this.#titles
    const kind = kinds[position]
    return kind === undefined ? genres.length : Math.floor(kind / (ages.length + 1))
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
    let mask = this.#masks.get(key)
    if (mask === undefined) this.#masks.set(key, (mask = this.#filled(this.#room(), anyGenre ? undefined : genres, maxAge)))
    mask.lastUse = this.#uses++
    return mask
  }

  /** Arrays that nobody reads any more, or new ones. */
  #room(): Room {
    // Not the first of a Map where what is used is taken out and put in again: V8 makes such a Map anew every few times, as an old object.
    let oldest: readonly [string, Mask] | undefined
    for (const entry of this.#masks) if (oldest === undefined || entry[1].lastUse < oldest[1].lastUse) oldest = entry
    if (oldest === undefined || this.#masks.size < masksAtMost) {
      const count = this.#titles.kinds.length
      return { marks: new Uint8Array(count), places: new Uint32Array(count) }
    }
    this.#masks.delete(oldest[0])
    return oldest[1]
  }

  #openAt(moment: number): Uint8Array {
    const { recommendable, from, until } = this.#titles
    return recommendable.map((mark, position) => ((from[position] as number) <= moment && moment < (until[position] as number) ? mark : 0))
  }

  #filled({ marks, places }: Room, genres: ReadonlySet<string> | undefined, maxAge: number | undefined): Mask {
    // The last of each is for titles without one: they pass where none is asked for.
    const titles = this.#titles
    const ofGenre = [...titles.genres.map((genre) => genres === undefined || genres.has(genre)), genres === undefined]
    const ofAge = [...titles.ages.map((age) => maxAge === undefined || age <= maxAge), maxAge === undefined]
    const ofKind = Uint8Array.from(
      ofGenre.flatMap((isGenre) => ofAge.map((isAge) => isGenre && isAge)),
      Number,
    )
    const [kinds, open] = [titles.kinds, this.#open]
    let count = 0
    for (let position = 0; position < marks.length; position++) {
      const mark = (open[position] as number) & (ofKind[kinds[position] as number] as number)
      marks[position] = mark
      places[count] = position
      count += mark
    }
    return { marks, positions: places.subarray(0, count), places, lastUse: 0 }
  }
}
