import assert from 'node:assert/strict'
import test from 'node:test'
import type { ModelItem } from '../../contracts/documents.ts'
import type { Features } from '../../contracts/ports.ts'
import type { Candidate } from '../../model/candidate.ts'
import { signalParameters, weighPairs } from '../../model/signals/pair-weights.ts'
import { resolveParameters } from '../../model/parameters.ts'
import { signalsFor, signalsOf, watchedPairs } from './split-features.ts'

const item = (program_id: string): ModelItem => ({
  program_id,
  program_name: null,
  ct_cl: 'TV',
  program_genre: null,
  release_date: null,
  age_limit: null,
  recommendable: true,
})

/** Two users, three titles; the first user watched two of them, one twice, and clicked the third. */
const data: Features = {
  userIds: ['a', 'b'],
  itemIds: ['x', 'y', 'z'],
  items: ['x', 'y', 'z'].map(item),
  user: Uint32Array.of(0, 0, 0, 1),
  item: Uint32Array.of(0, 1, 2, 2),
  rating: Float64Array.of(0.5, 1, NaN, 0.25),
  watched: Uint8Array.of(1, 1, 0, 1),
  lastSeconds: Float64Array.of(10, 20, 40, 30),
  weekly: {
    user: Uint32Array.of(0, 0, 1),
    item: Uint32Array.of(0, 1, 2),
    weekStartDay: Int32Array.of(0, 0, 0),
    rating: Float64Array.of(0.5, 1, 0.25),
    viewings: Uint32Array.of(1, 2, 1),
    lastSeconds: Float64Array.of(10, 20, 30),
  },
  earlyClicks: {
    user: Uint32Array.of(0),
    item: Uint32Array.of(2),
    weekStartDay: Int32Array.of(0),
    clicks: Uint32Array.of(3),
    lastSeconds: Float64Array.of(40),
  },
}

const weighed = (signals: ReturnType<typeof signalsOf>, { parameters }: Candidate) =>
  weighPairs(signals, resolveParameters({ algorithm: 'signals', parameters: signalParameters }, parameters))

test('each candidate is fitted to the same as by all signals, though one that weighs ratings alone is not given the others', () => {
  const watched = watchedPairs(data)
  const signals = signalsFor(data, watched, 7)
  const all = signalsOf(data, watched, 7)
  for (const parameters of [
    {},
    { 'signals.rating_share': 0.5 },
    { 'signals.watch_gain': 1 },
    { 'signals.click_weight': 0.1 },
    { 'signals.half_life_days': 1 },
  ]) {
    const candidate = { algorithm: 'popularity', parameters }
    assert.deepEqual(weighed(signals(candidate), candidate), weighed(all, candidate), JSON.stringify(parameters))
  }
  assert.equal(signals({ algorithm: 'popularity', parameters: { weeks: 4 } }).clicks, undefined)
  assert.equal(signals({ algorithm: 'popularity', parameters: {} }).pairs.items.length, 3)
})
