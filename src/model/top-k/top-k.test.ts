import assert from 'node:assert/strict'
import test from 'node:test'
import * as fc from 'fast-check'
import { RankedItems } from './ranked-items.ts'
import { topK } from './top-k.ts'

const scores = fc.float32Array({ noNaN: true, maxLength: 60 })
const tiedScores = fc.array(fc.integer({ min: -2, max: 2 }), { maxLength: 60 }).map((values) => Float32Array.from(values))

test('it is the beginning of the whole list sorted, without what is left out', () => {
  fc.assert(
    fc.property(fc.oneof(scores, tiedScores), fc.nat(70), fc.array(fc.nat(69)), fc.array(fc.nat(69)), (values, k, excluded, banned) => {
      const exclude = Uint32Array.from(new Set(excluded)).toSorted()
      const allowed = new Uint8Array(values.length).fill(1)
      for (const item of banned) allowed[item] = 0
      const expected = Array.from(values.keys())
        .filter((item) => !exclude.includes(item) && allowed[item] === 1)
        .toSorted((a, b) => {
          const [x = 0, y = 0] = [values[a], values[b]]
          return x === y ? a - b : y > x ? 1 : -1
        })
        .slice(0, k)
      assert.deepEqual([...topK(values, k, { exclude, allowed })], expected)
      if (values.every(Number.isFinite)) assert.deepEqual([...new RankedItems(values).best(k, { exclude, allowed }).items], expected)
    }),
    { numRuns: 500 },
  )
})

test('of equal scores the smaller position comes first', () => {
  assert.deepEqual([...topK(Float32Array.of(1, 3, 3, 2, 3), 3)], [1, 2, 4])
  assert.deepEqual([...topK(new Float32Array(5), 2)], [0, 1])
  assert.deepEqual([...topK(Float32Array.of(-Infinity, Infinity, Infinity), 3)], [1, 2, 0])
  assert.deepEqual([...topK(Float32Array.of(-0, 0), 2)], [0, 1])
})

test('a score that is not a number is refused, unless its item is left out', () => {
  const values = Float32Array.of(1, NaN, 2)
  assert.throws(() => topK(values, 1), { code: 'internal', message: /item 1 is not a number/ })
  assert.throws(() => topK(values, 0), { message: /item 1/ })
  assert.deepEqual([...topK(values, 5, { exclude: Uint32Array.of(1) })], [2, 0])
  assert.deepEqual([...topK(values, 5, { allowed: Uint8Array.of(1, 0, 1) })], [2, 0])
  assert.throws(() => topK(values, 1, { allowed: new Uint8Array(2) }), { message: /got 2 marks for 3 items/ })
})
