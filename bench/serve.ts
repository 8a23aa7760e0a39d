/**
 * `npm run bench -- serve`: the API with a generated model, beside a Fastify route in the same shell that sends a prepared buffer as long, and
 * beside the same factors in numpy behind FastAPI. Servers on one core, the client on the other. Rates are those of a client that asks as
 * fast as it is answered; latencies are open-loop, at half of that rate. Needs Linux (taskset, /proc) and, once, Go for the client.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import { DirectoryObjectStore } from '../src/adapters/object-store/directory-store.ts'
import { MatineeError } from '../src/contracts/errors.ts'
import { storeKeys } from '../src/contracts/store-keys.ts'
import { decodeSafetensors } from '../src/model/artifact/safetensors.ts'
import { writeGeneratedModel, type ModelShape } from '../test/support/generated-model.ts'
import { makeLatest } from '../test/support/publish-model.ts'
import { pythonEnvironment } from '../test/support/python.ts'
import { LoadGenerator, type Measured } from './serve/load.ts'
import { batches, filtered, range, recommendations, rows, writeTargets, type Request } from './serve/scenarios.ts'
import { startApi, startBare, startFastApi, type Server } from './serve/servers.ts'
import { installPrograms } from './support/built-programs.ts'

const versions = ['2024-W01-0000000a', '2024-W02-0000000b'] as const
const swapEveryMs = 3000

interface Options {
  readonly users: string
  readonly titles: string
  readonly factors: string
  readonly pairs: string
  readonly seconds: string
  readonly withoutPeer?: true
}

export async function run(args: readonly string[]): Promise<void> {
  await new Command('bench serve')
    .description('Rates and latencies of the API, with a generated model.')
    .option('--users <n>', 'users of the model', '100000')
    .option('--titles <n>', 'titles of the model', '20000')
    .option('--factors <n>', 'factors of the model', '64')
    .option('--pairs <n>', 'watched pairs of the model', '5000000')
    .option('--seconds <n>', 'seconds a measurement', '6')
    .option('--without-peer', 'no FastAPI')
    .action(bench)
    .parseAsync([...args], { from: 'user' })
}

async function bench(options: Options): Promise<void> {
  const [users, titles, factors, pairs, seconds] = [options.users, options.titles, options.factors, options.pairs, options.seconds].map(
    Number,
  )
  if (![users, titles, factors, pairs, seconds].every((value) => value !== undefined && value > 0))
    throw new MatineeError('usage_invalid', '--users, --titles, --factors, --pairs, --seconds: numbers above 0 are allowed')
  const shape = { users, titles, factors, pairs } as ModelShape
  const folder = await mkdtemp(join(tmpdir(), 'matinee-bench-serve-'))
  try {
    const command = await installPrograms(join(folder, 'installed'))
    const client = await LoadGenerator.create(folder)
    await new ServeBench({ folder, shape, seconds: seconds ?? 1, command, client }).run(options.withoutPeer !== true)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

interface Setup {
  readonly folder: string
  readonly shape: ModelShape
  readonly seconds: number
  /** Of the API: bin/matinee.mjs as it was installed. */
  readonly command: string
  readonly client: LoadGenerator
}

class ServeBench {
  readonly #folder: string
  readonly #shape: ModelShape
  readonly #seconds: number
  readonly #command: string
  readonly #client: LoadGenerator
  readonly #store: DirectoryObjectStore

  constructor({ folder, shape, seconds, command, client }: Setup) {
    this.#folder = folder
    this.#shape = shape
    this.#seconds = seconds
    this.#command = command
    this.#client = client
    this.#store = new DirectoryObjectStore(join(folder, 'store'))
  }

  async run(withPeer: boolean): Promise<void> {
    const { users, titles, factors, pairs } = this.#shape
    print(`${users} users, ${titles} titles, ${factors} factors, ${pairs} pairs`)
    const programs = withPeer ? await pythonEnvironment(join(import.meta.dirname, 'serve/requirements.txt')) : undefined
    for (const [seed, version] of versions.entries()) await writeGeneratedModel(this.#store, version, this.#shape, seed)
    await makeLatest(this.#store, versions[0])
    const sizes = await this.#answerSizes()
    print(`\n${'scenario'.padEnd(34)}answers/s  × bare  server µs  × bare   p50 ms   p99 ms  p99.9 ms  client  failed`)
    const asked = range(0, Math.floor(users / 2)).map(recommendations)
    await this.#compared(await startBare('plain', sizes.list, this.#folder), 'a Fastify route, no hooks', asked)
    const bareOf = async (kind: keyof Sizes, name: string): Promise<Rate> =>
      this.#compared(await startBare('bare', sizes[kind], this.#folder), name, asked)
    const bare = {
      list: await bareOf('list', 'same hooks, a list long'),
      page: await bareOf('page', 'same hooks, a home page long'),
      batch: await bareOf('batch', 'same hooks, a batch long'),
    }
    const ours = await this.#ours(asked, bare)
    if (programs === undefined) return
    const model = join(this.#folder, 'store', storeKeys.model(versions[0], ''))
    const peer = await this.#compared(await startFastApi(programs, model, this.#folder), 'FastAPI and numpy', asked, bare.list)
    print(`\nover FastAPI: warm ${ratio(ours.warm.perSecond, peer.perSecond)}, first request ${ratio(ours.cold.perSecond, peer.perSecond)}`)
  }

  async #ours(asked: readonly Request[], bare: Readonly<Record<keyof Sizes, Rate>>): Promise<{ readonly warm: Rate; readonly cold: Rate }> {
    const { users } = this.#shape
    const half = Math.floor(users / 2)
    const threeQuarters = Math.floor(users * 0.75)
    const places = { command: this.#command, store: join(this.#folder, 'store'), folder: this.#folder }
    const arraysMib = await this.#arraysMib()
    const server = await startApi(places)
    try {
      const startMs = server.startToReadyMs
      const cold = await this.#scenario(
        server,
        'first request',
        bare.list,
        range(half, threeQuarters).map(recommendations),
        range(threeQuarters, users).map(recommendations),
      )
      await this.#once(server, asked)
      const warm = await this.#scenario(server, 'again (warm)', bare.list, asked, asked, true)
      const some = range(0, half)
      await this.#scenario(server, 'filtered, first', bare.list, filtered(some), filtered(range(half, users)))
      await this.#scenario(server, 'rows, first', bare.page, some.map(rows), range(half, users).map(rows))
      await this.#scenario(server, 'batch of 100', bare.batch, batches(some), batches(some), true)
      const resident = server.residentMib()
      await this.#once(server, asked)
      server.forgetPeak()
      const swaps = await this.#swapping(() => this.#scenario(server, 'during swaps', bare.list, asked, asked, true))
      const allowed = 160 + 1.5 * arraysMib
      print(`\nstart to ready ${(startMs / 1000).toFixed(2)} s; ${swaps} swaps`)
      print(
        `resident ${resident.toFixed(0)} MiB (160 + 1.5 × ${arraysMib.toFixed(0)} MiB of arrays = ${allowed.toFixed(0)}), at most ` +
          `${server.peakMib().toFixed(0)} MiB while models change (${(allowed + 3 * arraysMib).toFixed(0)})`,
      )
      await server.stop()
      const again = await startApi(places)
      print(`start to ready from the local copy ${(again.startToReadyMs / 1000).toFixed(2)} s`)
      await again.stop()
      return { warm, cold }
    } finally {
      await server.stop()
    }
  }

  async #compared(server: Server, name: string, requests: readonly Request[], over?: Rate): Promise<Rate> {
    try {
      await this.#attack(server, requests, 1, false)
      return await this.#scenario(server, name, over, requests, requests, true)
    } finally {
      await server.stop()
    }
  }

  /**
   * A saturating run over the first requests, then an open-loop one at half its rate over the others.
   * @param bare what a route without work does at answers of that size; absent: this is it
   */
  async #scenario(
    server: Server,
    name: string,
    bare: Rate | undefined,
    first: readonly Request[],
    second: readonly Request[],
    loop = false,
  ): Promise<Rate> {
    const before = server.processorSeconds()
    const full = await this.#attack(server, first, this.#seconds, !loop)
    const microseconds = ((server.processorSeconds() - before) / full.requests) * 1e6
    const relaxed = await this.#attack(server, second, this.#seconds, !loop, full.answersASecond / 2)
    const rate = { perSecond: full.answersASecond, microseconds }
    const over = bare ?? rate
    print(
      name.padEnd(34) +
        full.answersASecond.toFixed(0).padStart(9) +
        ratio(rate.perSecond, over.perSecond).padStart(8) +
        microseconds.toFixed(0).padStart(11) +
        ratio(over.microseconds, microseconds).padStart(8) +
        [relaxed.p50Ms, relaxed.p99Ms, relaxed.p999Ms].map((ms) => ms.toFixed(2).padStart(9)).join('') +
        `${(100 * full.clientShare).toFixed(0)} %`.padStart(9) +
        String(full.failed + relaxed.failed).padStart(8),
    )
    return rate
  }

  async #attack(server: Server, requests: readonly Request[], seconds: number, once: boolean, rate?: number): Promise<Measured> {
    const targets = await writeTargets(this.#folder, 'requests', server.url, requests)
    return this.#client.attack(targets, { seconds, once, ...(rate === undefined ? {} : { rate }) })
  }

  /** Each request once, however long it takes. */
  async #once(server: Server, requests: readonly Request[]): Promise<void> {
    await this.#attack(server, requests, 300, true)
  }

  async #swapping(work: () => Promise<unknown>): Promise<number> {
    let swaps = 0
    const swap = async (): Promise<void> => makeLatest(this.#store, versions[++swaps % versions.length] ?? versions[0])
    await swap()
    const timer = setInterval(() => void swap(), swapEveryMs)
    await work().finally(() => clearInterval(timer))
    return swaps
  }

  async #answerSizes(): Promise<Sizes> {
    const folder = join(this.#folder, 'probe')
    await mkdir(folder)
    const server = await startApi({ command: this.#command, store: join(this.#folder, 'store'), folder })
    const sizeOf = async ({ path, body }: Request): Promise<number> => {
      const post = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
      return (await (await fetch(server.url + path, body === undefined ? {} : post)).arrayBuffer()).byteLength
    }
    try {
      const [batch] = batches(range(0, 100))
      return {
        list: await sizeOf(recommendations(1)),
        page: await sizeOf(rows(1)),
        batch: batch === undefined ? 0 : await sizeOf(batch),
      }
    } finally {
      await server.stop()
    }
  }

  async #arraysMib(): Promise<number> {
    const stored = await this.#store.read(storeKeys.model(versions[0], 'model.safetensors'))
    const { tensors } = decodeSafetensors(stored?.body ?? new Uint8Array())
    return [...tensors.values()].reduce((sum, { data }) => sum + data.byteLength, 0) / 1_048_576
  }
}

/** Bytes of an answer. */
interface Sizes {
  readonly list: number
  readonly page: number
  readonly batch: number
}

interface Rate {
  readonly perSecond: number
  /** Of the server's processor time, an answer: it hardly depends on what else the machine does. */
  readonly microseconds: number
}

const ratio = (a: number, b: number): string => (a / b).toFixed(2)
const print = (line: string): void => void process.stdout.write(`${line}\n`)
