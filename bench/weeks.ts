/**
 * `npm run bench -- weeks [--movielens DIR] [--weeks 10] [--trials 25]`: what the search finds from week to week, against popularity.
 * MovieLens 100K, each of its last weeks by time: the search sees what was before the week alone, goes on from what it chose the week before,
 * and its choice, fitted on all that was before, ranks for everyone who rated something in the week. Popularity is counted over all of the
 * time and over the last four weeks, and the better of the two is chosen after the fact. The interval is the paired bootstrap's, 95 %.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Command } from 'commander'
import { WorkerKernelThreads } from '../src/adapters/kernel-threads.ts'
import { startCandidate, type Candidate } from '../src/model/candidate.ts'
import { PairedBootstrap } from '../src/model/evaluation/bootstrap.ts'
import { catalogueSizeOf, measureUsers } from '../src/model/evaluation/rank-users.ts'
import { RankingMetrics } from '../src/model/metrics/ranking-metrics.ts'
import type { FitResources, Interactions } from '../src/model/model.ts'
import { searchModels, type SearchResult } from '../src/model/search/search-models.ts'
import { newestWeeks } from '../src/model/search/validation-split.ts'
import { buildInteractions, selectPairs } from '../src/model/sparse/interactions.ts'
import type { Split } from '../src/model/split/split.ts'

const metric = 'ndcg@10'
const daySeconds = 86_400
/** A ceiling: the search is to end by its trials, so that it ends the same way on any machine. */
const secondsAtMost = 300
const weekSeconds = 7 * daySeconds
const popularities: readonly Candidate[] = [
  { algorithm: 'popularity', parameters: {} },
  { algorithm: 'popularity', parameters: { weeks: 4 } },
]

interface Flags {
  readonly movielens: string
  readonly weeks: string
  readonly trials: string
}

export async function run(args: readonly string[]): Promise<void> {
  await new Command('bench weeks')
    .description('What the search finds from week to week, against popularity.')
    .option('--movielens <dir>', 'a folder with ml-100k.inter', join(import.meta.dirname, '../../shared/data/ml-100k'))
    .option('--weeks <n>', 'the last weeks of the data', '10')
    .option('--trials <n>', 'fits of a search', '25')
    .action(bench)
    .parseAsync([...args], { from: 'user' })
}

async function bench(flags: Flags): Promise<void> {
  const file = join(flags.movielens, 'ml-100k.inter')
  if (!existsSync(file)) {
    process.stdout.write(`${file} is not there: skipped\n`)
    return
  }
  const pairs = readPairs(file)
  const newest = (pairs.times ?? new Float64Array(0)).reduce((latest, time) => Math.max(latest, time), 0)
  // 1970-01-05 was a Monday.
  const lastMonday = newest - ((((newest - 4 * daySeconds) % weekSeconds) + weekSeconds) % weekSeconds)
  const threads = new WorkerKernelThreads(2)
  process.stdout.write(
    `| week from | users | with a history | popularity | of 4 weeks | found | difference | 95 % interval | trials | choice |\n|---|---|---|---|---|---|---|---|---|---|\n`,
  )
  let carried: Candidate | undefined
  const weeks: Week[] = []
  for (let back = Number(flags.weeks) - 1; back >= 0; back--) {
    const start = lastMonday - back * weekSeconds
    const split = weekOf(pairs, start)
    const found = search(split.train, start, Number(flags.trials), { threads }, carried)
    carried = { algorithm: found.algorithm, parameters: found.parameters }
    const week = compare(split, carried, { threads })
    weeks.push(week)
    tell(start, split, week, found)
  }
  await threads.close()
  const mean = weeks.reduce((sum, { difference }) => sum + difference, 0) / weeks.length
  const below = weeks.filter(({ high }) => high < 0).length
  process.stdout.write(`mean difference ${mean.toFixed(4)}; weeks below popularity beyond the interval: ${below}\n`)
}

interface Week {
  readonly popularities: readonly number[]
  readonly found: number
  /** To the better popularity. */
  readonly difference: number
  readonly low: number
  readonly high: number
}

/** What was before the week that starts then, and what was in it. */
function weekOf(pairs: Interactions, start: number): Split {
  const { times = new Float64Array(0) } = pairs
  const before = Uint8Array.from(times, (time) => Number(time < start))
  const inWeek = Uint8Array.from(times, (time) => Number(time >= start && time < start + weekSeconds))
  return { train: selectPairs(pairs, before), test: selectPairs(pairs, inWeek) }
}

function search(train: Interactions, end: number, trials: number, resources: FitResources, carried: Candidate | undefined): SearchResult {
  const started = performance.now()
  const splits = newestWeeks((n) => {
    const split = weekOf(train, end - n * weekSeconds)
    return split.train.items.length === 0 ? undefined : split
  })
  const steps = searchModels({
    folds: splits.map((split) => ({ ...split, signals: { pairs: split.train } })),
    seed: 0,
    limits: { seconds: secondsAtMost, trials, memoryMib: 700 },
    elapsedSeconds: () => (performance.now() - started) / 1000,
    resources,
    ...(carried === undefined ? {} : { carried }),
  })
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
  }
}

function compare(split: Split, found: Candidate, resources: FitResources): Week {
  const measured = [...popularities, found].map((candidate) => valuesOf(split, candidate, resources))
  const means = measured.map((values) => values.reduce((sum, value) => sum + value, 0) / values.length)
  const better = (means[0] ?? 0) >= (means[1] ?? 0) ? 0 : 1
  const bootstrap = new PairedBootstrap(measured, { level: 0.95, resamples: 2000, seed: 0 })
  while (bootstrap.advance() < 1);
  return { popularities: means.slice(0, 2), found: means[2] ?? 0, ...bootstrap.difference(2, better) }
}

/** Of each user of the week. */
function valuesOf({ train, test }: Split, candidate: Candidate, resources: FitResources): Float64Array {
  const fit = startCandidate(candidate, { pairs: train }, 0, undefined, resources)
  while (fit.advance().fraction < 1);
  const metrics = new RankingMetrics({ cutoffs: [10], itemCount: train.itemCount, catalogueSize: catalogueSizeOf(train) })
  const column = metrics.columns.indexOf(metric)
  const batches = [...measureUsers({ model: fit.finish(), train, test, metrics, threads: resources.threads })]
  return Float64Array.from(batches.flat(), ({ values }) => values[column] ?? 0)
}

function tell(start: number, { train, test }: Split, week: Week, { algorithm, parameters, trials }: SearchResult): void {
  const users = Array.from(test.offsets.subarray(1), (offset, user) => Number(offset > (test.offsets[user] ?? 0)))
  const known = users.filter((has, user) => has === 1 && (train.offsets[user + 1] ?? 0) > (train.offsets[user] ?? 0)).length
  const cells = [
    new Date(start * 1000).toISOString().slice(0, 10),
    users.reduce((sum, has) => sum + has, 0),
    known,
    ...[...week.popularities, week.found, week.difference].map((value) => value.toFixed(4)),
    `${week.low.toFixed(4)} to ${week.high.toFixed(4)}`,
    trials.length,
    `${algorithm} ${JSON.stringify(parameters)}`,
  ]
  process.stdout.write(`| ${cells.join(' | ')} |\n`)
}

/** Every rating is a pair, of weight 1. */
function readPairs(file: string): Interactions {
  const rows = readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((line) => line.split('\t'))
  const positions = (column: number): ReadonlyMap<string, number> =>
    new Map([...new Set(rows.map((row) => row[column] ?? ''))].map((id, position) => [id, position]))
  const [users, items] = [positions(0), positions(1)]
  return buildInteractions(users.size, items.size, {
    users: Uint32Array.from(rows, ([user = '']) => users.get(user) ?? 0),
    items: Uint32Array.from(rows, ([, item = '']) => items.get(item) ?? 0),
    times: Float64Array.from(rows, ([, , , time]) => Number(time)),
  })
}
