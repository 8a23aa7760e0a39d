/**
 * The client: vegeta (https://github.com/tsenart/vegeta), a process of its own on the second core. With a rate it is open-loop: a request's
 * latency counts from when it was due, so that one which had to wait for a connection, because the server or the client fell behind, has
 * waited (as in wrk2). Without a rate it asks as fast as it is answered.
 */
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { goInstall } from '../../src/adapters/tools/go-install.ts'
import { cacheFolder, executableName } from '../../src/adapters/tools/programs.ts'

const execute = promisify(execFile)
const version = 'v12.12.0'
export const [serverCore, clientCore] = ['0', '1'] as const
/** Connections that are open at once where no rate is given. */
const connections = 16
/** And where one is. New connections for whatever is late would cost a server that catches up more than the requests. */
const connectionsAtRate = 64
/**
 * On one core Go's collector stops what sends requests, which would be told as the server's latency: it runs only where this is full.
 */
const goSettings = { GOGC: 'off', GOMEMLIMIT: '4GiB' }

export interface Load {
  /** Requests a second; absent: as many as are answered. */
  readonly rate?: number
  readonly seconds: number
  /** Ends when each request was sent once; else they are sent again and again. */
  readonly once: boolean
}

export interface Measured {
  readonly requests: number
  /** Answered with anything but 200, or not at all. */
  readonly failed: number
  /** From the first request to the last answer. */
  readonly seconds: number
  /** Of the client's processor time. */
  readonly clientSeconds: number
  /** In milliseconds, one a request, ascending. */
  readonly latencies: Float64Array
}

export const answersASecond = ({ requests, failed, seconds }: Measured): number => (requests - failed) / seconds

/** Of so large a share of the requests, as 0.99, none took more milliseconds. */
export function latencyOf({ latencies }: Measured, share: number): number {
  return latencies[Math.min(latencies.length - 1, Math.floor(share * latencies.length))] ?? NaN
}

/** Several runs as one. */
export function together(runs: readonly Measured[]): Measured {
  const sum = (of: (run: Measured) => number): number => runs.reduce((total, run) => total + of(run), 0)
  return {
    requests: sum(({ requests }) => requests),
    failed: sum(({ failed }) => failed),
    seconds: sum(({ seconds }) => seconds),
    clientSeconds: sum(({ clientSeconds }) => clientSeconds),
    latencies: Float64Array.from(runs.flatMap(({ latencies }) => [...latencies])).toSorted(),
  }
}

export class LoadGenerator {
  readonly #program: string
  readonly #folder: string

  private constructor(program: string, folder: string) {
    this.#program = program
    this.#folder = folder
  }

  /** Builds the client where it is not there yet. @param folder for files of requests and results */
  static async create(folder: string): Promise<LoadGenerator> {
    const program = join(cacheFolder(process.env), 'bin', executableName(`vegeta-${version}`))
    await goInstall({ package: 'github.com/tsenart/vegeta/v12', version, path: program, environment: process.env, log: tell })
    return new LoadGenerator(program, folder)
  }

  /** @param targets a file with a request a line, as vegeta reads them; asked in turn, from the first */
  async attack(targets: string, { rate, seconds, once }: Load): Promise<Measured> {
    const results = join(this.#folder, 'results.bin')
    const hertz = rate === undefined ? 0 : Math.max(1, Math.round(rate))
    const atOnce = hertz === 0 ? connections : connectionsAtRate
    const args = [
      'attack',
      `-targets=${targets}`,
      '-format=json',
      ...(once ? ['-lazy'] : []),
      `-rate=${hertz}`,
      `-max-workers=${atOnce}`,
      `-connections=${atOnce}`,
      `-duration=${seconds}s`,
      '-max-body=0',
      `-output=${results}`,
    ]
    // The shell's `times` tells the processor time of what it ran.
    const { stdout } = await execute('taskset', ['-c', clientCore, 'sh', '-c', '"$@"; times', 'sh', this.#program, ...args], {
      env: { ...process.env, ...goSettings },
    })
    const clientSeconds = secondsOf(stdout.trim().split('\n').at(-1) ?? '')
    const csv = join(this.#folder, 'results.csv')
    await execute(this.#program, ['encode', '-to=csv', `-output=${csv}`, results])
    return { ...summary((await readFile(csv, 'utf8')).trimEnd().split('\n'), hertz), clientSeconds }
  }
}

const tell = (line: string): void => void process.stderr.write(`${line}\n`)

/** `0m1.230000s 0m0.450000s`: user and system. */
const secondsOf = (times: string): number =>
  [...times.matchAll(/(\d+)m([\d.]+)s/g)].reduce((sum, [, minutes, seconds]) => sum + 60 * Number(minutes) + Number(seconds), 0)

/** With it ends what asks for each request once: no request was sent. */
const outOfTargets = ',no targets to attack,'

/** Lines of vegeta's CSV: sent (Unix nanoseconds), status, latency (nanoseconds), five more, place in the sequence, …. */
function summary(lines: readonly string[], hertz: number): Omit<Measured, 'clientSeconds'> {
  const requests = lines.filter((line) => !line.includes(outOfTargets))
  const rows = requests.map((line) => {
    const [sent = 0, status, latency = 0, , , , , , place = 0] = line.split(',', 9).map(Number)
    return { sent, status, latency, place }
  })
  const begun = rows.reduce((least, { sent }) => Math.min(least, sent), Infinity)
  const ended = rows.reduce((most, { sent, latency }) => Math.max(most, sent + latency), 0)
  // What failed may have commas in its error, and no place to read.
  const late = ({ sent, status, place }: (typeof rows)[number]): number =>
    hertz === 0 || status !== 200 ? 0 : Math.max(0, sent - begun - (1e9 * place) / hertz)
  return {
    requests: rows.length,
    failed: rows.filter(({ status }) => status !== 200).length,
    seconds: (ended - begun) / 1e9,
    latencies: Float64Array.from(rows, (row) => (late(row) + row.latency) / 1e6).toSorted(),
  }
}
