/**
 * Recommendation lists of many users, in batches, so that whoever asks can report that it lives, or stop, between them.
 * Each list is the top k of the whole catalogue: batches change nothing about it.
 */
import { EaseModel } from '../ease/ease.ts'
import { FactorModel } from '../factor-model.ts'
import type { KernelThreads } from '../kernels/kernels.ts'
import type { Interactions, Model } from '../model.ts'
import type { RankingMetrics } from '../metrics/ranking-metrics.ts'
import { countMarked, includes } from '../metrics/ranking-metrics.ts'
import { PopularityModel } from '../popularity/popularity.ts'
import { itemsOfUser } from '../sparse/interactions.ts'
import { rankByFactors } from './rank-by-factors.ts'
import { rankByHistories } from './rank-by-histories.ts'
import { topK } from '../top-k/top-k.ts'

/** Scores of one batch, for models that score one user at a time. */
const batchScores = 1e6
/** As many users are scored together as gain by it. */
const usersAtOnce = 16
const nothing = new Uint32Array(0)

export interface RankOptions {
  readonly model: Model
  /** What each user has seen: left out of the user's list unless `excludeSeen` is false. */
  readonly train: Interactions
  /** User positions in the order in which lists are wanted. */
  readonly users: Uint32Array
  readonly k: number
  readonly excludeSeen?: boolean
  /** One entry an item; 0: never in a list. */
  readonly recommendable?: Uint8Array | undefined
  /** For models that rank with kernels; the lists do not depend on how many there are. */
  readonly threads?: KernelThreads | undefined
}

export interface RankedUser {
  readonly user: number
  /** Item positions, best first: min(k, candidates) of them. */
  readonly list: Uint32Array
  /** How many items could have been in it. */
  readonly candidates: number
}

export function* rankUsers(options: RankOptions): Generator<readonly RankedUser[]> {
  const { model, train, users, excludeSeen = true, recommendable } = options
  const recommendableCount =
    recommendable === undefined ? model.itemCount : recommendable.reduce((sum, mark) => sum + Number(mark !== 0), 0)
  let next = 0
  for (const lists of listsOf(options)) {
    yield lists.map((list) => {
      const user = users[next++] as number
      const seen = excludeSeen ? itemsOfUser(train, user) : nothing
      const seenCandidates = recommendable === undefined ? seen.length : countMarked(seen, recommendable)
      return { user, list, candidates: recommendableCount - seenCandidates }
    })
  }
}

/** The users' lists in order, in batches. */
function* listsOf({ model, train, users, k, excludeSeen = true, recommendable, threads }: RankOptions): Generator<readonly Uint32Array[]> {
  const scores = new Float32Array(model.itemCount)
  const listByScores = (user: number): Uint32Array => {
    model.scoreUser(user, scores)
    return topK(scores, k, { exclude: excludeSeen ? itemsOfUser(train, user) : nothing, allowed: recommendable })
  }
  const seen = excludeSeen ? train : undefined
  const ranking = { users, k, seen, recommendable, threads }
  if (model instanceof FactorModel || model instanceof EaseModel) {
    let next = 0
    for (const lists of model instanceof FactorModel ? rankByFactors(model, ranking) : rankByHistories(model, ranking))
      yield lists.map((list) => {
        const user = users[next++] as number
        return model.isStranger(user) ? listByScores(user) : list
      })
    return
  }
  if (model.scoreUsers !== undefined) {
    const perBatch = Math.max(1, Math.min(usersAtOnce, Math.floor(batchScores / Math.max(1, model.itemCount))))
    const rows = new Float32Array(perBatch * model.itemCount)
    for (let start = 0; start < users.length; start += perBatch) {
      const batch = users.subarray(start, start + perBatch)
      model.scoreUsers(batch, rows.subarray(0, batch.length * model.itemCount))
      yield Array.from(batch, (user, n) => {
        const exclude = excludeSeen ? itemsOfUser(train, user) : nothing
        return topK(rows.subarray(n * model.itemCount, (n + 1) * model.itemCount), k, { exclude, allowed: recommendable })
      })
    }
    return
  }
  const listOf = model instanceof PopularityModel ? listsByOrder(model, { train, k, excludeSeen, recommendable }) : listByScores
  const batchUsers = Math.max(1, Math.floor(batchScores / Math.max(1, model.itemCount)))
  for (let start = 0; start < users.length; start += batchUsers)
    yield Array.from(users.subarray(start, start + batchUsers), (user) => listOf(user))
}

/** Everyone has the same scores: a list is the beginning of one order of the items, less what the user has seen. */
function listsByOrder(
  model: PopularityModel,
  { train, k, excludeSeen, recommendable }: Pick<RankOptions, 'train' | 'k' | 'excludeSeen' | 'recommendable'>,
): (user: number) => Uint32Array {
  const scores = new Float32Array(model.itemCount)
  model.scoreStranger(scores)
  const order = topK(scores, model.itemCount, { allowed: recommendable })
  return (user) => {
    const seen = excludeSeen === false ? nothing : itemsOfUser(train, user)
    const list = new Uint32Array(Math.min(k, order.length))
    let size = 0
    for (let place = 0; place < order.length && size < list.length; place++) {
      const item = order[place] as number
      if (!includes(seen, item)) list[size++] = item
    }
    return list.subarray(0, size)
  }
}

/** Users with at least one test item that they do not have in training. */
export function usersWithTargets(train: Interactions, test: Interactions): Uint32Array {
  return Uint32Array.from(Array(test.userCount).keys()).filter((user) => targetsOf(train, test, user).length > 0)
}

/** T of the metrics: the user's test items that are not in the user's training. Ascending and distinct. */
export function targetsOf(train: Interactions, test: Interactions, user: number): Uint32Array {
  const seen = itemsOfUser(train, user)
  const tested = itemsOfUser(test, user)
  const targets = new Uint32Array(tested.length)
  let size = 0
  for (let n = 0; n < tested.length; n++) {
    const item = tested[n] as number
    if (!includes(seen, item)) targets[size++] = item
  }
  return targets.subarray(0, size)
}

export interface MeasuredUser {
  readonly user: number
  /** As long as the metrics' longest cut-off, where there are so many candidates. */
  readonly list: Uint32Array
  /** As `targetsOf` has them. */
  readonly targets: Uint32Array
  /** In the order of the metrics' `columns`. */
  readonly values: Float64Array
}

export interface MeasureOptions extends Omit<RankOptions, 'users' | 'k'> {
  readonly test: Interactions
  /** As `usersWithTargets` has them, where they are known. */
  readonly users?: Uint32Array | undefined
  /** Is fed every user; has the result when the last batch has come. */
  readonly metrics: RankingMetrics
}

/** Ranks and measures all users with test items; yields each user's own values. */
export function* measureUsers(options: MeasureOptions): Generator<readonly MeasuredUser[]> {
  const { train, test, metrics, users = usersWithTargets(train, test) } = options
  for (const batch of rankUsers({ ...options, users, k: metrics.longestCutoff }))
    yield batch.map(({ user, list, candidates }) => {
      const targets = targetsOf(train, test, user)
      return { user, list, targets, values: metrics.add(list, targets, candidates) }
    })
}

/** How many distinct items the pairs have: what coverage is a share of. */
export function catalogueSizeOf({ items, itemCount }: Interactions): number {
  const present = new Uint8Array(itemCount)
  for (const item of items) present[item] = 1
  return present.reduce((sum, mark) => sum + mark, 0)
}
