/**
 * Weights of a blend, found on held-out users: models stay as they are fitted, only what is added of each changes.
 *
 * A few users at a time, the standardised scores of every model are made once, and each of the combinations is ranked and measured. Time is
 * users × (scores of the models + combinations × items), memory a few rows of scores a model.
 */
import { addStandardised } from '../blend/blend.ts'
import { targetsOf, usersWithTargets } from '../evaluation/rank-users.ts'
import { scoreUsers } from '../evaluation/score-users.ts'
import { measureList, userMetrics } from '../metrics/ranking-metrics.ts'
import type { Model } from '../model.ts'
import { popularity } from '../popularity/popularity.ts'
import { itemsOfUser } from '../sparse/interactions.ts'
import type { Split } from '../split/split.ts'
import { topK } from '../top-k/top-k.ts'
import { validationCutoff } from './trials.ts'

/** As many as gain by being scored together. */
const usersAtOnce = 16

/** One weight a model. */
export type Weights = readonly number[]

/**
 * nDCG@20 of each user, for each combination. Yields after every few users.
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

/** Makes the lists of a few users as a blend of the models makes them, to see how long it takes. Returns how many. */
export function sampleLists(models: readonly Model[], { train, test }: Split): number {
  const users = usersWithTargets(train, test).subarray(0, usersAtOnce)
  const { itemCount } = train
  const rows = new Float32Array(users.length * itemCount)
  const sums = new Float64Array(users.length * itemCount)
  for (const model of models) {
    scoreUsers(model, users, rows)
    for (let start = 0; start < rows.length; start += itemCount)
      addStandardised(rows.subarray(start, start + itemCount), 1, sums.subarray(start, start + itemCount))
  }
  rows.set(sums)
  for (const [n, user] of users.entries())
    topK(rows.subarray(n * itemCount, (n + 1) * itemCount), validationCutoff, { exclude: itemsOfUser(train, user) })
  return users.length
}

function* measureFold(
  models: readonly Model[],
  combinations: readonly Weights[],
  { train, test }: Split,
  values: readonly number[][],
): Generator<void> {
  const { itemCount } = train
  const given = new Float32Array(usersAtOnce * itemCount)
  const standardised = models.map(() => new Float64Array(usersAtOnce * itemCount))
  const scores = new Float32Array(itemCount)
  const measured = new Float64Array(userMetrics.length)
  const ndcg = userMetrics.indexOf('ndcg')
  const users = usersWithTargets(train, test)
  for (let start = 0; start < users.length; start += usersAtOnce) {
    const batch = users.subarray(start, start + usersAtOnce)
    for (const [m, model] of models.entries()) {
      scoreUsers(model, batch, given.subarray(0, batch.length * itemCount))
      const sums = (standardised[m] ?? new Float64Array(0)).fill(0)
      for (let u = 0; u < batch.length; u++)
        addStandardised(given.subarray(u * itemCount, (u + 1) * itemCount), 1, sums.subarray(u * itemCount, (u + 1) * itemCount))
    }
    for (const [u, user] of batch.entries()) {
      const exclude = itemsOfUser(train, user)
      const targets = targetsOf(train, test, user)
      const rows = standardised.map((row) => row.subarray(u * itemCount, (u + 1) * itemCount))
      for (const [n, combination] of combinations.entries()) {
        const weights = exclude.length === 0 ? strangersWeights(models, combination) : combination
        scores.fill(0)
        for (const [m, row] of rows.entries()) addTimes(weights[m] ?? 0, row, scores)
        measureList(topK(scores, validationCutoff, { exclude }), targets, validationCutoff, measured)
        values[n]?.push(measured[ndcg] as number)
      }
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
