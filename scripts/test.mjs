// `npm test [-- FILE…]`: the checks of `npm run check`, then every test (or those files), with real servers.
// What is missing is installed meanwhile: builds take the time in which those tests run that need none of what is built.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { run } from 'node:test'
import { spec } from 'node:test/reporters'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'

const startedAt = performance.now()
// Hundreds of processes start from the same sources: what one of them compiled the others take.
process.env.NODE_COMPILE_CACHE ??= fileURLToPath(new URL('../node_modules/.cache/compiled', import.meta.url))
const install = spawn('node', ['test/support/install-tools.ts'], { stdio: 'inherit' })
const installed = once(install, 'exit').then(([code]) => code === 0)

const { status } = spawnSync('node', ['scripts/check.mjs', '--without-tests'], { stdio: 'inherit' })
if (status !== 0) {
  install.kill()
  process.exit(1)
}

// What an image runs is what tests start: it loads sooner, and makes no bundle of the workflows anew.
const build = spawnSync('node', ['scripts/build.mjs'], { stdio: ['ignore', 'ignore', 'inherit'] })
if (build.status !== 0) {
  install.kill()
  process.exit(1)
}
process.env.MATINEE_TEST_MAIN = fileURLToPath(new URL('../dist/programs/main.js', import.meta.url))

const secondsOfFiles = new Map()

/** Several files at a time: much of a test is waiting for a server. Answers how many tests passed, failed and were skipped. */
async function runTests(files, concurrency) {
  const reporter = new spec()
  const counts = { passed: 0, failed: 0, skipped: 0 }
  const stream = run({ files, concurrency })
  stream.on('test:summary', (summary) => {
    if (summary.file !== undefined) {
      secondsOfFiles.set(relative(process.cwd(), summary.file), summary.duration_ms / 1000)
      return
    }
    counts.passed = summary.counts.passed
    counts.failed = summary.counts.failed + summary.counts.cancelled
    counts.skipped = summary.counts.skipped
  })
  await pipeline(stream, reporter, process.stdout, { end: false })
  return counts
}

/** Modules that start what has to be built. */
const builders = ['test/support/temporal.ts', 'test/support/versitygw.ts', 'src/demo/demo.ts']

/** Whether a file is one of them, or imports one by whatever way. */
function needsBuilds(file, seen = new Set()) {
  if (builders.includes(file)) return true
  if (seen.has(file) || !existsSync(file)) return false
  seen.add(file)
  const imports = readFileSync(file, 'utf8').matchAll(/(?:from|import) '(\.[^']+\.ts)'/g)
  return [...imports].some(([, path]) => needsBuilds(join(dirname(file), path), seen))
}

/** Those that take minutes begin first, so that none is left alone at the end. */
const longest = [
  'web', 'demo', 'questionnaire', 'worker-killed', 'pipeline', 'image', 'extraction', 'schedule', 'notebook', 'object-store', 'data-gate',
  'events-train',
].map((name) => `test/${name}.test.ts`) // prettier-ignore
const byLength = (a, b) => (longest.indexOf(a) >>> 0) - (longest.indexOf(b) >>> 0)

const chosen = process.argv.slice(2)
const files = chosen.length === 0 ? globSync('test/**/*.test.ts').toSorted() : chosen
const early = chosen.length === 0 ? files.filter((file) => !needsBuilds(file)) : []
const parts = []
if (chosen.length === 0) parts.push(await runTests([...globSync('src/**/*.test.ts').toSorted(), ...early], 2))
if (!(await installed)) process.exit(1)
parts.push(await runTests(files.filter((file) => !early.includes(file)).toSorted(byLength), 4))

const slowest = [...secondsOfFiles].toSorted((a, b) => b[1] - a[1]).slice(0, 12)
process.stdout.write(`slowest files: ${slowest.map(([file, seconds]) => `${file} ${seconds.toFixed(0)} s`).join(', ')}\n`)
const sum = (name) => parts.reduce((total, counts) => total + counts[name], 0)
process.stdout.write(`${((performance.now() - startedAt) / 60_000).toFixed(1)} minutes, ${sum('skipped')} skipped\n`)
process.stdout.write(`${sum('passed')} passed, ${sum('failed')} failed\n`)
process.exitCode = sum('failed') === 0 ? 0 : 1
