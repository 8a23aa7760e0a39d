/** `matinee api` as a process: what it says, what it obeys, and that it serves without its store. */
import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { DirectoryObjectStore } from '../src/adapters/object-store/directory-store.ts'
import { main } from './support/command-line.ts'
import { publishModel } from './support/publish-model.ts'
import { temporaryFolder } from './support/temporary-folder.ts'

interface Api {
  readonly process: ChildProcess
  readonly url: string
  /** Everything said so far. */
  readonly said: () => string
}

function start(
  context: TestContext,
  folder: string,
  environment: Readonly<Record<string, string>> = {},
): { process: ChildProcess; said: () => string } {
  const child = spawn(process.execPath, [main(), 'api', '--poll', '0.1', '--copy', join(folder, 'copy')], {
    cwd: folder,
    env: {
      PATH: process.env['PATH'],
      HOME: folder,
      NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
      MATINEE_STORE_URL: `file:${join(folder, 'store')}`,
      MATINEE_API_PORT: '0',
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let text = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
  context.after(() => child.kill('SIGKILL'))
  return { process: child, said: () => text }
}

async function listening(context: TestContext, folder: string, environment: Readonly<Record<string, string>> = {}): Promise<Api> {
  const { process: child, said } = start(context, folder, environment)
  for (;;) {
    const url = /API on (http:\/\/\S+),/.exec(said())?.[1]
    if (url !== undefined) return { process: child, url, said }
    assert.equal(child.exitCode, null, said())
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

async function readiness(url: string): Promise<{ status: number; model: unknown; origin: unknown }> {
  const response = await fetch(`${url}/readyz`)
  const body: unknown = await response.json()
  assert.ok(typeof body === 'object' && body !== null)
  return { status: response.status, model: 'model' in body ? body.model : undefined, origin: 'origin' in body ? body.origin : undefined }
}

/** By the name of a thread, as Linux lists them. */
const nicenessOfThreads = (pid: number | undefined): ReadonlyMap<string, number> =>
  new Map(
    readdirSync(`/proc/${pid}/task`).map((thread) => {
      const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8')
      const [, name = ''] = /\((.*)\)/.exec(stat) ?? []
      return [name, Number(stat.replace(/^.*\) /, '').split(' ')[16])]
    }),
  )

async function stop(api: Api): Promise<number | null> {
  api.process.kill('SIGTERM')
  if (api.process.exitCode === null) await once(api.process, 'exit')
  return api.process.exitCode
}

test('serves, ends on SIGTERM, and serves again without its store', { timeout: 120_000 }, async (context) => {
  const folder = await temporaryFolder('api-process')
  await publishModel(new DirectoryObjectStore(join(folder, 'store')), '2024-W01-00000001')
  const first = await listening(context, folder)
  while ((await readiness(first.url)).status !== 200) await new Promise((resolve) => setTimeout(resolve, 20))
  if (process.platform === 'linux') {
    const niceness = nicenessOfThreads(first.process.pid)
    assert.deepEqual([niceness.get('V8Worker'), niceness.get('MainThread') ?? niceness.get('node')], [10, 0])
  }
  const answer = await fetch(`${first.url}/v1/users/u-0/recommendations?k=3`)
  assert.equal(answer.status, 200)
  await answer.text()
  // Written while the server runs on: in vain, and this ends by the test's own limit.
  while (!/"route":"\/v1\/users\/:id\/recommendations","status":200/.test(first.said()))
    await new Promise((resolve) => setTimeout(resolve, 20))
  await (await fetch(`${first.url}/v1/popular`)).text()
  assert.equal(await stop(first), 0)
  assert.doesNotMatch(first.said(), /u-0/, 'ids of users stay out of the log')
  assert.match(first.said(), /"route":"\/v1\/popular","status":200/, 'what was said last is not lost')

  await rename(join(folder, 'store'), join(folder, 'store-away'))
  const second = await listening(context, folder)
  const ready = await readiness(second.url)
  assert.deepEqual([ready.status, ready.model, ready.origin], [200, '2024-W01-00000001', 'cache'])
  assert.equal((await fetch(`${second.url}/v1/popular`)).status, 200)
  assert.equal(await stop(second), 0)

  const elsewhere = await listening(context, folder, { MATINEE_STORE_URL: `file:${join(folder, 'other-store')}` })
  assert.equal((await readiness(elsewhere.url)).status, 503, 'the copy of one store does not serve for another')
  assert.equal(await stop(elsewhere), 0)
})

test('an address that others can reach, without keys, ends with one line', { timeout: 60_000 }, async (context) => {
  const folder = await temporaryFolder('api-process')
  const { process: child, said } = start(context, folder, { MATINEE_API_HOST: '0.0.0.0' })
  const [code] = await once(child, 'close')
  assert.equal(code, 2)
  assert.match(said(), /^matinee: MATINEE_API_HOST: "0\.0\.0\.0" can be reached from other machines while MATINEE_API_KEYS is empty; .*\n$/)
})
