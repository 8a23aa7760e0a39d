import assert from 'node:assert/strict'
import test from 'node:test'
import * as fc from 'fast-check'
import { permutation, Random, shuffle } from './random.ts'

const seeds = fc.nat({ max: Number.MAX_SAFE_INTEGER })
const streams = fc.integer({ min: 0, max: 2 ** 32 - 1 })

/** xoshiro128** written again, from its definition, on integers without width. */
function* xoshiro128starstar(state: readonly number[]): Generator<number> {
  const width = 2n ** 32n
  const rotate = (x: bigint, by: bigint): bigint => ((x << by) | (x >> (32n - by))) % width
  let [a, b, c, d] = state.map(BigInt) as [bigint, bigint, bigint, bigint]
  for (;;) {
    yield Number((rotate((b * 5n) % width, 7n) * 9n) % width)
    const shifted = (b << 9n) % width
    c ^= a
    d ^= b
    b ^= c
    a ^= d
    c ^= shifted
    d = rotate(d, 11n)
  }
}

test('words are those of xoshiro128**', () => {
  // The first words that the authors' C program prints from the state 1, 2, 3, 4.
  const random = Random.fromState(Uint32Array.of(1, 2, 3, 4))
  assert.deepEqual(
    Array.from({ length: 6 }, () => random.uint32()),
    [11520, 0, 5927040, 70819200, 2031721883, 1637235492],
  )
  fc.assert(
    fc.property(seeds, streams, (seed, stream) => {
      const generator = Random.seeded(seed, stream)
      const expected = [...take(xoshiro128starstar([...generator.state()]), 50)]
      assert.deepEqual(
        expected.map(() => generator.uint32()),
        expected,
      )
    }),
  )
})

function* take<Value>(values: Iterable<Value>, count: number): Generator<Value> {
  let left = count
  for (const value of values) {
    if (left-- === 0) return
    yield value
  }
}

test('the numbers of seed 0 are fixed: a change here changes every model that was ever trained', () => {
  const random = Random.seeded(0)
  assert.deepEqual(
    Array.from({ length: 4 }, () => random.uint32()),
    [2131050104, 290284253, 3346611448, 4005808974],
  )
})

test('the state is the whole state', () => {
  fc.assert(
    fc.property(seeds, streams, fc.nat(20), (seed, stream, skip) => {
      const first = Random.seeded(seed, stream)
      for (let i = 0; i < skip; i++) first.normal()
      const second = Random.fromState(first.state())
      for (let i = 0; i < 20; i++) assert.equal(first.unit(), second.unit())
    }),
  )
})

test('another seed or another stream gives other numbers', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.tuple(seeds, streams), { minLength: 2, selector: ([seed, stream]) => `${seed}:${stream}` }), (pairs) => {
      const states = pairs.map(([seed, stream]) => Random.seeded(seed, stream).state().join())
      assert.equal(new Set(states).size, pairs.length)
    }),
  )
})

test('streams of one seed are uncorrelated', () => {
  const streamCount = 64
  const draws = 4096
  const bits = Array.from({ length: streamCount }, (_, stream) => {
    const random = Random.seeded(1, stream)
    return Array.from({ length: draws }, () => random.uint32())
  })
  for (let i = 1; i < streamCount; i++) {
    let equal = 0
    for (let j = 0; j < draws; j++) {
      let same = ~((bits[i]?.[j] ?? 0) ^ (bits[i - 1]?.[j] ?? 0)) >>> 0
      for (; same !== 0; same &= same - 1) equal++
    }
    // 131,072 fair bits: five standard deviations are 905.
    assert.ok(Math.abs(equal - draws * 16) < 905, `streams ${i - 1} and ${i} agree in ${equal} bits of ${draws * 32}`)
  }
})

test('ranges are exact', () => {
  fc.assert(
    fc.property(seeds, fc.integer({ min: 1, max: 2 ** 32 - 1 }), (seed, bound) => {
      const random = Random.seeded(seed)
      for (let i = 0; i < 20; i++) {
        const integer = random.below(bound)
        assert.ok(Number.isInteger(integer) && integer >= 0 && integer < bound)
        const unit = random.unit()
        assert.ok(unit >= 0 && unit < 1 && Number.isInteger(unit * 2 ** 53))
        assert.ok(Number.isFinite(random.normal()))
      }
    }),
  )
  assert.equal(Random.seeded(3).below(1), 0)
})

/** Chi-squared of counts against equal shares. */
const chiSquared = (counts: readonly number[]): number => {
  const expected = counts.reduce((sum, count) => sum + count, 0) / counts.length
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
}

test('bounded integers have no bias, even where 2^32 is far from a multiple of the bound', () => {
  // Taken modulo 3 * 2^30 a word would fall into the lowest third half of the time.
  const random = Random.seeded(5)
  const thirds = [0, 0, 0]
  for (let i = 0; i < 30_000; i++) {
    const third = Math.floor(random.below(3 * 2 ** 30) / 2 ** 30)
    thirds[third] = (thirds[third] ?? 0) + 1
  }
  assert.ok(chiSquared(thirds) < 20, `thirds ${thirds.join(', ')}`)
})

test('all orders of a shuffle are equally likely', () => {
  const random = Random.seeded(11)
  const seen = new Map<string, number>()
  for (let i = 0; i < 24_000; i++) {
    const order = permutation(4, random).join('')
    seen.set(order, (seen.get(order) ?? 0) + 1)
  }
  assert.equal(seen.size, 24)
  assert.ok(chiSquared([...seen.values()]) < 65) // 23 degrees of freedom: one in 100,000
})

test('a shuffle keeps its values', () => {
  fc.assert(
    fc.property(fc.uint32Array(), seeds, (values, seed) => {
      const shuffled = values.slice()
      shuffle(shuffled, Random.seeded(seed))
      assert.deepEqual(shuffled.toSorted(), values.toSorted())
    }),
  )
})

test('normal numbers have mean 0 and variance 1', () => {
  const random = Random.seeded(2)
  const count = 40_000
  let sum = 0
  let squares = 0
  for (let i = 0; i < count; i++) {
    const value = random.normal()
    sum += value
    squares += value * value
  }
  assert.ok(Math.abs(sum / count) < 0.025)
  assert.ok(Math.abs(squares / count - 1) < 0.035)
})

test('what cannot be a seed, stream or state is named', () => {
  for (const seed of [-1, 0.5, NaN, 2 ** 53]) assert.throws(() => Random.seeded(seed), { code: 'internal', message: /random seed: got/ })
  assert.throws(() => Random.seeded(0, 2 ** 32), { message: /random stream: got 4294967296/ })
  assert.throws(() => Random.fromState(new Uint32Array(4)), { message: /not all zero/ })
  assert.throws(() => Random.fromState(new Uint32Array(3)), { message: /four 32-bit words/ })
})
