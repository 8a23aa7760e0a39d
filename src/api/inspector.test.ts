import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MatineeError } from '../contracts/errors.ts'
import type { ObjectStore } from '../contracts/ports.ts'
import { storeKeys } from '../contracts/store-keys.ts'
import { families } from '../model/families.ts'
import { vector } from '../model/factor-model.ts'
import { Random } from '../model/random/random.ts'
import { buildInteractions } from '../model/sparse/interactions.ts'
import { titles, writeModel } from '../../test/support/publish-model.ts'
import { temporaryStores } from '../../test/support/test-api.ts'
import { Inspector } from './inspector.ts'
import { loadSnapshot } from './load-model.ts'
import type { ModelSnapshot } from './model-snapshot.ts'

const version = '2024-W01-00000001'
const userIds = Array.from({ length: 40 }, (_, user) => (user % 2 === 0 ? `u-${user}` : `시청자-${user}`))

function pairsOf(seed: number) {
  const random = Random.seeded(seed, 0)
  const rows = 400
  const below = (limit: number): Uint32Array => Uint32Array.from({ length: rows }, () => random.below(limit))
  // The last user has watched nothing.
  const arrays = {
    users: below(userIds.length - 1),
    items: below(titles.length),
    weights: Float32Array.from({ length: rows }, () => random.unit()),
  }
  return buildInteractions(userIds.length, titles.length, arrays)
}

/** All that is answered of a model. */
function answersOf(snapshot: ModelSnapshot): object {
  const moment = Date.parse('2024-01-10T00:00:00Z')
  const filters = [{ moment }, { moment, maxAge: 12 }, ...snapshot.catalogue.genres.map((genre) => ({ moment, genres: new Set([genre]) }))]
  const users = [...userIds, 'nobody'].map((id) => {
    const history = snapshot.historyOf({ id })
    const lists = filters.map((filter) => snapshot.recommend(history, 7, { ...filter, excludeSeen: true }))
    const diverse = snapshot.recommend(history, 7, { moment, excludeSeen: false, diversity: 0.4 })
    return { id, known: snapshot.hasUser(id), history, latest: snapshot.lastSeen(id), lists, diverse }
  })
  const given = snapshot.historyFrom(new Map(titles.slice(3, 9).map(({ program_id: id }, n) => [id, n / 10])))
  return {
    users,
    given,
    folded: snapshot.recommend(given.history, 9, { moment, excludeSeen: true }),
    similar: titles.map((_, position) => snapshot.similar(position, 8, { moment })),
    popular: snapshot.popular(20, { moment }),
    watched: snapshot.mostWatched({ moment }),
    positions: titles.map(({ program_id: id }) => snapshot.positionOf(id)),
    like: ['', 'u', '시청', 'x'].map((prefix) => snapshot.usersLike(prefix, 5)),
  }
}

for (const family of families)
  test(`a model of ${family.algorithm} that another thread looked through answers as one that this thread did`, async () => {
    const { store } = await temporaryStores()
    const pairs = pairsOf(1)
    const fit = family.start(pairs, {}, 1)
    while (fit.advance().fraction < 1);
    const learnt = fit.finish().tensors()
    const viewers = new Uint32Array(titles.length)
    for (const item of pairs.items) viewers[item] = (viewers[item] as number) + 1
    await writeModel(store, version, {
      algorithm: family.algorithm,
      userIds,
      tensors: (tensors) => {
        tensors.clear()
        for (const [name, tensor] of learnt) tensors.set(name, tensor)
        for (const kind of ['seen', 'taught']) {
          tensors.set(`${kind}_offsets`, vector(pairs.offsets))
          tensors.set(`${kind}_items`, vector(pairs.items))
          tensors.set(`${kind}_weights`, vector(pairs.weights))
        }
        tensors.set('seen_days', vector(Int32Array.from(pairs.items, (item, pair) => 19_700 + ((item + pair) % 40))))
        tensors.set('event_weight', vector(Float64Array.of(0.7)))
        tensors.set('item_viewers', vector(viewers))
      },
    })
    const here = await loadSnapshot(version, store)
    const beside = await loadSnapshot(version, store, undefined, 0)
    assert.deepEqual(answersOf(beside.snapshot), answersOf(here.snapshot))
    assert.deepEqual([...beside.files.keys()], [...here.files.keys()])
    for (const [key, bytes] of beside.files) assert.deepEqual(Buffer.from(bytes), Buffer.from(here.files.get(key) ?? []), key)
  })

const refusals: Readonly<Record<string, (store: ObjectStore) => Promise<unknown>>> = {
  'a byte of the users flipped': async (store) => {
    await writeModel(store, version)
    await store.write(storeKeys.model(version, 'users.json'), '["u-0","u-1","u-3"]')
  },
  'an id twice': (store) => writeModel(store, version, { userIds: ['u-0', 'u-1', 'u-0'] }),
  'a factor that is not a number': (store) =>
    writeModel(store, version, { tensors: (tensors) => tensors.set('user_factors', { shape: [3, 1], data: Float32Array.of(1, NaN, 2) }) }),
  'a position that there is not': (store) =>
    writeModel(store, version, { tensors: (tensors) => tensors.set('seen_items', vector(Uint32Array.of(0, 1, 30))) }),
}

for (const [what, write] of Object.entries(refusals))
  test(`${what} is refused by another thread in the words of this one`, async () => {
    const { store } = await temporaryStores()
    await write(store)
    const [here, beside] = await Promise.all(
      [Infinity, 0].map((fromBytes) => loadSnapshot(version, store, undefined, fromBytes).catch((error: unknown) => error)),
    )
    assert.ok(here instanceof MatineeError && beside instanceof MatineeError, String(beside))
    assert.deepEqual([beside.code, beside.message, beside.details], [here.code, here.message, here.details])
  })

test('a thread that ends leaves no question open', async () => {
  const inspector = new Inspector()
  const bytes = new Uint8Array(new SharedArrayBuffer(1000))
  assert.equal(await inspector.sha256(bytes), '541b3e9daa09b20bf85fa273e5cbd3e80185aa4ec298e765db87742b70138a53')
  const asked = inspector.sha256(new Uint8Array(new SharedArrayBuffer(200_000_000)))
  inspector.close()
  await assert.rejects(asked, /has ended/)
  await assert.rejects(inspector.sha256(bytes), /has ended/)
})
