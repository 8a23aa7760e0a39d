/** kill -9 of the worker in the middle of `train`: the run goes on after a restart, and ends as an undisturbed one. */
import type { WorkflowHandle } from '@temporalio/client'
import assert from 'node:assert/strict'
import test from 'node:test'
import { WeekInfo } from '../src/contracts/documents.ts'
import { storeKeys } from '../src/contracts/store-keys.ts'
import { readDocument } from '../src/contracts/stored-documents.ts'
import { startPipeline } from './support/pipeline.ts'
import { waitFor } from './support/wait-for.ts'

await test('a worker that is killed while it trains', { timeout: 900_000 }, async (t) => {
  // On one thread training takes long enough to be met.
  const pipeline = await startPipeline({ MATINEE_TRAINING_THREADS: '1' })
  t.after(() => pipeline.stop())
  const { matinee, client, store } = pipeline
  const generated = await matinee(
    'generate',
    '--users',
    '4000',
    '--programs',
    '800',
    '--rows',
    '250000',
    '--weeks',
    '4',
    '--end',
    '2024-W01',
  )
  assert.equal(generated.exitCode, 0, generated.stderr)
  const worker = await pipeline.startWorker()
  const run = matinee('run', '--week', '2024-W01', '--wait', '--json')
  const handle = client.workflow.getHandle('retrain-2024-W01')

  await trainingUnderWay(handle)
  await worker.kill()
  await pipeline.startWorker()

  const { exitCode, stdout, stderr } = await run
  assert.equal(exitCode, 0, stderr)
  const disturbed: unknown = JSON.parse(stdout)
  assert.ok(typeof disturbed === 'object' && disturbed !== null && 'version' in disturbed)
  const counter = await readDocument(store, WeekInfo, storeKeys.weekInfo)
  assert.deepEqual([counter.week, counter.values], ['2024-W01', [1]])

  const { events } = await handle.fetchHistory()
  const retried = (events ?? []).some((event) => (event.activityTaskStartedEventAttributes?.attempt ?? 1) > 1)
  assert.ok(retried, 'the killed attempt was followed by another')

  const undisturbed = await matinee('run', '--week', '2024-W01', '--wait', '--json')
  assert.equal(JSON.parse(undisturbed.stdout).version, disturbed.version)

  await t.test('a run that is cancelled while it trains stops at once and publishes nothing', async () => {
    const cancelled = matinee('run', '--week', '2023-W52', '--wait')
    const other = client.workflow.getHandle('retrain-2023-W52')
    await trainingUnderWay(other)
    assert.equal((await matinee('cancel', '2023-W52')).exitCode, 0)
    assert.equal((await cancelled).exitCode, 1)
    assert.equal((await other.describe()).status.name, 'CANCELLED')
    for await (const { key } of store.list('metrics/')) assert.doesNotMatch(key, /2023-W52/)
    assert.equal((await readDocument(store, WeekInfo, storeKeys.weekInfo)).week, '2024-W01')
  })
})

/** Until an attempt of `train` has begun: some hundred milliseconds of it are left, and it may be over before it tells where it is. */
function trainingUnderWay(handle: WorkflowHandle): Promise<true> {
  return waitFor('training to be under way', async () => {
    const description = await handle.describe().catch(() => undefined)
    assert.equal(description?.status.name ?? 'RUNNING', 'RUNNING', 'the run ended before its training was met')
    const pending = description?.raw.pendingActivities?.find(({ activityType }) => activityType?.name === 'train')
    return pending?.lastStartedTime ? true : undefined
  })
}
