import assert from 'node:assert/strict'
import test from 'node:test'
import { RankingMetrics } from '../metrics/ranking-metrics.ts'
import type { Interactions, Model } from '../model.ts'
import { popularity } from '../popularity/popularity.ts'
import { Random } from '../random/random.ts'
import { buildInteractions } from '../sparse/interactions.ts'
import { catalogueSizeOf, measureUsers, rankUsers, targetsOf, usersWithTargets } from './rank-users.ts'

const pairs = (userCount: number, itemCount: number, rows: readonly (readonly [number, number])[]): Interactions =>
  buildInteractions(userCount, itemCount, {
    users: Uint32Array.from(rows, ([user]) => user),
    items: Uint32Array.from(rows, ([, item]) => item),
  })

/** User u likes item u best, then the items after it, around the circle. */
const circle = (count: number): Model => ({
  algorithm: 'circle',
  userCount: count,
  itemCount: count,
  tensors: () => new Map(),
  scoreUser: (user, scores) => scores.forEach((_, item) => (scores[item] = -((item - user + count) % count))),
  scoreStranger: (scores) => scores.fill(0),
  scoreHistory: (_items, _weights, scores) => scores.fill(0),
})

const listsOf = (options: Parameters<typeof rankUsers>[0]): (readonly [number, readonly number[], number])[] =>
  [...rankUsers(options)].flat().map(({ user, list, candidates }) => [user, [...list], candidates] as const)

const train = pairs(4, 4, [
  [0, 0],
  [0, 1],
  [2, 3],
])

test('lists leave out what was seen and what is not recommendable', () => {
  const users = Uint32Array.of(2, 0)
  assert.deepEqual(listsOf({ model: circle(4), train, users, k: 3 }), [
    [2, [2, 0, 1], 3],
    [0, [2, 3], 2],
  ])
  assert.deepEqual(listsOf({ model: circle(4), train, users, k: 3, recommendable: Uint8Array.of(0, 1, 1, 1) }), [
    [2, [2, 1], 2],
    [0, [2, 3], 2],
  ])
  assert.deepEqual(listsOf({ model: circle(4), train, users, k: 2, excludeSeen: false }), [
    [2, [2, 3], 4],
    [0, [0, 1], 4],
  ])
})

test('where everyone has the same scores, lists are those that the scores alone give', () => {
  const random = Random.seeded(7)
  const rows = Array.from({ length: 400 }, (): readonly [number, number] => [random.below(30), random.below(40)])
  const seen = pairs(30, 40, rows)
  const fit = popularity.start(seen, {}, 0)
  fit.advance()
  const model = fit.finish()
  const byScores: Model = { ...circle(30), itemCount: 40, scoreUser: (user, scores) => model.scoreUser(user, scores) }
  const users = Uint32Array.from(Array(30).keys())
  const options = { train: seen, users, k: 12 }
  const marks = Uint8Array.from({ length: 40 }, (_, item) => Number(item % 5 !== 2))
  for (const more of [{}, { excludeSeen: false }, { recommendable: marks }, { k: 40, recommendable: marks }])
    assert.deepEqual(listsOf({ ...options, ...more, model }), listsOf({ ...options, ...more, model: byScores }))
})

test('batches are of bounded size and change nothing', () => {
  const count = 1200
  const users = Uint32Array.from(Array(count).keys())
  const batches = [...rankUsers({ model: circle(count), train: pairs(count, count, []), users, k: 2 })]
  assert.ok(batches.length > 1)
  assert.deepEqual(
    batches.flat().map(({ list }) => [...list]),
    Array.from(users, (user) => [user, (user + 1) % count]),
  )
})

test('users without a test item that is new to them are skipped', () => {
  const held = pairs(4, 4, [
    [0, 1],
    [0, 2],
    [1, 3],
    [2, 3],
  ])
  assert.deepEqual([...usersWithTargets(train, held)], [0, 1])
  assert.deepEqual([...targetsOf(train, held, 0)], [2])
  const metrics = new RankingMetrics({ cutoffs: [1, 2], itemCount: 4, catalogueSize: catalogueSizeOf(train) })
  const measured = [...measureUsers({ model: circle(4), train, test: held, metrics })].flat()
  const precisions = measured.map(({ user, values }) => [user, values[metrics.columns.indexOf('precision@1')], values[5]])
  // User 0 is given [2, 3] and wants 2; user 1 is given [1, 2] and wants 3.
  assert.deepEqual(precisions, [
    [0, 1, 0.5],
    [1, 0, 0],
  ])
  assert.equal(metrics.result()['precision@1'], 0.5)
  assert.equal(metrics.result()['coverage@2'], 1)
})
