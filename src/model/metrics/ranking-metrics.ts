/**
 * How good recommendation lists are. A user's list L (cut to k, n = its length), target set T, h_i = 1 where rank i (from 1) is in T:
 *
 *   hits = Σ h_i   c_i = h_1 + … + h_i   m = min(k, |T|)
 *   precision = hits / n                      (0 where n = 0)
 *   recall    = hits / |T|
 *   map       = Σ h_i × (c_i / i) / m         mar = Σ h_i × (c_i / |T|) / m
 *   ndcg      = Σ h_i / log2(i + 1), over the same sum of ranks 1 to m
 *
 * and their means over users. Over all lists:
 *
 *   coverage  = distinct items in the lists / items of the catalogue
 *   diversity = 1 - mean over all pairs of users of the cosine of their lists as 0/1 vectors over items; none below two users
 *
 * The cosine of two lists is (items in common) / sqrt(n_u × n_v), so the sum over all pairs needs no pair at all:
 * with s_i = Σ over lists with item i of 1 / sqrt(n_u), it is (Σ_i s_i² - number of lists that are not empty) / 2.
 * An empty list has cosine 0 with every other.
 *
 * Time O(list length × log |T|) a user, memory one number an item for each cut-off; sums in double precision, in the order of
 * the users, so that the same users in the same order give the same bits.
 */
import { MatineeError } from '../../contracts/errors.ts'

/** In the order in which `measureList` writes them. */
export const userMetrics = ['precision', 'recall', 'map', 'mar', 'ndcg'] as const
export type UserMetric = (typeof userMetrics)[number]

/** By rank: 1 / log2(rank + 1), and the sum of those from rank 1 on. Entry 0 is of no rank. */
const gains = [0]
const idealGains = [0]

function growGains(rank: number): void {
  for (let next = gains.length; next <= rank; next++) {
    const gain = 1 / Math.log2(next + 1)
    gains.push(gain)
    idealGains.push((idealGains[next - 1] as number) + gain)
  }
}

/**
 * Measures one list at one cut-off and writes the values of `userMetrics` to `values` from `start` on.
 * @param list item positions, best first, distinct; only its first k count
 * @param targets item positions, ascending and distinct, at least one
 */
export function measureList(list: Uint32Array, targets: Uint32Array, k: number, values: Float64Array, start = 0): void {
  const length = Math.min(k, list.length)
  const reachable = Math.min(k, targets.length)
  growGains(Math.max(length, reachable))
  let hits = 0
  let precisions = 0
  let recalls = 0
  let gain = 0
  for (let rank = 1; rank <= length; rank++) {
    if (!includes(targets, list[rank - 1] as number)) continue
    hits++
    precisions += hits / rank
    recalls += hits / targets.length
    gain += gains[rank] as number
  }
  values[start] = length === 0 ? 0 : hits / length
  values[start + 1] = hits / targets.length
  values[start + 2] = precisions / reachable
  values[start + 3] = recalls / reachable
  values[start + 4] = gain / (idealGains[reachable] as number)
}

/** Coverage and diversity of lists that come one after the other. */
export class ListSpread {
  /** s_i of the head comment. */
  readonly #shares: Float64Array
  #lists = 0
  #nonEmptyLists = 0

  constructor(itemCount: number) {
    this.#shares = new Float64Array(itemCount)
  }

  /** @param list item positions, distinct; only its first k count. */
  add(list: Uint32Array, k = list.length): void {
    const length = Math.min(k, list.length)
    this.#lists++
    if (length === 0) return
    this.#nonEmptyLists++
    const share = 1 / Math.sqrt(length)
    for (let n = 0; n < length; n++) {
      const item = list[n] as number
      this.#shares[item] = (this.#shares[item] as number) + share
    }
  }

  get distinctItems(): number {
    return this.#shares.reduce((count, share) => count + (share > 0 ? 1 : 0), 0)
  }

  /** 0 to 1; undefined below two lists. */
  get diversity(): number | undefined {
    if (this.#lists < 2) return undefined
    const squares = this.#shares.reduce((sum, share) => sum + share * share, 0)
    return 1 - (squares - this.#nonEmptyLists) / (this.#lists * (this.#lists - 1))
  }
}

export interface RankingMetricsOptions {
  readonly cutoffs: readonly number[]
  readonly itemCount: number
  /** What coverage is a share of: distinct items of the training data. */
  readonly catalogueSize: number
}

/** All metrics at several cut-offs, over users that come one after the other. */
export class RankingMetrics {
  /** Names of a user's values, in order: `precision@10`, …, `precision@20`, …. */
  readonly columns: readonly string[]
  readonly #cutoffs: readonly number[]
  readonly #catalogueSize: number
  readonly #spreads: readonly ListSpread[]
  readonly #sums: Float64Array
  #users = 0

  /** @throws MatineeError `internal` unless there is a cut-off and each is a whole number from 1. */
  constructor({ cutoffs, itemCount, catalogueSize }: RankingMetricsOptions) {
    if (cutoffs.length === 0 || cutoffs.some((k) => !Number.isInteger(k) || k < 1))
      throw new MatineeError('internal', `metrics: got cut-offs [${cutoffs.join(', ')}], expected whole numbers from 1`)
    this.#cutoffs = cutoffs
    this.#catalogueSize = catalogueSize
    this.#spreads = cutoffs.map(() => new ListSpread(itemCount))
    this.columns = cutoffs.flatMap((k) => userMetrics.map((metric) => `${metric}@${k}`))
    this.#sums = new Float64Array(this.columns.length)
  }

  /** The longest list that counts. */
  get longestCutoff(): number {
    return Math.max(...this.#cutoffs)
  }

  /**
   * Adds one user and returns that user's values in the order of `columns`.
   * @param targets T, ascending and distinct, at least one: users without are for the caller to skip
   * @param candidates how many items could have been in the list
   * @throws MatineeError `internal` where the list is shorter than it could be, which would flatter precision.
   */
  add(list: Uint32Array, targets: Uint32Array, candidates: number): Float64Array {
    const due = Math.min(this.longestCutoff, candidates)
    if (list.length < due) throw new MatineeError('internal', `metrics: got a list of ${list.length}, expected ${due}`)
    if (targets.length === 0) throw new MatineeError('internal', 'metrics: got a user without targets, expected at least one')
    const values = new Float64Array(this.columns.length)
    for (const [n, k] of this.#cutoffs.entries()) {
      measureList(list, targets, k, values, n * userMetrics.length)
      this.#spreads[n]?.add(list, k)
    }
    for (let n = 0; n < values.length; n++) this.#sums[n] = (this.#sums[n] as number) + (values[n] as number)
    this.#users++
    return values
  }

  get users(): number {
    return this.#users
  }

  /** By name: `precision@10`, …, `coverage@10`, `diversity@10`. Without users there are none; diversity needs two. */
  result(): Readonly<Record<string, number>> {
    if (this.#users === 0) return {}
    const result: Record<string, number> = {}
    for (const [n, name] of this.columns.entries()) result[name] = (this.#sums[n] as number) / this.#users
    for (const [n, k] of this.#cutoffs.entries()) {
      const spread = this.#spreads[n]
      if (spread === undefined) continue
      result[`coverage@${k}`] = this.#catalogueSize === 0 ? 0 : spread.distinctItems / this.#catalogueSize
      if (spread.diversity !== undefined) result[`diversity@${k}`] = spread.diversity
    }
    return result
  }
}

/** How many of the first `length` items have a mark other than 0. */
export function countMarked(items: Uint32Array, marks: Uint8Array, length = items.length): number {
  let count = 0
  for (let n = 0; n < length; n++) count += Number(marks[items[n] as number] !== 0)
  return count
}

/** Whether ascending distinct `values` have `value`. */
export function includes(values: Uint32Array, value: number): boolean {
  let low = 0
  let high = values.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((values[middle] as number) < value) low = middle + 1
    else high = middle
  }
  return values[low] === value
}
