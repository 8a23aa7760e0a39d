/** The servers that are compared: each a process of its own, on the first core. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { freePort } from '../../src/adapters/tools/free-port.ts'
import { MatineeError } from '../../src/contracts/errors.ts'
import { serverCore } from './load.ts'

const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url))
const readyWithinMs = 120_000
/** As the server itself starts, see bin/matinee.mjs. */
export const nodeFlags = [
  '--max-semi-space-size=4',
  '--initial-old-space-size=64',
  '--heap-growing-percent=25',
  '--no-allocation-site-pretenuring',
]

export interface Server {
  readonly url: string
  readonly startToReadyMs: number
  /** Of its processor time so far. */
  processorSeconds(): number
  residentMib(): number
  /** The most since `forgetPeak`, or since the start. */
  peakMib(): number
  forgetPeak(): void
  /** It gets no processor until it is resumed: nor for what it would do while it waits. */
  pause(): void
  resume(): void
  stop(): Promise<void>
}

interface Command {
  readonly program: string
  readonly args: (port: number) => readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  /** Answers 200 once the server is ready. */
  readonly readyPath: string
  readonly cwd: string
}

export interface ApiPlaces {
  /** The path of bin/matinee.mjs as it was installed. */
  readonly command: string
  readonly store: string
  readonly folder: string
  readonly poll?: number
}

export const startApi = ({ command, store, folder, poll = 1 }: ApiPlaces): Promise<Server> =>
  startServer({
    program: process.execPath,
    args: () => [...nodeFlags, command, 'api', '--copy', join(folder, 'copy'), '--poll', String(poll)],
    environment: { MATINEE_STORE_URL: `file:${store}`, MATINEE_EVENTS_URL: `sqlite:${join(folder, 'events.db')}` },
    readyPath: '/readyz',
    cwd: folder,
  })

/** @param kind `bare`: with the API's headers, log, access and times; `plain`: Fastify and nothing else */
export const startBare = (kind: 'bare' | 'plain', bytes: number, folder: string): Promise<Server> =>
  startServer({
    program: process.execPath,
    args: (port) => [...nodeFlags, path('bare.ts'), kind, String(port), String(bytes)],
    environment: { MALLOC_ARENA_MAX: '1' },
    readyPath: '/ready',
    cwd: folder,
  })

export const startFastApi = (programs: string, modelFolder: string, folder: string): Promise<Server> =>
  startServer({
    program: join(programs, 'uvicorn'),
    args: (port) => ['--app-dir', path('.'), '--port', String(port), '--no-access-log', '--log-level', 'warning', 'fastapi_service:app'],
    environment: { MODEL: modelFolder, OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1' },
    readyPath: '/readyz',
    cwd: folder,
  })

async function startServer({ program, args, environment = {}, readyPath, cwd }: Command): Promise<Server> {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const started = performance.now()
  const child = spawn('taskset', ['-c', serverCore, program, ...args(port)], {
    cwd,
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], MATINEE_API_PORT: String(port), ...environment },
    stdio: ['ignore', 'ignore', 'ignore'],
  })
  while (!(await isReady(`${url}${readyPath}`))) {
    if (child.exitCode !== null || performance.now() - started > readyWithinMs)
      throw new MatineeError('internal', `${program} does not become ready (exit code ${child.exitCode})`)
    await delay(5)
  }
  return {
    url,
    startToReadyMs: performance.now() - started,
    ...resourcesOf(child),
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    stop: () => stop(child),
  }
}

const isReady = (url: string): Promise<boolean> =>
  fetch(url).then(
    ({ ok }) => ok,
    () => false,
  )

function resourcesOf({ pid }: ChildProcess): Omit<Server, 'url' | 'startToReadyMs' | 'pause' | 'resume' | 'stop'> {
  const mib = (field: string): number =>
    Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024
  return {
    processorSeconds: () => {
      // After the program's name, which may hold spaces: user and system time are the 12th and 13th field, in hundredths of a second.
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
        .replace(/^.*\) /s, '')
        .split(' ')
      return (Number(fields[11]) + Number(fields[12])) / 100
    },
    residentMib: () => mib('VmRSS'),
    peakMib: () => mib('VmHWM'),
    forgetPeak: () => writeFileSync(`/proc/${pid}/clear_refs`, '5'),
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGTERM')
  child.kill('SIGCONT') // one that is paused would not hear of its end
  await once(child, 'exit')
}
