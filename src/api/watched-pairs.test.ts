import assert from 'node:assert/strict'
import test from 'node:test'
import { Random } from '../model/random/random.ts'
import { countRecent, readWatchedPairs } from './watched-pairs.ts'

const vector = <Data extends Uint32Array | Int32Array | Float32Array>(data: Data) => ({ shape: [data.length], data })

/** Three users, four titles. */
const tensors = (changes: Readonly<Record<string, ReturnType<typeof vector>>> = {}) =>
  new Map(
    Object.entries({
      seen_offsets: vector(Uint32Array.of(0, 2, 2, 5)),
      seen_items: vector(Uint32Array.of(1, 3, 0, 1, 2)),
      seen_weights: vector(Float32Array.of(0.5, 1, 0, 1, 1)),
      seen_days: vector(Int32Array.of(10, 3, 9, 4, 10)),
      item_viewers: vector(Uint32Array.of(1, 2, 1, 1)),
      ...changes,
    }),
  )
const read = (given: ReturnType<typeof tensors>) => readWatchedPairs(given, 3, 4, 'model.safetensors', false)

const refused = (name: string, data: Parameters<typeof vector>[0], message: RegExp, code = 'store_corrupt') =>
  assert.rejects(read(tensors({ [name]: vector(data) })), { code, message })

test('what cannot be is refused and named', async () => {
  await refused('seen_offsets', Uint32Array.of(1, 2, 2, 5), /does not start at 0/)
  await refused('seen_offsets', Uint32Array.of(0, 2, 1, 5), /falls or overruns at user 1/)
  await refused('seen_offsets', Uint32Array.of(0, 6, 6, 5), /falls or overruns at user 0/)
  await refused('seen_items', Uint32Array.of(1, 3, 0, 0, 2), /not ascending positions below 4 at user 2/)
  await refused('seen_items', Uint32Array.of(1, 4, 0, 1, 2), /not ascending positions below 4 at user 0/)
  await refused('seen_weights', Float32Array.of(0.5, 1, 0, -1, 1), /weights below 0/)
  await refused('seen_weights', Float32Array.of(0.5, 1, NaN, 1, 1), /has NaN at 2/, 'model_incompatible')
  await refused('seen_weights', Float32Array.of(0.5, Infinity, 1, 1, 1), /has Infinity at 1/, 'model_incompatible')
  await refused('seen_weights', Float32Array.of(0.5, 1, 1, 1, -Infinity), /has -Infinity at 4/, 'model_incompatible')
  await refused('seen_days', Int32Array.of(1), /shape \[1\], expected \[5\]/, 'model_incompatible')
})

test('recent: viewings of the last days up to the newest; equal counts by all who ever watched', async () => {
  const pairs = await read(tensors())
  assert.deepEqual([...(await countRecent(pairs, 2))], Array.from(Float32Array.of(1 + 0.5 / 3, 1 + 1 / 3, 1 + 0.5 / 3, 0.5 / 3)))
  assert.deepEqual([...(await countRecent(pairs, 100))], Array.from(Float32Array.of(1 + 0.5 / 3, 2 + 1 / 3, 1 + 0.5 / 3, 1 + 0.5 / 3)))
  const older = tensors()
  older.delete('seen_days')
  older.delete('seen_weights')
  const plain = await read(older)
  assert.deepEqual([...plain.seen.weights], [1, 1, 1, 1, 1])
  assert.deepEqual([...(await countRecent(plain, 2))], Array.from(Float32Array.of(1 + 0.5 / 3, 2 + 1 / 3, 1 + 0.5 / 3, 1 + 0.5 / 3)))
})

test('many pairs, in more than one slice, are counted as one by one', async () => {
  const random = Random.seeded(1)
  const [users, items] = [1200, 1000]
  const offsets = Uint32Array.from({ length: users + 1 }, (_, user) => user * items)
  const seen = Uint32Array.from({ length: users * items }, (_, pair) => pair % items)
  const newestDay = 31 // in the first slice alone
  const days = Int32Array.from(seen, (_, pair) => (pair === 7 ? newestDay : random.below(50) - 20))
  const viewers = new Uint32Array(items).fill(users)
  const pairs = await readWatchedPairs(
    new Map(
      Object.entries({ seen_offsets: offsets, seen_items: seen, seen_days: days, item_viewers: viewers }).map(([name, data]) => [
        name,
        vector(data),
      ]),
    ),
    users,
    items,
    'model.safetensors',
    false,
  )
  const expected = Array.from({ length: items }, () => 0)
  days.forEach((day, pair) => {
    if (day > newestDay - 7) expected[pair % items] = (expected[pair % items] ?? 0) + 1
  })
  assert.deepEqual([...(await countRecent(pairs, 7))].map(Math.floor), expected)
})
