#!/usr/bin/env node
// Plain JavaScript for any Node: finds one that is new enough, then runs the command line.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url))
const [major, minor] = process.versions.node.split('.').map(Number)
if (major > 22 || (major === 22 && minor >= 18)) {
  await import(main)
} else {
  const bundled = fileURLToPath(new URL('../node_modules/.bin/node', import.meta.url))
  if (!existsSync(bundled)) {
    process.stderr.write(
      `matinee: Node ${process.versions.node} is too old and none is in node_modules; run "npm ci" here, or use Node 22.18 or newer\n`,
    )
    process.exit(1)
  }
  const { status, signal, error } = spawnSync(bundled, [main, ...process.argv.slice(2)], { stdio: 'inherit' })
  if (error) process.stderr.write(`matinee: cannot start ${bundled}: ${error.message}\n`)
  process.exit(status ?? (signal === 'SIGINT' ? 130 : 1))
}
