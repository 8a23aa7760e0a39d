/** A server as a child process: own process group, output in a file, stopped in order, never longer-lived than this process. */
import { spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { mkdir, readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Environment } from '../../config/environment.ts'
import type { ErrorCode } from '../../contracts/errors.ts'
import { MatineeError } from '../../contracts/errors.ts'

export interface ServerProcess {
  /** Of the process group that holds the server and its keeper. */
  readonly pid: number
  /** Settles when the server and its keeper are gone. */
  readonly exited: Promise<void>
  readonly running: boolean
  /** SIGTERM, then SIGKILL after the grace time. Resolves when it is gone; again is no error. */
  stop(): Promise<void>
  /** SIGKILL at once, as a power cut would. */
  kill(): Promise<void>
}

export interface ServerCommand {
  /** For people: `Temporal dev server`. */
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  readonly environment: Environment
  /** Output is appended here; the folder is created. */
  readonly logPath: string
  /** How long an orderly stop may take. */
  readonly graceMs?: number
  /** One try of whether it serves; an error means not yet. */
  readonly probe: () => Promise<unknown>
  readonly startLimitMs?: number
}

const keeper = fileURLToPath(new URL('keeper.ts', import.meta.url))

/**
 * Starts a server and waits until `probe` succeeds. It is in a process group of its own, so that Ctrl-C in the
 * terminal reaches only us, and its keeper (keeper.ts) ends it when this process is gone, however that happened;
 * only a kill -9 of both at once leaves it behind.
 * @throws MatineeError with `code`, and the last line of its log, when it ends or does not serve in time.
 */
export async function startServerProcess(server: ServerCommand, code: ErrorCode): Promise<ServerProcess> {
  const { name, graceMs = 10_000, startLimitMs = 60_000 } = server
  await mkdir(dirname(server.logPath), { recursive: true })
  const log = openSync(server.logPath, 'a')
  // The dashes: Node takes an --env-file for its own wherever it stands before them.
  const child = spawn(process.execPath, ['--', keeper, String(graceMs), server.command, ...server.args], {
    detached: true,
    stdio: ['pipe', log, log],
    env: { ...server.environment },
  })
  closeSync(log)
  const lifeline = child.stdin
  lifeline?.on('error', () => {}) // it is only ever closed
  child.unref()

  const killGroup = (): void => {
    if (child.pid === undefined) return
    try {
      process.kill(process.platform === 'win32' ? child.pid : -child.pid, 'SIGKILL')
    } catch {
      // all of it has ended
    }
  }
  const endedWithin = async (limitMs: number): Promise<void> => {
    child.ref()
    const giveUp = setTimeout(killGroup, limitMs)
    await exited
    clearTimeout(giveUp)
  }
  let running = true
  let failure: unknown
  const exited = new Promise<void>((resolve) => {
    const gone = (error?: unknown): void => {
      running = false
      failure = error ?? failure
      killGroup() // should the keeper alone have been killed
      resolve()
    }
    child.once('error', gone)
    child.once('exit', () => gone())
  })
  const handle: ServerProcess = {
    pid: child.pid ?? 0,
    exited,
    get running() {
      return running
    },
    async stop() {
      lifeline?.destroy()
      await endedWithin(graceMs + 2000)
    },
    async kill() {
      child.kill('SIGUSR2')
      await endedWithin(2000)
    },
  }

  const deadline = performance.now() + startLimitMs
  while (handle.running) {
    try {
      await server.probe()
      return handle
    } catch (error) {
      failure = error
    }
    if (performance.now() > deadline) {
      await handle.kill()
      throw new MatineeError(code, `${name} did not serve within ${startLimitMs / 1000} s; its log is ${server.logPath}`, {
        cause: failure,
      })
    }
    await delay(50)
  }
  const lastLine = (await readFile(server.logPath, 'utf8')).trim().split('\n').at(-1) ?? ''
  throw new MatineeError(code, `${name} ended while starting: ${lastLine || 'it said nothing'}; its log is ${server.logPath}`, {
    cause: failure,
  })
}
