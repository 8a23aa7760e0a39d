import assert from 'node:assert/strict'
import test from 'node:test'
import type { TrainingInput } from '../model.ts'
import { resolveParameters } from '../parameters.ts'
import { buildInteractions } from '../sparse/interactions.ts'
import { signalParameters, weighPairs, type PairSignals } from './pair-weights.ts'

const day = 86_400
/** Watched half, four times; watched whole, once, ten days ago; clicked alone. */
const signals: PairSignals = {
  pairs: buildInteractions(2, 3, {
    users: Uint32Array.of(0, 0, 1),
    items: Uint32Array.of(0, 1, 2),
    weights: Float32Array.of(0.5, 1, 0),
    times: Float64Array.of(20 * day, 10 * day, 20 * day),
  }),
  viewings: Float32Array.of(4, 1, 0),
  clicks: Float32Array.of(0, 2, 1),
}
const weighed = (given: Record<string, number>): TrainingInput =>
  weighPairs(
    signals,
    resolveParameters(
      { algorithm: 'any', parameters: signalParameters },
      Object.fromEntries(Object.entries(given).map(([name, value]) => [`signals.${name}`, value])),
    ),
  ).input

test('by default a pair weighs its rating, and a click alone is no pair', () => {
  const { items, weights, offsets } = weighed({})
  assert.deepEqual(
    [[...items], [...weights], [...offsets]],
    [
      [0, 1],
      [0.5, 1],
      [0, 2, 2],
    ],
  )
})

test('rating, viewings and clicks count for as much as they are given', () => {
  assert.deepEqual([...weighed({ rating_share: 0 }).weights], [1, 1])
  assert.deepEqual([...weighed({ rating_share: 0.5 }).weights], [0.75, 1])
  assert.deepEqual([...weighed({ watch_gain: 0.5 }).weights], [1, 1], 'four viewings are two doublings')
  assert.deepEqual([...weighed({ click_weight: 0.25 }).weights], [0.5, 1, 0.25])
  assert.deepEqual([...(weighed({ click_weight: 0.25 }).watched ?? [])], [1, 1, 0], 'what was clicked alone is never taken as watched')
})

test('an age of one half-life weighs half, and the mean stays', () => {
  const [newer = 0, older = 0] = weighed({ rating_share: 0, half_life_days: 10 }).weights
  assert.ok(Math.abs(newer / older - 2) < 1e-6)
  assert.ok(Math.abs(newer + older - 2) < 1e-6)
})

test('pairs without times cannot age; one of rating 0 that was not clicked stays, for it was seen', () => {
  const { times: _, ...timeless } = signals.pairs
  const aging = resolveParameters({ algorithm: 'any', parameters: signalParameters }, { 'signals.half_life_days': 5 })
  assert.throws(() => weighPairs({ pairs: timeless }, aging), { code: 'parameter_invalid', message: /times/ })
  const plain = resolveParameters({ algorithm: 'any', parameters: signalParameters }, {})
  assert.deepEqual(weighPairs({ pairs: timeless }, plain).input.items, timeless.items)
})
