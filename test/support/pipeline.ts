/** A whole Matinee for one test file: Temporal server, worker process, embedded database and directory store, all its own. */
import { Client, Connection } from '@temporalio/client'
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openStore } from '../../src/adapters/object-store/open-store.ts'
import { startServerProcess, type ServerProcess } from '../../src/adapters/tools/server-process.ts'
import { readConfig, type Config, type Environment } from '../../src/config/environment.ts'
import type { ObjectStore } from '../../src/contracts/ports.ts'
import { main } from './command-line.ts'
import { startTemporal, type TestTemporal } from './temporal.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))

export const goldenLogs = join(root, 'test/golden/logs')

export interface CommandResult {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

export interface Pipeline {
  readonly directory: string
  readonly storeDirectory: string
  readonly environment: Environment
  readonly config: Config
  readonly store: ObjectStore
  readonly temporal: TestTemporal
  readonly client: Client
  /** Runs `matinee …args` to its end. */
  readonly matinee: (...args: readonly string[]) => Promise<CommandResult>
  /** The same with other settings. */
  matineeWith(settings: Record<string, string>, ...args: readonly string[]): Promise<CommandResult>
  startWorker(): Promise<ServerProcess>
  stop(): Promise<void>
}

/** Nothing is loaded and no worker runs yet. `settings` win over the pipeline's own. */
export async function startPipeline(settings: Record<string, string> = {}): Promise<Pipeline> {
  const directory = await mkdtemp(join(tmpdir(), 'matinee-test-'))
  const temporal = await startTemporal({ dbPath: join(directory, 'temporal.db') })
  const profile = join(directory, 'no-temporal-profile.toml')
  await writeFile(profile, '[profile.default]\n')
  const inherited = Object.entries(process.env).filter(([name]) => !/^(MATINEE|TEMPORAL)_/.test(name))
  const environment: Environment = {
    ...Object.fromEntries(inherited),
    TEMPORAL_ADDRESS: temporal.address,
    TEMPORAL_NAMESPACE: temporal.namespace,
    TEMPORAL_CONFIG_FILE: profile,
    MATINEE_DATABASE_URL: `sqlite:${join(directory, 'vod.db')}`,
    MATINEE_STORE_URL: `file:${join(directory, 'store')}`,
    MATINEE_MEMORY_MIB: '1024',
    MATINEE_SEARCH_SECONDS: '0',
    ...settings,
  }
  const config = readConfig(environment)
  const connection = await Connection.connect({ address: temporal.address })
  const workers: ServerProcess[] = []
  return {
    directory,
    storeDirectory: join(directory, 'store'),
    environment,
    config,
    store: openStore(config.store),
    temporal,
    client: new Client({ connection, namespace: temporal.namespace }),
    matinee: (...args) => runMatinee(args, environment),
    matineeWith: (other, ...args) => runMatinee(args, { ...environment, ...other }),
    async startWorker() {
      const worker = await startServerProcess(
        {
          name: 'the worker',
          command: process.execPath,
          args: [main(), '--environment', 'none', 'worker'],
          environment,
          logPath: join(directory, 'worker.log'),
          probe: () => hasPoller(connection, config),
        },
        'run_state',
      )
      workers.push(worker)
      return worker
    },
    async stop() {
      for (const worker of workers) await worker.stop()
      await connection.close()
      await temporal.stop()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

export function runMatinee(args: readonly string[], environment: Environment): Promise<CommandResult> {
  return new Promise((resolve) => {
    execFile(process.execPath, [main(), '--environment', 'none', ...args], { env: { ...environment } }, (error, stdout, stderr) => {
      resolve({ exitCode: error === null ? 0 : typeof error.code === 'number' ? error.code : -1, stdout, stderr })
    })
  })
}

async function hasPoller(connection: Connection, config: Config): Promise<void> {
  const { pollers } = await connection.workflowService.describeTaskQueue({
    namespace: config.temporal.namespace,
    taskQueue: { name: config.taskQueue },
    taskQueueType: 1,
  })
  const newest = Math.max(0, ...(pollers ?? []).map(({ lastAccessTime }) => Number(lastAccessTime?.seconds ?? 0) * 1000))
  if (newest < Date.now() - 30_000) throw new Error('nobody polls yet')
}
