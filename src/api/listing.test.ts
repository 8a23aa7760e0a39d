/** Titles that come and go between two trainings. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import * as fc from 'fast-check'
import { KnexEventStore } from '../adapters/database/event-store.ts'
import type { ModelItem } from '../contracts/documents.ts'
import { storeKeys } from '../contracts/store-keys.ts'
import { EventIndex } from './event-index.ts'
import { ListingHolder } from './listing.ts'
import { publishCatalogue } from '../../test/support/publish-catalogue.ts'
import { publishModel, titles } from '../../test/support/publish-model.ts'
import { silent, temporaryStores, testApp } from '../../test/support/test-api.ts'

const now = Date.parse('2024-01-10T12:00:00Z')
/** After the training of the model, which is of 2024-01-08 04:03. */
const takenAt = '2024-01-10T11:00:00.000Z'

const newTitle: ModelItem = {
  program_id: 'new-1',
  program_name: '새 드라마',
  ct_cl: 'TV',
  program_genre: '드라마',
  release_date: '2024-01-05',
  age_limit: 12,
  recommendable: true,
}
/** Title 14 (the second most popular) is gone, title 16 excluded, title 15 has another name and genre; two titles are new, one of them excluded. */
const listed: readonly ModelItem[] = [
  ...titles
    .filter(({ program_id: id }) => id !== '114')
    .map((title) => ({
      ...title,
      ...(title.program_id === '115' ? { program_name: '다른 이름', program_genre: '다큐' } : {}),
      ...(title.program_id === '116' ? { recommendable: false } : {}),
    })),
  newTitle,
  { ...newTitle, program_id: 'new-2', program_name: '안 나온 것', recommendable: false },
]

async function serving(context: TestContext, algorithm: 'warp' | 'popularity' = 'warp') {
  const { store, cache, folder } = await temporaryStores()
  await publishModel(store, '2024-W01-0000000a', { algorithm })
  const clock = { now: () => now }
  const events = new EventIndex({ store: new KnexEventStore({ kind: 'sqlite', path: join(folder, 'events.db') }), clock, log: silent })
  await events.start()
  context.after(() => events.stop())
  const served = await testApp(context, store, { events, clock })
  const get = async (url: string) => {
    const response = await served.app.inject({ url })
    return { status: response.statusCode, tag: String(response.headers['etag']), body: response.json() }
  }
  return {
    ...served,
    store,
    cache,
    get,
    ids: async (url: string): Promise<string[]> => (await get(url)).body.items.map((item: ModelItem) => item.program_id),
    post: async (url: string, payload: object) =>
      (
        await served.app.inject({ method: 'POST', url, headers: { 'content-type': 'application/json' }, payload: JSON.stringify(payload) })
      ).json(),
  }
}

const everyList = [
  '/v1/users/u-0/recommendations?k=100&exclude_seen=false',
  '/v1/users/u-1/recommendations?k=100&exclude_seen=false&diversity=0.5',
  '/v1/users/nobody/recommendations?k=100&diversity=0.5',
  '/v1/popular?k=100',
  '/v1/programs?limit=100',
  '/v1/programs/103/similar?k=100',
  '/v1/programs/new-1/similar?k=100',
]

for (const algorithm of ['warp', 'popularity'] as const)
  test(`a title that the catalogue no longer lists, or excludes, is in no answer (${algorithm})`, async (context) => {
    const { get, ids, store, listings, post } = await serving(context, algorithm)
    const before = await get('/v1/popular?k=100')
    assert.ok((await ids('/v1/popular?k=100')).includes('114'))
    await publishCatalogue(store, listed, takenAt)
    await listings.poll()
    for (const url of everyList) {
      const found = await ids(url)
      assert.ok(found.length > 0, url)
      assert.deepEqual(found.filter((id) => ['107', '114', '116', 'new-2'].includes(id)), [], url) // prettier-ignore
    }
    const rows: { items: ModelItem[] }[] = (await get('/v1/users/u-0/rows?k=50')).body.rows
    const inRows = rows.flatMap(({ items }) => items.map((item) => item.program_id))
    assert.deepEqual(inRows.filter((id) => ['107', '114', '116', 'new-2'].includes(id)), []) // prettier-ignore
    const batch = await post('/v1/recommendations', { users: ['u-0', 'u-1', 'u-2'], k: 100 })
    assert.doesNotMatch(JSON.stringify(batch), /"program_id":"(107|114|116|new-2)"/)
    assert.notEqual((await get('/v1/popular?k=100')).tag, before.tag)
    assert.equal((await get('/v1/programs/114')).body.recommendable, false, 'it is known still, for histories')
  })

test('a new title comes into search, popular and new, with what the catalogue says of all', async (context) => {
  const { app, get, ids, store, listings } = await serving(context)
  await publishCatalogue(store, listed, takenAt)
  await listings.poll()
  assert.deepEqual(await ids(`/v1/programs?q=${encodeURIComponent('새 드라마')}`), ['new-1'])
  assert.equal((await get('/v1/programs/new-1')).body.viewers, 0)
  assert.match(
    (await app.inject({ url: '/metrics' })).body,
    new RegExp(`^matinee_catalogue_timestamp_seconds ${Date.parse(takenAt) / 1000}$`, 'm'),
  )
  assert.equal((await ids('/v1/popular?k=100')).at(-1), 'new-1', 'after all that someone has watched')
  const rows: { kind: string; items: ModelItem[] }[] = (await get('/v1/users/u-2/rows?k=5')).body.rows
  assert.deepEqual(rows.find(({ kind }) => kind === 'new')?.items.map((item) => item.program_id), ['new-1']) // prettier-ignore
  const [best] = (await get('/v1/popular')).body.items
  assert.deepEqual([best.program_id, best.program_name, best.genre], ['115', '다른 이름', '다큐'])
  assert.deepEqual(await ids(`/v1/popular?genre=${encodeURIComponent('다큐')}`), ['115'])
  assert.equal((await get('/v1/programs/new-1/similar')).body.by, 'genre')
  assert.ok(!(await ids('/v1/users/u-0/recommendations?k=100')).includes('new-1'), 'no model has learnt anything of it yet')
})

test('what a user does with a new title counts: it is seen, hidden, in the history, and harms no list', async (context) => {
  const { get, ids, store, listings, post } = await serving(context)
  await publishCatalogue(store, listed, takenAt)
  await listings.poll()
  const viewing = { type: 'viewing', at: '2024-01-10T11:59:00Z', use_tms: 60, disp_rtm_sec: 100, program_id: 'new-1' }
  for (const user of ['u-0', 'nobody']) await post('/v1/events', { ...viewing, event_id: `view-${user}`, user })
  assert.equal((await get('/v1/users/nobody/history')).body.items[0].program_id, 'new-1')
  assert.ok(!(await ids('/v1/users/nobody/recommendations?k=100')).includes('new-1'))
  assert.equal((await ids('/v1/users/u-0/recommendations?k=3')).length, 3)
  const rows: { kind: string; items: ModelItem[] }[] = (await get('/v1/users/nobody/rows')).body.rows
  assert.deepEqual(rows[0]?.items.map((item) => item.program_id), ['new-1']) // prettier-ignore
  assert.equal(rows[0]?.kind, 'continue_watching')
  const given = await post('/v1/recommendations', { history: [{ program_id: 'new-1' }, { program_id: '103' }], k: 100 })
  assert.deepEqual(given.unknown, ['new-1'])
  assert.ok(!JSON.stringify(given.items).includes('"new-1"'))
})

const isLearnt = (id: string): boolean => titles.some((title) => title.program_id === id)

/** Any of the model's titles and some that it does not know; each may be excluded, each may have changed. */
const anyListing = fc
  .tuple(fc.subarray([...titles]), fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 5 }), fc.func(fc.nat()))
  .map(([kept, others, change]) => {
    const strangers = [...new Set(others)].map((n) => ({ ...newTitle, program_id: `new-${n}` }))
    return [...kept, ...strangers].map((title) => {
      const random = change(title.program_id)
      return { ...title, recommendable: random % 4 > 0, age_limit: [0, 12, 19, null][random % 7] ?? title.age_limit }
    })
  })

test('under any listing each list has exactly the titles that are listed, in the order of the model', async (context) => {
  const { ids, store, listings } = await serving(context)
  const maxAges = fc.option(fc.constantFrom(0, 12, 15), { nil: undefined })
  await fc.assert(
    fc.asyncProperty(anyListing, maxAges, fc.integer({ min: 1, max: 40 }), async (listing, maxAge, k) => {
      await publishCatalogue(store, listing, takenAt)
      await listings.poll()
      const mayBeShown = listing.filter(
        ({ recommendable, age_limit: age }) => recommendable && (maxAge === undefined || (age !== null && age <= maxAge)),
      )
      const query = `k=${k}${maxAge === undefined ? '' : `&max_age=${maxAge}`}`
      const shown = mayBeShown.map(({ program_id: id }) => id)
      // User u-0 likes the titles in their order, u-1 in the reverse order.
      const liked = shown.filter(isLearnt).toSorted((a, b) => Number(a) - Number(b))
      assert.deepEqual(await ids(`/v1/users/u-0/recommendations?exclude_seen=false&${query}`), liked.slice(0, k))
      assert.deepEqual(await ids(`/v1/users/u-1/recommendations?exclude_seen=false&${query}`), liked.toReversed().slice(0, k))
      const popular = await ids(`/v1/popular?${query}`)
      assert.equal(popular.length, Math.min(k, shown.length))
      assert.deepEqual([...popular].toSorted(), k < shown.length ? [...popular].toSorted() : [...shown].toSorted())
      assert.ok(popular.every((id) => shown.includes(id)))
      assert.ok(!popular.slice(0, liked.length).some((id) => !isLearnt(id)), 'what somebody has watched comes first')
    }),
    { numRuns: 40 },
  )
})

test('a listing from long before the training is left aside; a broken one leaves the last in force', async (context) => {
  const { ids, store, listings, log } = await serving(context)
  const digest = await publishCatalogue(store, listed, '2024-01-07T12:00:00.000Z')
  await listings.poll()
  assert.ok((await ids('/v1/popular?k=100')).includes('114'))
  await publishCatalogue(store, listed, takenAt)
  await listings.poll()
  assert.ok(!(await ids('/v1/popular?k=100')).includes('114'), 'the same titles, asked for anew')

  const other = await publishCatalogue(store, titles.slice(0, 3), takenAt)
  const stored = await store.read(storeKeys.catalogue(other))
  assert.ok(stored)
  await store.write(
    storeKeys.catalogue(other),
    Uint8Array.from(stored.body, (byte, index) => (index === 20 ? byte ^ 1 : byte)),
  )
  for (let look = 0; look < 3; look++) await listings.poll()
  assert.equal(listings.current()?.digest, digest)
  assert.equal(log().filter(({ msg }) => msg === 'the last catalogue stays').length, 1, 'one line a change, not one a look')
  await store.write(storeKeys.catalogue(other), stored.body)
  await listings.poll()
  assert.equal((await ids('/v1/popular?k=100')).length, 3)
})

test('a start without the store takes the local copy', async () => {
  const { store, cache } = await temporaryStores()
  const digest = await publishCatalogue(store, listed, takenAt)
  const first = new ListingHolder({ store, cache, log: silent, pollMs: 60_000 })
  await first.poll()
  first.stop()
  const away = { ...store, location: 'away', stat: () => Promise.reject(new Error('away')) }
  const second = new ListingHolder({ store: away, cache, log: silent, pollMs: 60_000 })
  await second.start()
  second.stop()
  assert.equal(second.current()?.digest, digest)
  assert.equal(second.current()?.titles.get('new-1')?.age_limit, 12)
})
