import assert from 'node:assert/strict'
import test from 'node:test'
import * as fc from 'fast-check'
import { Random } from '../random/random.ts'
import { PairedBootstrap, type BootstrapOptions, type Difference } from './bootstrap.ts'

const defaults: BootstrapOptions = { seed: 0, resamples: 1000, level: 0.95 }

/** Of column 0 less column 1. */
function interval(columns: readonly (readonly number[])[], options: Partial<BootstrapOptions> = {}): Difference {
  const bootstrap = new PairedBootstrap(
    columns.map((column) => Float64Array.from(column)),
    { ...defaults, ...options },
  )
  while (bootstrap.advance() < 1);
  return bootstrap.difference(0, 1)
}

const users = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 50 })

test('equal candidates: the difference and both ends are exactly 0', () => {
  fc.assert(
    fc.property(users, (column) => {
      assert.deepEqual(interval([column, column], { resamples: 50 }), { difference: 0, low: 0, high: 0 })
    }),
  )
})

test('the same seed gives the same interval, other columns beside the pair change nothing, and changing sides changes signs', () => {
  fc.assert(
    fc.property(users, fc.nat(1000), (a, seed) => {
      const b = a.map((value) => 1 - value * value)
      const options = { seed, resamples: 50 }
      const once = interval([a, b], options)
      assert.deepEqual(interval([a, b], options), once)
      assert.deepEqual(interval([a, b, b.toReversed()], options), once)
      const turned = interval([b, a], options)
      for (const [got, expected] of [
        [turned.difference, -once.difference],
        [turned.low, -once.high],
        [turned.high, -once.low],
      ] as const)
        assert.ok(Math.abs(got - expected) < 1e-12)
    }),
  )
  const random = Random.seeded(1)
  const column = Array.from({ length: 200 }, () => random.unit())
  const other = Array.from({ length: 200 }, () => random.unit())
  assert.notDeepEqual(interval([column, other]), interval([column, other], { seed: 1 }))
})

test('a small shift is seen through large differences between users', () => {
  const random = Random.seeded(2)
  const base = Array.from({ length: 300 }, () => 10 * random.normal())
  const better = base.map((value) => value + 0.05 + 0.1 * random.normal())
  const { difference, low, high } = interval([better, base])
  assert.ok(0 < low && low < difference && difference < high, `${low} ${difference} ${high}`)
  assert.ok(high - low < 0.05)
})

test('an interval holds the true difference about as often as it says, and is as wide as theory has it', () => {
  const random = Random.seeded(3)
  const repetitions = 300
  const size = 60
  let held = 0
  let width = 0
  for (let n = 0; n < repetitions; n++) {
    const base = Array.from({ length: size }, () => random.normal())
    const { low, high } = interval([base.map((value) => value + 0.5 + random.normal()), base], { seed: n, resamples: 400 })
    held += Number(low <= 0.5 && 0.5 <= high)
    width += (high - low) / repetitions
  }
  assert.ok(held / repetitions > 0.89 && held / repetitions < 0.985, `${held} of ${repetitions}`)
  const expected = (2 * 1.96) / Math.sqrt(size)
  assert.ok(Math.abs(width / expected - 1) < 0.08, `${width}, expected about ${expected}`)
})

const of = (...lengths: readonly number[]): Float64Array[] => lengths.map((length) => new Float64Array(length))

test('work comes in batches, and what it cannot be asked is an error', () => {
  const bootstrap = new PairedBootstrap(of(200_000, 200_000), { ...defaults, resamples: 40 })
  assert.ok(bootstrap.advance() < 1)
  assert.throws(() => bootstrap.difference(0, 1), { code: 'internal', message: /of 40 resamples/ })
  assert.throws(() => new PairedBootstrap([], defaults), { message: /columns of \[\]/ })
  assert.throws(() => new PairedBootstrap(of(0, 0), defaults), { message: /columns of \[0, 0\]/ })
  assert.throws(() => new PairedBootstrap(of(3, 2), defaults), { message: /columns of \[3, 2\]/ })
  assert.throws(() => new PairedBootstrap(of(2, 2), { ...defaults, level: 1 }), { message: /level 1/ })
})
