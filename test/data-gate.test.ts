/** The data gate, from the source's tables to a person's answer and the webhook. */
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import test, { after, before } from 'node:test'
import { connect } from '../src/adapters/database/connect.ts'
import { LatestModel } from '../src/contracts/documents.ts'
import type { RetrainWeekResult } from '../src/contracts/run.ts'
import { storeKeys } from '../src/contracts/store-keys.ts'
import { readDocument } from '../src/contracts/stored-documents.ts'
import { parseWeek } from '../src/contracts/week.ts'
import { goldenLogs, startPipeline, type Pipeline } from './support/pipeline.ts'
import { startWebhook, type TestWebhook } from './support/webhook.ts'
import { waitFor } from './support/wait-for.ts'

const week = parseWeek('2023-W52')

let pipeline: Pipeline
let webhook: TestWebhook

before(async () => {
  webhook = await startWebhook()
  pipeline = await startPipeline({ MATINEE_WEBHOOK_URL: webhook.url })
  assert.equal((await pipeline.matinee('import', 'csv', goldenLogs)).exitCode, 0)
  await pipeline.startWorker()
})
after(async () => {
  await pipeline.stop()
  webhook.stop()
})

const told = (): string[] => webhook.told.map(({ event, week: of }) => `${event} ${of}`)

async function halveTheWeek(): Promise<void> {
  const database = connect(pipeline.config.database)
  for (const table of ['vods_sumut', 'contlog'])
    await database(table).whereRaw("log_dt >= '2023-12-25' and log_dt < '2024-01-01' and rowid % 2 = 0").delete()
  await database.destroy()
}

const hold = (holdHours: number) =>
  pipeline.client.workflow.start<(input: object) => Promise<RetrainWeekResult>>('retrainWeek', {
    workflowId: `retrain-${week}`,
    taskQueue: pipeline.config.taskQueue,
    args: [{ week, onBreach: 'hold', holdHours }],
  })

const isHeld = async (): Promise<true | undefined> => {
  const { stdout } = await pipeline.matinee('status', week)
  return stdout.includes('held') ? true : undefined
}

test('a whole week passes; one that lacks half of its rows does not, with its figures', async () => {
  const whole = await pipeline.matinee('check-data', '--week', week)
  assert.equal(whole.exitCode, 0, whole.stdout + whole.stderr)
  assert.match(whole.stdout, /2023-W52: nothing found/)
  await halveTheWeek()
  const half = await pipeline.matinee('check-data', '--week', week, '--json')
  assert.equal(half.exitCode, 1, half.stderr)
  assert.match(half.stdout, /"check":"viewings: too few","detail":"\d+ usable rows, [345]\d\.\d % of the median of the 3 weeks before/)
  assert.match(half.stdout, /"examples":\{"bad_duration":\[\{"subsr_id"/)
})

const serving = async (): Promise<string> => (await readDocument(pipeline.store, LatestModel, storeKeys.modelLatest)).version

test('a held run ends at its deadline, or by an answer; the webhook hears of it, and the model of the week before goes on serving', async () => {
  const earlier = await pipeline.matinee('run', '--week', '2023-W51', '--wait', '--json')
  assert.equal(earlier.exitCode, 0, earlier.stderr)
  const { version } = JSON.parse(earlier.stdout)
  assert.deepEqual(told(), ['published 2023-W51'])
  webhook.told.length = 0
  const late = await hold(0.0005)
  assert.match((await late.result()).reason, /nobody answered/)

  const rejected = await hold(1)
  await waitFor('the hold', isHeld)
  assert.equal((await pipeline.matinee('reject', week, '--reason', 'the export stopped on Wednesday')).exitCode, 0)
  const rejection = await rejected.result()
  assert.deepEqual([rejection.outcome, rejection.reason.endsWith('the export stopped on Wednesday')], ['rejected', true])
  assert.equal(await serving(), version)

  const approved = await hold(1)
  await waitFor('the hold', isHeld)
  assert.equal(await serving(), version)
  assert.equal((await pipeline.matinee('approve', week, '--reason', 'holidays')).exitCode, 0)
  const approval = await approved.result()
  assert.equal(approval.outcome, 'published')
  assert.equal(await serving(), approval.version)
  assert.deepEqual(told(), [`held ${week}`, `held ${week}`, `held ${week}`, `published ${week}`])
})

test('a run that only records breaches does not wait, and a threshold can be changed', async () => {
  const recorded = await pipeline.matinee('run', '--week', week, '--wait', '--record-breaches')
  assert.equal(recorded.exitCode, 0, recorded.stderr)
  const gate = `${pipeline.directory}/gate.json`
  await writeFile(gate, '{"least_volume": 0.2}')
  assert.equal((await pipeline.matineeWith({ MATINEE_DATA_GATE: gate }, 'check-data', '--week', week)).exitCode, 0)
  await writeFile(gate, '{"least_volumes": 0.2}')
  const wrong = await pipeline.matineeWith({ MATINEE_DATA_GATE: gate }, 'check-data', '--week', week)
  assert.equal(wrong.exitCode, 2)
  assert.match(wrong.stderr, /MATINEE_DATA_GATE.*least_volume/)
})
