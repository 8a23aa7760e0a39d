/**
 * Chooses a model family and its parameters for a set of pairs: a climb over a small grid a family.
 *
 * A part of the pairs is held out (`validationSplit`), and every candidate is fitted on the rest and measured by nDCG@20 on the part. First the
 * starting point of each family is tried; then, from the best family down, steps from the family's starting point along each axis, as long as they make it better. A fit that would leave no time to fit its model on all pairs is given up.
 *
 * Deterministic but for the budget: while time is left, the same pairs and seed give the same choice. The clock is the caller's.
 */
import { MatineeError } from '../../contracts/errors.ts'
import { catalogueSizeOf, measureUsers } from '../evaluation/rank-users.ts'
import { familyOf } from '../families.ts'
import { RankingMetrics } from '../metrics/ranking-metrics.ts'
import type { FitResources, Interactions, Model, Parameters } from '../model.ts'
import { randomHoldOut, timeSplit, type Split } from '../split/split.ts'
import { selectPairs } from '../sparse/interactions.ts'

export const validationCutoff = 20
const validationShare = 0.1
/** More would only tell the same more exactly. */
const mostValidationUsers = 10_000
/** A fit on all pairs takes that much longer than one on the rest, with a margin. */
const refitFactor = 1.3

/** Values of a family's parameters in rising order, and where the climb starts. Parameters that are not named keep their defaults. */
interface Grid {
  readonly algorithm: string
  readonly axes: Readonly<Record<string, { readonly values: readonly number[]; readonly start: number }>>
}

/** A step that gains less is noise, and often costs twice the time. */
const leastGain = 1.002

/** In the order in which they are tried: the cheap ones first. */
const grids: readonly Grid[] = [
  { algorithm: 'popularity', axes: {} },
  {
    algorithm: 'item-knn',
    axes: { neighbours: { values: [10, 20, 50, 200], start: 20 }, shrinkage: { values: [0, 5, 20, 100], start: 5 } },
  },
  { algorithm: 'ease', axes: { regularization: { values: [10, 30, 100, 200, 400, 800, 1600, 5000], start: 400 } } },
  {
    algorithm: 'ials',
    axes: {
      unobserved_weight: { values: [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1], start: 0.1 },
      regularization: { values: [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1], start: 0.02 },
      factors: { values: [16, 32, 64, 128, 256], start: 64 },
    },
  },
  {
    algorithm: 'warp',
    axes: { factors: { values: [30, 64], start: 30 }, epochs: { values: [10, 30], start: 10 } },
  },
]

export interface Trial {
  readonly algorithm: string
  readonly parameters: Parameters
  /** nDCG@20 on the validation part; undefined where the fit was given up, could not be made or diverged. */
  readonly ndcg: number | undefined
  readonly seconds: number
}

export interface SearchOptions {
  readonly train: Interactions
  readonly seed: number
  /** Seconds that search and the fit on all pairs may take together. */
  readonly budgetSeconds: number
  /** Seconds since the search began, from a clock that never goes back. */
  readonly elapsedSeconds: () => number
  readonly resources?: FitResources
  /** Told of each candidate once it is measured. */
  readonly report?: (trial: Trial) => void
}

export interface SearchResult {
  readonly algorithm: string
  /** Those that the search set; the others are the family's defaults. */
  readonly parameters: Parameters
  readonly validation: 'time' | 'random'
  readonly trials: readonly Trial[]
}

/** @throws MatineeError `no_training_data` where the pairs are too few to hold any out. */
export function searchModels(options: SearchOptions): SearchResult {
  const { kind, train, test } = validationSplit(options.train, options.seed)
  const search = new Search(options, train, thinned(test))
  for (const grid of grids) search.climbFrom(grid, false)
  for (const grid of grids.toSorted((a, b) => search.bestOf(b) - search.bestOf(a))) search.climbFrom(grid, true)
  const { best } = search
  if (best === undefined) throw new MatineeError('no_training_data', 'no model could be measured: no user has pairs in both parts')
  return { algorithm: best.algorithm, parameters: best.parameters, validation: kind, trials: search.trials }
}

/**
 * The newest tenth of the pairs, where they have times and most of that tenth is of users who have a history before it: that is what a model
 * meets in use. Else a random tenth: of strangers nothing personal can be learnt.
 */
export function validationSplit(pairs: Interactions, seed: number): Split & { readonly kind: 'time' | 'random' } {
  const { times } = pairs
  if (times !== undefined && times.length > 0) {
    const cut = times.toSorted()[Math.floor((1 - validationShare) * times.length)] as number
    if (times.some((time) => time < cut)) {
      const split = timeSplit(pairs, cut)
      if (shareOfKnownUsers(split) > 0.5) return { kind: 'time', ...split }
    }
  }
  return { kind: 'random', ...randomHoldOut(pairs, validationShare, seed) }
}

function shareOfKnownUsers({ train, test }: Split): number {
  let known = 0
  for (let user = 0; user < test.userCount; user++)
    if (train.offsets[user] !== train.offsets[user + 1]) known += (test.offsets[user + 1] as number) - (test.offsets[user] as number)
  return known / test.items.length
}

/** Every n-th user's pairs, so that at most `mostValidationUsers` are left. */
function thinned(test: Interactions): Interactions {
  const users = test.offsets.reduce((count, offset, n) => count + Number(n > 0 && offset !== test.offsets[n - 1]), 0)
  const step = Math.ceil(users / mostValidationUsers)
  if (step <= 1) return test
  const keep = new Uint8Array(test.items.length)
  for (let user = 0, n = 0; user < test.userCount; user++) {
    if (test.offsets[user] === test.offsets[user + 1]) continue
    if (n % step === 0) keep.fill(1, test.offsets[user], test.offsets[user + 1])
    n++
  }
  return selectPairs(test, keep)
}

/** A point of a grid: the number of the value on each axis. */
type Point = Readonly<Record<string, number>>

class Search {
  readonly trials: Trial[] = []
  readonly #options: SearchOptions
  readonly #train: Interactions
  readonly #test: Interactions
  readonly #known = new Map<string, Trial>()
  /** Of the model that is the best so far, on all pairs. */
  #refitSeconds = 0

  constructor(options: SearchOptions, train: Interactions, test: Interactions) {
    this.#options = options
    this.#train = train
    this.#test = test
  }

  get best(): Trial | undefined {
    return this.trials.reduce<Trial | undefined>((best, trial) => (scoreOf(trial) > scoreOf(best) ? trial : best), undefined)
  }

  bestOf({ algorithm }: Grid): number {
    return Math.max(-1, ...this.trials.filter((trial) => trial.algorithm === algorithm).map(scoreOf))
  }

  /** Tries the start of a grid, and with `on` goes from point to better point. */
  climbFrom(grid: Grid, on: boolean): void {
    let point: Point = Object.fromEntries(Object.entries(grid.axes).map(([name, { values, start }]) => [name, values.indexOf(start)]))
    let score = scoreOf(this.#try(grid, point))
    for (let isBetter = on && score >= 0; isBetter;) {
      isBetter = false
      for (const [name, step] of directionsOf(grid)) {
        for (;;) {
          const next = moved(grid, point, name, step)
          const reached = next === undefined ? -1 : scoreOf(this.#try(grid, next))
          if (next === undefined || reached <= leastGain * score) break
          ;[point, score, isBetter] = [next, reached, true]
        }
      }
    }
  }

  #try(grid: Grid, point: Point): Trial | undefined {
    const parameters = Object.fromEntries(Object.entries(grid.axes).map(([name, { values }]) => [name, values[point[name] ?? 0] ?? 0]))
    const key = JSON.stringify([grid.algorithm, parameters])
    const before = this.#known.get(key)
    if (before !== undefined) return before
    const { budgetSeconds, elapsedSeconds, report } = this.#options
    const isFirst = this.trials.length === 0
    if (!isFirst && elapsedSeconds() + this.#refitSeconds > budgetSeconds) return undefined
    const started = elapsedSeconds()
    const model = this.#fit(grid.algorithm, parameters, isFirst)
    const fitSeconds = elapsedSeconds() - started
    const ndcg = model && this.#measure(model)
    const trial: Trial = { algorithm: grid.algorithm, parameters, ndcg, seconds: elapsedSeconds() - started }
    if (scoreOf(trial) > scoreOf(this.best)) this.#refitSeconds = refitFactor * fitSeconds
    this.#known.set(key, trial)
    this.trials.push(trial)
    report?.(trial)
    return trial
  }

  /** Undefined where it cannot be had in time, does not fit into memory, or diverges. */
  #fit(algorithm: string, parameters: Parameters, atAnyCost: boolean): Model | undefined {
    const { budgetSeconds, elapsedSeconds, seed, resources } = this.#options
    const started = elapsedSeconds()
    try {
      const fit = familyOf(algorithm).start(this.#train, parameters, seed, undefined, resources)
      for (;;) {
        const { fraction } = fit.advance()
        if (fraction === 1) return fit.finish()
        const spent = elapsedSeconds() - started
        // This fit to its end, and then this model, or at least the best so far, on all pairs.
        const due = started + spent / fraction + refitFactor * (spent / fraction)
        if (!atAnyCost && due > budgetSeconds && spent > 0.01 * budgetSeconds) return undefined
      }
    } catch (error) {
      if (error instanceof MatineeError && givenUp.has(error.code)) return undefined
      throw error
    }
  }

  #measure(model: Model): number | undefined {
    const metrics = new RankingMetrics({
      cutoffs: [validationCutoff],
      itemCount: this.#train.itemCount,
      catalogueSize: catalogueSizeOf(this.#train),
    })
    const batches = measureUsers({ model, train: this.#train, test: this.#test, metrics, threads: this.#options.resources?.threads })
    while (batches.next().done !== true);
    return metrics.result()[`ndcg@${validationCutoff}`]
  }
}

const givenUp: ReadonlySet<string> = new Set(['training_memory', 'training_diverged'])

const scoreOf = (trial: Trial | undefined): number => trial?.ndcg ?? -1

function* directionsOf(grid: Grid): Generator<readonly [axis: string, step: 1 | -1]> {
  for (const name of Object.keys(grid.axes)) yield* [[name, 1] as const, [name, -1] as const]
}

/** Undefined beyond the end of the axis. */
function moved(grid: Grid, point: Point, axis: string, step: number): Point | undefined {
  const place = (point[axis] ?? 0) + step
  return grid.axes[axis]?.values[place] === undefined ? undefined : { ...point, [axis]: place }
}
