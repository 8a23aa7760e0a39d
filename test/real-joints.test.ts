/** The run over what an operator has: MySQL with a read-only user and S3, each killed in the middle and started again. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import test, { before, after, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { AccuracyTable, LatestModel, ModelItems, ModelManifest, ModelUsers, WeekInfo, WeekMetrics } from '../src/contracts/documents.ts'
import { accuracyMetrics, storeKeys } from '../src/contracts/store-keys.ts'
import { readDocument } from '../src/contracts/stored-documents.ts'
import { parseWeek, weeksBetween } from '../src/contracts/week.ts'
import { startMariaDb, type MariaDb } from './support/mariadb.ts'
import { goldenLogs, startPipeline, waitFor, type CommandResult, type Pipeline } from './support/pipeline.ts'
import { startVersityGw, type VersityGw } from './support/versitygw.ts'

const movielens = fileURLToPath(new URL('../../shared/data/ml-100k', import.meta.url))
const AWAY_MS = 20_000

let database: MariaDb
let s3: VersityGw
before(async () => {
  database = await startMariaDb({ timeZones: true })
  s3 = await startVersityGw()
  await database.createDatabase('vod_rec')
  await database.createUser({ name: 'writer', password: 'writer-secret', database: 'vod_rec', privileges: 'ALL' })
  await database.createUser({ name: 'reader', password: 'reader-secret', database: 'vod_rec', privileges: 'SELECT' })
})
after(async () => {
  await database.stop()
  await s3.stop()
})

const databaseUrl = (user: string): string => `mysql://${user}:${user}-secret@${database.host}:${database.port}/vod_rec`

async function startOverRealJoints(t: TestContext, bucket: string): Promise<Pipeline> {
  await s3.createBucket(bucket)
  const pipeline = await startPipeline({
    ...s3.environment,
    MATINEE_DATABASE_URL: databaseUrl('reader'),
    MATINEE_STORE_URL: s3.url(bucket, 'weekly'),
  })
  t.after(() => pipeline.stop())
  return pipeline
}

const fill = (pipeline: Pipeline, ...args: readonly string[]): Promise<CommandResult> =>
  pipeline.matineeWith({ MATINEE_DATABASE_URL: databaseUrl('writer') }, ...args, '--replace')

test('the same run over MySQL and S3', { timeout: 300_000 }, async (t) => {
  const pipeline = await startOverRealJoints(t, 'golden')
  const { matinee, store } = pipeline
  const filled = await fill(pipeline, 'import', 'csv', goldenLogs)
  assert.equal(filled.exitCode, 0, filled.stderr)
  const refused = await matinee('import', 'csv', goldenLogs, '--replace')
  assert.equal(refused.exitCode, 1, 'the reader may only read')
  await pipeline.startWorker()

  const run = await matinee('run', '--week', '2023-W52', '--wait', '--json')
  assert.equal(run.exitCode, 0, run.stderr)
  const { version } = await readDocument(store, LatestModel, storeKeys.modelLatest)
  const manifest = await readDocument(store, ModelManifest, storeKeys.model(version, 'manifest.json'))
  const report: unknown = JSON.parse(await readFile(new URL('golden/report-2023-W52.json', import.meta.url), 'utf8'))
  assert.ok(typeof report === 'object' && report !== null && 'watched_pairs' in report)
  assert.equal(manifest.pairs, report.watched_pairs)
  const items = await readDocument(store, ModelItems, storeKeys.model(version, 'items.json'))
  assert.equal(items.find(({ program_id }) => program_id === '5')?.program_name, '쇼 "5", 특집')
  const users = await readDocument(store, ModelUsers, storeKeys.model(version, 'users.json'))
  assert.deepEqual(users.slice(0, 3), ['1', '4', '9'])

  await t.test('the embedded joints give the same model', async (inner) => {
    const embedded = await startPipeline()
    inner.after(() => embedded.stop())
    assert.equal((await embedded.matinee('import', 'csv', goldenLogs)).exitCode, 0)
    await embedded.startWorker()
    const same = await embedded.matinee('run', '--week', '2023-W52', '--wait', '--json')
    assert.equal(JSON.parse(same.stdout).version, version)
  })

  await t.test('no password is in a log, a history or the store', async () => {
    const log = await readFile(`${pipeline.directory}/worker.log`, 'utf8')
    const history = JSON.stringify(await pipeline.client.workflow.getHandle('retrain-2023-W52').fetchHistory())
    for (const text of [log, history, JSON.stringify(manifest), (await matinee('config')).stdout])
      assert.doesNotMatch(text, /reader-secret|matinee-test-secret/)
  })
})

test('a server that is killed in the middle of a run and is back after 20 s', { timeout: 600_000 }, async (t) => {
  const pipeline = await startOverRealJoints(t, 'faults')
  const { matinee, client, store } = pipeline
  const filled = await fill(
    pipeline,
    'generate',
    '--users',
    '1500',
    '--programs',
    '400',
    '--rows',
    '120000',
    '--weeks',
    '4',
    '--end',
    '2024-W01',
  )
  assert.equal(filled.exitCode, 0, filled.stderr)
  await pipeline.startWorker()
  const undisturbed = await matinee('run', '--week', '2024-W01', '--wait', '--json')
  assert.equal(undisturbed.exitCode, 0, undisturbed.stderr)
  const { version } = JSON.parse(undisturbed.stdout)

  const servers = { 'the Temporal server': pipeline.temporal, MariaDB: database, 'the S3 server': s3 } as const
  const stageOf = { 'the Temporal server': 'train', MariaDB: 'extract', 'the S3 server': 'preprocess' } as const
  for (const name of ['the Temporal server', 'MariaDB', 'the S3 server'] as const) {
    await t.test(name, async () => {
      const run = matinee('run', '--week', '2024-W01', '--wait', '--json')
      const handle = client.workflow.getHandle('retrain-2024-W01')
      await waitFor(`stage ${stageOf[name]}`, async () => {
        const { status, searchAttributes } = await handle.describe()
        return status.name === 'RUNNING' && searchAttributes['MatineeStage']?.[0] === stageOf[name] ? true : undefined
      })
      await servers[name].kill()
      await delay(AWAY_MS)
      await servers[name].restart()

      // The command may have lost its connection with the Temporal server; the run has not.
      const { exitCode, stdout } = await run
      const result: unknown =
        exitCode === 0 ? JSON.parse(stdout) : await waitFor('the run to end', async () => handle.result().catch(() => undefined), 200_000)
      assert.ok(typeof result === 'object' && result !== null && 'version' in result)
      assert.equal(result.version, version)
      assert.equal((await readDocument(store, WeekInfo, storeKeys.weekInfo)).week, '2024-W01')
    })
  }
})

test(
  'thirty weeks of MovieLens by backfill',
  { timeout: 900_000, skip: existsSync(movielens) ? false : 'MovieLens 100K is not beside the project' },
  async (t) => {
    const pipeline = await startOverRealJoints(t, 'thirty')
    const { matinee, store } = pipeline
    const filled = await fill(pipeline, 'import', 'movielens', movielens)
    assert.equal(filled.exitCode, 0, filled.stderr)
    await pipeline.startWorker()
    assert.equal((await matinee('schedule', 'apply')).exitCode, 0)
    const [from, to] = [parseWeek('1997-W40'), parseWeek('1998-W17')]
    const weeks = weeksBetween(from, to)
    assert.equal(weeks.length, 30)
    assert.equal((await matinee('schedule', 'backfill', '--from', from, '--to', to)).exitCode, 0)

    const runs = await waitFor(
      'thirty weeks',
      async () => {
        const listed: { week: string; outcome: string; startedAt: string }[] = JSON.parse((await matinee('runs', '--json')).stdout)
        assert.deepEqual(
          listed.filter(({ outcome }) => outcome === 'failed'),
          [],
        )
        return listed.filter(({ outcome }) => outcome === 'published').length === weeks.length ? listed : undefined
      },
      840_000,
    )
    assert.deepEqual(
      runs.toSorted((a, b) => (a.startedAt < b.startedAt ? -1 : 1)).map(({ week }) => week),
      weeks,
    )
    assert.ok((await readDocument(store, LatestModel, storeKeys.modelLatest)).version.startsWith(`${to}-`))
    for (const metric of accuracyMetrics) {
      const table = await readDocument(store, AccuracyTable, storeKeys.accuracy(metric))
      assert.deepEqual(table.weeks, weeks)
      assert.equal(table.values.length, weeks.length)
    }
    let byTheWeek = 0
    for await (const { key } of store.list(storeKeys.metricsPrefix)) {
      if (!storeKeys.isMetrics(key)) continue
      const { choice, splits } = await readDocument(store, WeekMetrics, key)
      assert.notEqual(choice.reason, '')
      const split = splits.find(({ kind }) => kind === choice.by)
      const best = Math.max(...(split?.candidates.map(({ metrics }) => metrics['ndcg@10'] ?? 0) ?? []))
      assert.equal(split?.candidates.find(({ candidate }) => candidate === choice.candidate)?.metrics['ndcg@10'], best)
      if (choice.by === 'time') byTheWeek++
      else assert.match(choice.reason, /the week itself has only \d+ users to test, fewer than 100/)
    }
    t.diagnostic(`${byTheWeek} of ${weeks.length} weeks were chosen by the newest week, the others had fewer than 100 users to test`)
  },
)
