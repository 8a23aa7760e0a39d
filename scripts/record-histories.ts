/**
 * `npm run histories`: runs weeks on a real server and keeps their histories in `test/histories`, as what today's workflow code
 * writes. `test/replay.test.ts` holds later code to them. Add new ones after a release; never touch those of an older one.
 */
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js'
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import manifest from '../package.json' with { type: 'json' }
import { KnexEventStore } from '../src/adapters/database/event-store.ts'
import { goldenLogs, startPipeline } from '../test/support/pipeline.ts'
import { waitFor } from '../test/support/wait-for.ts'

const directory = new URL(`../test/histories/${manifest.version}/`, import.meta.url)
await mkdir(directory, { recursive: true })
// Stack traces hold paths: those of this machine are nobody's business.
const root = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '')
const eventsPath = join(await mkdtemp(join(tmpdir(), 'matinee-events-')), 'events.db')
const pipeline = await startPipeline({ MATINEE_EVENTS_URL: `sqlite:${eventsPath}` })
try {
  const { matinee, client } = pipeline
  await matinee('import', 'csv', goldenLogs)
  await pipeline.startWorker()

  const keep = async (name: string, workflowId: string): Promise<void> => {
    const history = await client.workflow.getHandle(workflowId).fetchHistory()
    await writeFile(new URL(`${name}.json`, directory), historyToJSON(history).replaceAll(root, '/app'))
    process.stdout.write(`${name}: ${history.events?.length ?? 0} events\n`)
  }

  const published = await matinee('run', '--week', '2023-W52', '--wait')
  process.stdout.write(published.stdout)
  await keep('retrain-published', 'retrain-2023-W52')
  await matinee('run', '--week', '2023-W51', '--wait')
  await keep('retrain-archived', 'retrain-2023-W51')
  const events = new KnexEventStore({ kind: 'sqlite', path: eventsPath })
  await events.prepare()
  await events.append([
    {
      eventId: 'told',
      type: 'viewing',
      userId: '1',
      programId: '101',
      atMs: Date.parse('2023-12-14T12:00:00Z'),
      localTime: '2023-12-14 21:00:00',
      episode: null,
      watchedSeconds: 600,
      lengthSeconds: 1200,
    },
  ])
  await events.close()
  await matinee('run', '--week', '2023-W51', '--wait')
  await keep('retrain-with-events', 'retrain-2023-W51')
  await matinee('run', '--week', '2030-W01')
  for await (const { workflowId, status } of client.workflow.list({ query: `WorkflowType = 'weeklyRetraining'` }))
    await keep(`weekly-${status.name === 'FAILED' ? 'refused' : workflowId.includes('W51') ? 'archived' : 'published'}`, workflowId)

  await matinee('schedule', 'apply')
  await matinee('schedule', 'trigger', 'catalogue')
  const refreshed = await waitFor('the catalogue', async () => {
    for await (const { workflowId } of client.workflow.list({
      query: `WorkflowType = 'refreshCatalogue' AND ExecutionStatus = 'Completed'`,
    }))
      return workflowId
    return undefined
  })
  await keep('refresh-catalogue', refreshed)

  await matinee('schedule', 'backfill', '--from', '2023-W50', '--to', '2023-W50')
  await waitFor(
    'the backfill',
    async () =>
      client.workflow
        .getHandle('retrain-2023-W50')
        .result()
        .catch(() => undefined),
    120_000,
  )
  for await (const { workflowId } of client.workflow.list({
    query: `WorkflowType = 'weeklyRetraining' AND WorkflowId STARTS_WITH 'matinee-weekly'`,
  }))
    await keep('weekly-scheduled', workflowId)
} finally {
  await pipeline.stop()
}
