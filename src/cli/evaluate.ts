/** `matinee evaluate`: fits a model on one CSV of pairs and measures it on another. */
import { availableParallelism } from 'node:os'
import { Command, Option } from 'commander'
import { freeMemory } from '../adapters/free-memory.ts'
import { WorkerKernelThreads } from '../adapters/kernel-threads.ts'
import { MatineeError } from '../contracts/errors.ts'
import {
  fitToEnd,
  measureLists,
  rankTestUsers,
  readExperimentData,
  type ExperimentData,
  type WeightKind,
} from '../experiments/experiment.ts'
import { candidateParameters, checkMemory, memoryNeedMib, startCandidate, type Candidate } from '../model/candidate.ts'
import { usersWithTargets } from '../model/evaluation/rank-users.ts'
import { families } from '../model/families.ts'
import type { FitResources, Parameters } from '../model/model.ts'
import { parseParameter, resolveParameters } from '../model/parameters.ts'
import { searchModels, type SearchResult } from '../model/search/search-models.ts'
import type { Trial } from '../model/search/trials.ts'
import { validationFolds, type Validation } from '../model/search/validation-split.ts'
import type { CliContext } from './context.ts'

const auto = 'auto'
const reportEveryMs = 2000

interface Flags {
  readonly train: string
  readonly test: string
  readonly model: string
  readonly param: readonly string[]
  readonly k: readonly number[]
  readonly weights: WeightKind
  readonly threads: number
  readonly seed: number
  readonly budget: number
  readonly json: boolean
}

interface Result {
  readonly model: string
  readonly params: Parameters
  /** Distinct ones of the training file. */
  readonly users: number
  readonly items: number
  readonly pairs: number
  /** Users that the metrics are the mean of. */
  readonly measuredUsers: number
  readonly seconds: Readonly<Record<string, number>>
  readonly metrics: Readonly<Record<string, number>>
  readonly peakRssMiB: number
  /** How `auto` came to its choice. */
  readonly search?: { readonly validation: FoundModel['validation']; readonly trials: readonly Trial[] }
}

export function evaluateCommand(context: CliContext): Command {
  const names = [...families.map(({ algorithm }) => algorithm), auto]
  return new Command('evaluate')
    .description('fit a model on the pairs of one CSV and measure it on those of another (columns user,item[,rating[,timestamp]])')
    .requiredOption('--train <csv>', 'pairs to learn from')
    .requiredOption('--test <csv>', 'pairs to recommend; those that are in train too do not count')
    .addOption(new Option('--model <name>', 'model family; auto searches for family and parameters').choices(names).makeOptionMandatory())
    .option('--param <name=value>', 'a parameter of the model, again for each', (text, before: readonly string[]) => [...before, text], [])
    .option('--k <list>', 'lengths of the lists that are measured', cutoffs, [10, 20])
    .addOption(
      new Option('--weights <kind>', 'weight of a pair in training: 1, or its rating as a share of the largest')
        .choices(['one', 'rating'])
        .default('one'),
    )
    .option('--threads <n>', 'threads of training and ranking', positiveInteger, availableParallelism())
    .option('--seed <n>', 'seed of everything random', wholeNumber, 0)
    .option('--budget <seconds>', 'what auto may take, the last fit and all lists included', positiveNumber, 120)
    .option('--json', 'print the result as JSON', false)
    .addHelpText('after', parameterHelp())
    .action(async (flags: Flags) => {
      const { memoryMib } = context.config()
      const threads = new WorkerKernelThreads(flags.threads)
      const result = evaluate(flags, { threads }, memoryMib, throttled(context.progress))
      await threads.close()
      context.out(flags.json ? JSON.stringify(result) : describe(result))
    })
}

/** The main thread does nothing else meanwhile; Ctrl-C ends the process, threads and all. */
function evaluate(flags: Flags, resources: FitResources, memoryMib: number, progress: Progress): Result {
  if (flags.model === auto && flags.param.length > 0)
    throw new MatineeError('usage_invalid', '--param: auto chooses the parameters; leave it out or name a model')
  // Before the files are read: a typing error shows at once.
  const given = flags.model === auto ? undefined : chosenByHand(flags.model, flags.param)

  const clock = new Clock()
  const data = readExperimentData({
    trainPath: flags.train,
    testPath: flags.test,
    weights: flags.weights,
    report: (path, rows) => progress.now(`${path}: ${rows.toLocaleString('en')} rows`),
  })
  const { train } = data
  clock.lap('load')
  progress.now(
    `${train.items.length.toLocaleString('en')} pairs of ${train.userCount.toLocaleString('en')} users and ${train.itemCount.toLocaleString('en')} items`,
  )

  const found = given === undefined ? search(data, flags, resources, memoryMib, clock, progress) : undefined
  const candidate = given ?? chosen(found)
  const { algorithm, parameters } = candidate
  checkMemory(candidate, train, flags.threads, memoryMib)
  progress.now(`${algorithm} needs ${memoryNeedMib(candidate, train, flags.threads)} MiB beside the pairs, of ${memoryMib} that it may use`)
  const fit = startCandidate(candidate, { pairs: train }, flags.seed, undefined, resources)
  const model = fitToEnd(fit, ({ epoch, epochs, fraction }) =>
    progress.sometimes(`${algorithm}: epoch ${epoch} of ${epochs}, ${Math.round(100 * fraction)} %`),
  )
  clock.lap('train')
  const ranked = rankTestUsers(model, data, Math.max(...flags.k), resources, (done, users) =>
    progress.sometimes(`ranked ${done} of ${users} users`),
  )
  clock.lap('rank')
  const { metrics, users } = measureLists(data, ranked, flags.k)
  return {
    model: algorithm,
    params: parameters,
    users: train.userCount,
    items: train.itemCount,
    pairs: train.items.length,
    measuredUsers: users,
    seconds: clock.seconds,
    metrics,
    peakRssMiB: Math.round(process.resourceUsage().maxRSS / 1024),
    ...(found === undefined ? {} : { search: { validation: found.validation, trials: found.trials } }),
  }
}

interface FoundModel extends SearchResult {
  readonly validation: Validation['kind']
}

/** What one fit of a search may hold in memory: beyond that a family is not tried. */
const searchMemoryMib = 700

/** All parameters, defaults included. */
function chosenByHand(algorithm: string, texts: readonly string[]): Candidate {
  const allowed = candidateParameters(algorithm)
  return { algorithm, parameters: resolveParameters(allowed, Object.fromEntries(texts.map((text) => parseParameter(allowed, text)))) }
}

function chosen(found: FoundModel | undefined): Candidate {
  if (found === undefined) throw new MatineeError('internal', 'no model was named and none was searched for')
  const { algorithm, parameters } = found
  return { algorithm, parameters: resolveParameters(candidateParameters(algorithm), parameters) }
}

function search(
  { train, test }: ExperimentData,
  { seed, budget }: Flags,
  resources: FitResources,
  memoryMib: number,
  clock: Clock,
  progress: Progress,
): FoundModel {
  const started = performance.now()
  const { kind, folds } = validationFolds(train, seed)
  const steps = searchModels({
    folds: folds.map((split) => ({ ...split, signals: { pairs: split.train } })),
    seed,
    limits: {
      seconds: budget - clock.elapsed,
      rankedUsers: usersWithTargets(train, test).length,
      trials: Infinity,
      memoryMib: Math.min(searchMemoryMib, memoryMib),
    },
    resources,
    elapsedSeconds: () => (performance.now() - started) / 1000,
    report: (trial) => {
      freeMemory()
      progress.now(`tried ${trialText(trial)}`)
    },
  })
  for (;;) {
    const step = steps.next()
    if (step.done !== true) continue
    freeMemory()
    clock.lap('search')
    return { ...step.value, validation: kind }
  }
}

const trialText = ({ algorithm, parameters, ndcg, seconds, ended }: Trial): string =>
  `${algorithm} ${JSON.stringify(parameters)}: ${ndcg === undefined ? `given up (${ended})` : `nDCG@20 ${ndcg.toFixed(4)}`} in ${seconds.toFixed(1)} s`

/** Seconds from step to step. */
class Clock {
  readonly seconds: Record<string, number> = {}
  readonly #first = performance.now()
  #last = this.#first

  get elapsed(): number {
    return (performance.now() - this.#first) / 1000
  }

  lap(name: string): void {
    const now = performance.now()
    this.seconds[name] = Math.round(now - this.#last) / 1000
    this.#last = now
  }
}

interface Progress {
  readonly now: (text: string) => void
  /** Only where nothing was said for a while. */
  readonly sometimes: (text: string) => void
}

function throttled(write: (text: string) => void): Progress {
  let last = performance.now()
  const now = (text: string): void => {
    last = performance.now()
    write(text)
  }
  return { now, sometimes: (text) => (performance.now() - last < reportEveryMs ? undefined : now(text)) }
}

const named = (values: Readonly<Record<string, unknown>>): string =>
  Object.entries(values)
    .map(([name, value]) => `${name} ${String(value)}`)
    .join(', ')

function describe({ model, params, users, items, pairs, seconds, metrics, peakRssMiB }: Result): string {
  return [
    `${model}: ${named(params)}`,
    `${users} users, ${items} items, ${pairs} pairs; seconds: ${named(seconds)}; peak memory ${peakRssMiB} MiB`,
    ...Object.entries(metrics).map(([name, value]) => `${name.padEnd(14)} ${value.toFixed(5)}`),
  ].join('\n')
}

function parameterHelp(): string {
  const lines = families.map(
    ({ algorithm, parameters }) => `  ${algorithm}: ${parameters.map(({ name, default: value }) => `${name}=${String(value)}`).join(' ')}`,
  )
  return `\nParameters (--param) and their defaults:\n${lines.join('\n')}`
}

function cutoffs(text: string): readonly number[] {
  const list = [...new Set(text.split(',').map(Number))]
  if (list.some((k) => !Number.isInteger(k) || k < 1)) throw new MatineeError('usage_invalid', `--k: "${text}" is not a list such as 10,20`)
  return list
}

function wholeNumber(text: string): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value)) throw new MatineeError('usage_invalid', `"${text}" is not a whole number`)
  return value
}

function positiveInteger(text: string): number {
  if (wholeNumber(text) === 0) throw new MatineeError('usage_invalid', `"${text}" is not a whole number above 0`)
  return wholeNumber(text)
}

function positiveNumber(text: string): number {
  const value = Number(text)
  if (!(value > 0 && value < Infinity)) throw new MatineeError('usage_invalid', `"${text}" is not a number above 0`)
  return value
}
