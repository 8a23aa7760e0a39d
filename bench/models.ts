/**
 * Models against their peers on this machine: LightFM (WARP), implicit and irspack (iALS, ranking). Each measurement is a process of its own;
 * ours and the peer's take turns, and ratios are of medians, ours over theirs: below 1 ours is faster. Quality is measured here, from the lists
 * of both, by the same code.
 */
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Command } from 'commander'
import { MatineeError } from '../src/contracts/errors.ts'
import { IdIndex } from '../src/model/sparse/id-index.ts'
import { readPairsCsv } from '../src/experiments/pairs-csv.ts'
import { catalogueSizeOf, targetsOf, usersWithTargets } from '../src/model/evaluation/rank-users.ts'
import { families } from '../src/model/families.ts'
import { RankingMetrics } from '../src/model/metrics/ranking-metrics.ts'
import type { Interactions } from '../src/model/model.ts'
import { buildInteractions, itemsOfUser } from '../src/model/sparse/interactions.ts'
import { randomHoldOut, type Split } from '../src/model/split/split.ts'
import { pythonEnvironment } from '../test/support/python.ts'
import { plantedPairs, type PlantedSize } from './models/planted-pairs.ts'
import { listLength, type Task, type TaskResult } from './models/task.ts'
import { writeResult } from './support/result-file.ts'

const execute = promisify(execFile)
const folder = import.meta.dirname
const requirementsPath = join(folder, 'requirements.txt')
const movielens = join(folder, '../../shared/data/ml-100k/ml-100k.inter')

const planted: Readonly<Record<string, PlantedSize>> = {
  '100k': { users: 2000, items: 2000, pairs: 100_000 },
  '1m': { users: 10_000, items: 5000, pairs: 1_000_000 },
  '10m': { users: 200_000, items: 20_000, pairs: 10_000_000 },
  wide: { users: 30_000, items: 40_000, pairs: 1_000_000 },
}
const dataNames = [...Object.keys(planted), 'ml-100k']
const sections = ['warp', 'ials', 'irspack', 'topk', 'request', 'families', 'growth'] as const
type Section = (typeof sections)[number]
/** Those that are measured on each chosen data. */
const ofData: ReadonlySet<Section> = new Set(['warp', 'ials', 'irspack', 'topk', 'families'])
/** Of the users with test items every n-th is measured, so that there are no more. */
const mostMeasured = 5000

interface DataSet {
  readonly name: string
  readonly folder: string
  readonly split: Split
  readonly measured: Uint32Array
}

/** One line of the result. */
interface Row {
  readonly section: Section
  readonly data: string
  /** Pairs trained on. */
  readonly pairs?: number
  readonly what: string
  readonly peer: string
  readonly oursSeconds: number
  readonly peerSeconds?: number
  /** Of the processor. */
  readonly oursCpuSeconds: number
  readonly peerCpuSeconds?: number
  /** Ours over the peer's. */
  readonly timeRatio?: number
  readonly oursPeakMiB: number
  readonly peerPeakMiB?: number
  readonly oursNdcg20?: number
  readonly peerNdcg20?: number
  readonly oursRecall20?: number
  readonly peerRecall20?: number
  readonly p50Ms?: number
  readonly p99Ms?: number
}

export async function run(args: readonly string[]): Promise<void> {
  const command = new Command('bench models')
    .description('our models against LightFM, implicit and irspack')
    .option('--data <names>', `comma separated: ${dataNames.join(', ')}`, dataNames.join(','))
    .option('--only <sections>', `comma separated: ${sections.join(', ')}`, sections.join(','))
    .option('--rounds <n>', 'how often each pair of measurements is made (10m: once)', '3')
    .exitOverride()
  try {
    command.parse(args, { from: 'user' })
  } catch {
    return // commander has said why
  }
  const flags = command.opts<{ data: string; only: string; rounds: string }>()
  const chosenData = chosenOf('--data', flags.data, dataNames)
  const chosenSections = chosenOf('--only', flags.only, sections)
  const rounds = Number(flags.rounds)
  if (!Number.isInteger(rounds) || rounds < 1) throw new MatineeError('usage_invalid', `--rounds: "${flags.rounds}" is not a number from 1`)

  const python = join(await pythonEnvironment(requirementsPath), 'python')
  const scratch = mkdtempSync(join(tmpdir(), 'matinee-bench-'))
  const rows: Row[] = []
  const tell = (row: Row): void => {
    rows.push(row)
    process.stdout.write(`${lineOf(row)}\n`)
  }
  try {
    if (chosenSections.includes('request')) tell(await measureRequest())
    if (chosenSections.includes('growth')) await measureGrowth(python, scratch, tell)
    for (const name of chosenSections.some((section) => ofData.has(section)) ? chosenData : []) {
      if (name === 'ml-100k' && !existsSync(movielens)) {
        process.stdout.write('ml-100k: not there, skipped\n')
        continue
      }
      const data = makeData(name, scratch)
      const bench = new Bench(python, data, name === '10m' ? 1 : rounds)
      if (chosenSections.includes('warp')) await bench.warp(tell)
      if (chosenSections.includes('ials')) await bench.ials(tell)
      if (chosenSections.includes('irspack')) await bench.irspack(tell)
      if (chosenSections.includes('topk')) await bench.topk(tell)
      if (chosenSections.includes('families')) await bench.families(tell)
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
  if (rows.length > 0)
    writeResult({ name: 'models', requirementsPath, rows, replaces: (old, row) => old.section === row.section && old.data === row.data })
}

function chosenOf<Name extends string>(flag: string, text: string, names: readonly Name[]): readonly Name[] {
  return text.split(',').map((part) => {
    const name = names.find((one) => one === part)
    if (name === undefined) throw new MatineeError('usage_invalid', `${flag}: there is no ${part}; there are ${names.join(', ')}`)
    return name
  })
}

// --- data -----------------------------------------------------------------------------------------------------------

function makeData(name: string, scratch: string): DataSet {
  const size = planted[name]
  const pairs = size === undefined ? readMovielens() : plantedPairs(size, 1)
  const split = randomHoldOut(pairs, size === undefined ? 0.25 : 0.1, 0)
  const users = usersWithTargets(split.train, split.test)
  const step = Math.ceil(users.length / mostMeasured)
  const measured = users.filter((_, n) => n % step === 0)
  const target = join(scratch, name)
  mkdirSync(target)
  const { train } = split
  writeFileSync(join(target, 'shape.json'), JSON.stringify({ users: train.userCount, items: train.itemCount }))
  writeFileSync(join(target, 'offsets'), train.offsets)
  writeFileSync(join(target, 'items'), train.items)
  writeFileSync(join(target, 'measured'), measured)
  process.stdout.write(
    `\n${name}: ${train.userCount} users, ${train.itemCount} items, ${train.items.length} pairs to train on, ${measured.length} users measured\n`,
  )
  return { name, folder: target, split, measured }
}

function readMovielens(): Interactions {
  const csv = join(mkdtempSync(join(tmpdir(), 'matinee-bench-csv-')), 'pairs.csv')
  try {
    writeFileSync(csv, readFileSync(movielens, 'utf8').replaceAll('\t', ','))
    const [users, items] = [new IdIndex(), new IdIndex()]
    const rows = readPairsCsv(csv, users, items)
    return buildInteractions(users.count, items.count, { users: rows.users, items: rows.items })
  } finally {
    rmSync(join(csv, '..'), { recursive: true })
  }
}

// --- measuring ------------------------------------------------------------------------------------------------------

async function runTask(command: string, program: string, task: Task): Promise<TaskResult> {
  try {
    const { stdout } = await execute(command, [program, JSON.stringify(task)], { maxBuffer: 1 << 26 })
    return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as TaskResult
  } catch (cause) {
    throw new MatineeError('internal', `${program} ${task.kind}: ${cause instanceof Error ? cause.message.slice(-800) : String(cause)}`, {
      cause,
    })
  }
}
const runOurs = (task: Task): Promise<TaskResult> => runTask(process.execPath, join(folder, 'models/ours.ts'), task)

interface Quality {
  readonly ndcg: number
  readonly recall: number
}

interface Measured {
  readonly seconds: number
  readonly cpuSeconds: number
  readonly peakRssMiB: number
  readonly quality?: Quality
}

const warpParameters = { factors: 30, epochs: 10, learning_rate: 0.05, max_sampled: 10 }
const ialsParameters = { factors: 64, unobserved_weight: 0.1, regularization: 0.01 }
/** implicit's own default of iterations, and irspack's. */
const implicitIterations = 15
const irspackIterations = 16
const sweepsTried = [2, 3, 4, 5, 6, 8, 10, 12, 16] as const
const goodEnough = 0.995
/** Of the median request. */
const requestTargetMicroseconds = 150
const threads = 2
/** On larger catalogues EASE takes minutes, and past 16,384 items it refuses. */
const largestEase = 10_000

class Bench {
  readonly #python: string
  readonly #data: DataSet
  readonly #rounds: number

  constructor(python: string, data: DataSet, rounds: number) {
    this.#python = python
    this.#data = data
    this.#rounds = rounds
  }

  async warp(tell: (row: Row) => void): Promise<void> {
    for (const [what, count, racing] of [
      ['WARP 30 × 10, 1 thread', 1, false],
      ['WARP 30 × 10, 2 threads, repeatable', 2, false],
      ['WARP 30 × 10, 2 threads, racing', 2, true],
    ] as const) {
      const [ours, theirs] = await this.#takeTurns(
        { kind: 'warp', threads: count, parameters: { ...warpParameters, racing } },
        { kind: 'warp', threads: count, parameters: warpParameters },
      )
      tell(this.#row('warp', what, 'LightFM', ours, theirs))
    }
  }

  async ials(tell: (row: Row) => void): Promise<void> {
    const parameters = { ...ialsParameters, iterations: implicitIterations }
    const [ours, theirs] = await this.#takeTurns({ kind: 'ials', threads, parameters }, { kind: 'ials', threads, parameters })
    tell(this.#row('ials', `iALS 64, ${implicitIterations} sweeps`, 'implicit CG', ours, theirs))
  }

  async growth(): Promise<Row> {
    const parameters = { ...ialsParameters, iterations: implicitIterations }
    return this.#row(
      'growth',
      `iALS 64, ${implicitIterations} sweeps`,
      '-',
      await this.#measure('ours', { kind: 'ials', threads, parameters }),
    )
  }

  /** The fastest peer: sweep for sweep, and then in as few sweeps as its quality takes. */
  async irspack(tell: (row: Row) => void): Promise<void> {
    const full = { ...ialsParameters, iterations: irspackIterations }
    const [oursFull, irspack] = await this.#takeTurns(
      { kind: 'irspack-ials', threads, parameters: full },
      { kind: 'irspack-ials', threads, parameters: full },
    )
    tell(this.#row('irspack', `iALS 64, ${irspackIterations} sweeps`, 'irspack CG', oursFull, irspack))

    for (const iterations of sweepsTried) {
      const task = { kind: 'ials', threads, parameters: { ...ialsParameters, iterations } } as const
      const once = await this.#measure('ours', task)
      if ((once.quality?.ndcg ?? 0) < goodEnough * (irspack.quality?.ndcg ?? 0)) continue
      const several = await this.#median('ours', task, once)
      tell(
        this.#row(
          'irspack',
          `iALS 64, ${iterations} sweeps to ${goodEnough} of its nDCG`,
          `irspack CG, ${irspackIterations} sweeps`,
          several,
          irspack,
        ),
      )
      return
    }
    process.stdout.write(`iALS did not come to ${goodEnough} of irspack's nDCG in ${sweepsTried.at(-1)} sweeps\n`)
  }

  async topk(tell: (row: Row) => void): Promise<void> {
    const task = { kind: 'topk', parameters: { factors: 64 } } as const
    for (const count of [1, 2]) {
      const [ours, theirs] = await this.#takeTurns({ ...task, threads }, { ...task, threads: count })
      tell(this.#row('topk', `top 10 of all users, 2 threads`, `implicit, ${count} thread${count > 1 ? 's' : ''}`, ours, theirs))
    }
  }

  /** Every family with its defaults, once: what each is good for. */
  async families(tell: (row: Row) => void): Promise<void> {
    const { itemCount } = this.#data.split.train
    for (const { algorithm } of families) {
      if (algorithm === 'ease' && itemCount > largestEase) continue
      const ours = await this.#measure('ours', { kind: 'family', algorithm, threads, parameters: {} })
      tell(this.#row('families', algorithm, '-', ours))
    }
  }

  /** Ours and the peer's, one after the other, again and again; the medians. */
  async #takeTurns(ours: Omit<Task, 'data'>, peer: Omit<Task, 'data'>): Promise<readonly [Measured, Measured]> {
    const [a, b]: [Measured[], Measured[]] = [[], []]
    for (let round = 0; round < this.#rounds; round++) {
      a.push(await this.#measure('ours', ours))
      b.push(await this.#measure('peer', peer))
    }
    return [medianOf(a), medianOf(b)]
  }

  async #median(side: 'ours' | 'peer', task: Omit<Task, 'data'>, first: Measured): Promise<Measured> {
    const all = [first]
    while (all.length < this.#rounds) all.push(await this.#measure(side, task))
    return medianOf(all)
  }

  async #measure(side: 'ours' | 'peer', task: Omit<Task, 'data'>): Promise<Measured> {
    const lists = join(this.#data.folder, 'lists')
    const whole: Task = { ...task, data: this.#data.folder, ...(task.kind === 'topk' ? {} : { lists }) }
    const result = side === 'ours' ? await runOurs(whole) : await runTask(this.#python, join(folder, 'models/peers.py'), whole)
    return { ...result, ...(task.kind === 'topk' ? {} : { quality: qualityOf(this.#data, lists) }) }
  }

  #row(section: Section, what: string, peer: string, ours: Measured, theirs?: Measured): Row {
    return {
      section,
      data: this.#data.name,
      pairs: this.#data.split.train.items.length,
      what,
      peer,
      oursSeconds: ours.seconds,
      oursCpuSeconds: ours.cpuSeconds,
      oursPeakMiB: ours.peakRssMiB,
      ...(ours.quality === undefined ? {} : { oursNdcg20: ours.quality.ndcg, oursRecall20: ours.quality.recall }),
      ...(theirs === undefined
        ? {}
        : {
            peerSeconds: theirs.seconds,
            peerCpuSeconds: theirs.cpuSeconds,
            timeRatio: ours.seconds / theirs.seconds,
            peerPeakMiB: theirs.peakRssMiB,
          }),
      ...(theirs?.quality === undefined ? {} : { peerNdcg20: theirs.quality.ndcg, peerRecall20: theirs.quality.recall }),
    }
  }
}

/** How the time of iALS grows from a million pairs to ten. */
async function measureGrowth(python: string, scratch: string, tell: (row: Row) => void): Promise<void> {
  const measured: Row[] = []
  for (const name of ['1m', '10m']) {
    const folderOfIt = join(scratch, `growth-${name}`)
    mkdirSync(folderOfIt)
    const row = await new Bench(python, makeData(name, folderOfIt), 1).growth()
    measured.push(row)
    tell(row)
  }
  const [small, large] = measured
  if (small?.pairs === undefined || large?.pairs === undefined) return
  const [times, pairs] = [large.oursSeconds / small.oursSeconds, large.pairs / small.pairs]
  process.stdout.write(`${pairs.toFixed(1)} × the pairs take ${times.toFixed(1)} × the time: ${(times / pairs).toFixed(2)} × linear\n`)
}

async function measureRequest(): Promise<Row> {
  const {
    seconds,
    cpuSeconds,
    peakRssMiB,
    p50 = NaN,
    p99 = NaN,
  } = await runOurs({ kind: 'request', data: '', threads: 1, parameters: { factors: 64 } })
  const what = 'one request: 20,000 items × 64, top 10, 200 seen'
  return {
    section: 'request',
    data: '-',
    what,
    peer: '-',
    oursSeconds: seconds,
    oursCpuSeconds: cpuSeconds,
    oursPeakMiB: peakRssMiB,
    p50Ms: p50,
    p99Ms: p99,
  }
}

/** The measurement of median time. */
function medianOf(all: readonly Measured[]): Measured {
  const sorted = all.toSorted((a, b) => a.seconds - b.seconds)
  const median = sorted[Math.floor((sorted.length - 1) / 2)]
  if (median === undefined) throw new MatineeError('internal', 'nothing was measured')
  return median
}

function qualityOf({ split: { train, test }, measured }: DataSet, path: string): Quality {
  const lists = new Uint32Array(Uint8Array.from(readFileSync(path)).buffer)
  const metrics = new RankingMetrics({ cutoffs: [listLength], itemCount: train.itemCount, catalogueSize: catalogueSizeOf(train) })
  for (const [n, user] of measured.entries())
    metrics.add(
      lists.subarray(n * listLength, (n + 1) * listLength),
      targetsOf(train, test, user),
      train.itemCount - itemsOfUser(train, user).length,
    )
  const result = metrics.result()
  return { ndcg: result[`ndcg@${listLength}`] ?? NaN, recall: result[`recall@${listLength}`] ?? NaN }
}

// --- telling --------------------------------------------------------------------------------------------------------

/** What the ratio of a line has to be at most, where something was set out to be reached on such data. */
function targetOf({ section, data, what }: Row): number | undefined {
  if (section === 'warp') return what.includes('1 thread') ? 0.35 : 0.4
  if (section === 'ials') return 0.85
  if (section === 'irspack') return what.includes(`${goodEnough}`) ? 1 : undefined
  if (section !== 'topk') return undefined
  if (data === '1m') return 0.2
  return data === 'wide' ? 0.9 : undefined
}

function verdictOf(row: Row): string {
  const target = targetOf(row)
  if (target === undefined || row.timeRatio === undefined) return ''
  return ` (target ${target}: ${row.timeRatio <= target ? 'holds' : 'missed'})`
}

/** Ours / the peer's. */
const both = (ours: number | undefined, peer: number | undefined, digits: number): string =>
  [ours, peer].flatMap((value) => (value === undefined ? [] : [value.toFixed(digits)])).join(' / ')

function lineOf(row: Row): string {
  if (row.p50Ms !== undefined)
    return `${row.what}: p50 ${both(1000 * row.p50Ms, undefined, 0)} µs, p99 ${both(1000 * (row.p99Ms ?? NaN), undefined, 0)} µs (target p50 ${requestTargetMicroseconds}: ${1000 * row.p50Ms <= requestTargetMicroseconds ? 'holds' : 'missed'})`
  const parts = [
    row.timeRatio === undefined
      ? `${row.data}  ${row.what}`
      : `${row.data}  ${row.what}, against ${row.peer}: ${row.timeRatio.toFixed(2)} ×${verdictOf(row)}`,
    `${both(row.oursSeconds, row.peerSeconds, 2)} s`,
    `processor ${both(row.oursCpuSeconds, row.peerCpuSeconds, 2)} s`,
    ...(row.oursNdcg20 === undefined
      ? []
      : [
          `nDCG@20 ${both(row.oursNdcg20, row.peerNdcg20, 4)}${row.peerNdcg20 === undefined ? '' : ` = ${(row.oursNdcg20 / row.peerNdcg20).toFixed(3)} ×`}`,
          `recall@20 ${both(row.oursRecall20, row.peerRecall20, 4)}`,
        ]),
    `peak ${both(row.oursPeakMiB, row.peerPeakMiB, 0)} MiB`,
  ]
  return parts.join('  ')
}
