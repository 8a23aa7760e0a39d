/** A whole Matinee with its web app: generated logs, a worker, and the API with and without keys. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freePort } from '../../src/adapters/tools/free-port.ts'
import { startServerProcess, type ServerProcess } from '../../src/adapters/tools/server-process.ts'
import { ensureWebApp } from '../../src/demo/demo-web.ts'
import { main } from './command-line.ts'
import { temporaryFolder } from './temporary-folder.ts'
import { startPipeline, type CommandResult, type Pipeline } from './pipeline.ts'

/** Weeks that are trained, oldest first; the newest one's model serves. */
export const trainedWeeks = ['2023-W52', '2024-W01'] as const
/** Is not trained yet: a run of it is held by the data gate. */
export const heldWeek = '2023-W51'
/** Another one. */
export const rejectedWeek = '2023-W50'
export const keys = { read: 'web-test-read', admin: 'web-test-admin' } as const

export interface Site {
  readonly pipeline: Pipeline
  /** Of the API that is open to this machine. */
  readonly url: string
  /** Of the API that wants a key. */
  readonly keyedUrl: string
  /** One after the other; breaches of the gate are written down and hold nothing. */
  trainWeeks(weeks: readonly string[]): Promise<void>
  trainQuestionnaire(): Promise<void>
  stop(): Promise<void>
}

/** With logs, a worker and two API servers; nothing is trained yet. */
export async function startSite(
  size: readonly string[] = ['--users', '300', '--programs', '120', '--rows', '24000', '--weeks', '10'],
): Promise<Site> {
  const web = ensureWebApp((line) => void process.stderr.write(`${line}\n`))
  // A repeated row is too much for this gate, and generated logs have some: without --record-breaches a run is held.
  const gate = join(await temporaryFolder('web'), 'gate.json')
  await writeFile(gate, JSON.stringify({ most_repeats: 0 }))
  const search = { MATINEE_SEARCH_SECONDS: '60', MATINEE_SEARCH_FITS: '3' }
  const pipeline = await startPipeline({ MATINEE_DATA_GATE: gate, ...search })
  const servers: ServerProcess[] = []
  const stop = async (): Promise<void> => {
    await Promise.all(servers.map((server) => server.stop()))
    await pipeline.stop()
  }
  try {
    mustSucceed(await pipeline.matinee('generate', ...size, '--seed', '7', '--end', trainedWeeks[1]))
    const entries = Object.entries(keys).map(([role, key]) => `${role}-key:${role}:${createHash('sha256').update(key).digest('hex')}`)
    const [url, keyedUrl] = await Promise.all([
      startApi(pipeline, 'api', {}, servers),
      startApi(pipeline, 'keyed-api', { MATINEE_API_KEYS: entries.join(',') }, servers),
      pipeline.startWorker(),
      web,
    ])
    return {
      pipeline,
      url,
      keyedUrl,
      async trainWeeks(weeks) {
        for (const week of weeks) mustSucceed(await pipeline.matinee('run', '--week', week, '--wait', '--record-breaches'))
      },
      async trainQuestionnaire() {
        const answers = join(pipeline.directory, 'answers.csv')
        await writeFile(answers, questionnaireRows(4000))
        mustSucceed(await pipeline.matinee('questionnaire', 'import', answers))
        mustSucceed(await pipeline.matinee('questionnaire', 'train', '--wait', '--record-breaches'))
      },
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

async function startApi(
  pipeline: Pipeline,
  name: string,
  settings: Readonly<Record<string, string>>,
  servers: ServerProcess[],
): Promise<string> {
  const port = await freePort('127.0.0.1')
  const url = `http://127.0.0.1:${port}`
  const server = await startServerProcess(
    {
      name,
      command: process.execPath,
      args: [main(), '--environment', 'none', 'api', '--poll', '0.5', '--copy', join(pipeline.directory, `${name}-copy`)],
      environment: {
        ...pipeline.environment,
        MATINEE_API_PORT: String(port),
        MATINEE_EVENTS_URL: `sqlite:${join(pipeline.directory, 'events.db')}`,
        MATINEE_TEMPORAL_UI: 'http://temporal.example:8233',
        ...settings,
      },
      logPath: join(pipeline.directory, `${name}.log`),
      probe: async () => {
        const { status } = await fetch(`${url}/healthz`)
        if (status !== 200) throw new Error(`healthz answers ${status}`)
      },
    },
    'run_state',
  )
  servers.push(server)
  return url
}

/** Answers whose label follows from two of them, most of the time. */
function questionnaireRows(count: number): string {
  let state = 12_345
  const below = (bound: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * bound)
  }
  return Array.from({ length: count }, () => {
    const entry = Array.from({ length: 5 }, () => below(8))
    const label = below(10) < 8 ? ((entry[2] ?? 0) * 3 + (entry[4] ?? 0)) % 12 : below(12)
    return `${[...entry, label].join(',')}\n`
  }).join('')
}

function mustSucceed({ exitCode, stdout, stderr }: CommandResult): void {
  assert.equal(exitCode, 0, `${stdout}${stderr}`)
}
