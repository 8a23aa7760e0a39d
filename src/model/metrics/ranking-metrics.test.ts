import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import test from 'node:test'
import * as fc from 'fast-check'
import { Type } from 'typebox'
import { Value } from 'typebox/value'
import { ListSpread, measureList, RankingMetrics, userMetrics } from './ranking-metrics.ts'

const GoldenCases = Type.Array(
  Type.Object({
    k: Type.Integer(),
    catalogue: Type.Integer(),
    users: Type.Array(Type.Object({ ranked: Type.Array(Type.String()), targets: Type.Array(Type.String()) })),
    expected: Type.Record(Type.String(), Type.Number()),
  }),
)

test('golden cases, within 1e-9', () => {
  const cases: unknown = JSON.parse(readFileSync(new URL('../../../test/golden/metrics.json', import.meta.url), 'utf8'))
  assert.ok(Value.Check(GoldenCases, cases))
  for (const { k, catalogue, users, expected } of cases) {
    const positions = new Map([...new Set(users.flatMap(({ ranked, targets }) => [...ranked, ...targets]))].map((id, n) => [id, n]))
    const toPositions = (ids: readonly string[]): Uint32Array => Uint32Array.from(ids, (id) => positions.get(id) ?? NaN)
    const metrics = new RankingMetrics({ cutoffs: [k], itemCount: positions.size, catalogueSize: catalogue })
    for (const { ranked, targets } of users) metrics.add(toPositions(ranked), toPositions(targets).toSorted(), ranked.length)
    const result = metrics.result()
    assert.deepEqual(Object.keys(result).toSorted(), Object.keys(expected).toSorted())
    for (const [name, value] of Object.entries(expected))
      assert.ok(Math.abs((result[name] ?? NaN) - value) <= 1e-9, `${name}: got ${result[name]}, expected ${value}`)
  }
})

const lists = fc.uniqueArray(fc.nat(11), { maxLength: 8 }).map((items) => Uint32Array.from(items))

test('diversity is one minus the mean cosine over all pairs, empty lists included', () => {
  fc.assert(
    fc.property(fc.array(lists, { minLength: 2, maxLength: 12 }), fc.integer({ min: 1, max: 8 }), (all, k) => {
      const spread = new ListSpread(12)
      for (const list of all) spread.add(list, k)
      const cut = all.map((list) => new Set(list.subarray(0, k)))
      const cosines = cut.flatMap((a, n) =>
        cut.slice(n + 1).map((b) => [...a].filter((item) => b.has(item)).length / Math.sqrt(a.size * b.size || 1)),
      )
      const expected = 1 - cosines.reduce((sum, cosine) => sum + cosine, 0) / cosines.length
      assert.ok(Math.abs((spread.diversity ?? NaN) - expected) < 1e-12)
      assert.equal(spread.distinctItems, new Set(cut.flatMap((list) => [...list])).size)
    }),
  )
  assert.equal(new ListSpread(3).diversity, undefined)
})

test('all of a user lie between 0 and 1, a perfect list has 1 and a miss has 0', () => {
  const target = fc.uniqueArray(fc.nat(11), { minLength: 1, maxLength: 8 }).map((items) => Uint32Array.from(items).toSorted())
  fc.assert(
    fc.property(lists, target, fc.integer({ min: 1, max: 8 }), (list, targets, k) => {
      const values = new Float64Array(userMetrics.length)
      measureList(list, targets, k, values)
      for (const value of values) assert.ok(value >= 0 && value <= 1 + 1e-12)
      measureList(targets, targets, targets.length, values)
      const [precision, recall, map, , ndcg] = values
      assert.deepEqual([precision, recall, map, ndcg], [1, 1, 1, 1])
      measureList(
        list.map((item) => item + 12),
        targets,
        k,
        values,
      )
      assert.deepEqual([...values], [0, 0, 0, 0, 0])
    }),
  )
})

test('several cut-offs in one pass are as each alone, and users can be asked for one by one', () => {
  const list = Uint32Array.of(4, 1, 3, 0, 2)
  const targets = Uint32Array.of(1, 2)
  const both = new RankingMetrics({ cutoffs: [2, 5], itemCount: 5, catalogueSize: 5 })
  const values = both.add(list, targets, 5)
  both.add(Uint32Array.of(0, 1, 2, 3, 4), targets, 5)
  for (const [n, k] of [2, 5].entries()) {
    const alone = new RankingMetrics({ cutoffs: [k], itemCount: 5, catalogueSize: 5 })
    assert.deepEqual(alone.add(list, targets, 5), values.slice(n * 5, n * 5 + 5))
    alone.add(Uint32Array.of(0, 1, 2, 3, 4), targets, 5)
    for (const [name, value] of Object.entries(alone.result())) assert.equal(both.result()[name], value)
  }
  assert.deepEqual(both.columns.slice(0, 6), ['precision@2', 'recall@2', 'map@2', 'mar@2', 'ndcg@2', 'precision@5'])
  assert.equal(both.users, 2)
})

test('a list shorter than it could be is an error; one that could not be longer is not', () => {
  const metrics = new RankingMetrics({ cutoffs: [3], itemCount: 5, catalogueSize: 5 })
  const targets = Uint32Array.of(0)
  assert.throws(() => metrics.add(Uint32Array.of(0, 1), targets, 3), { code: 'internal', message: /list of 2, expected 3/ })
  assert.throws(() => metrics.add(Uint32Array.of(0, 1, 2), new Uint32Array(0), 3), { message: /without targets/ })
  assert.deepEqual(metrics.result(), {})
  assert.equal(metrics.add(Uint32Array.of(0, 1), targets, 2)[0], 0.5)
  assert.equal(metrics.add(new Uint32Array(0), targets, 0)[0], 0)
  assert.throws(() => new RankingMetrics({ cutoffs: [0], itemCount: 1, catalogueSize: 1 }), { message: /cut-offs \[0\]/ })
})
