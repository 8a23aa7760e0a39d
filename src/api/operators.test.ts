import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import test, { type TestContext } from 'node:test'
import type { TSchema } from 'typebox'
import { Value } from 'typebox/value'
import { GateThresholds } from '../contracts/data-gate.ts'
import { FeaturesReport } from '../contracts/documents.ts'
import { MatineeError } from '../contracts/errors.ts'
import type { LateDataLedger } from '../contracts/late-data.ts'
import type { RunControl } from '../contracts/serving-ports.ts'
import { storeKeys } from '../contracts/store-keys.ts'
import { parseWeek } from '../contracts/week.ts'
import { WeekReport } from '../contracts/week-report.ts'
import { publishModel, writeModel } from '../../test/support/publish-model.ts'
import { temporaryStores, testApp } from '../../test/support/test-api.ts'

const sha256 = (key: string): string => createHash('sha256').update(key).digest('hex')
const keys = (['read', 'write', 'admin'] as const).map((role) => ({ name: `the-${role}`, role, sha256: sha256(`key-${role}`) }))
const [first, second, third] = ['2023-W51-00000001', '2023-W52-00000002', '2024-W01-00000003'] as const

const known = (name: string): void => {
  if (name !== '2024-W01' && name !== 'retrain-2024-W01') throw new MatineeError('run_unknown', `there is no run "${name}"`)
}

const finding = { code: 'repeats', log: 'viewings', rows: 10, of: 20, limit: 0.25 } as const

/** Runs as Temporal would tell of them: one, held until it is answered. */
function oneHeldRun(): RunControl & { readonly answers: readonly string[] } {
  const answers: string[] = []
  return {
    answers,
    list: async (limit) =>
      [
        {
          week: '2024-W01',
          workflowId: 'retrain-2024-W01',
          runId: 'run',
          status: 'RUNNING',
          stage: 'held',
          outcome: 'held',
          version: undefined,
          startedAt: '2024-01-08T04:00:00.000Z',
          endedAt: undefined,
          url: undefined,
        },
      ].slice(0, limit),
    schedule: async () => ({ nextAt: '2024-01-14T19:00:00.000Z', paused: false, note: undefined }),
    progress: async (name) => {
      known(name)
      return {
        workflowId: 'retrain-2024-W01',
        runId: 'run',
        status: 'RUNNING',
        progress: {
          stage: 'held',
          stages: [
            {
              name: 'preprocess',
              state: 'done',
              startedAtMs: 0,
              endedAtMs: 1000,
              detail: '10 pairs',
              figures: [{ name: 'pairs', value: 10 }],
            },
          ],
          breaches: [
            { check: 'viewings: repeats', detail: "10 of the week's 20 rows", finding },
            { check: 'of an earlier version', detail: 'without fields' },
          ],
          heldUntilMs: 86_400_000,
        },
      }
    },
    answer: async (name, answer, by, reason) => {
      known(name)
      if (answers.length > 0) throw new MatineeError('run_state', 'this run was already answered')
      answers.push(`${answer} ${by} ${reason}`)
      return { workflowId: 'retrain-2024-W01', said: `${answer}d by ${by}: ${reason}` }
    },
    close: async () => {},
  }
}

async function api(context: TestContext, options: { readonly runs?: RunControl; readonly open?: boolean } = {}) {
  const { store } = await temporaryStores()
  for (const version of [first, second]) await writeModel(store, version)
  await publishModel(store, third)
  const built = await testApp(context, store, {
    access: { keys: options.open ? [] : keys },
    ...(options.runs === undefined ? {} : { runs: options.runs }),
  })
  const post = async (url: string, payload: object, headers: Record<string, string> = { 'x-api-key': 'key-admin' }) => {
    const response = await built.app.inject({
      method: 'POST',
      url,
      headers: { 'content-type': 'application/json', ...headers },
      payload: JSON.stringify(payload),
    })
    return { status: response.statusCode, body: response.body === '' ? undefined : response.json(), headers: response.headers }
  }
  const get = async (url: string, headers: Record<string, string> = { 'x-api-key': 'key-read' }) => {
    const response = await built.app.inject({ url, headers })
    return { status: response.statusCode, body: response.json() }
  }
  return { ...built, store, post, get }
}

test('promotion and rollback change what serves and stand in the timeline', async (context) => {
  const { get, post, holder } = await api(context)
  const serving = async (): Promise<string> => {
    await holder.poll()
    return (await get('/v1/models/latest')).body.version
  }
  assert.equal(await serving(), third)
  const promoted = await post(`/v1/models/${first}/promote`, { reason: 'a trial' })
  assert.equal(promoted.status, 200)
  assert.deepEqual([promoted.body.version, promoted.body.previous], [first, third])
  assert.equal(await serving(), first)
  assert.deepEqual((await post(`/v1/models/${first}/promote`, { reason: 'again' })).body.previous, null, 'nothing changes twice')
  await post(`/v1/models/${second}/promote`, { reason: 'another' })
  assert.equal(await serving(), second)

  assert.deepEqual((await post('/v1/models/rollback', { reason: 'worse' })).body.version, first)
  assert.equal(await serving(), first)
  assert.deepEqual((await post('/v1/models/rollback', { reason: 'also worse' })).body.version, third, 'twice goes back two models')
  assert.equal(await serving(), third)
  const none = await post('/v1/models/rollback', { reason: 'further' })
  assert.deepEqual([none.status, none.body.code], [409, 'run_state'])

  const { items } = (await get('/v1/timeline')).body
  assert.deepEqual(
    items.map(({ what, version, previous, by, reason }: Record<string, string>) => [what, version, previous, by, reason]),
    [
      ['rolled_back', third, first, 'the-admin', 'also worse'],
      ['rolled_back', first, second, 'the-admin', 'worse'],
      ['promoted', second, first, 'the-admin', 'another'],
      ['promoted', first, third, 'the-admin', 'a trial'],
    ],
  )
  assert.equal((await get('/v1/timeline?limit=1')).body.items.length, 1)
})

test('only an admin promotes, only what is there, and says why', async (context) => {
  const { post, store } = await api(context)
  const before = await store.read(storeKeys.modelLatest)
  const codeOf = async (...args: Parameters<typeof post>) => (await post(...args)).body.code
  assert.equal(await codeOf(`/v1/models/${first}/promote`, { reason: 'x' }, { 'x-api-key': 'key-write' }), 'forbidden')
  assert.equal(await codeOf('/v1/models/rollback', { reason: 'x' }, { 'x-api-key': 'key-read' }), 'forbidden')
  assert.equal(await codeOf('/v1/models/2020-W01-0000000f/promote', { reason: 'x' }), 'not_found')
  assert.equal(await codeOf(`/v1/models/${first}/promote`, {}), 'request_invalid')
  assert.equal(await codeOf('/v1/models/rollback', { reason: 'x' }), 'run_state')
  assert.deepEqual(await store.read(storeKeys.modelLatest), before)
})

test('runs are listed, looked at and answered; the answer stands in the timeline', async (context) => {
  const runs = oneHeldRun()
  const { get, post } = await api(context, { runs })
  const { items } = (await get('/v1/runs')).body
  assert.deepEqual([items.length, items[0].week, items[0].model, items[0].ended_at], [1, '2024-W01', null, null])
  const { body } = await get('/v1/runs/2024-W01')
  assert.equal(body.held_until, '1970-01-02T00:00:00.000Z')
  assert.deepEqual(body.stages, [
    {
      name: 'preprocess',
      state: 'done',
      started_at: '1970-01-01T00:00:00.000Z',
      ended_at: '1970-01-01T00:00:01.000Z',
      detail: '10 pairs',
      figures: [{ name: 'pairs', value: 10 }],
    },
  ])
  assert.deepEqual(
    body.breaches.map((breach: { readonly finding?: unknown }) => breach.finding),
    [finding, undefined],
  )
  assert.equal((await get('/v1/runs/2020-W01')).body.code, 'run_unknown')
  assert.equal((await post('/v1/runs/2024-W01/approve', {}, { 'x-api-key': 'key-write' })).status, 403)
  assert.equal((await post('/v1/runs/2024-W01/reject', {})).body.code, 'request_invalid', 'a no needs a reason')
  const approved = await post('/v1/runs/2024-W01/approve', { reason: 'a holiday' })
  assert.deepEqual(approved.body, { workflow_id: 'retrain-2024-W01', said: 'approved by the-admin: a holiday' })
  assert.deepEqual(runs.answers, ['approve the-admin a holiday'])
  assert.deepEqual((await post('/v1/runs/2024-W01/reject', { reason: 'no' })).body.code, 'run_state')
  const timeline = (await get('/v1/timeline')).body.items
  assert.equal(timeline.length, 1)
  assert.deepEqual(
    [timeline[0].what, timeline[0].by, timeline[0].reason, timeline[0].week, timeline[0].run.workflow_id],
    ['approved', 'the-admin', 'a holiday', '2024-W01', 'retrain-2024-W01'],
  )
})

test('a server without Temporal says so', async (context) => {
  const { get } = await api(context)
  assert.deepEqual([(await get('/v1/runs')).status, (await get('/v1/runs')).body.code], [501, 'not_configured'])
})

test("a week's data quality is what preprocessing wrote down", async (context) => {
  const { get, store } = await api(context)
  const week = parseWeek('2024-W01')
  const fields = Object.entries<TSchema>(FeaturesReport.properties).map(([name, schema]) => [
    name,
    name === 'week' ? week : Value.Create(schema),
  ])
  const report = { ...Object.fromEntries(fields), pairs: 17, counted_by_a_later_version: 3 }
  await store.write(storeKeys.featuresCurrent(week), JSON.stringify({ digest: 'abc' }))
  await store.write(storeKeys.features(week, 'abc', 'report.json'), JSON.stringify(report))
  const { status, body } = await get('/v1/data-quality/2024-W01')
  assert.equal(status, 200)
  assert.deepEqual(body, { week, features: 'abc', report, thresholds: Value.Create(GateThresholds) })
  assert.equal((await get('/v1/data-quality/2023-W53')).body.code, 'week_invalid')
  assert.equal((await get('/v1/data-quality/2023-W40')).body.code, 'not_found')
})

test('the report of a week', async (context) => {
  const { get, store } = await api(context)
  const week = parseWeek('2024-W01')
  const report = { ...Value.Create(WeekReport), week }
  await store.write(storeKeys.weekReport(week, 'report.json'), JSON.stringify(report))
  const { status, body } = await get('/v1/reports/2024-W01')
  assert.equal(status, 200)
  assert.deepEqual(body, report)
  assert.equal((await get('/v1/reports/2023-W53')).body.code, 'week_invalid')
  assert.equal((await get('/v1/reports/2023-W40')).body.code, 'not_found')
})

test('late data is what the weekly runs wrote into the ledger, the latest first', async (context) => {
  const { get, store } = await api(context)
  assert.deepEqual((await get('/v1/late-data')).body, { items: [] }, 'before the first training')
  const change = { table: 'contlog', week: '2023-W51', before: 'a', after: 'b', rows_before: 5, rows_after: 6, added: 2, removed: 1 }
  const found = { trained_with: first, found_by: '2024-W01', found_at: '2024-01-08T04:00:00.000Z' }
  const changes = [
    { ...change, ...found, trained_again: third },
    { ...change, ...found, week: '2023-W52', added: null, removed: null },
  ]
  const ledger = { format: 1, newest: { week: '2023-W52', version: second }, trained: {}, changes } satisfies LateDataLedger
  await store.write(storeKeys.lateData, JSON.stringify(ledger))
  const { status, body } = await get('/v1/late-data')
  assert.equal(status, 200)
  const { before: _before, after: _after, ...shown } = change
  assert.deepEqual(body.items, [
    { ...shown, ...found, week: '2023-W52', added: null, removed: null, trained_again: null },
    { ...shown, ...found, trained_again: third },
  ])
})

test('a key opens a session; its cookie does what the key may, and no page of another site can use it', async (context) => {
  const { app, get, post } = await api(context)
  assert.equal((await post('/v1/session', { key: 'wrong' }, {})).body.code, 'unauthorized')
  const opened = await post('/v1/session', { key: 'key-write' }, {})
  assert.equal(opened.status, 200)
  assert.deepEqual([opened.body.name, opened.body.role], ['the-write', 'write'])
  const header = String(opened.headers['set-cookie'])
  assert.match(header, /^matinee_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=43200$/)
  const cookie = `other=1; ${header.split(';')[0]}`

  assert.equal((await get('/v1/popular', { cookie })).status, 200)
  assert.equal((await get('/v1/session', { cookie })).body.name, 'the-write')
  assert.equal((await post('/v1/models/rollback', { reason: 'x' }, { cookie })).body.code, 'forbidden')
  assert.equal(
    (await post('/v1/recommendations', { users: ['u-0'] }, { cookie, origin: 'https://evil.example' })).body.code,
    'origin_refused',
  )
  assert.equal((await get('/v1/popular', { cookie: 'matinee_session=forged' })).status, 401)

  const closed = await app.inject({ method: 'DELETE', url: '/v1/session', headers: { cookie } })
  assert.equal(closed.statusCode, 204)
  assert.match(String(closed.headers['set-cookie']), /Max-Age=0/)
  assert.equal((await get('/v1/popular', { cookie })).status, 401, 'ended here, whatever the browser keeps')
})

test('over TLS the cookie is for TLS alone; without keys no session is needed', async (context) => {
  const { post } = await api(context)
  const opened = await post('/v1/session', { key: 'key-read' }, { origin: 'https://localhost', host: 'localhost' })
  assert.match(String(opened.headers['set-cookie']), /; Secure$/)
  const open = await api(context, { open: true })
  assert.deepEqual((await open.post('/v1/session', { key: 'any' }, {})).body, { name: 'local', role: 'admin', expires_at: null })
})

test('too many tries at a session are slowed down', async (context) => {
  const { post } = await api(context)
  const codes = []
  for (let n = 0; n < 25; n++) codes.push((await post('/v1/session', { key: `guess-${n}` }, {})).body.code)
  assert.equal(codes[0], 'unauthorized')
  assert.equal(codes.at(-1), 'rate_limited')
})

test('a model that is gone cannot be rolled back to', async (context) => {
  const { store, post } = await api(context)
  await post(`/v1/models/${second}/promote`, { reason: 'x' })
  await store.remove(storeKeys.model(third, 'manifest.json'))
  assert.equal((await post('/v1/models/rollback', { reason: 'y' })).body.code, 'not_found')
})
