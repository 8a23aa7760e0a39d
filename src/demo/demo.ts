/**
 * The demo: a Temporal dev server, an embedded database, a directory store, a worker and the API, started in order,
 * used for real, and stopped in reverse order. Everything that lasts lies in one state folder; a later start goes on from it.
 */
import type { Client } from '@temporalio/client'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { KnexSourceDatabase } from '../adapters/database/source.ts'
import { openStore } from '../adapters/object-store/open-store.ts'
import { connectClient } from '../adapters/temporal/connect.ts'
import { applySchedule, triggerSchedule } from '../adapters/temporal/schedule.ts'
import { startRun } from '../adapters/temporal/runs.ts'
import { freePort, isPortFree, requirePort } from '../adapters/tools/free-port.ts'
import { startServerProcess, type ServerProcess } from '../adapters/tools/server-process.ts'
import { findTemporal } from '../adapters/tools/temporal-cli.ts'
import { startTemporalServer, type TemporalServer } from '../adapters/tools/temporal-server.ts'
import { readConfig, type Config, type Environment } from '../config/environment.ts'
import { MatineeError } from '../contracts/errors.ts'
import type { ObjectStore } from '../contracts/ports.ts'
import type { RetrainWeekResult, RunProgress } from '../contracts/run.ts'
import { storeKeys } from '../contracts/store-keys.ts'
import { messages, retrainWorkflowId } from '../contracts/temporal-names.ts'
import { addWeeks, weekEnd, weekOfLocal, weeksBetween, type Week } from '../contracts/week.ts'
import { programFile } from '../project-files.ts'
import { loadDemoData, type DemoData } from './demo-data.ts'
import { printRecommendations } from './demo-recommendations.ts'
import { ensureWebApp } from './demo-web.ts'

export interface DemoOptions {
  readonly once: boolean
  readonly data: DemoData
  /** How many weeks at the end of the data are retrained. */
  readonly weeks: number
  readonly port: number | undefined
  readonly stateDirectory: string
}

const HOST = '127.0.0.1'
/** A week's search is shown at work, not finished; seconds are a ceiling that no ordinary machine comes to. */
const [SEARCH_FITS, SEARCH_SECONDS] = [4, 60]
const DEFAULT_PORT = 8080
const USUAL_UI_PORT = 8233
const STOPPED = new MatineeError('run_state', 'stopped before it was done; the next start goes on from here')

export class Demo {
  readonly #options: DemoOptions
  readonly #say: (line: string) => void
  readonly #state: string
  /** What runs, in the order it was started. */
  readonly #running: { readonly name: string; stop(): Promise<void> }[] = []
  readonly #servers: { readonly name: string; readonly exited: Promise<void> }[] = []
  readonly #interruption = Promise.withResolvers<void>()
  #interrupted = false

  constructor(options: DemoOptions, say: (line: string) => void) {
    this.#options = options
    this.#say = say
    this.#state = resolve(options.stateDirectory)
  }

  /** Ctrl-C: what is under way is left as it is, everything is stopped in order. */
  interrupt(): void {
    if (!this.#interrupted) this.#say('\nStopping (what was begun goes on at the next start) …')
    this.#interrupted = true
    this.#interruption.resolve()
  }

  /** Until Ctrl-C, or until the recommendations are printed with `once`. Everything is stopped at its end, however it ends. */
  async run(): Promise<void> {
    try {
      await Promise.race([this.#start(), this.#interruption.promise])
      if (this.#options.once && this.#interrupted) throw STOPPED
      if (!this.#options.once) await this.#untilEnd()
    } finally {
      await this.#stop()
    }
  }

  /** Stays up until Ctrl-C. A server that ends by itself ends the demo. */
  async #untilEnd(): Promise<void> {
    const stayAlive = setInterval(() => {}, 60_000)
    const ended = await Promise.race([this.#interruption.promise, ...this.#servers.map(({ name, exited }) => exited.then(() => name))])
    clearInterval(stayAlive)
    if (ended !== undefined)
      throw new MatineeError('run_state', `the ${ended} ended by itself; its log is in ${join(this.#options.stateDirectory, 'logs')}`)
  }

  async #start(): Promise<void> {
    await mkdir(this.#state, { recursive: true })
    await this.#refuseSecondDemo()
    const port = await this.#apiPort()
    const webApp = this.#options.once ? undefined : ensureWebApp(this.#say) // beside what follows
    const temporal = await this.#startTemporal()
    const environment = await this.#childEnvironment(temporal, port)
    const config = readConfig(environment)

    await loadDemoData(this.#options.data, config, this.#state, this.#say)
    this.#goOn()
    // Never closed: calls that an interruption leaves behind would fail loudly. It goes with the process.
    const client = await connectClient(config.temporal)
    await this.#startProcess('worker', [], environment, () => workerPolls(client, config))
    await applySchedule(client, 'weekly', config, 'The data of the demo ends in the past: there is nothing to train next Monday.')
    const { what } = await applySchedule(client, 'catalogue', config)
    if (what === 'created') await triggerSchedule(client, 'catalogue') // not only at the next full hour
    const store = openStore(config.store)
    await this.#retrain(client, config, store)
    await webApp
    const apiUrl = `http://${HOST}:${port}`
    await this.#startProcess('api', ['--copy', join(this.#state, 'serving')], environment, () => answersOk(`${apiUrl}/readyz`))

    this.#say('')
    await printRecommendations(apiUrl, store, this.#say)
    if (this.#options.once) return
    this.#say(
      [
        '',
        `Temporal UI   ${temporal.uiUrl}`,
        `Web           ${apiUrl}/`,
        `API docs      ${apiUrl}/docs`,
        `Logs          ${join(this.#options.stateDirectory, 'logs')}`,
        '',
        'In a second terminal: npx matinee runs, npx matinee models list, npx matinee --help. Ctrl-C stops everything.',
      ].join('\n'),
    )
  }

  /** Between steps: an interrupted start goes no further. */
  #goOn(): void {
    if (this.#interrupted) throw STOPPED
  }

  async #refuseSecondDemo(): Promise<void> {
    const path = join(this.#state, 'demo.pid')
    const pid = Number(await readFile(path, 'utf8').catch(() => ''))
    if (pid > 0 && pid !== process.pid && isAlive(pid))
      throw new MatineeError(
        'run_state',
        `a demo (process ${pid}) is running on ${this.#options.stateDirectory}; stop it, or give another folder with --state`,
      )
    await writeFile(path, String(process.pid))
    this.#running.push({ name: 'demo.pid', stop: () => rm(path, { force: true }) })
  }

  async #apiPort(): Promise<number> {
    const { port, once } = this.#options
    if (port === undefined && once) return freePort(HOST)
    await requirePort(HOST, port ?? DEFAULT_PORT, 'API and web app', 'stop that program or give another with --port')
    return port ?? DEFAULT_PORT
  }

  async #startTemporal(): Promise<TemporalServer> {
    const binary = await findTemporal({ log: this.#say, environment: process.env })
    this.#goOn()
    const start = (ports: { readonly uiPort?: number }): Promise<TemporalServer> =>
      startTemporalServer({
        binary,
        dbPath: join(this.#state, 'temporal.db'),
        host: HOST,
        ...ports,
        logPath: this.#logPath('temporal'),
        environment: process.env,
      })
    // Where people look for it; beside another demo, which may take it at the same moment, anywhere.
    const server = (await isPortFree(HOST, USUAL_UI_PORT)) ? await start({ uiPort: USUAL_UI_PORT }).catch(() => start({})) : await start({})
    this.#running.push({ name: 'Temporal server', stop: () => server.stop() })
    this.#servers.push({ name: 'Temporal server', exited: server.exited })
    this.#say(`Temporal server on ${server.address}, UI ${server.uiUrl}`)
    return server
  }

  /** The demo's own addresses; nothing of the person's Matinee or Temporal settings. Also for `npx matinee` beside it. */
  async #childEnvironment(temporal: TemporalServer, port: number): Promise<Environment> {
    const profile = join(this.#state, 'no-temporal-profile.toml')
    await writeFile(profile, '[profile.default]\n')
    const addresses = {
      TEMPORAL_ADDRESS: temporal.address,
      TEMPORAL_NAMESPACE: temporal.namespace,
      TEMPORAL_CONFIG_FILE: profile,
      MATINEE_DATABASE_URL: `sqlite:${join(this.#state, 'vod.db')}`,
      MATINEE_STORE_URL: `file:${join(this.#state, 'store')}`,
      MATINEE_EVENTS_URL: `sqlite:${join(this.#state, 'events.db')}`,
      MATINEE_SEARCH_SECONDS: String(SEARCH_SECONDS),
      MATINEE_SEARCH_FITS: String(SEARCH_FITS),
      MATINEE_TEMPORAL_UI: temporal.uiUrl,
      MATINEE_API_HOST: HOST,
      MATINEE_API_PORT: String(port),
    }
    const path = join(this.#state, 'demo.env')
    await writeFile(
      path,
      Object.entries(addresses)
        .map(([name, value]) => `${name}=${value}\n`)
        .join(''),
    )
    this.#running.push({ name: 'demo.env', stop: () => rm(path, { force: true }) })
    const ours = Object.entries(process.env).filter(([name]) => !/^(MATINEE|TEMPORAL)_/.test(name))
    return { ...Object.fromEntries(ours), ...addresses }
  }

  async #startProcess(
    name: 'worker' | 'api',
    options: readonly string[],
    environment: Environment,
    probe: () => Promise<unknown>,
  ): Promise<ServerProcess> {
    this.#goOn()
    const server = await startServerProcess(
      {
        name: `the ${name}`,
        command: process.execPath,
        args: [programFile('cli/main'), '--environment', 'none', name, ...options],
        environment,
        logPath: this.#logPath(name),
        graceMs: 15_000,
        probe,
      },
      'run_state',
    )
    this.#running.push({ name, stop: () => server.stop() })
    this.#servers.push({ name, exited: server.exited })
    this.#goOn()
    return server
  }

  #logPath(name: string): string {
    return join(this.#state, 'logs', `${name}.log`)
  }

  async #retrain(client: Client, config: Config, store: ObjectStore): Promise<void> {
    for (const week of await lastWeeks(config, this.#options.weeks)) {
      this.#goOn()
      if (await isPublished(store, week)) {
        this.#say(`${week} is trained already`)
        continue
      }
      const run = await startRun(client, config.taskQueue, { week, onBreach: 'record', holdHours: config.holdHours })
      const progress = this.#follow(client, week)
      try {
        const result = await run.result()
        const own = result.outcome === 'already running' ? await resultOf(client, result.workflowId) : result
        this.#say(`${week} ${own.outcome}: ${[own.version, own.candidate, own.reason].filter((part) => part !== undefined).join(', ')}`)
      } finally {
        progress.stop()
      }
    }
  }

  /** Says each stage of a run as it begins. */
  #follow(client: Client, week: Week): { stop(): void } {
    let last = ''
    const timer = setInterval(() => {
      const handle = client.workflow.getHandle(retrainWorkflowId(week))
      handle.query<RunProgress>(messages.progress).then(
        ({ stage, outcome }) => {
          if (outcome === undefined && stage !== last && !this.#interrupted) this.#say(`${week} ${stage} …`)
          last = stage
        },
        () => {}, // between two runs, or a worker that starts: the next look will do
      )
    }, 700)
    return { stop: () => clearInterval(timer) }
  }

  async #stop(): Promise<void> {
    for (const part of this.#running.splice(0).toReversed()) {
      try {
        await part.stop()
      } catch (error) {
        this.#say(`${part.name} did not stop in order: ${error instanceof Error ? error.message : String(error)}`)
      }
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

async function lastWeeks(config: Config, count: number): Promise<Week[]> {
  const source = new KnexSourceDatabase(config.database, config.timeZone)
  try {
    const bounds = await source.viewingBounds()
    if (bounds === undefined) throw new MatineeError('week_refused', `${source.location} has no usable viewing: there is nothing to train`)
    const newest = weekOfLocal(bounds.newest)
    return weeksBetween(addWeeks(newest, 1 - count), newest).filter((week) => bounds.oldest < weekEnd(week))
  } finally {
    await source.close()
  }
}

async function isPublished(store: ObjectStore, week: Week): Promise<boolean> {
  for await (const { key } of store.list(`${storeKeys.metricsPrefix}${week}/`)) if (storeKeys.isMetrics(key)) return true
  return false
}

const resultOf = (client: Client, workflowId: string): Promise<RetrainWeekResult> =>
  client.workflow.getHandle(workflowId).result() as Promise<RetrainWeekResult>

async function workerPolls(client: Client, config: Config): Promise<void> {
  const { pollers } = await client.workflowService.describeTaskQueue({
    namespace: config.temporal.namespace,
    taskQueue: { name: config.taskQueue },
    taskQueueType: 1,
  })
  const fresh = (pollers ?? []).some(({ lastAccessTime }) => Number(lastAccessTime?.seconds ?? 0) * 1000 > Date.now() - 60_000)
  if (!fresh) throw new Error('nobody polls yet')
}

async function answersOk(url: string): Promise<void> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(2000) })
  await answer.body?.cancel()
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`)
}
