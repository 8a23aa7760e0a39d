/** The process in which training jobs run, one after the other: takes each from its parent, tells progress, leaves results in the store. */
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
import type { Features, ObjectStore, TrainingJobKind, TrainingJobs } from '../contracts/ports.ts'
import type { FeaturesRef } from '../contracts/run.ts'
import type { Week } from '../contracts/week.ts'

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
let isBusy = false
let stopping = false
process.on('SIGTERM', () => {
  if (!isBusy) process.exit(143)
  stopping = true
})

/** A process that holds a larger share of its memory ends after its job, so that the next one has all of it. */
const MOST_KEPT_SHARE = 0.5

/** What jobs of one process share: threads, and the features that the last of them read. */
class Setting {
  readonly setup: StartMessage['setup']
  readonly store: ObjectStore
  readonly columns: DuckDbEngine
  readonly threads: WorkerKernelThreads
  #features: { readonly digest: string; readonly week: Week; readonly data: Features } | undefined

  constructor(setup: StartMessage['setup']) {
    this.setup = setup
    this.store = openStore(setup.store)
    this.columns = new DuckDbEngine(setup)
    this.threads = new WorkerKernelThreads(setup.threads)
  }

  /** The weekly pairs are read with the rest, since some job of a run wants them; one that does not, does not see them. */
  async readFeatures({ week, digest }: FeaturesRef, weekly = false): Promise<Features> {
    if (this.#features?.digest !== digest || this.#features.week !== week) {
      this.#features = undefined
      this.#features = { week, digest, data: await readFeatures(this.store, { week, digest }, { ...this.setup, weekly: true }) }
    }
    const { data } = this.#features
    if (weekly) return data
    const { weekly: _weekly, ...rest } = data
    return rest
  }

  hasRoom(): boolean {
    return process.memoryUsage.rss() < MOST_KEPT_SHARE * this.setup.memoryMib * 2 ** 20
  }
}

let setting: Setting | undefined

async function main({ kind, input, setup }: StartMessage): Promise<void> {
  let progress: ProcessMessage = { type: 'progress', progress: { phase: 'reading data' } }
  // One a second, whether or not something moved: it says that the process lives.
  const pulse = setInterval(() => void send(progress), 1000)
  const shared = (setting ??= new Setting(setup))
  const { store, columns, threads } = shared
  const ports: JobPorts = {
    store,
    columns,
    readFeatures: (features, options) => shared.readFeatures(features, options?.weekly),
    report: (next) => {
      progress = { type: 'progress', progress: next }
    },
    breathe: async () => {
      await new Promise((resolve) => setImmediate(resolve))
      if (stopping) process.exit(143)
    },
    threads,
    memoryMib: setup.memoryMib,
    searchSeconds: setup.searchSeconds,
    searchFits: setup.searchFits,
    monotonicMs: () => performance.now(),
  }
  let waits = false
  isBusy = true
  try {
    const run = jobs[kind] as Job<TrainingJobKind>
    const result = await run(input as TrainingJobs[TrainingJobKind]['input'], ports)
    waits = !stopping && shared.hasRoom()
    isBusy = false
    await send({ type: 'result', result, waits })
  } catch (error) {
    await send(toMessage(error))
  } finally {
    clearInterval(pulse)
    if (!waits) process.disconnect()
  }
}

function toMessage(error: unknown): ProcessMessage {
  if (error instanceof MatineeError) return { type: 'error', code: error.code, message: error.message, details: { ...error.details } }
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`)
  return { type: 'error', code: 'internal', message: error instanceof Error ? error.message : String(error), details: {} }
}

// One after the other: the next comes when the result of the last is there.
process.on('message', (message) => void main(message as StartMessage))
