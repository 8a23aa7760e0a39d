/** What is wrong is said in one line that names it and the way out; what cannot heal is not tried again, what can is. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { connect } from '../src/adapters/database/connect.ts'
import { freePort } from '../src/adapters/tools/free-port.ts'
import { goldenLogs, runMatinee, startPipeline, type CommandResult } from './support/pipeline.ts'
import { waitFor } from './support/wait-for.ts'

const oneLine = ({ stderr }: CommandResult): string => {
  const lines = stderr.split('\n').filter((line) => line.startsWith('matinee: '))
  assert.equal(lines.length, 1, `one line, not: ${stderr}`)
  return lines[0] ?? ''
}

await test('a bad variable stops a process before any work', async (t) => {
  const cases: readonly (readonly [Record<string, string>, RegExp])[] = [
    [
      { MATINEE_DATABASE_URL: 'postgres://reader:secret@db/vod' },
      /^matinee: MATINEE_DATABASE_URL: "postgres:" is not supported; write mysql:/,
    ],
    [{ MATINEE_DATABASE_URL: 'reader:secret@db' }, /MATINEE_DATABASE_URL: "reader:" is not supported/],
    [{ MATINEE_STORE_URL: 'ftp://somewhere/else' }, /MATINEE_STORE_URL: "ftp:" is not supported; write s3:.* or file:PATH/],
    [{ MATINEE_STORE_URL: 's3://key:secret@bucket/x' }, /MATINEE_STORE_URL: credentials do not belong into the URL/],
    [{ MATINEE_TIME_ZONE: 'Asia/Atlantis' }, /MATINEE_TIME_ZONE: "Asia\/Atlantis" is not allowed; an IANA zone/],
    [{ MATINEE_SCHEDULE: 'every monday' }, /MATINEE_SCHEDULE: "every monday" is not allowed/],
    [{ MATINEE_FIRST_WEEK: '2023-W53' }, /MATINEE_FIRST_WEEK: week 2023-W53 does not exist/],
    [{ MATINEE_HOLD_HOURS: '-1' }, /MATINEE_HOLD_HOURS: "-1" is not allowed; a whole number from 1/],
    [{ MATINEE_API_KEYS: 'me:root:1234' }, /MATINEE_API_KEYS: entry 1 is not name:role:sha256-of-key/],
    [{ MATINEE_TASKQUEUE: 'x' }, /MATINEE_TASKQUEUE: there is no such variable/],
  ]
  for (const [settings, message] of cases) {
    await t.test(Object.entries(settings).flat().join('='), async () => {
      const result = await runMatinee(['config'], { ...process.env, ...settings })
      assert.equal(result.exitCode, 2)
      assert.match(oneLine(result), message)
      assert.doesNotMatch(result.stderr + result.stdout, /secret/)
    })
  }
})

await test('no Temporal server', async () => {
  const address = `127.0.0.1:${await freePort()}`
  const result = await runMatinee(['run', '--week', '2023-W52'], { ...process.env, TEMPORAL_ADDRESS: address })
  assert.equal(result.exitCode, 1)
  assert.match(oneLine(result), new RegExp(`no Temporal server answers at ${address}`))
})

await test('a source that is wrong ends the run at once', { timeout: 120_000 }, async (t) => {
  const pipeline = await startPipeline()
  t.after(() => pipeline.stop())
  await pipeline.startWorker()

  await t.test('a database that is not there', async () => {
    const result = await pipeline.matinee('run', '--week', '2023-W52')
    assert.equal(result.exitCode, 1)
    assert.match(oneLine(result), /vod\.db/)
  })

  await t.test('a table without an expected column', async () => {
    assert.equal((await pipeline.matinee('import', 'csv', goldenLogs)).exitCode, 0)
    const database = connect(pipeline.config.database)
    await database.schema.alterTable('contlog', (table) => table.renameColumn('log_dt', 'logged_at'))
    const result = await pipeline.matinee('run', '--week', '2023-W52', '--wait')
    assert.equal(result.exitCode, 1)
    assert.match(oneLine(result), /lacks column log_dt of contlog/)
    const { events } = await pipeline.client.workflow.getHandle('retrain-2023-W52').fetchHistory()
    const attempts = (events ?? []).map((event) => event.activityTaskStartedEventAttributes?.attempt ?? 0)
    assert.equal(Math.max(...attempts), 1, 'what cannot heal is not tried again')
    await database.schema.dropTable('contlog')
    await database.destroy()
    const missing = await pipeline.matinee('run', '--week', '2023-W52', '--wait')
    assert.match(oneLine(missing), /lacks table contlog/)
  })
})

await test('a source that is away is asked again', { timeout: 120_000 }, async (t) => {
  const port = await freePort()
  const pipeline = await startPipeline({ MATINEE_DATABASE_URL: `mysql://reader:secret@127.0.0.1:${port}/vod_rec` })
  t.after(() => pipeline.stop())
  await pipeline.startWorker()
  const handle = await pipeline.client.workflow.start('weeklyRetraining', {
    workflowId: 'away',
    taskQueue: pipeline.config.taskQueue,
    args: [{ week: '2023-W52', holdHours: 72 }],
  })
  const failure = await waitFor(
    'the first attempt to fail',
    async () => {
      const { raw } = await handle.describe()
      const pending = raw.pendingActivities?.find(({ attempt }) => (attempt ?? 0) > 1)
      return pending?.lastFailure?.message ?? undefined
    },
    90_000,
  )
  assert.match(failure, new RegExp(`127\\.0\\.0\\.1:${port}`))
  assert.doesNotMatch(failure, /secret/)
})
