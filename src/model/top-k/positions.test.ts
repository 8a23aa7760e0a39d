import assert from 'node:assert/strict'
import test from 'node:test'
import * as fc from 'fast-check'
import { below, includes, union, without } from './positions.ts'

const sets = fc.uniqueArray(fc.nat(30), { maxLength: 20 }).map((positions) => Uint32Array.from(positions).toSorted())

test('of two sets of positions: those of either, those of one alone, whether one is in it', () => {
  fc.assert(
    fc.property(sets, sets, (a, b) => {
      assert.deepEqual(
        [...union(a, b)],
        [...new Set([...a, ...b])].toSorted((x, y) => x - y),
      )
      assert.deepEqual(
        [...without(a, b)],
        [...a].filter((position) => !b.includes(position)),
      )
      for (let position = 0; position <= 31; position++) {
        assert.equal(includes(a, position), a.includes(position))
        assert.deepEqual(
          [...below(a, position)],
          [...a].filter((one) => one < position),
        )
      }
    }),
  )
})
