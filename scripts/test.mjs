// `npm test [-- FILE…]`: the checks of `npm run check`, then every test (or those files), with real servers.
// What is missing is installed meanwhile: builds take the time in which the tests of src, which need no server, run.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { globSync } from 'node:fs'
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

/** Two files at a time: much of a test is waiting for a server. Answers how many tests passed, failed and were skipped. */
async function runTests(files) {
  const reporter = new spec()
  const counts = { passed: 0, failed: 0, skipped: 0 }
  const stream = run({ files, concurrency: 2 })
  stream.on('test:summary', (summary) => {
    if (summary.file !== undefined) return
    counts.passed = summary.counts.passed
    counts.failed = summary.counts.failed + summary.counts.cancelled
    counts.skipped = summary.counts.skipped
  })
  await pipeline(stream, reporter, process.stdout, { end: false })
  return counts
}

const chosen = process.argv.slice(2)
const parts = []
if (chosen.length === 0) parts.push(await runTests(globSync('src/**/*.test.ts').toSorted()))
if (!(await installed)) process.exit(1)
parts.push(await runTests(chosen.length === 0 ? globSync('test/**/*.test.ts').toSorted() : chosen))

const sum = (name) => parts.reduce((total, counts) => total + counts[name], 0)
process.stdout.write(`${((performance.now() - startedAt) / 60_000).toFixed(1)} minutes, ${sum('skipped')} skipped\n`)
process.stdout.write(`${sum('passed')} passed, ${sum('failed')} failed\n`)
process.exitCode = sum('failed') === 0 ? 0 : 1
