import assert from 'node:assert/strict'
import test from 'node:test'
import * as fc from 'fast-check'
import type { Interactions } from '../model.ts'
import { buildInteractions } from '../sparse/interactions.ts'
import { ListQualities } from './list-qualities.ts'

const pairs = (userCount: number, itemCount: number, rows: readonly (readonly [number, number])[]): Interactions =>
  buildInteractions(userCount, itemCount, {
    users: Uint32Array.from(rows, ([user]) => user),
    items: Uint32Array.from(rows, ([, item]) => item),
  })

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
const nearly = (got: number | undefined, expected: number | undefined, what: string): void => {
  if (got === undefined || expected === undefined) assert.equal(got, expected, what)
  else assert.ok(Math.abs(got - expected) < 1e-12, `${what}: got ${got}, expected ${expected}`)
}

// The example of docs/evaluation.md.
test('the example of the documentation', () => {
  // Four users; titles 0 and 1 are drama, 2 and 3 comedy, 4 has no genre.
  const train = pairs(4, 5, [[0, 0], [0, 2], [1, 0], [2, 0], [2, 1], [3, 3]]) // prettier-ignore
  const qualities = new ListQualities({ cutoffs: [2], train, genreOf: Int32Array.of(0, 0, 1, 1, -1) })
  qualities.add(0, Uint32Array.of(1, 3, 4))
  qualities.add(1, Uint32Array.of(2, 3))
  const result = qualities.result()
  nearly(result['novelty@2'], 2, 'each listed title has one of four users: two bits')
  nearly(result['popularity@2'], 0.25, 'popularity')
  nearly(result['popularity_lift@2'], 0.25 / mean([0.5, 0.75]) - 1, 'lift')
  nearly(result['genre_diversity@2'], mean([1, 0]), 'one list has two genres, the other one')
  nearly(result['miscalibration@2'], mean([0, 1]), 'one list has the history’s genres, the other none of them')
})

test('what has no meaning is left out', () => {
  const train = pairs(3, 3, [[0, 0]])
  const qualities = new ListQualities({ cutoffs: [2], train, genreOf: Int32Array.of(0, -1, -1) })
  assert.deepEqual(qualities.result(), {})
  qualities.add(1, new Uint32Array(0))
  assert.deepEqual(qualities.result(), {})
  qualities.add(1, Uint32Array.of(1, 2))
  assert.deepEqual(Object.keys(qualities.result()), ['novelty@2', 'popularity@2'])
  qualities.add(0, Uint32Array.of(1, 2))
  assert.deepEqual(Object.keys(qualities.result()), ['novelty@2', 'popularity@2', 'popularity_lift@2'])
})

const part = (labels: readonly number[], genre: number): number => labels.filter((label) => label === genre).length / labels.length
const orNone = (values: readonly number[]): number | undefined => (values.length === 0 ? undefined : mean(values))
const term = (p: number, q: number): number => (p === 0 ? 0 : p * Math.log2((2 * p) / (p + q)))

const users = 6
const items = 8
const list = fc.uniqueArray(fc.nat(items - 1), { maxLength: items }).map((positions) => Uint32Array.from(positions))
const world = fc.record({
  rows: fc.array(fc.tuple(fc.nat(users - 1), fc.nat(items - 1)), { maxLength: 30 }),
  genres: fc.array(fc.integer({ min: -1, max: 3 }), { minLength: items, maxLength: items }),
  lists: fc.array(fc.tuple(fc.nat(users - 1), list), { minLength: 1, maxLength: 6 }),
  k: fc.integer({ min: 1, max: items }),
})

test('as the formulas have it, written out over all pairs and genres', () => {
  fc.assert(
    fc.property(world, ({ rows, genres, lists, k }) => {
      const train = pairs(users, items, rows)
      const qualities = new ListQualities({ cutoffs: [k, 3], train, genreOf: Int32Array.from(genres) })
      for (const [user, ranked] of lists) qualities.add(user, ranked)
      const result = qualities.result()

      const historyOf = (user: number): number[] => [...new Set(rows.filter(([u]) => u === user).map(([, item]) => item))]
      const withHistory = new Set(rows.map(([user]) => user)).size
      const share = (item: number): number =>
        Math.max(1, new Set(rows.filter(([, i]) => i === item).map(([user]) => user)).size) / Math.max(1, withHistory)
      const labelled = (positions: readonly number[]): number[] => positions.map((item) => genres[item] ?? -1).filter((genre) => genre >= 0)
      const cut = lists
        .filter(([, ranked]) => ranked.length > 0)
        .map(([user, ranked]) => ({ history: historyOf(user), top: [...ranked].slice(0, k) }))
      const besideHistory = cut.filter(({ history }) => history.length > 0)

      nearly(result[`novelty@${k}`], orNone(cut.map(({ top }) => mean(top.map((item) => -Math.log2(share(item)))))), 'novelty')
      nearly(result[`popularity@${k}`], orNone(cut.map(({ top }) => mean(top.map(share)))), 'popularity')
      const listed = orNone(besideHistory.map(({ top }) => mean(top.map(share))))
      const histories = orNone(besideHistory.map(({ history }) => mean(history.map(share))))
      nearly(result[`popularity_lift@${k}`], listed === undefined || histories === undefined ? undefined : listed / histories - 1, 'lift')
      const apart = cut.map(({ top }) => labelled(top)).filter(({ length }) => length > 1)
      nearly(
        result[`genre_diversity@${k}`],
        orNone(apart.map((labels) => mean(labels.flatMap((a, n) => labels.slice(n + 1).map((b) => Number(a !== b)))))),
        'genre diversity',
      )
      const both = cut.map(({ top, history }) => [labelled(history), labelled(top)] as const).filter(([a, b]) => a.length * b.length > 0)
      const divergences = both.map(([a, b]) =>
        [0, 1, 2, 3].reduce((sum, genre) => sum + (term(part(a, genre), part(b, genre)) + term(part(b, genre), part(a, genre))) / 2, 0),
      )
      nearly(result[`miscalibration@${k}`], orNone(divergences), 'miscalibration')
      for (const value of divergences) assert.ok(value > -1e-12 && value < 1 + 1e-12)
    }),
  )
})
