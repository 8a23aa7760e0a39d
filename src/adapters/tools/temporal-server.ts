/** A Temporal dev server of our own: own ports, own files, nothing of the person's Temporal settings. */
import { Client, Connection } from '@temporalio/client'
import { dirname, join } from 'node:path'
import type { Environment } from '../../config/environment.ts'
import { MatineeError } from '../../contracts/errors.ts'
import { searchAttributes } from '../../contracts/temporal-names.ts'
import { freePort, requireListener, requirePort } from './free-port.ts'
import { startServerProcess } from './server-process.ts'

export interface TemporalServerOptions {
  /** From `findTemporal`. */
  readonly binary: string
  /** SQLite file that keeps workflows over restarts; without it they go with the server. */
  readonly dbPath?: string
  /** Loopback address. */
  readonly host?: string
  /** Free ones where left out. */
  readonly port?: number
  readonly uiPort?: number
  readonly logPath: string
  /** Created beside `default`. */
  readonly namespace?: string
  readonly environment: Environment
}

export interface TemporalServer {
  /** `host:port` for clients. */
  readonly address: string
  readonly namespace: string
  readonly uiUrl: string
  /** Of the process group that holds the server and its keeper. */
  readonly pid: number
  readonly running: boolean
  /** Settles when the server is gone, whoever ended it. */
  readonly exited: Promise<void>
  /** In order; resolves when it is gone. Again is no error. */
  stop(): Promise<void>
  /** SIGKILL. */
  kill(): Promise<void>
}

/**
 * Starts `temporal server start-dev` with Matinee's search attributes and waits until it answers queries by them.
 * It survives Ctrl-C in the terminal and ends with this process at the latest (see server-process.ts).
 * @throws MatineeError `port_taken`, `temporal_unreachable`.
 */
export async function startTemporalServer(options: TemporalServerOptions): Promise<TemporalServer> {
  const { host = '127.0.0.1', namespace = 'default', logPath } = options
  if (options.port !== undefined) await requirePort(host, options.port, 'the Temporal server', 'stop that program or give another port')
  if (options.uiPort !== undefined) await requirePort(host, options.uiPort, 'the Temporal UI', 'stop that program or give another port')
  const port = options.port ?? (await freePort(host))
  const uiPort = options.uiPort ?? (await freePort(host))
  const address = `${host}:${port}`
  const uiUrl = `http://${host}:${uiPort}`

  const process = await startServerProcess(
    {
      name: 'the Temporal dev server',
      command: options.binary,
      args: startDevArguments(options, host, port, uiPort, namespace),
      environment: withoutTemporalSettings(options.environment),
      logPath,
      probe: async () => {
        await requireListener(host, port) // gRPC would wait a second before its next try
        await requireQueries(address, namespace)
        await requireUi(uiUrl)
      },
    },
    'temporal_unreachable',
  )
  return {
    address,
    namespace,
    uiUrl,
    pid: process.pid,
    exited: process.exited,
    get running() {
      return process.running
    },
    stop: () => process.stop(),
    kill: () => process.kill(),
  }
}

function startDevArguments(options: TemporalServerOptions, host: string, port: number, uiPort: number, namespace: string): string[] {
  const args = ['server', 'start-dev', '--ip', host, '--port', String(port), '--ui-port', String(uiPort), '--namespace', namespace]
  if (options.dbPath !== undefined) args.push('--db-filename', options.dbPath)
  for (const name of Object.values(searchAttributes)) args.push('--search-attribute', `${name}=Keyword`)
  // Neither profiles nor environments of the person's own Temporal settings: a file that is not there, and no others.
  args.push('--disable-config-file', '--disable-config-env', '--env-file', join(dirname(options.logPath), 'no-temporal-settings.yaml'))
  return [...args, '--log-level', 'error']
}

function withoutTemporalSettings(environment: Environment): Environment {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith('TEMPORAL_')))
}

/** A namespace is there a moment before its search attributes can be asked for. */
async function requireQueries(address: string, namespace: string): Promise<void> {
  const connection = await Connection.connect({ address, connectTimeout: 2000 })
  try {
    const client = new Client({ connection, namespace })
    await connection.withDeadline(Date.now() + 2000, () => client.workflow.count(`${searchAttributes.outcome} = 'published'`))
  } finally {
    await connection.close()
  }
}

async function requireUi(url: string): Promise<void> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(2000) })
  await answer.body?.cancel()
  if (!answer.ok) throw new MatineeError('temporal_unreachable', `${url} answered ${answer.status}`)
}
