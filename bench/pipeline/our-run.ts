/** One weekly run of ours, from the source to an API that answers with the new model. Servers are up before it begins. */
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Type } from 'typebox'
import { Value } from 'typebox/value'
import { findRun, progressOf, startRun } from '../../src/adapters/temporal/runs.ts'
import { IDLE_MS } from '../../src/adapters/training-runner.ts'
import { freePort } from '../../src/adapters/tools/free-port.ts'
import { startServerProcess, type ServerProcess } from '../../src/adapters/tools/server-process.ts'
import { WeekMetrics, type SplitResult } from '../../src/contracts/documents.ts'
import { MatineeError } from '../../src/contracts/errors.ts'
import type { StagesProgress } from '../../src/contracts/run.ts'
import { storeKeys } from '../../src/contracts/store-keys.ts'
import { readDocument } from '../../src/contracts/stored-documents.ts'
import type { Week } from '../../src/contracts/week.ts'
import { main } from '../../test/support/command-line.ts'
import { startPipeline, type Pipeline } from '../../test/support/pipeline.ts'
import { watchMemory } from '../support/resident-memory.ts'
import type { MeasuredModel, TimedRun } from './timed-run.ts'

const host = '127.0.0.1'
const LOOK_MS = 50
/** From publishing to serving takes seconds: more means that it never will. */
const SERVED_WITHIN_MS = 60_000
/** In a week a worker lets go of the training process that it keeps for steps that follow. */
const LET_GO_MS = IDLE_MS + 2000

export interface OurSetup {
  readonly databaseUrl: string
  readonly week: Week
  /** A week whose run comes before the clock starts, and leaves its logs in the store. Without it the store is empty. */
  readonly after?: Week
  /** For whom the API is asked. */
  readonly user: string
  readonly memoryMib: number
}

export async function timeOurRun({ databaseUrl, week, after, user, memoryMib }: OurSetup): Promise<TimedRun> {
  const port = await freePort()
  const pipeline = await startPipeline({
    MATINEE_DATABASE_URL: databaseUrl,
    MATINEE_MEMORY_MIB: String(memoryMib),
    MATINEE_API_HOST: host,
    MATINEE_API_PORT: String(port),
  })
  try {
    const worker = await pipeline.startWorker()
    const api = await startApi(pipeline, port)
    try {
      if (after !== undefined) {
        await serves(port, user, (await runWeek(pipeline, after)).version)
        await delay(LET_GO_MS)
      }
      const memory = watchMemory(worker.pid)
      const started = performance.now()
      const { workflowId, version } = await runWeek(pipeline, week)
      await serves(port, user, version)
      const seconds = (performance.now() - started) / 1000
      const peakMiB = memory.stop()
      const { splits } = await readDocument(pipeline.store, WeekMetrics, storeKeys.metrics(week, version))
      const stages = secondsOfStages(await progressOf(await findRun(pipeline.client, workflowId)), seconds)
      return {
        seconds,
        ...(peakMiB === undefined ? {} : { peakMiB }),
        fetchSeconds: stages['extract'] ?? 0,
        stages,
        quality: qualityOf(splits),
      }
    } finally {
      await api.stop()
    }
  } finally {
    await pipeline.stop()
  }
}

function startApi({ directory, environment }: Pipeline, port: number): Promise<ServerProcess> {
  return startServerProcess(
    {
      name: 'the API',
      command: process.execPath,
      args: [main(), '--environment', 'none', 'api', '--copy', join(directory, 'serving')],
      environment,
      logPath: join(directory, 'api.log'),
      probe: async () => (await fetch(`http://${host}:${port}/healthz`)).text(),
    },
    'run_state',
  )
}

async function runWeek({ client, config }: Pipeline, week: Week): Promise<{ readonly workflowId: string; readonly version: string }> {
  const run = await startRun(client, config.taskQueue, { week, onBreach: 'record', holdHours: config.holdHours })
  const result = await run.result()
  if (result.outcome !== 'published' || result.version === undefined)
    throw new MatineeError('run_state', `the run of week ${week} ended as ${result.outcome}`)
  return { workflowId: result.workflowId, version: result.version }
}

/** Until a subscriber's list is of this version. */
async function serves(port: number, user: string, version: string): Promise<void> {
  const Answer = Type.Object({ model: Type.String() })
  const deadline = performance.now() + SERVED_WITHIN_MS
  for (;;) {
    const answer: unknown = await (await fetch(`http://${host}:${port}/v1/users/${user}/recommendations?k=10`)).json()
    if (Value.Check(Answer, answer) && answer.model === version) return
    if (performance.now() > deadline) throw new MatineeError('run_state', `the API does not serve ${version}`)
    await delay(LOOK_MS)
  }
}

/** What is of no stage is Temporal's and the API's: starting, handing on, taking up the new model. */
function secondsOfStages({ stages }: StagesProgress, seconds: number): Readonly<Record<string, number>> {
  const spans = stages.map(({ name, startedAtMs = 0, endedAtMs = 0 }) => [name, (endedAtMs - startedAtMs) / 1000] as const)
  return Object.fromEntries([...spans, ['start and take-up', seconds - spans.reduce((sum, [, span]) => sum + span, 0)]])
}

const qualityOf = (splits: readonly SplitResult[]): readonly MeasuredModel[] =>
  splits
    .filter(({ kind }) => kind === 'random')
    .flatMap(({ candidates }) => candidates)
    .map(({ candidate, metrics }) => ({
      model: candidate,
      precisionAt10: metrics['precision@10'] ?? NaN,
      recallAt10: metrics['recall@10'] ?? NaN,
    }))
