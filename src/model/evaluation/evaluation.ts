/**
 * Full-catalogue ranking of a split's test users, in bounded batches: every item that the training part knows is a
 * candidate, less what the user's own training row holds. Time: users × (items × factors + items); memory: one score vector.
 */
import { RankingMetrics } from '../metrics/ranking-metrics.ts'
import type { Interactions, Model } from '../model.ts'
import { itemsOfUser } from '../sparse/interactions.ts'
import type { Split } from '../split/split.ts'
import { topK } from '../top-k/top-k.ts'

/** Scores computed between two returns: about 20 ms of work. */
const SCORES_A_BATCH = 1 << 20

export class Evaluation {
  /** Names of the values of a user: `precision@10`, …. */
  readonly columns: readonly string[]
  readonly #model: Model
  readonly #train: Interactions
  readonly #test: Interactions
  readonly #metrics: RankingMetrics
  readonly #known: Uint8Array
  readonly #knownCount: number
  readonly #scores: Float32Array
  readonly #users: number[] = []
  readonly #values: Float64Array[] = []
  #next = 0

  constructor(model: Model, { train, test }: Split, cutoffs: readonly number[]) {
    this.#model = model
    this.#train = train
    this.#test = test
    this.#known = new Uint8Array(train.itemCount)
    for (const item of train.items) this.#known[item] = 1
    this.#knownCount = this.#known.reduce((sum, known) => sum + known, 0)
    this.#metrics = new RankingMetrics({ cutoffs, itemCount: train.itemCount, catalogueSize: this.#knownCount })
    this.#scores = new Float32Array(train.itemCount)
    this.columns = this.#metrics.columns
  }

  /** Ranks for some more users. Answers the share of users that is done. */
  advance(): number {
    const users = Math.max(1, Math.floor(SCORES_A_BATCH / Math.max(1, this.#train.itemCount)))
    const end = Math.min(this.#next + users, this.#train.userCount)
    for (; this.#next < end; this.#next++) this.#measure(this.#next)
    return this.#train.userCount === 0 ? 1 : this.#next / this.#train.userCount
  }

  #measure(user: number): void {
    const seen = itemsOfUser(this.#train, user)
    // A split leaves no pair in both parts, so that all test items are targets.
    const targets = itemsOfUser(this.#test, user)
    if (targets.length === 0) return
    this.#model.scoreUser(user, this.#scores)
    const list = topK(this.#scores, this.#metrics.longestCutoff, { exclude: seen, allowed: this.#known })
    this.#users.push(user)
    this.#values.push(this.#metrics.add(list, targets, this.#knownCount - seen.length))
  }

  /** Means over users, coverage and diversity; empty without test users. */
  result(): Readonly<Record<string, number>> {
    return this.#metrics.result()
  }

  /** Positions of the test users, and of each the values in the order of `columns`. */
  get users(): readonly number[] {
    return this.#users
  }
  get values(): readonly Float64Array[] {
    return this.#values
  }
}
