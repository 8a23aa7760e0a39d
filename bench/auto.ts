/**
 * `npm run bench -- auto [--data dense,sparse,places,ml-100k] [--budget SECONDS] [--trials]`: what `matinee evaluate --model auto` finds, how long it takes and
 * what it holds in memory, beside the old system's setting (WARP, 30 factors, 10 epochs). Made-up pairs are of the sizes of well-known data
 * sets, long-tailed; what families gain on them is no forecast for real ones. Every run is a process of its own.
 */
import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Command } from 'commander'
import { MatineeError } from '../src/contracts/errors.ts'
import type { Interactions } from '../src/model/model.ts'
import { permutation, Random } from '../src/model/random/random.ts'
import { userOfPairs } from '../src/model/sparse/interactions.ts'
import { randomHoldOut } from '../src/model/split/split.ts'
import { placedPairs, plantedPairs } from './models/planted-pairs.ts'

const execute = promisify(execFile)
const matinee = join(import.meta.dirname, '../bin/matinee.mjs')
const movielens = join(import.meta.dirname, '../../shared/data/ml-100k/ml-100k.inter')

interface Planted {
  readonly make: () => Interactions
  readonly testShare: number
}

/** Test part included: a tenth of `dense`, a fifth of the others. */
const planted: Readonly<Record<string, Planted>> = {
  dense: { make: () => plantedPairs({ users: 6000, items: 3700, pairs: 780_000 }, 1), testShare: 0.1 },
  sparse: { make: () => plantedPairs({ users: 30_000, items: 41_000, pairs: 1_000_000, groups: 400 }, 1), testShare: 0.2 },
  places: { make: () => placedPairs({ users: 30_000, items: 41_000, pairs: 1_000_000, places: 2048 }, 1), testShare: 0.2 },
}

interface Outcome {
  readonly model: string
  readonly params: Readonly<Record<string, number | boolean>>
  readonly users: number
  readonly items: number
  readonly pairs: number
  readonly seconds: Readonly<Record<string, number>>
  readonly metrics: Readonly<Record<string, number>>
  readonly peakRssMiB: number
  readonly search?: { readonly trials: readonly unknown[] }
}

interface Flags {
  readonly data: string
  readonly budget: string
  readonly trials?: true
}

export async function run(args: readonly string[]): Promise<void> {
  await new Command('bench auto')
    .description('What the search finds by itself, beside the setting of the old system.')
    .option('--data <list>', 'data sets, comma separated', [...Object.keys(planted), 'ml-100k'].join(','))
    .option('--budget <seconds>', 'of a search, at most', '120')
    .option('--trials', 'tell what was tried')
    .action(bench)
    .parseAsync([...args], { from: 'user' })
}

async function bench(flags: Flags): Promise<void> {
  const scratch = mkdtempSync(join(tmpdir(), 'matinee-auto-'))
  try {
    process.stdout.write(
      '| data | users, items, pairs | model | trials | seconds (search, fit, lists) | peak MiB | recall@20 | nDCG@20 |\n|---|---|---|---|---|---|---|---|\n',
    )
    for (const name of flags.data.split(',')) {
      if (name === 'ml-100k' && !existsSync(movielens)) {
        process.stdout.write('ml-100k: not there, skipped\n')
        continue
      }
      writeSplit(name, scratch)
      const old = await evaluate(scratch, ['--model', 'warp', '--param', 'factors=30', '--param', 'epochs=10'])
      tell(name, old)
      const found = await evaluate(scratch, ['--model', 'auto', '--budget', flags.budget], flags.trials)
      tell(name, found)
      const gain = (found.metrics['ndcg@20'] ?? 0) / (old.metrics['ndcg@20'] ?? 1) - 1
      process.stdout.write(`${name}: nDCG@20 ${(100 * gain).toFixed(1)} % above the old setting\n`)
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

/** `train.csv` and `test.csv`. */
function writeSplit(name: string, folder: string): void {
  if (name === 'ml-100k') {
    const [, ...lines] = readFileSync(movielens, 'utf8').trim().split('\n')
    const test = new Set(permutation(lines.length, Random.seeded(0)).subarray(0, Math.ceil(lines.length / 4)))
    const write = (file: string, isTest: boolean): void => {
      const pairs = lines.filter((_, n) => test.has(n) === isTest).map((line) => line.split('\t').slice(0, 2).join(','))
      writeFileSync(join(folder, file), `user,item\n${pairs.join('\n')}\n`)
    }
    write('train.csv', false)
    write('test.csv', true)
    return
  }
  const data = planted[name]
  if (data === undefined)
    throw new MatineeError('usage_invalid', `--data: there is no ${name}; there are ${Object.keys(planted).join(', ')}, ml-100k`)
  const { train, test } = randomHoldOut(data.make(), data.testShare, 0)
  writeCsv(join(folder, 'train.csv'), train)
  writeCsv(join(folder, 'test.csv'), test)
}

function writeCsv(path: string, pairs: Interactions): void {
  const users = userOfPairs(pairs)
  writeFileSync(path, `user,item\n${Array.from(pairs.items, (item, n) => `${users[n]},${item}`).join('\n')}\n`)
}

async function evaluate(folder: string, flags: readonly string[], tellTrials = false): Promise<Outcome> {
  const files = ['--train', join(folder, 'train.csv'), '--test', join(folder, 'test.csv')]
  const all = [matinee, 'evaluate', ...files, ...flags, '--threads', '2', '--json']
  const { stdout, stderr } = await execute(process.execPath, all, { maxBuffer: 1 << 26 })
  if (tellTrials) process.stderr.write(stderr)
  return JSON.parse(stdout) as Outcome
}

function tell(name: string, { model, params, users, items, pairs, seconds, metrics, peakRssMiB, search }: Outcome): void {
  const total = Object.values(seconds).reduce((sum, value) => sum + value, 0)
  const cells = [
    name,
    [users, items, pairs].map((count) => count.toLocaleString('en')).join(', '),
    `${model} ${takingPart(params)}`,
    search?.trials.length ?? 1,
    `${total.toFixed(1)} (${['search', 'train', 'rank'].map((part) => (seconds[part] ?? 0).toFixed(1)).join(', ')})`,
    peakRssMiB,
    ...['recall@20', 'ndcg@20'].map((metric) => (metrics[metric] ?? NaN).toFixed(4)),
  ]
  process.stdout.write(`| ${cells.join(' | ')} |\n`)
}

/** Without the families of a blend that have weight 0. */
function takingPart(params: Outcome['params']): string {
  const isOut = (name: string): boolean => params[`${name.split('.')[0]}.weight`] === 0
  return Object.entries(params)
    .filter(([name]) => !isOut(name))
    .map(([name, value]) => `${name}=${value}`)
    .join(' ')
}
