/** The `temporal` program, whose `server start-dev` the demo and the tests run on: found, downloaded or built. */
import { createWriteStream } from 'node:fs'
import { chmod, mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { Type } from 'typebox'
import { Value } from 'typebox/value'
import type { Environment } from '../../config/environment.ts'
import { MatineeError } from '../../contracts/errors.ts'
import { goInstall } from './go-install.ts'
import { cacheFolder, executableName, findOnPath, isExecutable, outputOf, reasonOf, type Log } from './programs.ts'

const version = 'v1.5.1'

/** The first server with everything that the workflows use: updates, child policies, activity pause and reset. */
const oldestServer = [1, 28] as const

const goProgram = {
  package: 'github.com/temporalio/cli/cmd/temporal',
  version,
  // Google's client for storage brings all of Envoy's messages with it, but for this tag of its own. The development server stores nothing there.
  tags: 'disable_grpc_modules',
} as const

const downloadSite = 'https://temporal.download'
const answerLimitMs = 8_000
const stallLimitMs = 20_000
const progressEveryMs = 15_000

interface FindTemporalOptions {
  readonly log: Log
  readonly environment: Environment
  /** Where the program is downloaded from: Temporal's own site unless a test says otherwise. */
  readonly site?: string
}

/**
 * The path of a `temporal` that answers. Tried in order: `PATH`, the cache, a download (given up within seconds where
 * there is no way to the site), a build with Go.
 * @throws MatineeError `tool_missing` naming each way that was tried and the way out.
 */
export async function findTemporal({ log, environment, site = downloadSite }: FindTemporalOptions): Promise<string> {
  const tried: string[] = []
  const installed = await findOnPath('temporal', environment)
  if (installed === undefined) tried.push('not on PATH')
  else {
    const problem = await whyUnusable(installed, environment)
    if (problem === undefined) return installed
    tried.push(`${installed}: ${problem}`)
    log(`Not using ${installed}: ${problem}`)
  }

  const cached = join(cacheFolder(environment), 'bin', executableName(`temporal-${version}`))
  if ((await isExecutable(cached)) && (await whyUnusable(cached, environment)) === undefined) return cached

  const ways = [
    { name: `download from ${site}`, get: () => download(site, cached, { log, environment }) },
    {
      name: 'build with Go',
      get: () => goInstall({ ...goProgram, path: cached, environment, log }),
    },
  ]
  for (const way of ways) {
    try {
      await way.get()
      const problem = await whyUnusable(cached, environment)
      if (problem === undefined) return cached
      await rm(cached, { force: true })
      throw new Error(problem)
    } catch (error) {
      tried.push(`${way.name}: ${reasonOf(error)}`)
      log(`No Temporal by ${way.name}: ${reasonOf(error)}`)
    }
  }
  throw new MatineeError(
    'tool_missing',
    `temporal (the Temporal CLI) is missing (${tried.join('; ')}); install it from https://docs.temporal.io/cli and put it on PATH`,
    { details: { tool: 'temporal' } },
  )
}

async function whyUnusable(path: string, environment: Environment): Promise<string | undefined> {
  try {
    const answer = await outputOf(path, ['--version'], environment)
    const match = /\bServer (\d+)\.(\d+)/.exec(answer)
    if (match === null) return `"--version" answered ${JSON.stringify(answer.trim().slice(0, 80))}`
    const [major, minor] = [Number(match[1]), Number(match[2])]
    const [oldestMajor, oldestMinor] = oldestServer
    if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return undefined
    return `its server ${major}.${minor} is older than ${oldestServer.join('.')}`
  } catch (error) {
    return `"--version" failed: ${reasonOf(error)}`
  }
}

const DownloadInfo = Type.Object({ archiveUrl: Type.String(), fileToExtract: Type.String() })

/** The two steps that Temporal's SDKs take: ask the site for the archive of this platform, then unpack the one file. */
async function download(site: string, path: string, { log, environment }: FindTemporalOptions): Promise<void> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform
  const architecture = process.arch === 'x64' ? 'amd64' : process.arch
  const question = new URL(`/cli/${version}?arch=${architecture}&platform=${platform}`, site)
  const answer = await fetch(question, { signal: AbortSignal.timeout(answerLimitMs) })
  if (!answer.ok) throw new Error(`${question.href} answered ${answer.status}`)
  const info: unknown = await answer.json()
  if (!Value.Check(DownloadInfo, info)) throw new Error(`${question.href} did not name an archive`)

  await mkdir(dirname(path), { recursive: true })
  const folder = await mkdtemp(`${path}.downloading-`)
  try {
    const archive = join(folder, new URL(info.archiveUrl).pathname.endsWith('.zip') ? 'archive.zip' : 'archive.tar.gz')
    await save(info.archiveUrl, archive, log)
    await outputOf('tar', ['-xf', archive, '-C', folder, info.fileToExtract], environment, 120_000)
    const program = join(folder, info.fileToExtract)
    await chmod(program, 0o755)
    await rename(program, path)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Gives up when nothing arrives for a while, however long the whole takes. */
async function save(url: string, path: string, log: Log): Promise<void> {
  const stalled = new AbortController()
  const stall = setTimeout(() => stalled.abort(new Error(`nothing arrived for ${stallLimitMs / 1000} s`)), stallLimitMs)
  let bytes = 0
  let total = ''
  const sayProgress = (): void => log(`Downloading the Temporal CLI … ${(bytes / 1e6).toFixed(0)} MB${total}`)
  const progress = setInterval(sayProgress, progressEveryMs)
  try {
    const answer = await fetch(url, { signal: stalled.signal })
    if (!answer.ok || answer.body === null) throw new Error(`${url} answered ${answer.status}`)
    const size = Number(answer.headers.get('content-length'))
    if (size > 0) total = ` of ${(size / 1e6).toFixed(0)} MB`
    sayProgress()
    const count = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        bytes += chunk.length
        stall.refresh()
        done(null, chunk)
      },
    })
    await pipeline(Readable.fromWeb(answer.body), count, createWriteStream(path), { signal: stalled.signal })
  } finally {
    clearTimeout(stall)
    clearInterval(progress)
  }
}
