/**
 * One loaded model, ready to answer: immutable, and free of I/O. Every question is answered to the end within one
 * turn of the event loop, so that the scratch buffers below serve one caller at a time.
 *
 * Notation: U users, I items. Positions are 0-based row numbers of `users.json` and `items.json`; positions from I on are titles that came
 * into the catalogue after the training, of which the model has learnt nothing.
 *
 * | tensor         | kind, shape         | what                                                                        |
 * |----------------|---------------------|-----------------------------------------------------------------------------|
 * | `seen_offsets` | unsigned, U + 1     | user u watched `seen_items[seen_offsets[u] .. seen_offsets[u + 1])`, ascending |
 * | `seen_items`   | unsigned, pairs     |                                                                             |
 * | `seen_weights` | 32-bit float, pairs | share watched; absent in older models: 1                                    |
 * | `seen_days`    | signed, pairs       | day of the newest viewing (since 1970-01-01, wall clock); absent in older models |
 * | `item_viewers` | unsigned, I         | users who watched it                                                        |
 * | `taught_…`     | as `seen_…`         | what each pair weighed in the fit, clicked ones too; absent where that is the share watched |
 * | `event_weight` | 64-bit float, 1     | what a whole viewing that comes later weighs beside them                    |
 */
import { setImmediate as breathe } from 'node:timers/promises'
import type { ModelItem, ModelManifest } from '../contracts/documents.ts'
import { storeKeys } from '../contracts/store-keys.ts'
import { isWeek, weekEnd } from '../contracts/week.ts'
import { signalsOfCandidate } from '../model/candidate.ts'
import { diversify } from '../model/diversity/marginal-relevance.ts'
import { explainerOf, type Explainer } from '../model/explanation/contributions.ts'
import { FactorModel } from '../model/factor-model.ts'
import type { Interactions, KernelMemories, Model, Tensors } from '../model/model.ts'
import { itemSimilarityOf, type ItemSimilarity } from '../model/similarity/item-similarity.ts'
import { pairWeight } from '../model/signals/pair-weights.ts'
import { itemsOfUser } from '../model/sparse/interactions.ts'
import type { ScoredItems } from '../model/top-k/best-items.ts'
import { below, includes, union, valuesAt } from '../model/top-k/positions.ts'
import { RankedItems } from '../model/top-k/ranked-items.ts'
import { topK, type TopKOptions } from '../model/top-k/top-k.ts'
import { Catalogue, type CatalogueTables } from './catalogue.ts'
import { KeptLists } from './kept-lists.ts'
import { momentOf } from './local-moment.ts'
import type { TitleFilter } from './title-masks.ts'
import type { UserEvents } from './user-events.ts'
import type { Ids } from './ids.ts'
import { corrupt, countRecent, readTaughtPairs, readWatchedPairs, type TaughtPairs } from './watched-pairs.ts'

/** Whom a list is for. */
export interface Viewer {
  readonly id: string
  /** What came since the model was trained. */
  readonly events?: UserEvents | undefined
}

/** What is known of someone, in positions: all ascending and distinct. */
export interface ViewerHistory {
  /** What scores come from: watched, or looked at; weights are those of the training, by default shares watched. */
  readonly items: Uint32Array
  readonly weights: Float32Array
  /** Watched, after and before the model was trained. */
  readonly seen: Uint32Array
  readonly dismissed: Uint32Array
  /** The row of the model that has learnt this very history; undefined where it has to be folded in. */
  readonly user: number | undefined
}

export interface ListOptions extends TitleFilter {
  /** Leave out what was watched. What was dismissed is left out in any case. */
  readonly excludeSeen: boolean
  /** 0: scores alone. To 1: see `diversify`. */
  readonly diversity?: number | undefined
  /** Whether to find what each title owes to the history; absent: yes. */
  readonly reasons?: boolean | undefined
}

export interface RankedTitle {
  readonly position: number
  readonly item: ModelItem
  /** Orders the titles of one list; has no unit and is not compared between lists. */
  readonly score: number
  /** The title of the history that adds most to the score. */
  readonly because?: { readonly position: number; readonly item: ModelItem; readonly was: 'watched' | 'clicked' } | undefined
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

export interface SimilarTitles {
  readonly by: ItemSimilarity['by'] | 'genre'
  readonly titles: readonly RankedTitle[]
}

/** Of models without factors the scores of the one that was asked for last are kept: ask again with the same object. */
interface PersonalOrder {
  readonly by: 'history'
  readonly history: ViewerHistory
}
/** What titles are ordered by. */
export type Order =
  | PersonalOrder
  | { readonly by: 'likeness'; readonly position: number }
  | { readonly by: 'popularity' | 'trend' | 'viewers' }

/** What the files of a model hold, decoded; counts and shapes not yet checked against each other. */
export interface ModelParts {
  readonly manifest: ModelManifest
  readonly users: Ids
  readonly items: readonly ModelItem[]
  /** Of the items. */
  readonly itemIds: Ids
  readonly catalogue: CatalogueTables
  readonly tensors: Tensors
  readonly model: Model
  /** Of the model, and of the likeness of titles. */
  readonly memories: KernelMemories
  /** As large as what lies in shared memory, and never touched: V8 collects by what it counts, and shared memory it does not. */
  readonly counted?: ArrayBuffer
  /** What another thread counted when it looked through the pairs; absent: they are checked, and counted. */
  readonly counts?: PairCounts
}

/** Of each title, see `countRecent`. */
export interface PairCounts {
  readonly popular: Float32Array
  readonly trend: Float32Array
}

/** What came of a training, shared by all that have other titles. */
interface LearntParts extends ModelParts {
  readonly seen: Interactions
  readonly seenDays: Int32Array | undefined
  readonly viewers: Uint32Array
  readonly taught: TaughtPairs | undefined
  readonly eventWeights: EventWeights
  readonly counts: PairCounts
  readonly similarity: ItemSimilarity
  readonly explainer: Explainer | undefined
  readonly alike: KeptLists
}

interface EventWeights {
  /** @param share watched, 0 to 1 */
  readonly viewing: (share: number) => number
  readonly click: number
}

/** The titles to show: those that the model has learnt, in its order, then others. */
interface Titles {
  readonly catalogue: Catalogue
  /** Positions of those others by id. */
  readonly others: ReadonlyMap<string, number>
  readonly listing: string
}

/** Popular is what most users watched in so many days up to the newest viewing; trending the same in fewer. */
const popularDays = 28
const trendDays = 7
/** Of a title that was looked at and not watched, where the training had no weight for it. */
const clickWeight = 0.25
/** How many of the most like a title are kept. */
const alikeKept = 64
/** Titles that came out so many days before the end of the model's week, or later, are new. */
const newDays = 60
/** Of how many of the best a diverse list is put together, a title of the list; and at least. */
const candidatesATitle = 10
const candidatesAtLeast = 100

export class ModelSnapshot {
  readonly manifest: ModelManifest
  readonly catalogue: Catalogue
  /** Which titles it has: those of its training, or a digest of the catalogue that came after it. */
  readonly listing: string
  /** Titles that were released at this moment or later are new. */
  readonly newSince: number
  readonly #learnt: LearntParts
  readonly #model: Model
  readonly #users: Ids
  /** Positions of titles that the model has not learnt. */
  readonly #others: ReadonlyMap<string, number>
  readonly #seen: Interactions
  readonly #seenDays: Int32Array | undefined
  readonly #viewers: Uint32Array
  readonly #similarity: ItemSimilarity
  /** Orders that are everyone's, sorted when first asked for. */
  readonly #ranked = new Map<'popularity' | 'trend' | 'viewers', RankedItems>()
  /** Scratch, one a title that the model has learnt: written anew for every order. */
  readonly #scores: Float32Array
  #scored: PersonalOrder | undefined

  /**
   * Checks and indexes in slices that leave the event loop free in between.
   * @throws MatineeError `store_corrupt` where counts or positions do not fit each other, `model_incompatible` where a
   * tensor is missing or of another shape.
   */
  static async create(parts: ModelParts): Promise<ModelSnapshot> {
    const { manifest, users, items, tensors, model, memories } = parts
    const checked = parts.counts !== undefined
    const key = (file: string): string => storeKeys.model(manifest.version, file)
    const tensorsKey = key('model.safetensors')
    expectCount(key('users.json'), 'ids', users.count, manifest.users)
    expectCount(key('items.json'), 'titles', items.length, manifest.items)
    expectCount(tensorsKey, 'users', model.userCount, users.count)
    expectCount(tensorsKey, 'items', model.itemCount, items.length)
    const watched = await readWatchedPairs(tensors, users.count, items.length, tensorsKey, checked)
    const { seen, viewers, days: seenDays } = watched
    const similarity = itemSimilarityOf(model, seen, memories)
    await breathe()
    const taught = await readTaughtPairs(tensors, users.count, items.length, tensorsKey, checked)
    const learnt: LearntParts = {
      ...parts,
      seen,
      seenDays,
      viewers,
      taught,
      eventWeights: eventWeightsOf(manifest, taught?.eventWeight ?? 1),
      counts: parts.counts ?? { popular: await countRecent(watched, popularDays), trend: await countRecent(watched, trendDays) },
      similarity,
      explainer: explainerOf(model),
      alike: new KeptLists(items.length, alikeKept),
    }
    const catalogue = new Catalogue(items, parts.catalogue)
    const snapshot = new ModelSnapshot(learnt, { catalogue, others: new Map(), listing: 'training' })
    await breathe()
    // What is made ready at a first question is made now, not while someone waits.
    if (users.count > 0) snapshot.recommend(snapshot.#historyOf(0), 1, { moment: 0, excludeSeen: true })
    return snapshot
  }

  private constructor(learnt: LearntParts, { catalogue, others, listing }: Titles) {
    this.manifest = learnt.manifest
    this.catalogue = catalogue
    this.listing = listing
    this.newSince = newSinceOf(learnt.manifest)
    this.#learnt = learnt
    this.#model = learnt.model
    this.#users = learnt.users
    this.#others = others
    this.#seen = learnt.seen
    this.#seenDays = learnt.seenDays
    this.#viewers = learnt.viewers
    this.#similarity = learnt.similarity
    this.#scores = new Float32Array(learnt.items.length)
  }

  /**
   * The same model with the catalogue as it is now: what it no longer lists is not recommended, what it lists in another way is shown so,
   * and what it lists beyond the model's titles comes after them.
   */
  withTitles(listed: ReadonlyMap<string, ModelItem>, listing: string): ModelSnapshot {
    const learnt = this.#learnt
    const known = learnt.items.map((item) => ({ ...item, recommendable: false, ...listed.get(item.program_id) }))
    const fresh = [...listed.values()].filter(({ program_id: id }) => learnt.itemIds.positionOf(id) === undefined)
    const others = new Map(fresh.map(({ program_id: id }, n) => [id, known.length + n]))
    return new ModelSnapshot(learnt, { catalogue: new Catalogue([...known, ...fresh]), others, listing })
  }

  get version(): string {
    return this.manifest.version
  }

  get items(): readonly ModelItem[] {
    return this.catalogue.items
  }

  /** What was counted of the model's pairs. */
  get counts(): PairCounts {
    return this.#learnt.counts
  }

  hasUser(userId: string): boolean {
    return this.#users.positionOf(userId) !== undefined
  }

  /** Ids of users that begin with `prefix`, in the order of `users.json`, at most `count`; looks at all. */
  usersLike(prefix: string, count: number): readonly string[] {
    return this.#users.startingWith(prefix, count)
  }

  positionOf(programId: string): number | undefined {
    return this.#learnt.itemIds.positionOf(programId) ?? this.#others.get(programId)
  }

  title(programId: string): Title | undefined {
    const position = this.positionOf(programId)
    const item = position === undefined ? undefined : this.items[position]
    return position === undefined || item === undefined ? undefined : { item, viewers: this.#viewers[position] ?? 0 }
  }

  // --- histories -----------------------------------------------------------------------------------------------

  /** Positions that the model's data has as watched by the user, ascending. */
  seenBefore(userId: string): Uint32Array {
    const user = this.#users.positionOf(userId)
    return user === undefined ? nothing : itemsOfUser(this.#seen, user)
  }

  historyOf({ id, events }: Viewer): ViewerHistory {
    return this.#historyOf(this.#users.positionOf(id), events)
  }

  #historyOf(user: number | undefined, events?: UserEvents): ViewerHistory {
    const seen = user === undefined ? nothing : itemsOfUser(this.#seen, user)
    const taught = this.#learnt.taught?.pairs ?? this.#seen
    const items = user === undefined ? nothing : itemsOfUser(taught, user)
    const start = user === undefined ? 0 : (taught.offsets[user] as number)
    const weights = taught.weights.subarray(start, start + items.length)
    if (events === undefined) return { items, weights, seen, dismissed: nothing, user }
    const learnt = new Map([...items].map((position, n) => [position, weights[n] as number]))
    const { viewing, click } = this.#learnt.eventWeights
    const watched = this.#positions(new Map([...events.watched].map(([programId, share]) => [programId, viewing(share)])))
    const clicked = this.#positions(new Map([...events.clicked].map((programId) => [programId, click])))
    const merged = new Map(learnt)
    for (const [position, weight] of [...watched, ...clicked])
      if (this.#isLearnt(position)) merged.set(position, Math.max(weight, merged.get(position) ?? 0))
    const changed = merged.size > learnt.size || [...merged].some(([position, weight]) => weight !== learnt.get(position))
    const dismissed = sorted(this.#positions(new Map([...events.dismissed].map((programId) => [programId, 1]))).keys())
    return {
      ...sortedHistory(merged),
      seen: watched.size === 0 ? seen : sorted(new Set([...seen, ...watched.keys()])),
      dismissed,
      user: changed ? undefined : user,
    }
  }

  /** Of someone with these titles and shares watched; those that the model does not know are named. */
  historyFrom(shares: ReadonlyMap<string, number>): { readonly history: ViewerHistory; readonly unknown: readonly string[] } {
    const { viewing } = this.#learnt.eventWeights
    const watched = this.#positions(new Map([...shares].map(([programId, share]) => [programId, viewing(share)])))
    const learnt = new Map([...watched].filter(([position]) => this.#isLearnt(position)))
    return {
      history: { ...sortedHistory(learnt), seen: sorted(watched.keys()), dismissed: nothing, user: undefined },
      unknown: [...shares.keys()].filter((programId) => this.#learnt.itemIds.positionOf(programId) === undefined),
    }
  }

  /**
   * The position of the title that was watched last, as far as the model's data says, of those that pass; of one day's the one that more was
   * watched of.
   */
  lastSeen(userId: string, passes: (position: number) => boolean = () => true): number | undefined {
    const user = this.#users.positionOf(userId)
    if (user === undefined) return undefined
    const { offsets, items, weights } = this.#seen
    const days = this.#seenDays
    const isLater = (a: number, b: number): boolean =>
      ((days === undefined ? 0 : (days[a] as number) - (days[b] as number)) || (weights[a] as number) - (weights[b] as number)) > 0
    const end = offsets[user + 1] as number
    let last: number | undefined
    for (let pair = offsets[user] as number; pair < end; pair++)
      if ((last === undefined || isLater(pair, last)) && passes(items[pair] as number)) last = pair
    return last === undefined ? undefined : items[last]
  }

  #isLearnt(position: number): boolean {
    return position < this.#learnt.items.length
  }

  #positions(values: ReadonlyMap<string, number>): Map<number, number> {
    const known = new Map<number, number>()
    for (const [programId, value] of values) {
      const position = this.positionOf(programId)
      if (position !== undefined) known.set(position, value)
    }
    return known
  }

  // --- lists ---------------------------------------------------------------------------------------------------

  /**
   * The best `count` titles for someone among those that pass the filter, best first; of equal scores the smaller position first.
   * Of whom nothing is known gets what is popular.
   */
  recommend(history: ViewerHistory, count: number, options: ListOptions): Ranking {
    const order = this.orderFor(history)
    const exclude = options.excludeSeen ? union(history.seen, history.dismissed) : history.dismissed
    const titles = this.best(order, count, options, exclude, options.diversity ?? 0)
    if (order.by !== 'history') return { source: 'popular', titles }
    return { source: 'personal', titles: options.reasons === false ? titles : this.explain(titles, history) }
  }

  /**
   * A popularity model gives everyone the same order, and of a history without any title that the model has learnt of it knows nothing:
   * to call that personal would be untrue.
   */
  orderFor(history: ViewerHistory): Order {
    const { items, weights } = history
    const learnt = items.some((position, n) => (weights[n] as number) > 0 && (this.#viewers[position] as number) > 0)
    return learnt && this.#model.algorithm !== 'popularity' ? { by: 'history', history } : byPopularity
  }

  /**
   * What is popular: the titles that most users watched in the last weeks, the score being their number; of a popularity model, whose
   * way of counting has proved itself on held-out data, its own order.
   */
  popular(count: number, filter: TitleFilter): Ranking {
    return { source: 'popular', titles: this.best(byPopularity, count, filter) }
  }

  /** Titles like one title, which itself is left out. */
  similar(position: number, count: number, filter: TitleFilter, exclude: Uint32Array = nothing): SimilarTitles {
    const others = union(exclude, Uint32Array.of(position))
    const alike = this.#isLearnt(position)
      ? this.best({ by: 'likeness', position }, count, filter, others).filter(({ score }) => score > 0)
      : []
    if (alike.length > 0) return { by: this.#similarity.by, titles: alike }
    const genre = this.items[position]?.program_genre ?? ''
    const genres = new Set([genre])
    const asked = filter.genres === undefined || filter.genres.size === 0 || filter.genres.has(genre)
    if (!asked || !this.catalogue.genreSet.has(genre)) return { by: 'genre', titles: [] }
    return {
      by: 'genre',
      titles: this.best(byPopularity, count, { ...filter, genres }, others).map((title) => ({ ...title, score: 0 })),
    }
  }

  /** All titles that may be shown, most watched first. */
  mostWatched(filter: TitleFilter): readonly Title[] {
    return this.best(byViewers, this.items.length, filter).map(({ item, score }) => ({ item, viewers: score }))
  }

  /** The best by an order among those that pass the filter, without those of `exclude` (ascending, distinct). */
  best(order: Order, count: number, filter: TitleFilter, exclude: Uint32Array = nothing, diversity = 0): readonly RankedTitle[] {
    const { marks, positions } = this.catalogue.allowed(filter)
    const options = { exclude, allowed: marks, listed: positions }
    if (diversity === 0 || count < 2) return this.#titles(this.#topItems(order, count, options), order)
    const candidates = this.#topItems(order, Math.max(candidatesAtLeast, candidatesATitle * count), options)
    const items = diversify(candidates.items, Float64Array.from(candidates.scores), count, diversity, (a, b) => this.#likeness(a, b))
    const scoreOf = new Map([...candidates.items].map((position, n) => [position, candidates.scores[n] ?? 0]))
    return this.#titles({ items, scores: Float32Array.from(items, (position) => scoreOf.get(position) ?? 0) }, order)
  }

  /** The same titles, each with what of the history it owes most to. */
  explain(titles: readonly RankedTitle[], history: ViewerHistory): readonly RankedTitle[] {
    const explainer = this.#learnt.explainer?.ofHistory(history.items, history.weights)
    if (explainer === undefined) return titles
    const { items, seen } = history
    const contributions = explainer.contributionsTo(positionsOf(titles))
    return titles.map((title, t) => {
      const first = t * items.length
      let largest = -1
      let most = 0
      for (let n = 0; n < items.length; n++) {
        const contribution = contributions[first + n] as number
        if (contribution > most && items[n] !== title.position) {
          largest = n
          most = contribution
        }
      }
      const position = items[largest]
      const item = position === undefined ? undefined : this.items[position]
      if (position === undefined || item === undefined) return title
      const was = includes(seen, position) ? 'watched' : 'clicked'
      return { position: title.position, item: title.item, score: title.score, because: { position, item, was } }
    })
  }

  /** Half for the same genre, half for like factors; of a model without factors the genre alone. */
  #likeness(a: number, b: number): number {
    const genre = this.items[a]?.program_genre
    const sameGenre = genre !== null && genre === this.items[b]?.program_genre ? 1 : 0
    const { between } = this.#similarity
    return between === undefined || !this.#isLearnt(a) || !this.#isLearnt(b) ? sameGenre : (sameGenre + Math.max(0, between(a, b))) / 2
  }

  #topItems(order: Order, count: number, options: TopKOptions): ScoredItems {
    if (order.by === 'likeness') return this.#alike(order.position, count, this.#ofLearnt(options))
    if (order.by !== 'history') return this.#rankedBy(order.by).best(count, options)
    const model = this.#model
    const { user, items, weights } = order.history
    if (model instanceof FactorModel) {
      const factors = user === undefined ? model.foldIn(items, weights) : model.factorsOf(user)
      return model.bestItems(factors, count, this.#ofLearnt(options))
    }
    this.#score(order)
    const best = topK(this.#scores, count, this.#ofLearnt(options))
    return { items: best, scores: valuesAt(this.#scores, best) }
  }

  /** From what is kept of the title as far as that goes: it is the beginning of the whole order. */
  #alike(position: number, count: number, options: TopKOptions): ScoredItems {
    const { alike, similarity } = this.#learnt
    const kept = alike.of(position) ?? alike.keep(position, similarity.best(position, alikeKept, { exclude: Uint32Array.of(position) }))
    const { exclude = nothing, allowed } = options
    const places: number[] = []
    for (let n = 0; n < kept.items.length && places.length < count; n++) {
      const item = kept.items[n] as number
      if (allowed?.[item] !== 0 && !includes(exclude, item)) places.push(n)
    }
    if (places.length < count && kept.items.length === alikeKept) return similarity.best(position, count, options)
    const { items, scores } = kept
    return { items: Uint32Array.from(places, (n) => items[n] as number), scores: valuesAt(scores, places) }
  }

  /** Nothing can be guessed of titles that came after the training. */
  #ofLearnt(options: TopKOptions): TopKOptions {
    const count = this.#learnt.items.length
    if (count === this.items.length) return options
    const { exclude = nothing, allowed, listed } = options
    return {
      exclude: below(exclude, count),
      allowed: allowed?.subarray(0, count),
      listed: listed === undefined ? undefined : below(listed, count),
    }
  }

  #score(order: PersonalOrder): void {
    if (this.#scored === order) return
    const scores = this.#scores
    this.#scored = undefined
    const { user, items, weights } = order.history
    if (user === undefined) this.#model.scoreHistory(items, weights, scores)
    else this.#model.scoreUser(user, scores)
    this.#scored = order
  }

  #rankedBy(by: 'popularity' | 'trend' | 'viewers'): RankedItems {
    let ranked = this.#ranked.get(by)
    if (ranked === undefined) this.#ranked.set(by, (ranked = new RankedItems(this.#scoresBy(by))))
    return ranked
  }

  /** Of titles that came after the training nobody has watched any. */
  #scoresBy(by: 'popularity' | 'trend' | 'viewers'): Float32Array {
    const scores = new Float32Array(this.items.length)
    const learnt = scores.subarray(0, this.#learnt.items.length)
    if (by === 'trend') learnt.set(this.#learnt.counts.trend)
    else if (by === 'viewers') learnt.set(this.#viewers)
    else if (this.#model.algorithm === 'popularity') this.#model.scoreStranger(learnt)
    else learnt.set(this.#learnt.counts.popular)
    return scores
  }

  #titles({ items, scores }: ScoredItems, order: Order): readonly RankedTitle[] {
    const counted = order.by === 'trend' || (order.by === 'popularity' && this.#model.algorithm !== 'popularity')
    const titles: RankedTitle[] = []
    for (let n = 0; n < items.length; n++) {
      const position = items[n] as number
      const item = this.items[position]
      const score = scores[n] as number
      if (item !== undefined) titles.push({ position, item, score: counted ? Math.floor(score) : score })
    }
    return titles
  }
}

const nothing = new Uint32Array()
const byPopularity: Order = { by: 'popularity' }
const byViewers: Order = { by: 'viewers' }
export const byTrend: Order = { by: 'trend' }

/** In the order of the titles. */
export function positionsOf(titles: readonly { readonly position: number }[]): Uint32Array {
  const positions = new Uint32Array(titles.length)
  for (const [n, { position }] of titles.entries()) positions[n] = position
  return positions
}

const sorted = (positions: Iterable<number>): Uint32Array => Uint32Array.from(positions).toSorted()

function sortedHistory(weights: ReadonlyMap<number, number>): Pick<ViewerHistory, 'items' | 'weights'> {
  const items = sorted(weights.keys())
  return { items, weights: Float32Array.from(items, (position) => weights.get(position) ?? 0) }
}

function expectCount(key: string, what: string, got: number, expected: number): void {
  if (got !== expected) throw corrupt(key, `holds ${got} ${what}, expected ${expected}`)
}

/** A moment, see local-moment.ts. */
function newSinceOf({ week }: ModelManifest): number {
  const end = isWeek(week) ? Date.parse(`${weekEnd(week).slice(0, 10)}T00:00:00Z`) : 0
  return momentOf(new Date(end - newDays * 86_400_000).toISOString().slice(0, 10)) ?? 0
}

/** What events weigh beside the pairs of the training, as its signals have it. */
function eventWeightsOf({ parameters }: ModelManifest, scale: number): EventWeights {
  const named = Object.entries(parameters).filter(([name]) => name.startsWith('signals.'))
  const { viewing, click } = pairWeight(signalsOfCandidate({ parameters: Object.fromEntries(named) }))
  return { viewing: (share) => scale * viewing(share, 1), click: scale * (click(1) > 0 ? click(1) : clickWeight) }
}
