import assert from 'node:assert/strict'
import test from 'node:test'
import { resolveParameters } from '../parameters.ts'
import { buildInteractions } from '../sparse/interactions.ts'
import { popularity, popularityScores } from './popularity.ts'

const day = 86_400
/** Item 0 has three users long ago, item 1 two lately, item 2 one of weight 0. */
const input = buildInteractions(4, 3, {
  users: Uint32Array.of(0, 1, 2, 0, 3, 1),
  items: Uint32Array.of(0, 0, 0, 1, 1, 2),
  weights: Float32Array.of(1, 0.2, 1, 0.5, 1, 0),
  times: Float64Array.of(1 * day, 2 * day, 3 * day, 21 * day, 28 * day, 28 * day),
})
const scores = (parameters: Readonly<Record<string, number>>): readonly number[] => [
  ...popularityScores(input, resolveParameters(popularity, parameters)),
]

test('an item has as many points as users, whatever their weights above 0', () => {
  assert.deepEqual(scores({}), [3, 2, 0])
})

test('a window of weeks ends just after the newest pair, or where it is told', () => {
  assert.deepEqual(scores({ weeks: 1 }), [0, 1, 0])
  assert.deepEqual(scores({ weeks: 2 }), [0, 2, 0])
  assert.deepEqual(scores({ weeks: 1, end_seconds: 8 * day }), [3, 0, 0])
  assert.deepEqual(scores({ weeks: 1, end_seconds: 9 * day }), [2, 0, 0], 'the beginning is inside')
  assert.deepEqual(scores({ weeks: 1, end_seconds: 3 * day }), [2, 0, 0], 'the end is outside')
})

test('a half-life halves', () => {
  assert.deepEqual(scores({ half_life_days: 7, end_seconds: 35 * day }), [
    Math.fround(2 ** (-34 / 7) + 2 ** (-33 / 7) + 2 ** (-32 / 7)),
    0.75,
    0,
  ])
})

test('a window without times is refused', () => {
  const timeless = buildInteractions(1, 1, { users: new Uint32Array(1), items: new Uint32Array(1) })
  for (const name of ['weeks', 'half_life_days'])
    assert.throws(() => popularity.start(timeless, { [name]: 4 }, 0), {
      code: 'parameter_invalid',
      message: new RegExp(`${name} needs the times`),
    })
})
