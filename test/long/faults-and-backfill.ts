/**
 * `npm run test:long`: what takes longest over MySQL and S3. Each server is killed in the middle of a run and is back after 20 s;
 * thirty weeks are trained by one backfill.
 */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import test, { before, after, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { AccuracyTable, LatestModel, WeekInfo, WeekMetrics } from '../../src/contracts/documents.ts'
import { accuracyMetrics, storeKeys } from '../../src/contracts/store-keys.ts'
import { readDocument } from '../../src/contracts/stored-documents.ts'
import { parseWeek, weeksBetween } from '../../src/contracts/week.ts'
import { startMariaDb, type MariaDb } from '../support/mariadb.ts'
import { startPipeline, type CommandResult, type Pipeline } from '../support/pipeline.ts'
import { startVersityGw, type VersityGw } from '../support/versitygw.ts'
import { waitFor } from '../support/wait-for.ts'

const movielens = fileURLToPath(new URL('../../../shared/data/ml-100k', import.meta.url))
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
