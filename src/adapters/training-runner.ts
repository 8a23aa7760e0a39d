/** Runs training jobs in child processes, and minds them: progress, stop, a death without a word. */
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
}

export interface StartMessage {
  readonly kind: TrainingJobKind
  readonly input: unknown
  readonly setup: TrainingProcessSetup
}

export type ProcessMessage =
  | { readonly type: 'progress'; readonly progress: TrainHeartbeat }
  | { readonly type: 'result'; readonly result: unknown }
  | {
      readonly type: 'error'
      readonly code: ErrorCode
      readonly message: string
      readonly details: Record<string, string | number | boolean>
    }

const STOP_GRACE_MS = 5000

export class ChildProcessRunner implements TrainingRunner {
  readonly #entry: string
  readonly #setup: TrainingProcessSetup

  /** `entry` is the module that the process starts with. */
  constructor(entry: string, setup: TrainingProcessSetup) {
    this.#entry = entry
    this.#setup = setup
  }

  async run<Kind extends TrainingJobKind>(
    kind: Kind,
    input: TrainingJobs[Kind]['input'],
    { onProgress, signal }: { readonly onProgress: (progress: TrainHeartbeat) => void; readonly signal: AbortSignal },
  ): Promise<TrainingJobs[Kind]['result']> {
    signal.throwIfAborted()
    // Detached: a Ctrl-C in the terminal reaches the whole process group, and children are to end in order, by us.
    const child = fork(this.#entry, { detached: true, stdio: ['ignore', 'inherit', 'pipe', 'ipc'] })
    const lastWords = tailOf(child)
    let killTimer: NodeJS.Timeout | undefined
    const stop = (): void => {
      child.kill('SIGTERM')
      killTimer = setTimeout(() => child.kill('SIGKILL'), STOP_GRACE_MS)
    }
    signal.addEventListener('abort', stop, { once: true })
    try {
      return await new Promise<TrainingJobs[Kind]['result']>((resolve, reject) => {
        let answer: ProcessMessage | undefined
        child.on('message', (message: ProcessMessage) => {
          if (message.type === 'progress') onProgress(message.progress)
          else answer = message
        })
        child.once('error', (cause) =>
          reject(new MatineeError('training_failed', `the ${kind} process cannot start: ${cause.message}`, { cause })),
        )
        child.once('exit', (code, killedBy) => {
          if (signal.aborted) reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'))
          else if (answer?.type === 'result') resolve(answer.result as TrainingJobs[Kind]['result'])
          else if (answer?.type === 'error') reject(new MatineeError(knownCode(answer.code), answer.message, { details: answer.details }))
          else reject(endedWithoutAnswer(kind, code, killedBy, lastWords()))
        })
        child.send({ kind, input, setup: this.#setup } satisfies StartMessage, (cause) => {
          if (cause !== null) reject(new MatineeError('training_failed', `the ${kind} process took no job: ${cause.message}`, { cause }))
        })
      })
    } finally {
      signal.removeEventListener('abort', stop)
      clearTimeout(killTimer)
    }
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
