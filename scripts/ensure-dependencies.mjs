// Runs before `npm run demo` and `npm test`: installs what package-lock.json names when it is not there yet, or when the
// lock file has moved on. `--check` installs nothing: it ends with 1 where something would be installed. Plain JavaScript that
// Node 20 runs, without dependencies, since this is what brings them.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')

function fail(problem) {
  process.stderr.write(`ensure-dependencies: ${problem}\n`)
  process.exit(1)
}

/** Why what lies in node_modules is not what the lock file names; undefined when it is. npm writes its own list last. */
function whyStale() {
  const installedList = join(root, 'node_modules', '.package-lock.json')
  if (!existsSync(installedList)) return 'node_modules is not there yet'
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages
  const installed = JSON.parse(readFileSync(installedList, 'utf8')).packages
  for (const [place, { version, integrity, optional, devOptional, peer }] of Object.entries(wanted)) {
    if (place === '') continue
    const there = installed[place]
    if (there === undefined) {
      if (optional || devOptional || peer) continue // other platforms' builds are left out on purpose
      return `${place} is missing`
    }
    if (there.version !== version) return `${place} is ${there.version}, not ${version}`
    if (integrity && there.integrity && there.integrity !== integrity) return `${place} is another build of ${version}`
  }
  return undefined
}

if (Number(process.versions.node.split('.')[0]) < 20)
  fail(`Node ${process.versions.node} is too old; install Node 20 or newer from https://nodejs.org`)

let stale
try {
  stale = whyStale()
} catch (error) {
  stale = `the list of installed packages cannot be read: ${error.message}`
}
if (process.argv.includes('--check')) process.exit(stale === undefined ? 0 : 1)
if (stale !== undefined) {
  process.stdout.write(`Installing dependencies with "npm ci" (${stale})\n`)
  // npm by the path it was started with, and by its own Node: the one in node_modules is about to be replaced.
  const npm = process.env.npm_execpath
  const node = process.env.npm_node_execpath ?? process.execPath
  const ci = ['ci', '--loglevel=notice'] // also under `npm --silent`: its words are what a failure is understood by
  const [command, args] = npm === undefined ? ['npm', ci] : [node, [npm, ...ci]]
  const result = spawnSync(command, args, { cwd: root, stdio: 'inherit', shell: npm === undefined && process.platform === 'win32' })
  if (result.error) fail(`npm could not be started (${result.error.message}); run "npm ci" by hand`)
  if (result.status !== 0) fail('"npm ci" failed, see above; check the network and the disk, then run it again')
}
