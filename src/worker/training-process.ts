/** The process in which one training job runs: takes the job from its parent, tells progress, leaves results in the store. */
import { DuckDbEngine } from '../adapters/columns/duckdb.ts'
import { readFeatures } from '../adapters/columns/read-features.ts'
import { WorkerKernelThreads } from '../adapters/kernel-threads.ts'
import { openStore } from '../adapters/object-store/open-store.ts'
import type { ProcessMessage, StartMessage } from '../adapters/training-runner.ts'
import { evaluateJob } from '../activities/jobs/evaluate-job.ts'
import type { JobPorts } from '../activities/jobs/job-ports.ts'
import { searchJob } from '../activities/jobs/search-job.ts'
import { trainFinalJob } from '../activities/jobs/train-final-job.ts'
import { trainJob } from '../activities/jobs/train-job.ts'
import { questionnaireJobs } from '../activities/questionnaire/questionnaire-activities.ts'
import { MatineeError } from '../contracts/errors.ts'
import type { TrainingJobKind, TrainingJobs } from '../contracts/ports.ts'

type Job<Kind extends TrainingJobKind> = (input: TrainingJobs[Kind]['input'], ports: JobPorts) => Promise<TrainingJobs[Kind]['result']>
const jobs: { readonly [Kind in TrainingJobKind]: Job<Kind> } = {
  search: searchJob,
  train: trainJob,
  evaluate: evaluateJob,
  trainFinal: trainFinalJob,
  ...questionnaireJobs,
}

const send = (message: ProcessMessage): Promise<void> =>
  new Promise((resolve) => {
    if (process.send === undefined || !process.connected) process.exit(1)
    process.send(message, () => resolve())
  })

// A parent that is gone (kill -9) takes no result: what the store has is what the next attempt goes on from.
process.on('disconnect', () => process.exit(1))
let stopping = false
process.on('SIGTERM', () => {
  stopping = true
})

async function main({ kind, input, setup }: StartMessage): Promise<void> {
  let progress: ProcessMessage = { type: 'progress', progress: { phase: 'reading data' } }
  // One a second, whether or not something moved: it says that the process lives.
  const pulse = setInterval(() => void send(progress), 1000)
  const store = openStore(setup.store)
  const ports: JobPorts = {
    store,
    columns: new DuckDbEngine(setup),
    readFeatures: (features, options) => readFeatures(store, features, { ...setup, ...options }),
    report: (next) => {
      progress = { type: 'progress', progress: next }
    },
    breathe: async () => {
      await new Promise((resolve) => setImmediate(resolve))
      if (stopping) process.exit(143)
    },
    threads: new WorkerKernelThreads(setup.threads),
    memoryMib: setup.memoryMib,
    searchSeconds: setup.searchSeconds,
    monotonicMs: () => performance.now(),
  }
  try {
    const run = jobs[kind] as Job<TrainingJobKind>
    const result = await run(input as TrainingJobs[TrainingJobKind]['input'], ports)
    await send({ type: 'result', result })
  } catch (error) {
    await send(toMessage(error))
  } finally {
    clearInterval(pulse)
    process.disconnect()
  }
}

function toMessage(error: unknown): ProcessMessage {
  if (error instanceof MatineeError) return { type: 'error', code: error.code, message: error.message, details: { ...error.details } }
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`)
  return { type: 'error', code: 'internal', message: error instanceof Error ? error.message : String(error), details: {} }
}

process.once('message', (message) => void main(message as StartMessage))
