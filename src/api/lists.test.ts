/** Rows, similar titles, batches, histories, diversity. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { KnexEventStore } from '../adapters/database/event-store.ts'
import { Random } from '../model/random/random.ts'
import { EventIndex } from './event-index.ts'
import { publishModel, titles } from '../../test/support/publish-model.ts'
import { silent, temporaryStores, testApp } from '../../test/support/test-api.ts'

const now = Date.parse('2024-01-10T12:00:00Z')

interface Item {
  readonly program_id: string
  readonly score: number
  readonly reason: string
  readonly episode?: string | null
  readonly watched_share?: number
}
interface Row {
  readonly kind: string
  readonly title: string
  readonly because?: { readonly program_id: string }
  readonly genre?: string
  readonly items: readonly Item[]
}

async function serving(context: TestContext, changes: Parameters<typeof publishModel>[2] = {}) {
  const { store, folder } = await temporaryStores()
  await publishModel(store, '2024-W01-0000000a', changes)
  const clock = { now: () => now }
  const events = new EventIndex({ store: new KnexEventStore({ kind: 'sqlite', path: join(folder, 'events.db') }), clock, log: silent })
  await events.start()
  context.after(() => events.stop())
  const { app } = await testApp(context, store, { events, clock })
  let sent = 0
  const post = async (url: string, payload: object) => {
    const response = await app.inject({
      method: 'POST',
      url,
      headers: { 'content-type': 'application/json' },
      payload: JSON.stringify(payload),
    })
    return { status: response.statusCode, body: response.json() }
  }
  return {
    post,
    get: async (url: string) => {
      const response = await app.inject({ url })
      return { status: response.statusCode, body: response.json() }
    },
    view: (user: string, program_id: string, minutesAgo: number, fields: object = {}) =>
      post('/v1/events', {
        event_id: `view-${++sent}`,
        type: 'viewing',
        user,
        program_id,
        at: new Date(now - minutesAgo * 60_000).toISOString(),
        ...fields,
      }),
  }
}

const ids = (items: readonly { readonly program_id: string }[]): string[] => items.map(({ program_id }) => program_id)
const idsOf = (...positions: number[]): string[] => positions.map((position) => String(100 + position))
const lastFactor = (position: number): number => position / 30

/** Two factors: a title's number, and how near to the middle it is. Titles 25 to 29 came out lately. */
const twoFactors: Parameters<typeof publishModel>[2] = {
  titles: titles.map((title, position) => (position >= 25 ? { ...title, release_date: `2024-01-0${position - 24}` } : title)),
  tensors: (tensors) => {
    tensors.set('user_factors', { shape: [3, 2], data: Float32Array.of(-1, 0.5, 1, 0.5, 0, 0) })
    tensors.set('item_factors', {
      shape: [30, 2],
      data: Float32Array.from({ length: 60 }, (_, n) => (n % 2 === 0 ? lastFactor(n >> 1) : 1 - lastFactor(n >> 1))),
    })
  },
}

test('rows: in order, none empty, no title twice, nothing that was watched but to go on with', async (context) => {
  const { get, view } = await serving(context, twoFactors)
  await view('u-0', '112', 30, { episode_num: '3', use_tms: 600, disp_rtm_sec: 2400 })
  await view('u-0', '113', 60, { episode_num: '7', use_tms: 2400, disp_rtm_sec: 2400 })
  await view('u-0', '114', 90, { use_tms: 2400, disp_rtm_sec: 2400 })
  const { status, body } = await get('/v1/users/u-0/rows?k=4')
  assert.equal(status, 200)
  assert.deepEqual([body.user, body.model, body.week, body.source], ['u-0', '2024-W01-0000000a', '2024-W01', 'personal'])
  const rows: readonly Row[] = body.rows
  assert.deepEqual(
    rows.map(({ kind }) => kind),
    ['continue_watching', 'for_you', 'because_you_watched', 'trending', 'new', 'genre'],
  )
  const [going, forYou, because, trending, fresh, genre] = rows
  assert.deepEqual(
    going?.items.map(({ program_id, episode, watched_share, reason }) => [program_id, episode, watched_share, reason]),
    [
      ['112', '3', 0.25, 'continue watching'],
      ['113', '8', 0, 'next episode'],
    ],
    'a film that was ended is not gone on with',
  )
  assert.equal(forYou?.items.length, 4)
  assert.equal(because?.because?.program_id, '113', 'the last that was watched for the most part')
  assert.ok(because.items.every(({ reason }) => reason === 'like 쇼 13'))
  assert.equal(trending?.items.length, 4)
  assert.deepEqual(
    ids(fresh?.items ?? []),
    idsOf(29, 28, 27, 26).filter((id) => !ids(trending?.items ?? []).includes(id)),
  )
  assert.ok(genre?.genre !== undefined && genre.title === `${genre.genre} for you`)
  for (const item of genre.items) assert.equal(titles[Number(item.program_id) - 100]?.program_genre, genre.genre)

  const all = rows.flatMap(({ items }) => ids(items))
  assert.equal(new Set(all).size, all.length)
  const later = rows.slice(1).flatMap(({ items }) => ids(items))
  for (const id of ['100', '101', '112', '113', '114', '107']) assert.ok(!later.includes(id), id)
})

test('rows obey the age limit, of a stranger too', async (context) => {
  const { get } = await serving(context, twoFactors)
  for (const user of ['u-0', 'stranger']) {
    const { rows }: { rows: readonly Row[] } = (await get(`/v1/users/${user}/rows?max_age=12`)).body
    for (const { program_id } of rows.flatMap(({ items }) => items)) assert.ok([0, 1].includes((Number(program_id) - 100) % 5), program_id)
  }
  const { source, rows }: { source: string; rows: readonly Row[] } = (await get('/v1/users/stranger/rows')).body
  assert.equal(source, 'popular')
  assert.equal(rows[0]?.title, 'Popular')
  assert.ok(!rows.some(({ kind }) => kind === 'because_you_watched' || kind === 'genre'))
})

test('similar titles: the nearest by factors, without itself', async (context) => {
  const { get } = await serving(context, twoFactors)
  const { status, body } = await get('/v1/programs/120/similar?k=3')
  assert.equal(status, 200)
  assert.deepEqual([body.program_id, body.program_name, body.by, body.model], ['120', '쇼 20', 'factors', '2024-W01-0000000a'])
  assert.deepEqual(new Set(ids(body.items)), new Set(idsOf(19, 21, 22)))
  assert.ok(body.items.every(({ reason, score }: Item) => reason === 'like 쇼 20' && score > 0.9 && score <= 1.000001))
  const filtered = (await get(`/v1/programs/120/similar?k=100&genre=${encodeURIComponent('영화')}`)).body
  assert.deepEqual(new Set(ids(filtered.items)), new Set(idsOf(1, 4, 10, 13, 16, 19, 22, 25, 28)))
  assert.equal((await get('/v1/programs/999/similar')).body.code, 'not_found')
})

test('similar titles of a model without factors: viewers in common, else the genre', async (context) => {
  const { get } = await serving(context, { algorithm: 'popularity' })
  const shared = (await get('/v1/programs/100/similar')).body
  assert.deepEqual([shared.by, ids(shared.items)], ['viewers', ['101']])
  const genre = (await get('/v1/programs/115/similar?k=3')).body
  assert.equal(genre.by, 'genre')
  assert.deepEqual(ids(genre.items), idsOf(12, 18, 9))
  assert.equal(genre.items[0].reason, 'also 드라마')
})

test('a batch answers as one by one, in the order asked', async (context) => {
  const { get, post, view } = await serving(context, twoFactors)
  await view('newcomer', '129', 5)
  const users = ['u-1', 'stranger', 'u-0', 'newcomer']
  const { status, body } = await post('/v1/recommendations', { users, k: 6, max_age: 15 })
  assert.equal(status, 200)
  assert.deepEqual(
    body.lists.map(({ user }: { user: string }) => user),
    users,
  )
  for (const { user, source, items } of body.lists) {
    const single = (await get(`/v1/users/${user}/recommendations?k=6&max_age=15`)).body
    assert.deepEqual({ source, items }, { source: single.source, items: single.items })
  }
})

test('a history of someone whom no model has seen is folded in', async (context) => {
  const { post } = await serving(context, twoFactors)
  const ask = (history: readonly object[], more: object = {}) => post('/v1/recommendations', { history, k: 5, ...more })
  const high = (await ask([{ program_id: '128' }, { program_id: '127', rating: 0.8 }, { program_id: 'gone' }])).body
  assert.deepEqual([high.source, high.unknown], ['personal', ['gone']])
  assert.equal(high.items[0].program_id, '129')
  assert.ok(!ids(high.items).some((id) => id === '128' || id === '127'))
  assert.match(high.items[0].reason, /^because you watched 쇼 2[78]$/)
  const again = (await ask([{ program_id: '127', rating: 0.8 }, { program_id: '128' }, { program_id: 'gone' }])).body
  assert.deepEqual(again, high, 'whatever their order')
  assert.ok(ids((await ask([{ program_id: '128' }], { exclude_seen: false, k: 100 })).body.items).includes('128'))
  assert.equal((await ask([{ program_id: 'gone' }])).body.source, 'popular')
  assert.equal((await ask([{ program_id: '128', rating: 0 }])).body.source, 'popular')
})

test('without reasons the same list', async (context) => {
  const { get } = await serving(context, twoFactors)
  const [told, untold] = await Promise.all(['', '&reasons=false'].map((more) => get(`/v1/users/u-1/recommendations?k=5${more}`)))
  assert.deepEqual(ids(untold?.body.items), ids(told?.body.items))
  assert.ok(untold?.body.items.every((item: Item) => item.reason === 'for you' && !('because' in item)))
  assert.ok(told?.body.items.every((item: Item) => item.reason === 'because you watched 쇼 29'))
})

test('neither, both, or too many are refused', async (context) => {
  const { post } = await serving(context)
  const cases: readonly (readonly [object, RegExp])[] = [
    [{}, /either users or history/],
    [{ users: ['u-0'], history: [{ program_id: '100' }] }, /either users or history/],
    [{ users: [] }, /users: \[\] is not allowed; a list from 1 to 100 entries is/],
    [{ users: Array.from({ length: 101 }, (_, n) => `u-${n}`) }, /a list from 1 to 100 entries is/],
    [{ history: [{ program_id: '100', rating: 1.5 }] }, /history\/0\/rating: 1.5 is not allowed; a number from 0 to 1 is/],
    [{ users: ['u-0'], top: 3 }, /top is not known; fields are users, history, k, genre, max_age, exclude_seen, diversity, reasons/],
  ]
  for (const [payload, detail] of cases) {
    const { status, body } = await post('/v1/recommendations', payload)
    assert.deepEqual([status, body.code], [400, 'request_invalid'], JSON.stringify(payload))
    assert.match(body.detail, detail)
  }
})

test('diversity spreads a list over genres and keeps its best title', async (context) => {
  const random = Random.seeded(1, 0)
  const { get } = await serving(context, {
    // The best titles for u-1 are all of one genre.
    titles: titles.map((title, position) => ({ ...title, program_genre: position >= 18 ? '드라마' : (title.program_genre ?? null) })),
    tensors: (tensors) => {
      tensors.set('item_factors', { shape: [30, 1], data: Float32Array.from({ length: 30 }, (_, n) => n + random.below(2) / 4) })
    },
  })
  const genresOf = async (diversity: number): Promise<readonly string[]> => {
    const { items } = (await get(`/v1/users/u-1/recommendations?k=6&diversity=${diversity}`)).body
    assert.equal(items[0].program_id, '128')
    assert.equal(new Set(ids(items)).size, 6)
    return items.map(({ genre }: { genre: string }) => genre)
  }
  assert.equal(new Set(await genresOf(0)).size, 1)
  assert.equal(new Set(await genresOf(0.7)).size, 3)
  assert.equal((await get('/v1/users/u-1/recommendations?diversity=2')).status, 400)
})
