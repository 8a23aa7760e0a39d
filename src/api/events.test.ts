import assert from 'node:assert/strict'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { KnexEventStore } from '../adapters/database/event-store.ts'
import type { EventStore } from '../contracts/serving-ports.ts'
import type { Clock } from '../contracts/ports.ts'
import { EventIndex } from './event-index.ts'
import type { Rate } from './token-bucket.ts'
import { publishModel } from '../../test/support/publish-model.ts'
import { silent, temporaryStores, testApp } from '../../test/support/test-api.ts'

const now = Date.parse('2024-01-10T12:00:00Z')

interface Options {
  readonly clock?: Clock
  readonly eventRate?: Rate
  readonly algorithm?: string
  readonly wrap?: (store: EventStore) => EventStore
}

/** One or more instances over the same model and the same events. */
async function instances(context: TestContext, count: number, options: Options = {}) {
  const { clock = { now: () => now }, eventRate, algorithm = 'warp', wrap = (events: EventStore) => events } = options
  const { store, folder } = await temporaryStores()
  await publishModel(store, '2024-W01-00000001', { algorithm })
  const made = []
  for (let n = 0; n < count; n++) {
    const database = wrap(new KnexEventStore({ kind: 'sqlite', path: join(folder, 'events.db') }))
    const events = new EventIndex({ store: database, clock, log: silent, pollMs: 20 })
    await events.start()
    context.after(() => events.stop())
    const { app } = await testApp(context, store, { events, clock, ...(eventRate === undefined ? {} : { eventRate }) })
    made.push({
      post: async (payload: unknown) => {
        const headers = { 'content-type': 'application/json' }
        const response = await app.inject({ method: 'POST', url: '/v1/events', headers, payload: JSON.stringify(payload) })
        return { status: response.statusCode, headers: response.headers, body: response.json() }
      },
      titles: async (user: string, query = 'k=100'): Promise<string[]> => {
        const response = await app.inject({ url: `/v1/users/${user}/recommendations?${query}` })
        assert.equal(response.statusCode, 200, response.body)
        return response.json().items.map(({ program_id }: { program_id: string }) => program_id)
      },
      get: async (url: string, headers: Record<string, string> = {}) => app.inject({ url, headers }),
    })
  }
  return made
}

let counted = 0
const event = (fields: object = {}): object => ({
  event_id: `event-${++counted}`,
  type: 'viewing',
  user: 'u-0',
  program_id: '110',
  at: '2024-01-10T11:59:00Z',
  ...fields,
})

test('a viewing counts from the next request on, on the other instance soon', { timeout: 60_000 }, async (context) => {
  const [here, there] = await instances(context, 2)
  assert.ok(here !== undefined && there !== undefined)
  assert.ok((await here.titles('u-0')).includes('110'))
  assert.ok((await there.titles('u-0')).includes('110'))
  const answer = await here.post(event())
  assert.deepEqual([answer.status, answer.body], [200, { accepted: 1, repeated: 0, refused: [] }])
  assert.ok(!(await here.titles('u-0')).includes('110'), 'at once where it was told')
  while ((await there.titles('u-0')).includes('110')) await delay(20) // the test's own time limit ends a wait in vain
  assert.ok((await there.titles('u-1')).includes('110'), 'and for nobody else')
  assert.ok((await here.titles('u-0', 'k=100&exclude_seen=false')).includes('110'))
  const history = (await there.get('/v1/users/u-0/history')).json()
  assert.deepEqual(
    history.items.map(({ program_id, from }: { program_id: string; from: string }) => [program_id, from]),
    [
      ['110', 'events'],
      ['100', 'model'],
      ['101', 'model'],
    ],
  )
})

test('someone newer than the model is scored by events', async (context) => {
  const [api] = await instances(context, 1)
  assert.ok(api !== undefined)
  assert.equal((await api.get('/v1/users/newcomer/recommendations')).json().source, 'popular')
  await api.post({ events: ['129', '128', '127'].map((program_id) => event({ user: 'newcomer', program_id })) })
  const { source, items } = (await api.get('/v1/users/newcomer/recommendations?k=3')).json()
  assert.equal(source, 'personal')
  assert.deepEqual(
    items.map(({ program_id }: { program_id: string }) => program_id),
    ['126', '125', '124'],
    'titles with large factors were watched: those with the largest of the others come first',
  )
  assert.match(items[0].reason, /^because you watched 쇼 2[789]$/)
})

test('a dismissed title is gone, also where watched ones may stay, until it is clicked', async (context) => {
  const [api] = await instances(context, 1)
  assert.ok(api !== undefined)
  await api.post(event({ type: 'dismissal' }))
  assert.ok(!(await api.titles('u-0', 'k=100&exclude_seen=false')).includes('110'))
  await api.post(event({ type: 'click', at: '2024-01-10T11:59:30Z' }))
  assert.ok((await api.titles('u-0')).includes('110'))
})

test('a viewing of no second is no viewing', async (context) => {
  const [api] = await instances(context, 1)
  assert.ok(api !== undefined)
  await api.post(event({ use_tms: 0, disp_rtm_sec: 1800 }))
  assert.ok((await api.titles('u-0')).includes('110'))
})

test('an event counts once by its id; an id that belongs to another event is refused', async (context) => {
  const [here, there] = await instances(context, 2)
  assert.ok(here !== undefined && there !== undefined)
  const first = event({ event_id: 'box-1' })
  assert.equal((await here.post(first)).body.accepted, 1)
  assert.deepEqual((await here.post(first)).body, { accepted: 0, repeated: 1, refused: [] })
  assert.deepEqual((await there.post({ events: [first, event({ event_id: 'box-2' }), event({ event_id: 'box-2' })] })).body, {
    accepted: 1,
    repeated: 2,
    refused: [],
  })
  const other = await there.post({ events: [event({ event_id: 'box-1', program_id: '111' })] })
  assert.deepEqual(other.body.refused, [
    { index: 0, event_id: 'box-1', reason: 'conflict', detail: 'event_id: box-1 belongs to another event' },
  ])
  assert.deepEqual([other.body.accepted, other.body.repeated], [0, 0])
})

test('malformed, late and future events are refused one by one, with reasons; the others count', async (context) => {
  const [api] = await instances(context, 1)
  assert.ok(api !== undefined)
  const { status, body } = await api.post({
    events: [
      event({ event_id: 'good' }),
      event({ event_id: 'late', at: '2024-01-03T11:59:59Z' }),
      event({ event_id: 'future', at: '2024-01-10T12:05:01Z' }),
      event({ event_id: 'typed', type: 'purchase' }),
      event({ event_id: 'when', at: 'yesterday' }),
      event({ event_id: 'never', at: '2024-13-41T11:59:00Z' }),
      event({ event_id: 'extra', mood: 'good' }),
      event({ event_id: 'negative', use_tms: -1 }),
      { event_id: 'bare' },
      'not an object',
      null,
    ],
  })
  assert.equal(status, 200)
  assert.equal(body.accepted, 1)
  assert.deepEqual(
    body.refused.map(({ index, event_id, reason }: { index: number; event_id: string; reason: string }) => [index, event_id, reason]),
    [
      [1, 'late', 'late'],
      [2, 'future', 'future'],
      [3, 'typed', 'malformed'],
      [4, 'when', 'malformed'],
      [5, 'never', 'malformed'],
      [6, 'extra', 'malformed'],
      [7, 'negative', 'malformed'],
      [8, 'bare', 'malformed'],
      [9, null, 'malformed'],
      [10, null, 'malformed'],
    ],
  )
  for (const { detail } of body.refused) assert.ok(detail.length > 10, detail)
  assert.match(body.refused[1].detail, /more than 5 minutes ahead/)
  assert.match(body.refused[3].detail, /^at: /)
})

test('an event by itself that is refused is a problem document; so is what is no batch', async (context) => {
  const [api] = await instances(context, 1)
  assert.ok(api !== undefined)
  const cases: readonly (readonly [unknown, RegExp])[] = [
    [event({ type: 'purchase' }), /^type: /],
    [event({ at: '2023-01-01T00:00:00Z' }), /more than 7 days ago/],
    [[event()], /not an object/],
    [{ events: [] }, /0 entries/],
    [{ events: Array.from({ length: 501 }, () => event()) }, /501 entries.*at most 500/],
    [{ events: 'all' }, /not a list/],
    [{ events: [event()], user: 'u-0' }, /nothing else/],
  ]
  for (const [payload, detail] of cases) {
    const { status, body } = await api.post(payload)
    assert.deepEqual([status, body.code], [400, 'request_invalid'])
    assert.match(body.detail, detail)
  }
})

test('more events than a key may send are refused whole, with the seconds to wait', async (context) => {
  let ms = now
  const [api] = await instances(context, 1, { clock: { now: () => ms }, eventRate: { perSecond: 2, burst: 4 } })
  assert.ok(api !== undefined)
  assert.equal((await api.post({ events: [event(), event(), event()] })).status, 200)
  const refused = await api.post({ events: [event({ event_id: 'again' }), event(), event()] })
  assert.deepEqual([refused.status, refused.body.code, refused.headers['retry-after']], [429, 'rate_limited', '1'])
  ms += 1000
  assert.deepEqual((await api.post({ events: [event({ event_id: 'again' }), event(), event()] })).body.accepted, 3)
})

test('without a database for them events are refused as not configured', async (context) => {
  const { store } = await temporaryStores()
  await publishModel(store, '2024-W01-00000001')
  const { app } = await testApp(context, store)
  const response = await app.inject({
    method: 'POST',
    url: '/v1/events',
    headers: { 'content-type': 'application/json' },
    payload: JSON.stringify(event()),
  })
  assert.deepEqual([response.statusCode, response.json().code], [501, 'not_configured'])
  assert.match(response.json().detail, /MATINEE_EVENTS_URL/)
})

test('while the database is away recommendations go on and events are refused; afterwards all is there', async (context) => {
  let isAway = false
  const guard = async <T>(work: () => Promise<T>): Promise<T> => {
    if (isAway) throw new Error('gone')
    return work()
  }
  const [api] = await instances(context, 1, {
    wrap: (store) => ({
      location: store.location,
      prepare: () => guard(() => store.prepare()),
      append: (events) => guard(() => store.append(events)),
      users: () => store.users(),
      eventsOf: (userId, limit) => guard(() => store.eventsOf(userId, limit)),
      usersAfter: (sequence, limit) => guard(() => store.usersAfter(sequence, limit)),
      close: () => store.close(),
    }),
  })
  assert.ok(api !== undefined)
  await api.post(event())
  assert.ok(!(await api.titles('u-0')).includes('110'))
  isAway = true
  assert.equal((await api.post(event({ program_id: '111' }))).status, 500)
  await delay(50)
  assert.ok(!(await api.titles('u-0')).includes('110'), 'what was read before counts')
  assert.ok((await api.titles('u-0')).includes('111'))
  isAway = false
  await delay(50)
  assert.equal((await api.post(event({ program_id: '111' }))).status, 200)
  assert.ok(!(await api.titles('u-0')).includes('111'))
})

test('sequences that become visible late are not missed', async (context) => {
  const rows: { userId: string; sequence: number }[] = [{ userId: 'a', sequence: 1 }]
  const read: string[] = []
  const store: EventStore = {
    location: 'memory',
    prepare: async () => {},
    append: async () => [],
    async *users() {
      yield* rows
    },
    eventsOf: async (userId) => {
      read.push(userId)
      return []
    },
    usersAfter: async (sequence, limit) =>
      rows
        .filter((row) => row.sequence > sequence)
        .toSorted((a, b) => a.sequence - b.sequence)
        .slice(0, limit),
    close: async () => {},
  }
  let ms = now
  const index = new EventIndex({ store, clock: { now: () => ms }, log: silent, pollMs: 1_000_000 })
  await index.start()
  context.after(() => index.stop())
  ms += 20_000
  rows.push({ userId: 'late', sequence: 5 })
  await index.look()
  rows.push({ userId: 'slow', sequence: 3 })
  await index.look()
  await index.of('slow')
  assert.deepEqual(read, ['slow'], 'it was handed out before sequence 5 and committed after it')
  assert.equal(index.of('nobody'), undefined)
})

test('what a client has already is not sent again: until an event or another model', async (context) => {
  const [api] = await instances(context, 1)
  assert.ok(api !== undefined)
  const url = '/v1/users/u-0/recommendations?k=5'
  const first = await api.get(url)
  const tag = String(first.headers['etag'])
  assert.match(tag, /^W\/"2024-W01-00000001\./)
  assert.equal(first.headers['cache-control'], 'private, no-cache')
  const second = await api.get(url, { 'if-none-match': tag })
  assert.deepEqual([second.statusCode, second.body], [304, ''])
  assert.equal((await api.get(url)).body, first.body, 'from the cache, the same')
  await api.post(event({ program_id: '102' }))
  const third = await api.get(url, { 'if-none-match': tag })
  assert.equal(third.statusCode, 200)
  assert.notEqual(third.headers['etag'], tag)
  assert.ok(!third.body.includes('"102"'))
})
