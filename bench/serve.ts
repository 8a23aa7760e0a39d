/**
 * `npm run bench -- serve`: the API with a model of generated pairs, beside a Fastify route in the same shell that sends a prepared buffer as
 * long, and beside the same factors in numpy behind FastAPI. Servers on one core, the client on the other. Rates are those of a client that asks as
 * fast as it is answered; latencies are open-loop, at half of that rate. Needs Linux (taskset, /proc) and, once, Go for the client.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Command } from 'commander'
import { DirectoryObjectStore } from '../src/adapters/object-store/directory-store.ts'
import { MatineeError } from '../src/contracts/errors.ts'
import { storeKeys } from '../src/contracts/store-keys.ts'
import { decodeSafetensors } from '../src/model/artifact/safetensors.ts'
import { writeGeneratedModel, type ModelShape } from '../test/support/generated-model.ts'
import { makeLatest } from '../test/support/publish-model.ts'
import { pythonEnvironment } from '../test/support/python.ts'
import { writeFittedModel } from './serve/fitted-model.ts'
import { answersASecond, latencyOf, LoadGenerator, together, type Load, type Measured } from './serve/load.ts'
import { batches, filtered, range, recommendations, rows, writeTargets, type Request } from './serve/scenarios.ts'
import { startApi, startBare, startFastApi, type Server } from './serve/servers.ts'
import { installPrograms } from './support/built-programs.ts'

const versions = ['2024-W01-0000000a', '2024-W02-0000000b'] as const
const swapEveryMs = 3000
/** Of home pages; more than that may not fit beside the lists that the server keeps. */
const pagesKept = 5000
/** After so long without a request V8 has given back what it does not need. */
const restMs = 10_000

interface Options {
  readonly users: string
  readonly titles: string
  readonly factors: string
  readonly pairs: string
  readonly seconds: string
  readonly drawn?: true
  readonly withoutPeer?: true
}

export async function run(args: readonly string[]): Promise<void> {
  await new Command('bench serve')
    .description('Rates and latencies of the API, with a model of generated pairs.')
    .option('--users <n>', 'users of the model', '100000')
    .option('--titles <n>', 'titles of the model', '20000')
    .option('--factors <n>', 'factors of the model', '64')
    .option('--pairs <n>', 'watched pairs of the model', '5000000')
    .option('--seconds <n>', 'seconds a measurement', '6')
    .option('--drawn', 'factors drawn, not fitted to the pairs: all titles are alike to a ranking, which passes over none')
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
  const writeModel = options.drawn === true ? writeGeneratedModel : writeFittedModel
  const folder = await mkdtemp(join(tmpdir(), 'matinee-bench-serve-'))
  try {
    const command = await installPrograms(join(folder, 'installed'))
    const client = await LoadGenerator.create(folder)
    await new ServeBench({ folder, shape, writeModel, seconds: seconds ?? 1, command, client }).run(options.withoutPeer !== true)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

interface Setup {
  readonly folder: string
  readonly shape: ModelShape
  readonly writeModel: typeof writeGeneratedModel
  readonly seconds: number
  /** Of the API: bin/matinee.mjs as it was installed. */
  readonly command: string
  readonly client: LoadGenerator
}

class ServeBench {
  readonly #folder: string
  readonly #shape: ModelShape
  readonly #writeModel: typeof writeGeneratedModel
  readonly #seconds: number
  readonly #command: string
  readonly #client: LoadGenerator
  readonly #store: DirectoryObjectStore
  /** Lists of the first half of the users. */
  readonly #asked: readonly Request[]
  readonly #started: Server[] = []

  constructor({ folder, shape, writeModel, seconds, command, client }: Setup) {
    this.#folder = folder
    this.#shape = shape
    this.#writeModel = writeModel
    this.#seconds = seconds
    this.#command = command
    this.#client = client
    this.#store = new DirectoryObjectStore(join(folder, 'store'))
    this.#asked = listsOf(0, Math.floor(shape.users / 2))
  }

  async run(withPeer: boolean): Promise<void> {
    try {
      await this.#compare(withPeer)
    } finally {
      for (const server of this.#started) await server.stop()
    }
  }

  async #compare(withPeer: boolean): Promise<void> {
    const { users, titles, factors, pairs } = this.#shape
    print(`${users} users, ${titles} titles, ${factors} factors, ${pairs} pairs`)
    const programs = withPeer ? await pythonEnvironment(join(import.meta.dirname, 'serve/requirements.txt')) : undefined
    for (const [seed, version] of versions.entries()) await this.#writeModel(this.#store, version, this.#shape, seed)
    await makeLatest(this.#store, versions[0])
    const sizes = await this.#answerSizes()
    print(`\n${'scenario'.padEnd(34)}answers/s  × bare  server µs  × bare   p50 ms   p99 ms  p99.9 ms  client  failed`)
    const plain = await this.#bare('plain', 'a Fastify route, no hooks', sizes.list)
    await plain.stop()
    const bare = {
      list: await this.#bare('bare', 'same hooks, a list long', sizes.list),
      page: await this.#bare('bare', 'same hooks, a home page long', sizes.page),
      batch: await this.#bare('bare', 'same hooks, a batch long', sizes.batch),
    }
    const ours = await this.#ours(bare)
    if (programs === undefined) return
    const model = join(this.#folder, 'store', storeKeys.model(versions[0], ''))
    const service = await this.#start(() => startFastApi(programs, model, this.#folder))
    const peer = this.#tell('FastAPI and numpy', await this.#measure(service, { bare: bare.list }))
    print(
      `\nover FastAPI, by their shares of the bare route: warm ${ratio(ours.warm, peer.share)}, first request ${ratio(ours.cold, peer.share)}`,
    )
  }

  /** A server that ends with the run, if not before. */
  async #start(start: () => Promise<Server>): Promise<Server> {
    for (const other of this.#started) other.pause()
    const server = await start()
    this.#started.push(server)
    return server
  }

  async #bare(kind: 'bare' | 'plain', name: string, bytes: number): Promise<Server> {
    const server = await this.#start(() => startBare(kind, bytes, this.#folder))
    this.#tell(name, await this.#measure(server, {}))
    return server
  }

  /** Answers the shares of the bare route's rate. */
  async #ours(bare: Readonly<Record<keyof Sizes, Server>>): Promise<{ readonly warm: number; readonly cold: number }> {
    const { users } = this.#shape
    const half = Math.floor(users / 2)
    const threeQuarters = Math.floor(users * 0.75)
    const [some, others] = [range(0, half), range(half, users)]
    const places = { command: this.#command, store: join(this.#folder, 'store'), folder: this.#folder }
    const arraysMib = await this.#arraysMib()
    const server = await this.#start(() => startApi(places))
    const measured = async (name: string, kind: keyof Sizes, requests: Pick<Measuring, 'first' | 'second'> = {}): Promise<Reached> =>
      this.#tell(name, await this.#measure(server, { bare: bare[kind], ...requests }))
    const cold = await measured('first request', 'list', { first: listsOf(half, threeQuarters), second: listsOf(threeQuarters, users) })
    await this.#once(server, this.#asked)
    const warm = await measured('again (warm)', 'list')
    await measured('filtered, first', 'list', { first: filtered(some), second: filtered(others) })
    await measured('rows, first', 'page', { first: some.map(rows), second: others.map(rows) })
    const kept = some.slice(0, pagesKept).map(rows)
    await this.#once(server, kept)
    await measured(`rows again, of ${kept.length}`, 'page', { first: kept })
    await measured('batch of 100', 'batch', { first: batches(some) })
    server.resume()
    await delay(restMs)
    const resident = server.residentMib()
    await this.#once(server, this.#asked)
    server.forgetPeak()
    // After each swap all lists are first requests: a server that answers as fast as it can loads next to nothing meanwhile.
    const { scenario, swaps } = await this.#swapping(() => this.#measure(server, { bare: bare.list, most: cold.rate, turns: 1 }))
    this.#tell('during swaps', scenario)
    const allowed = 160 + 1.5 * arraysMib
    print(`\nstart to ready ${(server.startToReadyMs / 1000).toFixed(2)} s; ${swaps} swaps`)
    print(
      `resident ${resident.toFixed(0)} MiB (160 + 1.5 × ${arraysMib.toFixed(0)} MiB of arrays = ${allowed.toFixed(0)}), at most ` +
        `${server.peakMib().toFixed(0)} MiB while models change (${(allowed + 3 * arraysMib).toFixed(0)})`,
    )
    await server.stop()
    const again = await this.#start(() => startApi(places))
    print(`start to ready from the local copy ${(again.startToReadyMs / 1000).toFixed(2)} s`)
    await again.stop()
    return { warm: warm.share, cold: cold.share }
  }

  /**
   * After a second to warm up, in turn: what the bare route answers, a saturating run over the first requests, an open-loop one at half its rate
   * over the second. Requests that are both are asked again and again, others once.
   */
  async #measure(server: Server, { bare, first = this.#asked, second = first, most, turns = 6 }: Measuring): Promise<Scenario> {
    const seconds = this.#seconds / turns
    const once = first !== second
    // From the end, which the runs that count do not come to.
    await this.#attack(server, second.toReversed(), { seconds: 1, once })
    const runs = { bare: [] as Saturated[], full: [] as Saturated[], relaxed: [] as Measured[] }
    const left = (all: readonly Request[], asked: readonly Measured[]): readonly Request[] =>
      once ? all.slice(asked.reduce((sum, { requests }) => sum + requests, 0)) : all
    for (let turn = 0; turn < turns && left(first, runs.full).length > 0 && left(second, runs.relaxed).length > 0; turn++) {
      if (bare !== undefined) runs.bare.push(await this.#saturate(bare, this.#asked, { seconds, once: false }))
      const full = await this.#saturate(server, left(first, runs.full), { seconds, once })
      const rate = (most ?? answersASecond(full)) / 2
      runs.relaxed.push(await this.#attack(server, left(second, runs.relaxed), { seconds, once, rate }))
      runs.full.push(full)
    }
    const full = saturated(runs.full)
    return { bare: bare === undefined ? full : saturated(runs.bare), full, relaxed: together(runs.relaxed) }
  }

  async #saturate(server: Server, requests: readonly Request[], load: Load): Promise<Saturated> {
    const before = server.processorSeconds()
    const measured = await this.#attack(server, requests, load)
    return { ...measured, processorSeconds: server.processorSeconds() - before }
  }

  /** Prints what was measured over what a route without work does at answers of that size meanwhile. */
  #tell(name: string, { bare, full, relaxed }: Scenario): Reached {
    const [rate, bareRate] = [answersASecond(full), answersASecond(bare)]
    print(
      name.padEnd(34) +
        rate.toFixed(0).padStart(9) +
        ratio(rate, bareRate).padStart(8) +
        microseconds(full).toFixed(0).padStart(11) +
        ratio(microseconds(bare), microseconds(full)).padStart(8) +
        [0.5, 0.99, 0.999].map((share) => latencyOf(relaxed, share).toFixed(2).padStart(9)).join('') +
        `${((100 * full.clientSeconds) / full.seconds).toFixed(0)} %`.padStart(9) +
        String(full.failed + relaxed.failed).padStart(8),
    )
    return { rate, share: rate / bareRate }
  }

  /** With the server's core for the server alone: the others are paused. */
  async #attack(server: Server, requests: readonly Request[], load: Load): Promise<Measured> {
    for (const other of this.#started) if (other !== server) other.pause()
    server.resume()
    const targets = await writeTargets(this.#folder, 'requests', server.url, requests)
    return this.#client.attack(targets, load)
  }

  /** Each request once, however long it takes. */
  async #once(server: Server, requests: readonly Request[]): Promise<void> {
    await this.#attack(server, requests, { seconds: 300, once: true })
  }

  /** Publishes the one model and the other in turn while `measure` goes on. */
  async #swapping(measure: () => Promise<Scenario>): Promise<{ readonly scenario: Scenario; readonly swaps: number }> {
    let swaps = 0
    const swap = async (): Promise<void> => makeLatest(this.#store, versions[++swaps % versions.length] ?? versions[0])
    await swap()
    const timer = setInterval(() => void swap(), swapEveryMs)
    const scenario = await measure().finally(() => clearInterval(timer))
    return { scenario, swaps }
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

interface Measuring {
  /** Absent: the server itself is such a route. */
  readonly bare?: Server
  readonly first?: readonly Request[]
  readonly second?: readonly Request[]
  /** The rate that the open-loop runs are at half of; absent: that of the saturating run before. */
  readonly most?: number
  /** The speed of a shared machine changes within seconds: what is compared takes turns. */
  readonly turns?: number
}

interface Reached {
  readonly rate: number
  /** Of the bare route's rate. */
  readonly share: number
}

/** Bytes of an answer. */
interface Sizes {
  readonly list: number
  readonly page: number
  readonly batch: number
}

interface Saturated extends Measured {
  /** The server's. */
  readonly processorSeconds: number
}

const saturated = (runs: readonly Saturated[]): Saturated => ({
  ...together(runs),
  processorSeconds: runs.reduce((sum, { processorSeconds }) => sum + processorSeconds, 0),
})

/** Of the server's processor time, an answer: it hardly depends on what else the machine does. */
const microseconds = ({ processorSeconds, requests }: Saturated): number => (1e6 * processorSeconds) / requests

interface Scenario {
  readonly bare: Saturated
  readonly full: Saturated
  /** At half of that rate. */
  readonly relaxed: Measured
}

const listsOf = (start: number, end: number): readonly Request[] => range(start, end).map(recommendations)
const ratio = (a: number, b: number): string => (a / b).toFixed(2)
const print = (line: string): void => void process.stdout.write(`${line}\n`)
