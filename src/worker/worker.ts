/** The worker: joins activities to adapters, and runs the two queues until it is told to stop. */
import { DefaultLogger, Runtime, Worker, type NativeConnection, type WorkerOptions, type WorkflowBundle } from '@temporalio/worker'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino, { type Logger } from 'pino'
import { DuckDbEngine } from '../adapters/columns/duckdb.ts'
import { eventTableNames } from '../adapters/database/event-store.ts'
import { KnexSourceDatabase } from '../adapters/database/source.ts'
import { openStore } from '../adapters/object-store/open-store.ts'
import { connectWorker } from '../adapters/temporal/connect-worker.ts'
import { connectClient, ensureSearchAttributes } from '../adapters/temporal/connect.ts'
import { Webhook } from '../adapters/webhook.ts'
import { ChildProcessRunner } from '../adapters/training-runner.ts'
import { ActivityFailureInterceptor } from '../activities/activity-failure.ts'
import { createPipelineActivities, createTrainingActivities } from '../activities/create-activities.ts'
import { trainingTaskQueue } from '../contracts/temporal-names.ts'
import type { Config } from '../config/environment.ts'
import { programFile } from '../project-files.ts'
import { codeVersion } from './code-version.ts'
import { loadWorkflowBundle } from './workflow-bundle.ts'

/** Four extractions side by side, each with so much for one week's rows, leave a worker far below a GiB. */
const MOST_EXTRACT_MIB = 128
const SHUTDOWN_GRACE = '10 seconds'

/** Runs until SIGINT, SIGTERM or a lost namespace; then lets what runs stop in order. @throws MatineeError `temporal_unreachable`. */
export async function runWorker(config: Config): Promise<void> {
  const log = pino({ name: 'worker' })
  installRuntime(log)
  const client = await connectClient(config.temporal)
  await ensureSearchAttributes(client)
  await client.connection.close()

  const connection = await connectWorker(config.temporal)
  const scratchDirectory = await mkdtemp(join(tmpdir(), 'matinee-worker-'))
  const store = openStore(config.store)
  const source = new KnexSourceDatabase(config.database, config.timeZone, { names: config.columnMapping })
  const events = config.events && new KnexSourceDatabase(config.events, config.timeZone, { names: eventTableNames })
  const runner = new ChildProcessRunner(programFile('worker/training-process'), {
    store: config.store, scratchDirectory, memoryMib: config.memoryMib, threads: config.trainingThreads, searchSeconds: config.searchSeconds, searchFits: config.searchFits,
  }) // prettier-ignore
  try {
    const { bundle, origin } = await loadWorkflowBundle()
    const workers = await createWorkers(config, connection, bundle, {
      pipeline: createPipelineActivities({
        store,
        source,
        events,
        columns: new DuckDbEngine({ memoryMib: config.memoryMib, threads: config.trainingThreads, scratchDirectory }),
        extractColumns: new DuckDbEngine({ memoryMib: Math.min(MOST_EXTRACT_MIB, config.memoryMib / 8), threads: 1, scratchDirectory }),
        codeVersion,
        timeZone: config.timeZone,
        firstWeek: config.firstWeek,
        clock: { now: () => Date.now() },
        thresholds: config.gate,
        notifier: new Webhook(config.webhookUrl),
      }),
      training: createTrainingActivities(runner, config.searchSeconds > 0),
    })
    log.info({ taskQueue: config.taskQueue, workflows: origin, temporal: config.temporal.address, namespace: config.temporal.namespace, store: store.location, source: source.location }, 'worker is ready') // prettier-ignore
    await Promise.all(workers.map((worker) => worker.run()))
    log.info('worker has stopped')
  } finally {
    runner.close()
    await source.close()
    await events?.close()
    await connection.close()
    await rm(scratchDirectory, { recursive: true, force: true })
  }
}

interface Activities {
  readonly pipeline: ReturnType<typeof createPipelineActivities>
  readonly training: ReturnType<typeof createTrainingActivities>
}

async function createWorkers(
  config: Config,
  connection: NativeConnection,
  workflowBundle: WorkflowBundle,
  { pipeline, training }: Activities,
): Promise<Worker[]> {
  const common = {
    connection,
    namespace: config.temporal.namespace,
    shutdownGraceTime: SHUTDOWN_GRACE,
    // Cancellation and pause arrive with heartbeats: those must not be held back for long.
    maxHeartbeatThrottleInterval: '2 seconds',
    interceptors: { activity: [() => ({ inbound: new ActivityFailureInterceptor() })] },
  } satisfies Partial<WorkerOptions>
  return Promise.all([
    Worker.create({ ...common, taskQueue: config.taskQueue, activities: { ...pipeline }, workflowBundle }),
    Worker.create({
      ...common,
      taskQueue: trainingTaskQueue(config.taskQueue),
      activities: { ...training },
      maxConcurrentActivityTaskExecutions: 1,
    }),
  ])
}

/** The SDK's own log lines go where ours go. */
function installRuntime(log: Logger): void {
  const levels = { TRACE: 'trace', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const
  Runtime.install({
    logger: new DefaultLogger('INFO', ({ level, message, meta }) => {
      log[levels[level]]({ ...meta }, message)
    }),
  })
}
