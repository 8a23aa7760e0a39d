import assert from 'node:assert/strict'
import test from 'node:test'
import * as fc from 'fast-check'
import type { Interactions } from '../model.ts'
import { buildInteractions, checkInteractions, itemsOfUser, selectPairs, transpose, userOfPairs } from './interactions.ts'

interface Row {
  readonly user: number
  readonly item: number
  readonly weight: number
  readonly time: number
}

const cases = fc.tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 6 })).chain(([userCount, itemCount]) =>
  fc.record({
    userCount: fc.constant(userCount),
    itemCount: fc.constant(itemCount),
    rows: fc.array(
      fc.record({
        user: fc.nat(userCount - 1),
        item: fc.nat(itemCount - 1),
        weight: fc.integer({ min: 0, max: 8 }).map((n) => n / 8),
        time: fc.integer({ min: -5, max: 5 }),
      }),
      { maxLength: 30 },
    ),
  }),
)

const build = (userCount: number, itemCount: number, rows: readonly Row[]): Interactions =>
  buildInteractions(userCount, itemCount, {
    users: Uint32Array.from(rows, (row) => row.user),
    items: Uint32Array.from(rows, (row) => row.item),
    weights: Float32Array.from(rows, (row) => row.weight),
    times: Float64Array.from(rows, (row) => row.time),
  })

/** One pair a line, in order. */
const lines = (interactions: Interactions): string[] => {
  const users = userOfPairs(interactions)
  return Array.from(
    interactions.items,
    (item, n) => `${users[n]} ${item} ${interactions.weights[n]} ${interactions.times?.[n] ?? 'no time'}`,
  )
}

test('rows in any order become distinct pairs in order, with the largest weight and the newest time', () => {
  fc.assert(
    fc.property(cases, ({ userCount, itemCount, rows }) => {
      const interactions = build(userCount, itemCount, rows)
      checkInteractions(interactions)
      const inOrder = rows.toSorted((a, b) => a.user - b.user || a.item - b.item)
      assert.deepEqual(build(userCount, itemCount, inOrder), interactions)
      const expected = new Map<number, Row>()
      for (const row of rows) {
        const before = expected.get(row.user * itemCount + row.item)
        expected.set(row.user * itemCount + row.item, {
          ...row,
          weight: Math.max(row.weight, before?.weight ?? 0),
          time: Math.max(row.time, before?.time ?? -Infinity),
        })
      }
      const sorted = [...expected].toSorted(([a], [b]) => a - b).map(([, row]) => `${row.user} ${row.item} ${row.weight} ${row.time}`)
      assert.deepEqual(lines(interactions), sorted)
      assert.deepEqual(build(userCount, itemCount, rows.toReversed()), interactions)
    }),
  )
})

test('transposing changes users and items over, and twice is the same again', () => {
  fc.assert(
    fc.property(cases, ({ userCount, itemCount, rows }) => {
      const interactions = build(userCount, itemCount, rows)
      const transposed = transpose(interactions)
      checkInteractions(transposed)
      const swapped = rows.map((row) => ({ ...row, user: row.item, item: row.user }))
      assert.deepEqual(transposed, build(itemCount, userCount, swapped))
      assert.deepEqual(transpose(transposed), interactions)
    }),
  )
})

test('a selection and its complement share out the pairs', () => {
  fc.assert(
    fc.property(cases, fc.infiniteStream(fc.boolean()), ({ userCount, itemCount, rows }, marks) => {
      const interactions = build(userCount, itemCount, rows)
      const keep = Uint8Array.from([...marks.take(interactions.items.length)], Number)
      const kept = selectPairs(interactions, keep)
      const rest = selectPairs(
        interactions,
        keep.map((mark) => 1 - mark),
      )
      checkInteractions(kept)
      checkInteractions(rest)
      const all = lines(interactions)
      assert.deepEqual(
        lines(kept),
        all.filter((_, n) => keep[n] === 1),
      )
      assert.deepEqual(
        lines(rest),
        all.filter((_, n) => keep[n] === 0),
      )
    }),
  )
})

test('without weights all are 1, without times there are none', () => {
  const interactions = buildInteractions(2, 3, { users: Uint32Array.of(1, 0), items: Uint32Array.of(2, 1) })
  assert.deepEqual([...interactions.weights], [1, 1])
  assert.equal('times' in interactions, false)
  assert.deepEqual([...itemsOfUser(interactions, 1)], [2])
  assert.deepEqual([...itemsOfUser(interactions, 7)], [])
})

test('what is wrong is named', () => {
  const good = build(2, 2, [
    { user: 0, item: 0, weight: 1, time: 0 },
    { user: 0, item: 1, weight: 1, time: 0 },
  ])
  const wrong: readonly [RegExp, Partial<Interactions>][] = [
    [/item 2 at 1, expected below 2/, { items: Uint32Array.of(0, 2) }],
    [/items of user 0: 0 follows 1/, { items: Uint32Array.of(1, 0) }],
    [/items of user 0: 1 follows 1/, { items: Uint32Array.of(1, 1) }],
    [/weight NaN at 0/, { weights: Float32Array.of(NaN, 1) }],
    [/weight -1 at 1/, { weights: Float32Array.of(1, -1) }],
    [/weight Infinity at 1/, { weights: Float32Array.of(1, Infinity) }],
    [/got 1 weights/, { weights: Float32Array.of(1) }],
    [/time NaN at 0/, { times: Float64Array.of(NaN, 1) }],
    [/got 2 offsets/, { offsets: Uint32Array.of(0, 2) }],
    [/offset 2 is 2/, { offsets: Uint32Array.of(0, 3, 2) }],
    [/user count 0.5/, { userCount: 0.5 }],
  ]
  for (const [message, change] of wrong) assert.throws(() => checkInteractions({ ...good, ...change }), { code: 'internal', message })
  assert.throws(() => buildInteractions(1, 1, { users: Uint32Array.of(1), items: Uint32Array.of(0) }), /user 1 at 0, expected below 1/)
  assert.throws(() => buildInteractions(1, 1, { users: Uint32Array.of(0), items: new Uint32Array(2) }), /got 1 users, 2 items/)
  assert.throws(() => selectPairs(good, new Uint8Array(1)), /got 1 marks for 2 pairs/)
})
