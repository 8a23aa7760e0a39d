// `npm test`: the checks of `npm run check`, then every test, with real servers. What is missing is installed first.
import { spawnSync } from 'node:child_process'

const run = (command, args) => {
  const { status, error } = spawnSync(command, args, { stdio: 'inherit' })
  if (error) process.stderr.write(`${command}: ${error.message}\n`)
  if (status !== 0) process.exit(status ?? 1)
}

run('node', ['scripts/check.mjs', '--without-tests'])
run('node', ['test/support/install-tools.ts'])
// One file after the other: on two cores, servers and trainings side by side only make each other wait.
run('node', ['--test', '--test-concurrency=1', '--test-reporter=spec', 'src/**/*.test.ts', 'test/**/*.test.ts', ...process.argv.slice(2)])
