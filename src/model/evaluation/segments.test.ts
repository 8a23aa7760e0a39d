import assert from 'node:assert/strict'
import test from 'node:test'
import * as fc from 'fast-check'
import { RankingMetrics } from '../metrics/ranking-metrics.ts'
import { buildInteractions } from '../sparse/interactions.ts'
import { SegmentFigures, userSegments } from './segments.ts'

/** User u has the first lengths[u] of the items in training. */
function figuresOf(lengths: readonly number[], lists: readonly Uint32Array[], targets: readonly Uint32Array[], marks: Uint8Array) {
  const itemCount = marks.length
  const train = buildInteractions(lengths.length, itemCount, {
    users: Uint32Array.from(lengths.flatMap((length, user) => Array<number>(length).fill(user))),
    items: Uint32Array.from(lengths.flatMap((length) => [...Array(length).keys()])),
  })
  const metrics = new RankingMetrics({ cutoffs: [2], itemCount, catalogueSize: itemCount })
  const users = Uint32Array.from(lengths.keys())
  const figures = new SegmentFigures({ cutoffs: [2], train, users, titles: new Map([['marked', marks]]) })
  for (const user of users) {
    const list = lists[user] ?? new Uint32Array(0)
    const wanted = targets[user] ?? new Uint32Array(0)
    figures.add({ user, list, targets: wanted, values: metrics.add(list, wanted, list.length) })
  }
  return { figures, metrics }
}

// The example of docs/evaluation.md.
test('users by quartiles of their histories, titles by their marks', () => {
  const targets = Array.from({ length: 6 }, () => Uint32Array.of(8, 9))
  const lists = [[8, 9], [0, 1], [8, 0], [0, 8], [0, 1], [9, 8]].map((list) => Uint32Array.from(list)) // prettier-ignore
  const { figures } = figuresOf([0, 2, 3, 4, 5, 6], lists, targets, Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 1))
  assert.deepEqual(figures.descriptions, {
    all_users: 'all test users',
    new_users: '0 to 2 titles watched in training',
    light_users: '3 titles watched in training',
    regular_users: '4 to 5 titles watched in training',
    heavy_users: '6 or more titles watched in training',
  })
  assert.deepEqual(figures.bounds, {
    all_users: { from: 0 },
    new_users: { from: 0, to: 2 },
    light_users: { from: 3, to: 3 },
    regular_users: { from: 4, to: 5 },
    heavy_users: { from: 6 },
  })
  const { all_users: all, new_users: fresh, light_users: light, regular_users: regular, heavy_users: heavy, marked } = figures.result()
  const recalls = [all, fresh, light, regular, heavy, marked].map((segment) => [segment?.['users'], segment?.['recall@2']])
  assert.deepEqual(recalls, [[6, 0.5], [2, 0.5], [1, 0.5], [2, 0.25], [1, 1], [6, 2 / 6]]) // prettier-ignore
  // Of twelve places and twelve targets.
  assert.equal(marked?.['list_share@2'], 2 / 12)
  assert.equal(marked?.['target_share'], 6 / 12)
  // Standard deviation of 1 and 0 is sqrt(1/2), of the mean of two sqrt(1/2) / sqrt(2).
  assert.ok(Math.abs((fresh?.['recall@2_error'] ?? NaN) - 0.5) < 1e-12)
  assert.equal(light?.['recall@2_error'], undefined)
})

test('a segment without users or targets is left out', () => {
  const { figures } = figuresOf([1], [Uint32Array.of(3, 4)], [Uint32Array.of(3)], new Uint8Array(5))
  assert.deepEqual(Object.keys(figures.result()), ['all_users', 'new_users'])
  assert.deepEqual(figuresOf([], [], [], new Uint8Array(5)).figures.result(), {})
})

const itemCount = 12
const lengths = fc.array(fc.nat(itemCount - 1), { minLength: 1, maxLength: 20 })
const positions = fc.uniqueArray(fc.nat(itemCount - 1), { minLength: 1, maxLength: itemCount })

test('every user is in one segment, whose means make up the mean over all; with every title marked nothing changes', () => {
  fc.assert(
    fc.property(lengths, fc.array(positions, { minLength: 20, maxLength: 20 }), (histories, lists) => {
      const ranked = lists.map((list) => Uint32Array.from(list))
      const wanted = lists.map((list) => Uint32Array.from(list.map((item) => (item * 5 + 3) % itemCount)).toSorted())
      const { figures, metrics } = figuresOf(histories, ranked, wanted, new Uint8Array(itemCount).fill(1))
      const result = figures.result()
      const parts = userSegments
        .filter((name) => name !== 'all_users')
        .map((name) => result[name] ?? { users: 0, 'ndcg@2': 0, 'recall@2': 0 })
      for (const name of ['ndcg@2', 'recall@2']) {
        const users = parts.reduce((sum, part) => sum + (part['users'] ?? 0), 0)
        const mean = parts.reduce((sum, part) => sum + (part['users'] ?? 0) * (part[name] ?? NaN), 0) / users
        assert.equal(users, histories.length)
        for (const whole of [metrics.result()[name], result['all_users']?.[name], result['marked']?.[name]])
          assert.ok(Math.abs((whole ?? NaN) - mean) < 1e-12)
      }
      assert.equal(result['marked']?.['list_share@2'], 1)
      assert.equal(result['marked']?.['target_share'], 1)
    }),
  )
})

test('a quarter of the known users is light, a quarter heavy, where histories differ', () => {
  const histories = Array.from({ length: 100 }, (_, user) => 3 + user)
  const targets = histories.map(() => Uint32Array.of(110))
  const result = figuresOf(histories, targets, targets, new Uint8Array(111)).figures.result()
  const counts = ['light_users', 'regular_users', 'heavy_users'].map((name) => result[name]?.['users'])
  assert.deepEqual(counts, [25, 50, 25])
  assert.equal(result['all_users']?.['recall@2_error'], 0)
})
