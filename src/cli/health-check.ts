/**
 * `node dist/programs/health-check.js [api|worker]`: what a container runs to know how the process in it fares. Ends with 0
 * where that does its work, else with 1 and one line. Without an argument it looks at what the container's first
 * process was started as; a command other than these two has nothing to check.
 *
 * api: it answers /healthz. Whether a model serves is /readyz's to say: before the first training that is no fault.
 * worker: the Temporal server has been asked for work from this host lately.
 */
import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { environmentWithFiles, readConfig, type Config } from '../config/environment.ts'
import { MatineeError } from '../contracts/errors.ts'

const ANSWER_WITHIN_MS = 4000
/** A worker asks anew each minute where there is no work. */
const LATELY_MS = 150_000

const checks: Readonly<Record<string, (config: Config) => Promise<void>>> = { api: checkApi, worker: checkWorker }

async function checkApi({ api: { host, port } }: Config): Promise<void> {
  const reached = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  const url = `http://${reached.includes(':') ? `[${reached}]` : reached}:${port}/healthz`
  const answer = await fetch(url, { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) }).catch((cause: unknown) => {
    throw new Error(`${url} does not answer`, { cause })
  })
  await answer.body?.cancel()
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`)
}

async function checkWorker({ temporal, taskQueue }: Config): Promise<void> {
  const { connectClient } = await import('../adapters/temporal/connect.ts')
  const { connection } = await connectClient(temporal)
  try {
    const { pollers } = await connection.withDeadline(Date.now() + ANSWER_WITHIN_MS, () =>
      connection.workflowService.describeTaskQueue({ namespace: temporal.namespace, taskQueue: { name: taskQueue }, taskQueueType: 1 }),
    )
    const newestMs = Math.max(
      0,
      ...(pollers ?? [])
        .filter(({ identity }) => identity?.endsWith(`@${hostname()}`))
        .map(({ lastAccessTime }) => Number(lastAccessTime?.seconds ?? 0) * 1000),
    )
    if (newestMs < Date.now() - LATELY_MS) throw new Error(`nobody on ${hostname()} asks task queue ${taskQueue} for work`)
  } finally {
    await connection.close()
  }
}

/** The arguments of the container's first process, which may be an init that starts ours. */
const firstProcess = (): string[] => readFileSync('/proc/1/cmdline', 'utf8').split('\0')

try {
  const asked = process.argv[2]
  if (asked !== undefined && !Object.hasOwn(checks, asked))
    throw new MatineeError('usage_invalid', `"${asked}": ${Object.keys(checks).join(' and ')} can be checked`)
  const name = asked ?? firstProcess().find((argument) => Object.hasOwn(checks, argument))
  if (name !== undefined) await checks[name]?.(readConfig(environmentWithFiles(['.env'])))
} catch (error) {
  process.stderr.write(`health check: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1 // engines reserve 2
}
