import assert from 'node:assert/strict'
import test from 'node:test'
import * as fc from 'fast-check'
import { WorkerKernelThreads } from '../../adapters/kernel-threads.ts'
import { Random } from '../random/random.ts'
import type { KernelThreads } from '../kernels/kernels.ts'
import { PairedBootstrap, type BootstrapOptions, type Difference } from './bootstrap.ts'

const defaults: BootstrapOptions = { seed: 0, resamples: 1000, level: 0.95 }

/** Of one column less another. */
function interval(
  columns: readonly (readonly number[])[],
  options: Partial<BootstrapOptions> = {},
  { threads, a = 0, b = 1 }: { threads?: KernelThreads; a?: number; b?: number } = {},
): Difference {
  const bootstrap = new PairedBootstrap(
    columns.map((column) => Float64Array.from(column)),
    { ...defaults, ...options },
    threads,
  )
  while (bootstrap.advance() < 1);
  return bootstrap.difference(a, b)
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
      assert.deepEqual(interval([b, b, b, a, b], options, { a: 3, b: 4 }), once)
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

/** Of two resamples and level 1/2 the ends are a quarter of the way between their differences. */
test('a resample is as many draws as there are users, and each user counts as often as drawn', () => {
  fc.assert(
    fc.property(users, fc.nat(1000), (a, seed) => {
      const b = a.map((value) => value * value)
      const [first = NaN, second = NaN] = [0, 1]
        .map((resample) => {
          const random = Random.seeded(seed, resample)
          const drawn = a.map(() => Math.floor((random.uint32() * a.length) / 2 ** 32))
          return drawn.reduce((sum, user) => sum + (a[user] ?? NaN) - (b[user] ?? NaN), 0) / a.length
        })
        .toSorted((x, y) => x - y)
      const { low, high } = interval([a, b], { seed, resamples: 2, level: 0.5 })
      assert.ok(Math.abs(low - (first + 0.25 * (second - first))) < 1e-12)
      assert.ok(Math.abs(high - (first + 0.75 * (second - first))) < 1e-12)
    }),
  )
})

test('two threads give what one gives, bit for bit', async (context) => {
  const threads = new WorkerKernelThreads(2)
  context.after(() => threads.close())
  await threads.ready()
  const random = Random.seeded(4)
  const columns = Array.from({ length: 6 }, () => Array.from({ length: 30_000 }, () => random.unit()))
  assert.deepEqual(interval(columns, {}, { threads, a: 4, b: 5 }), interval(columns, {}, { a: 4, b: 5 }))
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
