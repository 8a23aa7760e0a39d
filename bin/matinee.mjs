#!/usr/bin/env -S node --max-semi-space-size=4 --initial-old-space-size=64 --heap-growing-percent=25 --no-allocation-site-pretenuring
// Plain JavaScript for any Node: finds one that is new enough, then runs the command line. V8's young generation would grow to 48 MiB while
// modules load and never shrink: 4 MiB a half take 50 MiB less of the server's memory. The old one is collected when it has grown by a quarter,
// but not before it holds 64 MiB, which at a start of the server it would be over and over while it fills.
// Where V8 sees objects of some line of code live on for a while, it makes all that follow in the old generation. Under a first load it sees that
// of what a request needs, in some processes and not in others, and from then on collects the whole heap over and over.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import * as module from 'node:module'
import { fileURLToPath } from 'node:url'

const flags = ['--max-semi-space-size=4', '--initial-old-space-size=64', '--heap-growing-percent=25', '--no-allocation-site-pretenuring']
// An image has no sources, only what was built of them. On a clone what was built may be of older ones.
const sources = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url))
const main = existsSync(sources) ? sources : fileURLToPath(new URL('../dist/programs/main.js', import.meta.url))
const [major, minor] = process.versions.node.split('.').map(Number)
if (major > 22 || (major === 22 && minor >= 18)) {
  // glibc would give every thread a heap of its own: one for all takes less of the server's memory.
  const { MALLOC_ARENA_MAX: arenas, ...environment } = process.env
  if (process.argv[2] === 'api' && process.platform === 'linux' && arenas === undefined && process.execve !== undefined)
    process.execve(process.execPath, [process.execPath, ...process.execArgv, ...process.argv.slice(1)], {
      ...environment,
      MALLOC_ARENA_MAX: '1',
    })
  module.enableCompileCache() // a quarter less time to start, and without the stripping of types less memory
  await import(main)
} else {
  const bundled = fileURLToPath(new URL('../node_modules/.bin/node', import.meta.url))
  if (!existsSync(bundled)) {
    process.stderr.write(
      `matinee: Node ${process.versions.node} is too old and none is in node_modules; run "npm ci" here, or use Node 22.18 or newer\n`,
    )
    process.exit(1)
  }
  const { status, signal, error } = spawnSync(bundled, [...flags, main, ...process.argv.slice(2)], { stdio: 'inherit' })
  if (error) process.stderr.write(`matinee: cannot start ${bundled}: ${error.message}\n`)
  process.exit(status ?? (signal === 'SIGINT' ? 130 : 1))
}
