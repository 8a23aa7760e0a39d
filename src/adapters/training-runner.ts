/**
 * Runs training jobs in child processes, and minds them: progress, stop, a death without a word. Jobs that follow each other share a
 * process; one that failed or was stopped is the last of its own.
 */
import { fork, type ChildProcess } from 'node:child_process'
import { MatineeError, type ErrorCode, errorKinds } from '../contracts/errors.ts'
import type { TrainingJobKind, TrainingJobs, TrainingRunner } from '../contracts/ports.ts'
import type { TrainHeartbeat } from '../contracts/run.ts'
import type { StoreLocation } from '../config/locations.ts'

/** What a training process may know: where things lie and what it may use. No database, no key. */
export interface TrainingProcessSetup {
  readonly store: StoreLocation
  readonly scratchDirectory: string
  readonly memoryMib: number
  readonly threads: number
  readonly searchSeconds: number
  readonly searchFits: number
}

export interface StartMessage {
  readonly kind: TrainingJobKind
  readonly input: unknown
  readonly setup: TrainingProcessSetup
}

export type ProcessMessage =
  | { readonly type: 'progress'; readonly progress: TrainHeartbeat }
  /** `waits`: for another job. Otherwise, and after an error, the process ends. */
  | { readonly type: 'result'; readonly result: unknown; readonly waits: boolean }
  | {
      readonly type: 'error'
      readonly code: ErrorCode
      readonly message: string
      readonly details: Record<string, string | number | boolean>
    }

const STOP_GRACE_MS = 5000
/** Steps of a run follow each other within a second: their process starts once, and reads the week's features once. */
export const IDLE_MS = 10_000

export interface RunnerOptions {
  /** How long a process that ended its job well waits for another, in milliseconds. */
  readonly idleMs?: number
}

interface TrainingProcess {
  readonly child: ChildProcess
  /** The end of what it wrote to its standard error. */
  readonly lastWords: () => string
}

/** One job at a time. */
export class ChildProcessRunner implements TrainingRunner {
  readonly #entry: string
  readonly #setup: TrainingProcessSetup
  readonly #idleMs: number
  #idle: (TrainingProcess & { readonly timer: NodeJS.Timeout }) | undefined

  /** `entry` is the module that the process starts with. */
  constructor(entry: string, setup: TrainingProcessSetup, { idleMs = IDLE_MS }: RunnerOptions = {}) {
    this.#entry = entry
    this.#setup = setup
    this.#idleMs = idleMs
  }

  async run<Kind extends TrainingJobKind>(
    kind: Kind,
    input: TrainingJobs[Kind]['input'],
    { onProgress, signal }: { readonly onProgress: (progress: TrainHeartbeat) => void; readonly signal: AbortSignal },
  ): Promise<TrainingJobs[Kind]['result']> {
    signal.throwIfAborted()
    const { child, lastWords } = this.#takeIdle() ?? this.#start()
    let killTimer: NodeJS.Timeout | undefined
    const stop = (): void => {
      child.kill('SIGTERM')
      killTimer = setTimeout(() => child.kill('SIGKILL'), STOP_GRACE_MS)
    }
    signal.addEventListener('abort', stop, { once: true })
    const listeners = new AbortController()
    try {
      return await new Promise<TrainingJobs[Kind]['result']>((resolve, reject) => {
        let answer: ProcessMessage | undefined
        const onMessage = (message: ProcessMessage): void => {
          if (message.type === 'progress') onProgress(message.progress)
          else answer = message
          if (message.type !== 'result' || !message.waits || signal.aborted) return
          this.#keep({ child, lastWords })
          resolve(message.result as TrainingJobs[Kind]['result'])
        }
        const onError = (cause: Error): void =>
          reject(new MatineeError('training_failed', `the ${kind} process cannot start: ${cause.message}`, { cause }))
        const onExit = (code: number | null, killedBy: NodeJS.Signals | null): void => {
          if (signal.aborted) reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'))
          else if (answer?.type === 'result') resolve(answer.result as TrainingJobs[Kind]['result'])
          else if (answer?.type === 'error') reject(new MatineeError(knownCode(answer.code), answer.message, { details: answer.details }))
          else reject(endedWithoutAnswer(kind, code, killedBy, lastWords()))
        }
        child.on('message', onMessage).once('error', onError).once('exit', onExit)
        listeners.signal.addEventListener('abort', () => child.off('message', onMessage).off('error', onError).off('exit', onExit))
        child.send({ kind, input, setup: this.#setup } satisfies StartMessage, (cause) => {
          if (cause !== null) reject(new MatineeError('training_failed', `the ${kind} process took no job: ${cause.message}`, { cause }))
        })
      })
    } finally {
      listeners.abort()
      signal.removeEventListener('abort', stop)
      clearTimeout(killTimer)
    }
  }

  /** Ends a process that waits. */
  close(): void {
    this.#takeIdle()?.child.disconnect()
  }

  #start(): TrainingProcess {
    // Detached: a Ctrl-C in the terminal reaches the whole process group, and children are to end in order, by us.
    const child = fork(this.#entry, { detached: true, stdio: ['ignore', 'inherit', 'pipe', 'ipc'] })
    return { child, lastWords: tailOf(child) }
  }

  #keep({ child, lastWords }: TrainingProcess): void {
    this.#idle = { child, lastWords, timer: setTimeout(() => this.close(), this.#idleMs) }
  }

  /** Undefined where none waits, or the one that did has ended meanwhile. */
  #takeIdle(): TrainingProcess | undefined {
    const idle = this.#idle
    this.#idle = undefined
    clearTimeout(idle?.timer)
    return idle?.child.connected === true ? idle : undefined
  }
}

const knownCode = (code: ErrorCode): ErrorCode => (code in errorKinds ? code : 'internal')

/** Collects the end of what a process writes to its standard error, and passes it on. */
function tailOf(child: ChildProcess): () => string {
  let tail = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    process.stderr.write(text)
    tail = (tail + text).slice(-2000)
  })
  return () => tail.trim()
}

function endedWithoutAnswer(kind: TrainingJobKind, code: number | null, killedBy: NodeJS.Signals | null, lastWords: string): MatineeError {
  const how = killedBy === null ? `exit code ${code}` : `signal ${killedBy}`
  const memory = killedBy === 'SIGKILL' ? '; if nobody killed it, the machine ran out of memory: lower MATINEE_MEMORY_MIB' : ''
  const said = lastWords === '' ? '' : `; its last words: ${lastWords.split('\n').slice(-3).join(' / ')}`
  return new MatineeError('training_failed', `the ${kind} process ended with ${how} and no result${memory}${said}`)
}
