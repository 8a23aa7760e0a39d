// `npm run check`: format, types, lint, dependency rules, generated documentation, unit tests. Stops at the first that fails.
import { spawnSync } from 'node:child_process'

/** @type {[name: string, command: string, args: string[]][]} */
const steps = [
  ['format', 'oxfmt', ['--check']],
  ['types', 'tsc', []],
  ['types of the web app', 'tsc', ['-p', 'web']],
  ['lint', 'oxlint', ['--type-aware', '--deny-warnings']],
  ['dependency rules', 'depcruise', ['src', '--config', '.dependency-cruiser.mjs', '--output-type', 'err']],
  ['generated documentation', 'node', ['scripts/write-docs.mjs', '--check']],
  ['types of the API', 'node', ['scripts/write-client.ts', '--check']],
  ['unit tests', 'node', ['--test', '--test-reporter=dot', 'src/**/*.test.ts']],
]
const chosen = process.argv.includes('--without-tests') ? steps.filter(([name]) => name !== 'unit tests') : steps
for (const [name, command, args] of chosen) {
  const started = performance.now()
  process.stdout.write(`${name} … `)
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 26 })
  if (status !== 0) {
    process.stdout.write(`failed\n${error?.message ?? ''}${stdout}${stderr}\n`)
    process.exit(1)
  }
  process.stdout.write(`ok (${((performance.now() - started) / 1000).toFixed(1)} s)\n`)
}
