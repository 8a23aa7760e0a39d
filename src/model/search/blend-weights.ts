/**
 * Weights of a blend, found on held-out users: models stay as they are fitted, only what is added of each changes.
 *
 * One user at a time, the standardised scores of every model are made once, and each of the combinations is ranked and measured. Time is
 * users × (scores of the models + combinations × items), memory one row of scores a model.
 */
import { addStandardised } from '../blend/blend.ts'
import { targetsOf, usersWithTargets } from '../evaluation/rank-users.ts'
import { measureList, userMetrics } from '../metrics/ranking-metrics.ts'
import type { Interactions, Model } from '../model.ts'
import { itemsOfUser } from '../sparse/interactions.ts'
import type { Split } from '../split/split.ts'
import { topK } from '../top-k/top-k.ts'
import { validationCutoff } from './trials.ts'

/** One weight a model. */
export type Weights = readonly number[]

/** Mean nDCG@20 of each combination. Yields after every user. */
export function* measureCombinations(
  models: readonly Model[],
  combinations: readonly Weights[],
  train: Interactions,
  test: Split['test'],
): Generator<void, readonly number[]> {
  const users = usersWithTargets(train, test)
  const sums = new Float64Array(combinations.length)
  const rows = models.map(() => new Float64Array(train.itemCount))
  const scores = new Float32Array(train.itemCount)
  const values = new Float64Array(userMetrics.length)
  const ndcg = userMetrics.indexOf('ndcg')
  for (const user of users) {
    const exclude = itemsOfUser(train, user)
    const targets = targetsOf(train, test, user)
    for (const [n, model] of models.entries()) {
      model.scoreUser(user, scores)
      addStandardised(scores, 1, (rows[n] ?? new Float64Array(0)).fill(0))
    }
    for (const [n, weights] of combinations.entries()) {
      scores.fill(0)
      for (const [m, row] of rows.entries()) {
        const weight = weights[m] ?? 0
        if (weight !== 0)
          for (let item = 0; item < row.length; item++) scores[item] = (scores[item] as number) + weight * (row[item] as number)
      }
      measureList(topK(scores, validationCutoff, { exclude }), targets, validationCutoff, values)
      sums[n] = (sums[n] as number) + (values[ndcg] as number)
    }
    yield
  }
  return Array.from(sums, (sum) => sum / Math.max(1, users.length))
}
