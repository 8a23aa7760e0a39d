/**
 * One offline experiment: pairs from two files, one model fitted on the first, measured on the second over the whole catalogue. What the
 * model does not know keeps to the rules of the metrics: users without training rows get what strangers get, items without training rows
 * count as targets and are in no list.
 */
import { MatineeError } from '../contracts/errors.ts'
import { catalogueSizeOf, rankUsers, targetsOf, usersWithTargets } from '../model/evaluation/rank-users.ts'
import { RankingMetrics } from '../model/metrics/ranking-metrics.ts'
import type { Fit, FitProgress, FitResources, Interactions, Model } from '../model/model.ts'
import { buildInteractions } from '../model/sparse/interactions.ts'
import { topK } from '../model/top-k/top-k.ts'
import { IdIndex } from '../model/sparse/id-index.ts'
import { readPairsCsv, type PairRows } from './pairs-csv.ts'

export interface ExperimentData {
  /** Over the users and items of the training file alone. */
  readonly train: Interactions
  /** Over those and, after them, the ones that only the test file has. */
  readonly test: Interactions
}

/** What the weight of a training pair is: 1, or its rating as a share of the largest. */
export type WeightKind = 'one' | 'rating'

export interface DataOptions {
  readonly trainPath: string
  readonly testPath: string
  readonly weights: WeightKind
  /** Told of rows read, now and then. */
  readonly report?: (path: string, rows: number) => void
}

/** @throws MatineeError `import_invalid` naming file, line and reason; `no_training_data` where a file has no pairs. */
export function readExperimentData({ trainPath, testPath, weights, report }: DataOptions): ExperimentData {
  const users = new IdIndex()
  const items = new IdIndex()
  const read = (path: string): PairRows => {
    const rows = readPairsCsv(path, users, items, (count) => report?.(path, count))
    if (rows.users.length === 0) throw new MatineeError('no_training_data', `${path} has no pairs`)
    return rows
  }
  const rows = read(trainPath)
  const train = buildInteractions(users.count, items.count, {
    users: rows.users,
    items: rows.items,
    ...(weights === 'rating' ? { weights: ratingShares(rows, trainPath) } : {}),
    ...(rows.times === undefined ? {} : { times: rows.times }),
  })
  const held = read(testPath)
  return { train, test: buildInteractions(users.count, items.count, { users: held.users, items: held.items }) }
}

function ratingShares({ ratings }: PairRows, path: string): Float32Array {
  if (ratings === undefined) throw new MatineeError('usage_invalid', `--weights rating: ${path} has no third column, the rating`)
  const largest = ratings.reduce((most, rating) => Math.max(most, rating), 0)
  if (!(largest > 0) || ratings.some((rating) => rating < 0))
    throw new MatineeError('usage_invalid', `--weights rating: ratings of ${path} must be at least 0 and one of them above`)
  return ratings.map((rating) => rating / largest)
}

/** Runs a fit to its end. @throws MatineeError as the fit's `advance`. */
export function fitToEnd(fit: Fit, report: (progress: FitProgress) => void): Model {
  for (;;) {
    const progress = fit.advance()
    report(progress)
    if (progress.fraction === 1) return fit.finish()
  }
}

export interface RankedTest {
  /** Users with at least one target, ascending, and their lists. */
  readonly users: Uint32Array
  readonly lists: readonly Uint32Array[]
}

/** The k best items of every user who is to be measured. */
export function rankTestUsers(
  model: Model,
  { train, test }: ExperimentData,
  k: number,
  { threads }: FitResources,
  report: (done: number, users: number) => void,
): RankedTest {
  const users = usersWithTargets(train, test)
  const known = users.filter((user) => user < train.userCount)
  const lists: Uint32Array[] = []
  for (const batch of rankUsers({ model, train, users: known, k, threads })) {
    for (const { list } of batch) lists.push(list)
    report(lists.length, users.length)
  }
  if (lists.length < users.length) {
    const scores = new Float32Array(train.itemCount)
    model.scoreStranger(scores)
    const list = topK(scores, k)
    while (lists.length < users.length) lists.push(list)
  }
  return { users, lists }
}

/** Metrics of contract section 8 at every cut-off, and the users they are the mean of. */
export function measureLists(
  { train, test }: ExperimentData,
  { users, lists }: RankedTest,
  cutoffs: readonly number[],
): { readonly metrics: Readonly<Record<string, number>>; readonly users: number } {
  const metrics = new RankingMetrics({ cutoffs, itemCount: train.itemCount, catalogueSize: catalogueSizeOf(train) })
  for (const [n, user] of users.entries()) {
    const seen = (train.offsets[user + 1] ?? 0) - (train.offsets[user] ?? 0)
    metrics.add(lists[n] ?? new Uint32Array(0), targetsOf(train, test, user), train.itemCount - Math.max(0, seen))
  }
  return { metrics: metrics.result(), users: metrics.users }
}
