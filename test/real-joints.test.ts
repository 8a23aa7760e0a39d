/** The run over what an operator has: MySQL with a read-only user, and S3. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import test, { before, after, type TestContext } from 'node:test'
import { LatestModel, ModelItems, ModelManifest, ModelUsers } from '../src/contracts/documents.ts'
import { storeKeys } from '../src/contracts/store-keys.ts'
import { readDocument } from '../src/contracts/stored-documents.ts'
import { startMariaDb, type MariaDb } from './support/mariadb.ts'
import { goldenLogs, startPipeline, type CommandResult, type Pipeline } from './support/pipeline.ts'
import { startVersityGw, type VersityGw } from './support/versitygw.ts'

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

test('the same run over MySQL and S3', { timeout: 900_000 }, async (t) => {
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
