/**
 * Weights of a blend, found on held-out users: models stay as they are fitted, only what is added of each changes.
 *
 * One user at a time, the standardised scores of every model are made once, and each of the combinations is ranked and measured. Time is
 * users × (scores of the models + combinations × items), memory one row of scores a model.
 */
import { addStandardised } from '../blend/blend.ts'
import { targetsOf, usersWithTargets } from '../evaluation/rank-users.ts'
import { measureList, userMetrics } from '../metrics/ranking-metrics.ts'
import type { Model } from '../model.ts'
import { popularity } from '../popularity/popularity.ts'
import { itemsOfUser } from '../sparse/interactions.ts'
import type { Split } from '../split/split.ts'
import { topK } from '../top-k/top-k.ts'
import { validationCutoff } from './trials.ts'

/** One weight a model. */
export type Weights = readonly number[]

/**
 * nDCG@20 of each user, for each combination. Yields after every user.
 * @param models of each fold, in the order of the folds
 */
export function* measureCombinations(
  models: readonly (readonly Model[])[],
  combinations: readonly Weights[],
  folds: readonly Split[],
): Generator<void, readonly Float64Array[]> {
  const values = combinations.map((): number[] => [])
  for (const [n, fold] of folds.entries()) yield* measureFold(models[n] ?? [], combinations, fold, values)
  return values.map((some) => Float64Array.from(some))
}

function* measureFold(
  models: readonly Model[],
  combinations: readonly Weights[],
  { train, test }: Split,
  values: readonly number[][],
): Generator<void> {
  const rows = models.map(() => new Float64Array(train.itemCount))
  const scores = new Float32Array(train.itemCount)
  const measured = new Float64Array(userMetrics.length)
  const ndcg = userMetrics.indexOf('ndcg')
  for (const user of usersWithTargets(train, test)) {
    const exclude = itemsOfUser(train, user)
    const targets = targetsOf(train, test, user)
    for (const [m, row] of rows.entries()) {
      models[m]?.scoreUser(user, scores)
      addStandardised(scores, 1, row.fill(0))
    }
    for (const [n, combination] of combinations.entries()) {
      const weights = exclude.length === 0 ? strangersWeights(models, combination) : combination
      scores.fill(0)
      for (const [m, row] of rows.entries()) addTimes(weights[m] ?? 0, row, scores)
      measureList(topK(scores, validationCutoff, { exclude }), targets, validationCutoff, measured)
      values[n]?.push(measured[ndcg] as number)
    }
    yield
  }
}

function addTimes(weight: number, row: Float64Array, sums: Float32Array): void {
  if (weight === 0) return
  for (let item = 0; item < row.length; item++) sums[item] = (sums[item] as number) + weight * (row[item] as number)
}

/** A blend gives strangers what popularity says alone, else what its first model says. */
function strangersWeights(models: readonly Model[], weights: Weights): Weights {
  const popular = models.findIndex(({ algorithm }, n) => algorithm === popularity.algorithm && (weights[n] ?? 0) > 0)
  const only = popular === -1 ? 0 : popular
  return weights.map((_, n) => Number(n === only))
}
