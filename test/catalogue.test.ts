/** The catalogue between two trainings: from a row of the source, through the hourly schedule, to every list. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { connect } from '../src/adapters/database/connect.ts'
import { startServer } from '../src/api/server.ts'
import { CatalogueLatest } from '../src/contracts/documents.ts'
import { storeKeys } from '../src/contracts/store-keys.ts'
import { readDocument } from '../src/contracts/stored-documents.ts'
import { goldenLogs, startPipeline } from './support/pipeline.ts'
import { publishModel, titles } from './support/publish-model.ts'
import { silent } from './support/test-api.ts'
import { startWebhook } from './support/webhook.ts'
import { waitFor } from './support/wait-for.ts'

const delisted = { program_id: '115', program_name: '쇼 15' }
const fresh = {
  program_id: 'n-1',
  program_name: "새 쇼 'A' 😀",
  program_genre: '드라마',
  release_date: '2024-01-02',
  age_limit: 0,
  e_bool: 0,
}

await test('the hourly catalogue', { timeout: 900_000 }, async (t) => {
  const webhook = await startWebhook()
  t.after(() => webhook.stop())
  const pipeline = await startPipeline({ MATINEE_WEBHOOK_URL: webhook.url })
  const { matinee, store, client } = pipeline
  t.after(() => pipeline.stop())
  assert.equal((await matinee('import', 'csv', goldenLogs)).exitCode, 0)
  const source = connect(pipeline.config.database)
  t.after(() => source.destroy())
  await source('vodinfo').delete()
  for (const { recommendable, available_from: _from, available_until: _until, ...title } of titles)
    await source('vodinfo').insert({ ...title, e_bool: recommendable ? 0 : 1 })
  await publishModel(store, '2024-W01-0000000a')
  await pipeline.startWorker()
  const api = await startServer({
    store,
    access: { keys: [], host: '127.0.0.1', corsOrigins: [] },
    port: 0,
    clock: { now: Date.now },
    log: silent,
    pollMs: 200,
    gate: pipeline.config.gate,
  })
  t.after(() => api.close())
  const ids = async (path: string): Promise<string[]> => {
    const answer: { items: { program_id: string }[] } = JSON.parse(await (await fetch(`${api.url}${path}`)).text())
    return answer.items.map(({ program_id: id }) => id)
  }
  const trigger = async (): Promise<CatalogueLatest> => {
    const before = await store.stat(storeKeys.catalogueLatest)
    const triggered = await matinee('schedule', 'trigger', 'catalogue')
    assert.equal(triggered.exitCode, 0, triggered.stderr)
    return waitFor('the catalogue', async () => {
      const entry = await store.stat(storeKeys.catalogueLatest)
      return entry === undefined || entry.entityTag === before?.entityTag
        ? undefined
        : readDocument(store, CatalogueLatest, storeKeys.catalogueLatest)
    })
  }

  await t.test('has a schedule of its own, applied as code', async () => {
    assert.match(
      (await matinee('schedule', 'apply')).stdout,
      /^matinee-weekly created: .*\nmatinee-catalogue created: "0 \* \* \* \*" in Asia\/Seoul\n$/,
    )
    assert.match((await matinee('schedule', 'apply', 'catalogue')).stdout, /^matinee-catalogue unchanged/)
    assert.equal((await matinee('schedule', 'pause', 'catalogue', '--note', 'moving')).exitCode, 0)
    assert.match((await matinee('schedule', 'apply')).stdout, /matinee-catalogue unchanged/)
    const shown: { paused: boolean; next: string[]; overlap: string } = JSON.parse(
      (await matinee('schedule', 'show', 'catalogue', '--json')).stdout,
    )
    assert.equal(shown.paused, true)
    assert.equal(shown.overlap, 'SKIP')
    assert.equal((await matinee('schedule', 'resume', 'catalogue')).exitCode, 0)
    const weekly: { paused: boolean } = JSON.parse((await matinee('schedule', 'show', '--json')).stdout)
    assert.equal(weekly.paused, false, 'the weekly one was not meant')
    assert.match((await matinee('doctor')).stdout, /matinee-weekly active, matinee-catalogue active/)
    const next: { next: string[] } = JSON.parse((await matinee('schedule', 'show', 'catalogue', '--json')).stdout)
    assert.ok(next.next.length > 0 && next.next.every((time) => time.endsWith(':00:00 Asia/Seoul')), next.next.join())
    assert.equal((await matinee('schedule', 'show', 'monthly')).exitCode, 2)
  })

  await t.test('a delisted title goes and a new one comes, without a training', async () => {
    assert.equal((await trigger()).recommendable, 29)
    assert.equal((await ids('/v1/popular'))[0], delisted.program_id)
    await source('vodinfo').where({ program_id: delisted.program_id }).update({ e_bool: 1 })
    await source('vodinfo').insert(fresh)
    const latest = await trigger()
    assert.deepEqual([latest.titles, latest.recommendable], [31, 29])
    await waitFor('the API to take it up', async () => ((await ids('/v1/popular?k=100')).includes(fresh.program_id) ? true : undefined))
    for (const path of ['/v1/popular?k=100', '/v1/users/u-0/recommendations?k=100', '/v1/users/nobody/recommendations?k=100', '/v1/programs?limit=100'])
      assert.ok(!(await ids(path)).includes(delisted.program_id), path) // prettier-ignore
    assert.deepEqual(await ids(`/v1/programs?q=${encodeURIComponent(fresh.program_name)}`), [fresh.program_id])
  })

  await t.test('a table that is being filled empties no list: the run fails, and tells the webhook why', async () => {
    const before = await store.stat(storeKeys.catalogueLatest)
    await source('vodinfo').delete()
    assert.equal((await matinee('schedule', 'trigger', 'catalogue')).exitCode, 0)
    const failed = await waitFor('the run to fail', async () => {
      for await (const run of client.workflow.list({ query: "WorkflowType = 'refreshCatalogue' AND ExecutionStatus = 'Failed'" }))
        return run
      return undefined
    })
    await assert.rejects(client.workflow.getHandle(failed.workflowId, failed.runId).result(), (error: Error) => {
      assert.match(String((error.cause as Error | undefined)?.cause), /no title that may be recommended; the last catalogue stays/)
      return true
    })
    const [notice, ...others] = webhook.told
    assert.deepEqual([notice?.event, notice?.week, notice?.workflowId, others], ['failed', undefined, failed.workflowId, []])
    assert.match(notice?.text ?? '', /^the catalogue: .*no title that may be recommended; the last catalogue stays/)
    assert.deepEqual(await store.stat(storeKeys.catalogueLatest), before)
    assert.ok((await ids('/v1/popular?k=100')).length > 20)
  })
})
