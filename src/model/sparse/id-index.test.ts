import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { IdIndex } from './id-index.ts'

const bytesOf = (id: string): Uint8Array => new TextEncoder().encode(id)
const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

function indexOf(ids: readonly string[]): IdIndex {
  const index = new IdIndex()
  for (const id of ids) index.positionOf(bytesOf(id), 0, bytesOf(id).length)
  return index
}
const find = (index: IdIndex, id: string): number | undefined => index.find(bytesOf(id), 0, bytesOf(id).length)

test('ids are found at their positions, others nowhere, and an index made of the table of another is the same', () => {
  const id = fc.oneof(fc.string({ maxLength: 12, unit: 'grapheme' }), fc.nat(99).map(String))
  fc.assert(
    fc.property(
      fc.uniqueArray(id, { maxLength: 60 }),
      fc.array(id),
      fc.string({ maxLength: 2 }),
      fc.nat(20),
      (ids, others, prefix, count) => {
        const index = indexOf(ids)
        for (const one of [index, new IdIndex(structuredClone(index.table()))]) {
          assert.equal(one.count, ids.length)
          for (const known of [...ids, ...others]) assert.equal(find(one, known), ids.includes(known) ? ids.indexOf(known) : undefined)
          const first = ids.filter((known) => textOf(bytesOf(known)).startsWith(textOf(bytesOf(prefix)))).slice(0, count)
          assert.deepEqual(
            one.startingWith(bytesOf(prefix), count).map(textOf),
            first.map((known) => textOf(bytesOf(known))),
          )
          assert.equal(one.positionOf(bytesOf('a new one'), 0, 9), ids.length)
        }
      },
    ),
  )
})

test('many ids, and looking for one adds none', () => {
  const ids = Array.from({ length: 5000 }, (_, n) => String(7 * n))
  const index = indexOf(ids)
  for (const [position, id] of ids.entries()) assert.equal(find(index, id), position)
  assert.equal(find(index, '8'), undefined)
  assert.equal(index.count, 5000)
})
