/** Builds a pinned Go program into the cache folder, once. */
import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Environment } from '../../config/environment.ts'
import { withFileLock } from './file-lock.ts'
import { executableName, findOnPath, isExecutable, type Log } from './programs.ts'

/** Where the Go project's own packages put it, when a shell profile that adds it to PATH was not read. */
const usualGoFolders = ['/usr/local/go/bin', '/usr/lib/go/bin', '/opt/homebrew/bin']

const progressEveryMs = 15_000
const limitMs = 40 * 60_000

interface GoProgram {
  /** Import path of the main package; its last part names the binary, but for a major version such as `v12`. */
  readonly package: string
  readonly version: string
  /** Build tags, divided by commas. */
  readonly tags?: string
  /** Where the binary shall be. */
  readonly path: string
  readonly environment: Environment
  readonly log: Log
}

/**
 * Runs `go install package@version`, whose modules Go checks against its checksum database, and moves the finished
 * binary to `path`: a killed build leaves nothing there. Of two builds at once the second waits and uses the first's.
 * @throws Error when Go is missing or the build fails, with Go's last words.
 */
export async function goInstall(program: GoProgram): Promise<void> {
  const { environment, log, path } = program
  const go = await findOnPath('go', environment, usualGoFolders)
  if (go === undefined) throw new Error('Go is not installed')
  await mkdir(dirname(path), { recursive: true })
  const onWait = (): void => log(`Waiting for another build of ${program.package}`)
  await withFileLock(
    `${path}.lock`,
    async () => {
      if (await isExecutable(path)) return
      const binFolder = await mkdtemp(`${path}.building-`)
      try {
        await build(go, program, binFolder)
        await rename(join(binFolder, executableName(binaryNameOf(program.package))), path)
      } finally {
        await rm(binFolder, { recursive: true, force: true })
      }
    },
    { onWait, signal: AbortSignal.timeout(limitMs) },
  )
}

const binaryNameOf = (main: string): string =>
  main
    .replace(/\/v\d+$/, '')
    .split('/')
    .at(-1) ?? ''

function build(go: string, { package: main, version, tags, environment, log }: GoProgram, binFolder: string): Promise<void> {
  log(`Building ${main}@${version} with Go, once; this takes a few minutes`)
  return new Promise((resolve, reject) => {
    // Built once and soon, for a developer's machine: a third of the time goes into inlining, a tenth into tables for a debugger.
    const flags = ['-gcflags=all=-l -dwarf=false', '-ldflags=-s -w', ...(tags === undefined ? [] : [`-tags=${tags}`])]
    const child = spawn(go, ['install', ...flags, `${main}@${version}`], {
      // No C compiler is needed, and the Go compiler has memory enough to collect its garbage more rarely.
      env: { CGO_ENABLED: '0', GOGC: '400', ...environment, GOBIN: binFolder },
      stdio: ['ignore', 'ignore', 'pipe'],
      timeout: limitMs,
      killSignal: 'SIGKILL',
    })
    const started = performance.now()
    let lastWords = ''
    const progress = setInterval(() => {
      const seconds = Math.round((performance.now() - started) / 1000)
      log(`Building ${binaryNameOf(main)} … ${seconds} s${lastWords === '' ? '' : ` (${lastWords})`}`)
    }, progressEveryMs)
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      lastWords = text.trim().split('\n').at(-1) ?? lastWords
    })
    child.once('error', (error) => {
      clearInterval(progress)
      reject(error)
    })
    child.once('close', (code) => {
      clearInterval(progress)
      if (code === 0) resolve()
      else reject(new Error(`go install ended with ${code ?? 'a signal'}: ${lastWords}`))
    })
  })
}
