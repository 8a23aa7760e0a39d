import assert from 'node:assert/strict'
import test from 'node:test'
import * as fc from 'fast-check'
import { diversify } from './marginal-relevance.ts'

const lists = fc
  .array(fc.record({ group: fc.nat(3), score: fc.double({ min: -5, max: 5, noNaN: true }) }), { minLength: 1, maxLength: 30 })
  .map((entries) => entries.toSorted((a, b) => b.score - a.score))

test('a list is of distinct candidates, as long as there are any, and begins with the best', () => {
  fc.assert(
    fc.property(lists, fc.integer({ min: 1, max: 40 }), fc.double({ min: 0, max: 0.99, noNaN: true }), (entries, k, d) => {
      const candidates = Uint32Array.from(entries.keys())
      const likeness = (a: number, b: number): number => Number(entries[a]?.group === entries[b]?.group)
      const list = diversify(
        candidates,
        Float64Array.from(entries, ({ score }) => score),
        k,
        d,
        likeness,
      )
      assert.equal(list.length, Math.min(k, entries.length))
      assert.equal(new Set(list).size, list.length)
      assert.equal(list[0], 0)
      if (d === 0) assert.deepEqual([...list], [...candidates.subarray(0, k)])
    }),
  )
})

test('difference alone takes one of each kind before a second of any', () => {
  const groups = [0, 0, 0, 1, 1, 2]
  const list = diversify(Uint32Array.of(0, 1, 2, 3, 4, 5), Float64Array.of(6, 5, 4, 3, 2, 1), 4, 1, (a, b) =>
    Number(groups[a] === groups[b]),
  )
  assert.deepEqual([...list], [0, 3, 5, 1])
})

test('half of it: a title much like the best stands behind a worse one of another kind', () => {
  const list = diversify(Uint32Array.of(7, 8, 9), Float64Array.of(1, 0.9, 0), 3, 0.5, (a, b) => (a + b === 15 ? 0.95 : 0))
  assert.deepEqual([...list], [7, 9, 8])
})
