/** `npm run demo` as a person meets it: once, again, beside itself, interrupted, on a port that is taken. */
import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { freePort } from '../src/adapters/tools/free-port.ts'
import { environmentWithFiles } from '../src/config/environment.ts'
import { ModelManifest, ModelUsers } from '../src/contracts/documents.ts'
import { DirectoryObjectStore } from '../src/adapters/object-store/directory-store.ts'
import { accuracyMetrics, storeKeys } from '../src/contracts/store-keys.ts'
import { readDocument } from '../src/contracts/stored-documents.ts'
import { runMatinee } from './support/pipeline.ts'
import { waitFor } from './support/wait-for.ts'

const root = fileURLToPath(new URL('../', import.meta.url))
const movielens = join(root, '../shared/data/ml-100k')

interface RunningDemo {
  readonly process: ChildProcess
  readonly output: () => string
  readonly ended: Promise<number | null>
}

function startDemo(...args: readonly string[]): RunningDemo {
  let output = ''
  const process = spawn('node', ['src/cli/demo.ts', ...args], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
  process.stdout.setEncoding('utf8').on('data', (text: string) => void (output += text))
  process.stderr.setEncoding('utf8').on('data', (text: string) => void (output += text))
  const ended = new Promise<number | null>((resolve) => process.once('exit', resolve))
  return { process, output: () => output, ended }
}

async function stateFolder(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'matinee-demo-'))
  t.after(() => rm(directory, { recursive: true, force: true }))
  return directory
}

const upAndRunning = ({ output, process }: RunningDemo): Promise<true> =>
  waitFor(
    'the demo to be up',
    async () => {
      assert.equal(process.exitCode, null, output())
      return output().includes('Ctrl-C stops everything') ? true : undefined
    },
    120_000,
  )

const isListening = (url: string): Promise<boolean> =>
  fetch(url).then(
    () => true,
    () => false,
  )

/** Titles that the demo printed: `  1. Name  [Genre]  id`. */
const printedTitles = (output: string): { name: string; id: string }[] =>
  [...output.matchAll(/^ *\d+\. (.+?) {2}\[.*\] {2}(\S+)$/gm)].map(([, name = '', id = '']) => ({ name, id }))

/** The ten titles have names, and the user has watched none of them. */
async function checkRecommendations(output: string, state: string): Promise<void> {
  const titles = printedTitles(output)
  assert.equal(titles.length, 10, output)
  assert.equal(new Set(titles.map(({ id }) => id)).size, 10)
  for (const { name } of titles) assert.notEqual(name, '(no name)')
  const [, user = '', version = ''] = /Ten titles for user (\S+) \(personal, model (\S+)\)/.exec(output) ?? []
  assert.notEqual(user, '', output)
  const { connect } = await import('../src/adapters/database/connect.ts')
  const database = connect({ kind: 'sqlite', path: join(state, 'vod.db') })
  const rows = await database('vods_sumut')
    .where({ subsr_id: user, e_bool: 0 })
    .where('use_tms', '>', 0)
    .where('disp_rtm_sec', '>', 0)
    .select('program_id')
  await database.destroy()
  const watched = new Set(rows.map((row) => String(row['program_id'])))
  assert.ok(watched.size > 0)
  assert.deepEqual(
    titles.filter(({ id }) => watched.has(id)),
    [],
  )
  const store = new DirectoryObjectStore(join(state, 'store'))
  assert.equal((await readDocument(store, ModelManifest, storeKeys.model(version, 'manifest.json'))).version, version)
  assert.ok((await readDocument(store, ModelUsers, storeKeys.model(version, 'users.json'))).includes(user))
}

async function checkStore(state: string, weeks: number): Promise<void> {
  const folders = await readdir(join(state, 'store'))
  for (const folder of ['week_info', 'raw', 'features', 'models', 'model_accuracy', 'metrics', 'catalogue'])
    assert.ok(folders.includes(folder), folder)
  for (const metric of accuracyMetrics) {
    const table: unknown = JSON.parse(await readFile(join(state, 'store', storeKeys.accuracy(metric)), 'utf8'))
    assert.ok(typeof table === 'object' && table !== null && 'values' in table && Array.isArray(table.values))
    assert.equal(table.values.length, weeks)
  }
}

await test('the demo on generated data', { timeout: 900_000 }, async (t) => {
  const state = await stateFolder(t)

  await t.test('once: prints ten titles and leaves a whole store', async () => {
    const demo = startDemo('--once', '--state', state)
    assert.equal(await demo.ended, 0, demo.output())
    await checkRecommendations(demo.output(), state)
    await checkStore(state, 3)
    assert.ok(!existsSync(join(state, 'demo.env')))
  })

  await t.test('again: reuses everything, shows its runs to a second terminal, and stops in order', async () => {
    const port = await freePort()
    const demo = startDemo('--state', state, '--port', String(port))
    t.after(() => demo.process.kill('SIGTERM'))
    await upAndRunning(demo)
    assert.equal(demo.output().match(/is trained already/g)?.length, 3)
    assert.ok(!demo.output().includes('Generating'))

    const environment = environmentWithFiles([join(state, 'demo.env')], '/')
    const runs: { status: string; outcome: string }[] = JSON.parse((await runMatinee(['runs', '--json'], environment)).stdout)
    assert.deepEqual(
      runs.map(({ status, outcome }) => `${status} ${outcome}`),
      Array(3).fill('COMPLETED published'),
    )
    const api = `http://127.0.0.1:${port}`
    const answer = await fetch(`${api}/v1/popular`)
    assert.equal(answer.status, 200)

    const second = startDemo('--state', state, '--port', String(await freePort()))
    assert.equal(await second.ended, 1)
    assert.match(second.output(), /^demo: a demo \(process \d+\) is running on .+; stop it, or give another folder with --state$/m)

    const ui = /Temporal UI +(\S+)/.exec(demo.output())?.[1] ?? ''
    assert.ok(await isListening(ui))
    demo.process.kill('SIGINT')
    assert.equal(await demo.ended, 0, demo.output())
    assert.equal(await isListening(ui), false)
    assert.equal(await isListening(api), false)
    assert.ok(!existsSync(join(state, 'demo.env')))
  })

  await t.test('other data is not mixed into it', async () => {
    const demo = startDemo('--once', '--state', state, '--data', 'movielens', '--path', '/nowhere')
    assert.equal(await demo.ended, 2)
    assert.match(demo.output(), /holds other data \(synthetic\); give another folder with --state/)
  })
})

await test('the demo goes on after Ctrl-C in the middle of a run', { timeout: 900_000 }, async (t) => {
  const state = await stateFolder(t)
  const first = startDemo('--once', '--weeks', '1', '--state', state)
  await waitFor('training', async () => (/ (train|evaluate) …/.test(first.output()) ? true : undefined), 120_000)
  first.process.kill('SIGINT')
  assert.equal(await first.ended, 1, first.output())
  assert.match(first.output(), /the next start goes on from here/)
  const second = startDemo('--once', '--weeks', '1', '--state', state)
  assert.equal(await second.ended, 0, second.output())
  await checkRecommendations(second.output(), state)
})

await test('a port that is taken is named with the way out', async (t) => {
  const state = await stateFolder(t)
  const server = createServer().listen(0, '127.0.0.1')
  t.after(() => server.close())
  await new Promise((resolve) => server.once('listening', resolve))
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  const demo = startDemo('--state', state, '--port', String(address.port))
  assert.equal(await demo.ended, 1)
  assert.match(
    demo.output(),
    new RegExp(`^demo: port ${address.port} on 127.0.0.1, wanted for API and web app, is taken by another program; .*--port$`, 'm'),
  )
})

await test('wrong use of the demo', async () => {
  for (const [args, message] of [
    [['--data', 'netflix'], /--data "netflix": synthetic and movielens are known/],
    [['--data', 'movielens'], /needs --path DIR/],
    [['--weeks', '0'], /--weeks "0": a whole number/],
    [['--wekks', '1'], /unknown option '--wekks'/],
  ] as const) {
    const demo = startDemo(...args)
    assert.equal(await demo.ended, 2)
    assert.match(demo.output(), message)
  }
})

await test(
  'the demo on MovieLens',
  { timeout: 900_000, skip: existsSync(movielens) ? false : 'MovieLens 100K is not beside the project' },
  async (t) => {
    const state = await stateFolder(t)
    const demo = startDemo('--once', '--data', 'movielens', '--path', movielens, '--weeks', '3', '--state', state)
    assert.equal(await demo.ended, 0, demo.output())
    await checkRecommendations(demo.output(), state)
    await checkStore(state, 3)
    const store = new DirectoryObjectStore(join(state, 'store'))
    const version = /model (\S+)\)/.exec(demo.output())?.[1] ?? ''
    const { splits } = await readDocument(store, ModelManifest, storeKeys.model(version, 'manifest.json'))
    const figures = (name: string): Record<string, number> =>
      splits.find(({ kind }) => kind === 'random')?.candidates.find(({ candidate }) => candidate === name)?.metrics ?? {}
    const precision = figures('warp')['precision@10'] ?? 0
    assert.ok(precision >= 0.37, `precision@10 of warp is ${precision}`)
    assert.ok((figures('warp')['recall@20'] ?? 0) >= 0.305)
    assert.ok(precision >= 1.4 * (figures('popularity')['precision@10'] ?? 1))
  },
)
