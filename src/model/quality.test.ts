/**
 * Quality on MovieLens 100K, against floors: all ratings are pairs, weight = rating / 5, a random quarter held out, seed 0.
 * The data may not be passed on, so it lies beside the project, not in it; without it the tests are skipped.
 */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import test from 'node:test'
import { catalogueSizeOf, measureUsers } from './evaluation/rank-users.ts'
import { familyOf } from './families.ts'
import { RankingMetrics } from './metrics/ranking-metrics.ts'
import type { Interactions, Model } from './model.ts'
import { buildInteractions } from './sparse/interactions.ts'
import { randomHoldOut, type Split } from './split/split.ts'

const file = new URL('../../../shared/data/ml-100k/ml-100k.inter', import.meta.url)

/** Positions in order of first appearance. */
function positionsOf(ids: readonly string[]): { readonly positions: Uint32Array; readonly count: number } {
  const known = new Map<string, number>()
  const positions = Uint32Array.from(ids, (id) => {
    const position = known.get(id) ?? known.size
    known.set(id, position)
    return position
  })
  return { positions, count: known.size }
}

function readRatings(): Interactions {
  const rows = readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((line) => line.split('\t'))
  const users = positionsOf(rows.map(([user = '']) => user))
  const items = positionsOf(rows.map(([, item = '']) => item))
  return buildInteractions(users.count, items.count, {
    users: users.positions,
    items: items.positions,
    weights: Float32Array.from(rows, ([, , rating]) => Math.min(1, Number(rating) / 5)),
    times: Float64Array.from(rows, ([, , , time]) => Number(time)),
  })
}

function fitted(train: Interactions, algorithm: string): Model {
  const fit = familyOf(algorithm).start(train, {}, 0)
  while (fit.advance().fraction < 1);
  return fit.finish()
}

/** The same model, asked about users' histories as if they were strangers'. */
function byHistory(model: Model, { offsets, items, weights }: Interactions): Model {
  return {
    algorithm: model.algorithm,
    userCount: model.userCount,
    itemCount: model.itemCount,
    tensors: () => model.tensors(),
    scoreStranger: (scores) => model.scoreStranger(scores),
    scoreHistory: (...history) => model.scoreHistory(...history),
    scoreUser: (user, scores) => {
      const [start, end] = [offsets[user], offsets[user + 1]]
      model.scoreHistory(items.subarray(start, end), weights.subarray(start, end), scores)
    },
  }
}

function measure({ train, test: held }: Split, model: Model): Readonly<Record<string, number>> {
  const metrics = new RankingMetrics({ cutoffs: [10, 20], itemCount: train.itemCount, catalogueSize: catalogueSizeOf(train) })
  const users = [...measureUsers({ model, train, test: held, metrics })].flat()
  assert.equal(users.length, metrics.users)
  return metrics.result()
}

function floor(metrics: Readonly<Record<string, number>>, name: string, least: number): void {
  assert.ok((metrics[name] ?? NaN) >= least, `${name} is ${metrics[name]}, expected at least ${least}`)
}

const skip = existsSync(file) ? false : 'ml-100k is not there: put it beside the project as ../shared/data/ml-100k'

test('MovieLens 100K', { skip }, async (t) => {
  const split = randomHoldOut(readRatings(), 0.25, 0)
  assert.equal(split.test.items.length, 25_000)
  const popularity = measure(split, fitted(split.train, 'popularity'))

  await t.test('popularity', () => {
    floor(popularity, 'precision@10', 0.2)
    floor(popularity, 'recall@20', 0.15)
  })
  await t.test('warp with the settings of the old system', () => {
    const model = fitted(split.train, 'warp')
    const own = measure(split, model)
    floor(own, 'precision@10', 0.37)
    floor(own, 'recall@20', 0.305)
    floor(own, 'ndcg@20', 0.41)
    floor(own, 'precision@10', 1.4 * (popularity['precision@10'] ?? NaN))
    floor(measure(split, byHistory(model, split.train)), 'recall@20', 0.305)
  })
  await t.test('ials', () => {
    const model = fitted(split.train, 'ials')
    const own = measure(split, model)
    floor(own, 'recall@20', 0.33)
    floor(own, 'ndcg@20', 0.44)
    floor(measure(split, byHistory(model, split.train)), 'recall@20', 0.33)
  })
})
