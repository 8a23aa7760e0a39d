/**
 * One loaded model, ready to answer: immutable, and free of I/O. Every question is answered to the end within one
 * turn of the event loop, so that the scratch buffers below serve one caller at a time.
 *
 * Notation: U users, I items, d factors. Positions are 0-based row numbers of `users.json` and `items.json`.
 */
import type { ModelItem, ModelManifest } from '../contracts/documents.ts'
import { MatineeError } from '../contracts/errors.ts'
import { storeKeys } from '../contracts/store-keys.ts'
import { readTensorOf } from '../model/artifact/tensor-access.ts'
import type { Model, Tensors } from '../model/model.ts'
import { topK } from '../model/top-k/top-k.ts'

export interface TitleFilter {
  /** Titles of any of these genres; absent or empty: all. */
  readonly genres?: ReadonlySet<string> | undefined
  /** Titles whose age limit is known and not above this; absent: all. */
  readonly maxAge?: number | undefined
}

export interface RankedTitle {
  readonly item: ModelItem
  /** Orders the titles of one list; has no unit and is not compared between lists. */
  readonly score: number
}

export interface Title {
  readonly item: ModelItem
  /** Users who watched it. */
  readonly viewers: number
}

export interface Ranking {
  /** `personal` where the order is this user's own; `popular` where it is everyone's. */
  readonly source: 'personal' | 'popular'
  readonly titles: readonly RankedTitle[]
}

/** What the files of a model hold, decoded; counts and shapes not yet checked against each other. */
export interface ModelParts {
  readonly manifest: ModelManifest
  readonly userIds: readonly string[]
  readonly items: readonly ModelItem[]
  readonly tensors: Tensors
  readonly model: Model
}

export class ModelSnapshot {
  readonly manifest: ModelManifest
  readonly items: readonly ModelItem[]
  /** Genres of the titles that may be recommended, sorted. */
  readonly genres: readonly string[]
  readonly #model: Model
  readonly #userPositions: ReadonlyMap<string, number>
  readonly #itemPositions: ReadonlyMap<string, number>
  /** User u watched `seenItems[seenOffsets[u] .. seenOffsets[u + 1])`, ascending. */
  readonly #seenOffsets: Uint32Array
  readonly #seenItems: Uint32Array
  readonly #viewers: Uint32Array
  /** Of each title, length I: 1 where it may be recommended; its genre as a place in `genres`; its age limit, NaN where unknown. */
  readonly #recommendable: Uint8Array
  readonly #genreNumbers: Int32Array
  readonly #ageLimits: Float64Array
  /** Scratch, length I: written anew by every question. */
  readonly #scores: Float32Array
  readonly #filtered: Uint8Array

  /**
   * Checks and indexes in slices that leave the event loop free in between.
   * @throws MatineeError `store_corrupt` where counts or positions do not fit each other, `model_incompatible` where a
   * tensor is missing or of another shape.
   */
  static async create(parts: ModelParts): Promise<ModelSnapshot> {
    const { manifest, userIds, items, tensors, model } = parts
    const key = (file: string): string => storeKeys.model(manifest.version, file)
    const tensorsKey = key('model.safetensors')
    expectCount(key('users.json'), 'ids', userIds.length, manifest.users)
    expectCount(key('items.json'), 'titles', items.length, manifest.items)
    expectCount(tensorsKey, 'users', model.userCount, userIds.length)
    expectCount(tensorsKey, 'items', model.itemCount, items.length)
    const seenOffsets = readTensorOf(tensors, 'seen_offsets', Uint32Array, [userIds.length + 1])
    const seenItems = readTensorOf(tensors, 'seen_items', Uint32Array, [seenOffsets[userIds.length] ?? 0])
    await checkSeen(seenOffsets, seenItems, items.length, tensorsKey)
    return new ModelSnapshot({
      ...parts,
      userPositions: await indexIds(userIds, key('users.json')),
      itemPositions: await indexIds(
        items.map((item) => item.program_id),
        key('items.json'),
      ),
      seenOffsets,
      seenItems,
      viewers: readTensorOf(tensors, 'item_viewers', Uint32Array, [items.length]),
    })
  }

  private constructor(
    parts: ModelParts & {
      readonly userPositions: ReadonlyMap<string, number>
      readonly itemPositions: ReadonlyMap<string, number>
      readonly seenOffsets: Uint32Array
      readonly seenItems: Uint32Array
      readonly viewers: Uint32Array
    },
  ) {
    this.manifest = parts.manifest
    this.items = parts.items
    this.genres = [
      ...new Set(parts.items.flatMap(({ recommendable, program_genre: genre }) => (recommendable && genre ? [genre] : []))),
    ].toSorted()
    const genreNumbers = new Map(this.genres.map((genre, number) => [genre, number]))
    this.#recommendable = Uint8Array.from(parts.items, (item) => Number(item.recommendable))
    this.#genreNumbers = Int32Array.from(parts.items, (item) => genreNumbers.get(item.program_genre ?? '') ?? noGenre)
    this.#ageLimits = Float64Array.from(parts.items, (item) => item.age_limit ?? NaN)
    this.#model = parts.model
    this.#userPositions = parts.userPositions
    this.#itemPositions = parts.itemPositions
    this.#seenOffsets = parts.seenOffsets
    this.#seenItems = parts.seenItems
    this.#viewers = parts.viewers
    this.#scores = new Float32Array(parts.items.length)
    this.#filtered = new Uint8Array(parts.items.length)
  }

  get version(): string {
    return this.manifest.version
  }

  hasUser(userId: string): boolean {
    return this.#userPositions.has(userId)
  }

  title(programId: string): Title | undefined {
    const position = this.#itemPositions.get(programId)
    const item = position === undefined ? undefined : this.items[position]
    return position === undefined || item === undefined ? undefined : { item, viewers: this.#viewers[position] ?? 0 }
  }

  /** Titles that the user has watched, in catalogue order; none for a user whom the model does not know. */
  history(userId: string): readonly ModelItem[] {
    const user = this.#userPositions.get(userId)
    return user === undefined ? [] : [...this.#seenBy(user)].flatMap((position) => this.items[position] ?? [])
  }

  /**
   * The best `count` titles for a user among those that pass the filter, best first; of equal scores the smaller
   * position first. Someone whom the model does not know, or of whom it has no viewing, gets what is popular.
   */
  recommend(userId: string, count: number, filter: TitleFilter & { readonly excludeSeen: boolean }): Ranking {
    const user = this.#userPositions.get(userId)
    const seen = user === undefined ? nothing : this.#seenBy(user)
    if (user === undefined || seen.length === 0) return this.popular(count, filter)
    this.#model.scoreUser(user, this.#scores)
    // A popularity model gives everyone the same order: to call that personal would be untrue.
    const source = this.#model.algorithm === 'popularity' ? 'popular' : 'personal'
    return { source, titles: this.#top(count, this.#allowed(filter), filter.excludeSeen ? seen : nothing) }
  }

  /**
   * What is popular: the titles that most users watched, the score being their number; of a popularity model, whose
   * way of counting (the newest weeks, for one) has proved itself on held-out data, its own order.
   */
  popular(count: number, filter: TitleFilter): Ranking {
    if (this.#model.algorithm === 'popularity') this.#model.scoreStranger(this.#scores)
    else this.#scores.set(this.#viewers)
    return { source: 'popular', titles: this.#top(count, this.#allowed(filter)) }
  }

  /** All titles that may be recommended and pass the filter, most watched first. */
  mostWatched(filter: TitleFilter): readonly Title[] {
    this.#scores.set(this.#viewers)
    return this.#top(this.items.length, this.#allowed(filter)).map(({ item, score }) => ({ item, viewers: score }))
  }

  #seenBy(user: number): Uint32Array {
    return this.#seenItems.subarray(this.#seenOffsets[user], this.#seenOffsets[user + 1])
  }

  /** One mark a title: 1 where it may be recommended and passes the filter. Valid until the next call. */
  #allowed({ genres, maxAge }: TitleFilter): Uint8Array {
    const anyGenre = genres === undefined || genres.size === 0
    if (anyGenre && maxAge === undefined) return this.#recommendable
    const wanted = Uint8Array.from(this.genres, (genre) => Number(anyGenre || genres.has(genre)))
    const { length } = this.items
    for (let position = 0; position < length; position++) {
      const genre = this.#genreNumbers[position] as number
      const passes =
        this.#recommendable[position] === 1 &&
        (genre === noGenre ? anyGenre : wanted[genre] === 1) &&
        // Who asks for an age limit must not get a title of which none is known: NaN compares as false.
        (maxAge === undefined || (this.#ageLimits[position] as number) <= maxAge)
      this.#filtered[position] = passes ? 1 : 0
    }
    return this.#filtered
  }

  /** Of the titles in `allowed` and not in `exclude`, those with the best of `#scores`. */
  #top(count: number, allowed: Uint8Array, exclude: Uint32Array = nothing): readonly RankedTitle[] {
    const positions = topK(this.#scores, count, { exclude, allowed })
    return [...positions].flatMap((position) => {
      const item = this.items[position]
      return item === undefined ? [] : [{ item, score: this.#scores[position] ?? 0 }]
    })
  }
}

const nothing = new Uint32Array()
const noGenre = -1

const corrupt = (key: string, problem: string): MatineeError =>
  new MatineeError('store_corrupt', `${key}: ${problem}`, { details: { key } })

function expectCount(key: string, what: string, got: number, expected: number): void {
  if (got !== expected) throw corrupt(key, `holds ${got} ${what}, expected ${expected}`)
}

/** Gives way to requests: what goes through all users or all pairs does so in slices of some milliseconds. */
const breathe = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const usersASlice = 20_000

async function checkSeen(offsets: Uint32Array, seenItems: Uint32Array, itemCount: number, key: string): Promise<void> {
  if (offsets[0] !== 0) throw corrupt(key, 'seen_offsets does not start at 0')
  for (let user = 0; user + 1 < offsets.length; user++) {
    const start = offsets[user] as number
    const end = offsets[user + 1] as number
    if (end < start || end > seenItems.length) throw corrupt(key, `seen_offsets falls or overruns at user ${user}`)
    let before = -1
    for (let index = start; index < end; index++) {
      const position = seenItems[index] as number
      if (position >= itemCount || position <= before)
        throw corrupt(key, `seen_items is not ascending positions below ${itemCount} at user ${user}`)
      before = position
    }
    if (user % usersASlice === usersASlice - 1) await breathe()
  }
}

async function indexIds(ids: readonly string[], key: string): Promise<ReadonlyMap<string, number>> {
  const positions = new Map<string, number>()
  for (const [position, id] of ids.entries()) {
    if (positions.has(id)) throw corrupt(key, `id "${id}" stands twice`)
    positions.set(id, position)
    if (position % usersASlice === usersASlice - 1) await breathe()
  }
  return positions
}
