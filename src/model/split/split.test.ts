import assert from 'node:assert/strict'
import test from 'node:test'
import * as fc from 'fast-check'
import type { Interactions } from '../model.ts'
import { buildInteractions, checkInteractions, userOfPairs } from '../sparse/interactions.ts'
import { randomHoldOut, timeSplit } from './split.ts'

/** Every item of every user, at time user + item. */
const full = (userCount: number, itemCount: number): Interactions => {
  const rows = Array.from({ length: userCount * itemCount }, (_, n) => [Math.floor(n / itemCount), n % itemCount] as const)
  return buildInteractions(userCount, itemCount, {
    users: Uint32Array.from(rows, ([user]) => user),
    items: Uint32Array.from(rows, ([, item]) => item),
    times: Float64Array.from(rows, ([user, item]) => user + item),
  })
}

const pairsOf = (interactions: Interactions): string[] => {
  const users = userOfPairs(interactions)
  return Array.from(interactions.items, (item, n) => `${users[n]}:${item}`)
}

test('a random hold-out shares the pairs out, as many for the test as scikit-learn takes', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 2, max: 9 }),
      fc.integer({ min: 1, max: 49 }),
      fc.nat(),
      (users, items, percent, seed) => {
        const all = full(users, items)
        const { train, test: held } = randomHoldOut(all, percent / 100, seed)
        for (const part of [train, held]) {
          checkInteractions(part)
          assert.equal(part.userCount, users)
          assert.equal(part.itemCount, items)
        }
        assert.equal(held.items.length, Math.ceil((percent / 100) * all.items.length))
        assert.deepEqual([...pairsOf(train), ...pairsOf(held)].toSorted(), pairsOf(all).toSorted())
        assert.deepEqual(randomHoldOut(all, percent / 100, seed).test, held)
      },
    ),
  )
})

test('every pair is as likely as any other to be held out', () => {
  const all = full(4, 5)
  const counts = new Map<string, number>()
  for (let seed = 0; seed < 4000; seed++)
    for (const pair of pairsOf(randomHoldOut(all, 0.25, seed).test)) counts.set(pair, (counts.get(pair) ?? 0) + 1)
  // Each of 20 pairs: 1,000 expected, standard deviation 27.
  for (const [pair, count] of counts) assert.ok(Math.abs(count - 1000) < 5 * 27, `${pair} was held out ${count} times of 4000`)
  assert.equal(counts.size, 20)
})

test('a split by time cuts at a time, which belongs to the test', () => {
  const { train, test: later } = timeSplit(full(3, 3), 2)
  assert.deepEqual(pairsOf(train), ['0:0', '0:1', '1:0'])
  assert.deepEqual(pairsOf(later), ['0:2', '1:1', '1:2', '2:0', '2:1', '2:2'])
  assert.ok(later.times?.every((time) => time >= 2))
})

test('what cannot be split is refused', () => {
  for (const share of [0, 1, -1, NaN])
    assert.throws(() => randomHoldOut(full(2, 2), share, 0), { code: 'parameter_invalid', message: /share of the hold-out: got/ })
  assert.throws(() => randomHoldOut(full(1, 1), 0.25, 0), { code: 'no_training_data', message: /1 of 1 pairs/ })
  assert.throws(() => timeSplit(full(2, 2), -1), { code: 'no_training_data' })
  assert.throws(() => timeSplit(buildInteractions(1, 1, { users: new Uint32Array(1), items: new Uint32Array(1) }), 0), { code: 'internal' })
})
