/** The programs that tests run on: found, else installed, else named with the command that installs them. */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { goInstall } from '../../src/adapters/tools/go-install.ts'
import { withFileLock } from '../../src/adapters/tools/file-lock.ts'
import { cacheFolder, executableName, findOnPath, isExecutable, outputOf, reasonOf } from '../../src/adapters/tools/programs.ts'
import { findTemporal } from '../../src/adapters/tools/temporal-cli.ts'
import { MatineeError } from '../../src/contracts/errors.ts'

const environment = process.env

/** Test reports go to standard output, so this goes beside them. */
const log = (line: string): void => void process.stderr.write(`${line}\n`)

interface DebianProgram {
  /** Any of these will do; the first is what people call it. */
  readonly names: readonly [string, ...string[]]
  /** Where it may be when PATH lacks it. */
  readonly folders: readonly string[]
  readonly packages: readonly string[]
  /** For people on other systems. */
  readonly elsewhere: string
  /** Whether it is the one that is needed, where its name alone does not say so. */
  readonly serves?: (path: string) => Promise<boolean>
}

const mariadbServer: DebianProgram = {
  names: ['mariadbd'],
  folders: ['/usr/sbin', '/usr/local/sbin', '/opt/homebrew/opt/mariadb/bin', '/usr/local/opt/mariadb/bin'],
  // The programs alone: the whole package would also start a server of the machine's own.
  packages: ['mariadb-server-core', 'mariadb-client', 'tzdata'],
  elsewhere: '"brew install mariadb", or "sudo apt-get install -y mariadb-server-core mariadb-client" on Debian 12, Ubuntu 24.04 and newer',
}

/** One without windows to draw takes less of the processor; a whole one will do. */
const chromium: DebianProgram = {
  names: ['chromium-headless-shell', 'chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'Google Chrome'],
  folders: ['/Applications/Google Chrome.app/Contents/MacOS'],
  // With letters for our Korean pages, which a server may have none of.
  packages: ['chromium-headless-shell', 'fonts-nanum'],
  elsewhere: '"brew install --cask google-chrome", or "sudo apt-get install -y chromium-headless-shell" on Debian',
}

const python: DebianProgram = {
  names: ['python3', 'python3.14', 'python3.13', 'python3.12', 'python3.11'],
  folders: ['/usr/bin', '/opt/homebrew/bin', '/usr/local/bin'],
  packages: ['python3', 'python3-venv'],
  elsewhere:
    '3.11 or newer with its venv module, by "brew install python", or by "sudo apt-get install -y python3-venv" on Debian 12, Ubuntu 24.04 and newer',
  // Debian splits what makes environments (ensurepip) off from the language.
  serves: (path) => succeeds(path, ['-c', 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))']),
}

const versitygw = { package: 'github.com/versity/versitygw/cmd/versitygw', version: 'v1.8.0' } as const

export const succeeds = (path: string, args: readonly string[]): Promise<boolean> =>
  outputOf(path, args, environment).then(
    () => true,
    () => false,
  )

/** A real MySQL-compatible server. @throws MatineeError `tool_missing`. */
export const findMariaDb = (): Promise<string> => findOrInstall(mariadbServer)

/** A program that came with the server, such as `mariadb-install-db`. @throws MatineeError `tool_missing`. */
export const findMariaDbTool = (name: string): Promise<string> => findOrInstall({ ...mariadbServer, names: [name] })

/** A real browser. @throws MatineeError `tool_missing`. */
export const findChromium = (): Promise<string> => findOrInstall(chromium)

/** Python 3.11 or newer that can make environments. @throws MatineeError `tool_missing`. */
export const findPython = (): Promise<string> => findOrInstall(python)

/** The demo's own way. @throws MatineeError `tool_missing`. */
export const findTemporalCli = (): Promise<string> => findTemporal({ log, environment })

/** A real S3 server, built once with Go, whose modules are checked against the checksum database. @throws MatineeError `tool_missing`. */
export async function findVersityGw(): Promise<string> {
  const path = join(cacheFolder(environment), 'bin', executableName(`versitygw-${versitygw.version}`))
  if (await isExecutable(path)) return path
  try {
    await goInstall({ ...versitygw, path, environment, log })
    return path
  } catch (cause) {
    throw new MatineeError(
      'tool_missing',
      `versitygw is missing and could not be built (${reasonOf(cause)}); install Go from https://go.dev/dl, then run the tests again`,
      { cause, details: { tool: 'versitygw' } },
    )
  }
}

const installsPackages = (): boolean => process.getuid?.() === 0 && existsSync('/etc/debian_version')

/** Installs what is missing of all of them at once: each run of apt-get reads every list of packages, and has manuals indexed. */
export async function installMissing(): Promise<void> {
  if (!installsPackages()) return
  const missing: DebianProgram[] = []
  for (const program of [mariadbServer, chromium, python]) if ((await find(program)) === undefined) missing.push(program)
  if (missing.length > 0) await withAptLock(() => aptInstall(missing.flatMap(({ packages }) => packages)))
}

async function withAptLock(work: () => Promise<void>): Promise<void> {
  await mkdir(cacheFolder(environment), { recursive: true })
  await withFileLock(join(cacheFolder(environment), 'apt.lock'), work)
}

async function find({ names, folders, serves }: DebianProgram): Promise<string | undefined> {
  for (const name of names) {
    const path = await findOnPath(name, environment, folders)
    if (path !== undefined && (serves === undefined || (await serves(path)))) return path
  }
  return undefined
}

async function findOrInstall(program: DebianProgram): Promise<string> {
  const there = await find(program)
  if (there !== undefined) return there
  const [name] = program.names
  const missing = (problem: string, cause?: unknown): MatineeError =>
    new MatineeError('tool_missing', `${name} is missing${problem}; install it: ${program.elsewhere}`, { cause, details: { tool: name } })
  if (!installsPackages()) throw missing('')
  try {
    await withAptLock(async () => {
      if ((await find(program)) === undefined) await aptInstall(program.packages)
    })
  } catch (cause) {
    throw missing(` and could not be installed (${reasonOf(cause)})`, cause)
  }
  const installed = await find(program)
  if (installed === undefined) throw missing(`, also after installing ${program.packages.join(' ')}`)
  return installed
}

async function aptInstall(packages: readonly string[]): Promise<void> {
  log(`Installing ${packages.join(', ')} with apt-get`)
  const waiting = ['-o', 'DPkg::Lock::Timeout=600', '-o', 'Acquire::Retries=3', '-q', '-y']
  await aptGet([...waiting, 'update'])
  await aptGet([...waiting, 'install', '--no-install-recommends', ...packages])
}

/** Its output is the progress. */
function aptGet(args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn('apt-get', args, { stdio: ['ignore', 2, 2], env: { ...environment, DEBIAN_FRONTEND: 'noninteractive' } })
    child.once('error', reject)
    child.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`apt-get ${args.at(-1)} ended with ${code ?? 'a signal'}`))))
  })
}
