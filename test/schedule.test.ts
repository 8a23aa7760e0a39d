/** The schedule as code, and a backfill: past weeks in order, none skipped, and no older week ever serves. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { AccuracyTable, LatestModel } from '../src/contracts/documents.ts'
import { storeKeys } from '../src/contracts/store-keys.ts'
import { readDocument } from '../src/contracts/stored-documents.ts'
import { goldenLogs, startPipeline } from './support/pipeline.ts'
import { waitFor } from './support/wait-for.ts'

await test('the weekly schedule', { timeout: 900_000 }, async (t) => {
  const pipeline = await startPipeline()
  t.after(() => pipeline.stop())
  const { matinee, client, store } = pipeline
  assert.equal((await matinee('import', 'csv', goldenLogs)).exitCode, 0)
  await pipeline.startWorker()

  await t.test('is made by apply, and shown', async () => {
    const missing = await matinee('schedule', 'show')
    assert.equal(missing.exitCode, 1)
    assert.match(missing.stderr, /"matinee schedule apply" makes it/)
    assert.match((await matinee('schedule', 'apply')).stdout, /^matinee-weekly created: "0 4 \* \* MON" in Asia\/Seoul/)
    assert.match((await matinee('schedule', 'apply')).stdout, /^matinee-weekly unchanged/)
    const shown = JSON.parse((await matinee('schedule', 'show', '--json')).stdout)
    assert.equal(shown.overlap, 'SKIP')
    assert.equal(shown.timeZone, 'Asia/Seoul')
    for (const next of shown.next) {
      assert.match(next, /04:00:00 Asia\/Seoul$/)
      assert.equal(new Date(next.slice(0, 10)).getUTCDay(), 1, `${next} is a Monday`)
    }
  })

  await t.test('keeps a pause that a person set when it is applied again', async () => {
    assert.equal((await matinee('schedule', 'pause', '--note', 'holidays')).exitCode, 0)
    const changed = await pipeline.matineeWith({ MATINEE_SCHEDULE: '30 5 * * TUE' }, 'schedule', 'apply')
    assert.match(changed.stdout, /^matinee-weekly updated: "30 5 \* \* TUE"/)
    const shown = JSON.parse((await matinee('schedule', 'show', '--json')).stdout)
    assert.equal(shown.paused, true)
    assert.equal(shown.note, 'holidays')
    assert.match(shown.next[0] ?? '05:30:00', /05:30:00/)
    assert.match((await matinee('schedule', 'apply')).stdout, /updated/)
    assert.equal((await matinee('schedule', 'resume')).exitCode, 0)
    assert.equal(JSON.parse((await matinee('schedule', 'show', '--json')).stdout).paused, false)
  })

  await t.test('backfills past weeks in order, over New Year', async () => {
    const wrong = await matinee('schedule', 'backfill', '--from', '2024-W01', '--to', '2023-W51')
    assert.equal(wrong.exitCode, 2)
    const started = await matinee('schedule', 'backfill', '--from', '2023-W51', '--to', '2024-W01')
    assert.equal(started.exitCode, 0, started.stderr)
    assert.match(started.stdout, /backfilling 3 weeks, 2023-W51 to 2024-W01/)
    const runs = await waitFor(
      'three weeks to be trained',
      async () => {
        const listed: { week: string; outcome: string; startedAt: string; endedAt?: string }[] = JSON.parse(
          (await matinee('runs', '--json')).stdout,
        )
        return listed.filter(({ outcome }) => outcome === 'published').length >= 3 ? listed : undefined
      },
      200_000,
    )
    const inOrder = runs.toSorted((a, b) => (a.startedAt < b.startedAt ? -1 : 1))
    assert.deepEqual(
      inOrder.map(({ week }) => week),
      ['2023-W51', '2023-W52', '2024-W01'],
    )
    for (const [index, run] of inOrder.entries())
      assert.ok(index === 0 || (inOrder[index - 1]?.endedAt ?? '') <= run.startedAt, 'one after the other')
    assert.match((await readDocument(store, LatestModel, storeKeys.modelLatest)).version, /^2024-W01-/)
    assert.deepEqual((await readDocument(store, AccuracyTable, storeKeys.accuracy('map'))).weeks, ['2023-W51', '2023-W52', '2024-W01'])
  })

  await t.test('a backfill of an older week does not serve', async () => {
    assert.equal((await matinee('schedule', 'backfill', '--from', '2023-W50', '--to', '2023-W50')).exitCode, 0)
    const run = client.workflow.getHandle('retrain-2023-W50')
    const result: unknown = await waitFor('the older week to end', async () => run.result().catch(() => undefined), 100_000)
    assert.ok(typeof result === 'object' && result !== null && 'outcome' in result)
    assert.equal(result.outcome, 'archived')
    assert.match((await readDocument(store, LatestModel, storeKeys.modelLatest)).version, /^2024-W01-/)
  })

  await t.test('a trigger has now as its nominal time: a week long after the data is refused', async () => {
    assert.equal((await matinee('schedule', 'trigger')).exitCode, 0)
    const failed = await waitFor('the triggered run to fail', async () => {
      for await (const { status, workflowId } of client.workflow.list({
        query: `WorkflowType = 'weeklyRetraining' AND ExecutionStatus = 'Failed'`,
      }))
        return { status, workflowId }
      return undefined
    })
    assert.match(failed.workflowId, /^matinee-weekly/)
  })

  await t.test('is deleted', async () => {
    assert.equal((await matinee('schedule', 'delete')).exitCode, 0)
    assert.equal((await matinee('schedule', 'show')).exitCode, 1)
  })
})
