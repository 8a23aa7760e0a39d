/**
 * Chooses a model family, its parameters, what signals weigh, and a blend, for a set of pairs.
 *
 * Every candidate is fitted on one part of the pairs and measured by nDCG@20 on the other. In turn:
 *
 *   1. popularity, of all of the time and of the newest weeks; what was chosen the time before, where there is such
 *   2. each family from its starting points (search-space.ts)
 *   3. the families that came near the best, the best first: from their best point along each axis, as long as it gets better
 *   4. what signals weigh (half-life, rating, viewings, clicks), for the best
 *   5. weights of a blend of the best of each such family and one popularity
 *
 * Of a popularity, a family alone and a blend, and of blends with more and less of popularity, the simpler is chosen unless the other is ahead
 * by more than the standard error of their difference: the best of many that are measured by few users is the luckiest.
 *
 * A fit that is far behind its family's best at a third of the way is given up, and so is one that would leave no time to fit its model on
 * all pairs. Deterministic but for the seconds: while time is left, the same pairs and seed give the same choice. The clock is the caller's.
 */
import { MatineeError } from '../../contracts/errors.ts'
import { blendedFamilies, blendParameters } from '../blend/blend.ts'
import type { Candidate } from '../candidate.ts'
import { signalParameters } from '../signals/pair-weights.ts'
import { popularity } from '../popularity/popularity.ts'
import type { Parameters } from '../model.ts'
import { measureCombinations, type Weights } from './blend-weights.ts'
import { familySpaces, popularities, signalAxes, type Axis, type FamilySpace } from './search-space.ts'
import { keyOf, refitFactor, Trials, withParameters, type FittedTrial, type Trial, type TrialsOptions } from './trials.ts'

/** A step that gains less is noise, and often costs twice the time. */
const leastGain = 1.002
/** Families that start further behind the best of them are neither climbed nor blended. */
const climbedShare = 0.7
/** What climbs may take of the time and of the trials, so that signals and blends have some. */
const climbingShare = 0.6
/** At most so many families are blended, popularity aside. */
const mostBlended = 3
/** Tried of a second and third family, against 1 of the first; and of popularity, against the sum of the others. */
const blendedWeights = [0.25, 0.5, 1]
const popularityWeights = [3.2, 1.6, 0.8, 0.4, 0.2, 0.1, 0.05, 0.02]
/** Ways of counting it that are tried in a blend: the best by themselves. */
const mostPopularities = 3

export interface SearchOptions extends TrialsOptions {
  /** What was chosen the time before: tried early, and climbed from. */
  readonly carried?: Candidate
  /** Told of each candidate once it is measured. */
  readonly report?: (trial: Trial) => void
}

export interface SearchResult extends Candidate {
  readonly trials: readonly Trial[]
}

/**
 * Yields between batches. @throws MatineeError `no_training_data` where nobody has pairs in both parts.
 */
export function* searchModels(options: SearchOptions): Generator<void, SearchResult> {
  const search = new Search(options)
  yield* search.run()
  const { best, trials } = search
  if (best === undefined) throw new MatineeError('no_training_data', 'no model could be measured: no user has pairs in both parts')
  return { algorithm: best.algorithm, parameters: best.parameters, trials }
}

/** From the simplest to the least simple: of two that cannot be told apart the simpler is chosen. */
const classes = ['popularity', 'family', 'blend'] as const
type Class = (typeof classes)[number]

interface Measured {
  readonly trial: Trial
  /** nDCG@20 of each user. */
  readonly values: Float64Array
}

class Search {
  readonly trials: Trial[] = []
  readonly #options: SearchOptions
  readonly #runs: Trials
  readonly #known = new Map<string, FittedTrial>()
  /** The best of each family, with its models. */
  readonly #bestOf = new Map<string, FittedTrial>()
  readonly #bestOfClass = new Map<Class, Measured>()

  constructor(options: SearchOptions) {
    this.#options = options
    this.#runs = new Trials(options)
  }

  /** A less simple class must be ahead by more than the standard error of the difference. */
  get best(): Trial | undefined {
    let best: Measured | undefined
    for (const one of classes) {
      const rival = this.#bestOfClass.get(one)
      if (rival !== undefined && (best === undefined || isAhead(rival.values, best.values))) best = rival
    }
    return best?.trial
  }

  *run(): Generator<void> {
    const { folds, carried, limits } = this.#options
    const [newest] = folds
    if (newest === undefined) return
    for (const parameters of popularities(newest.train)) yield* this.#try({ algorithm: popularity.algorithm, parameters }, 1)
    const spaces = familySpaces(newest.signals)
    for (const candidate of carried === undefined ? [] : partsOf(carried)) yield* this.#try(candidate, climbingShare)
    for (const { algorithm, starts } of spaces) for (const parameters of starts) yield* this.#try({ algorithm, parameters }, climbingShare)

    const byScore = (a: FamilySpace, b: FamilySpace): number => this.#scoreOf(b.algorithm) - this.#scoreOf(a.algorithm)
    const bestScore = Math.max(...spaces.map(({ algorithm }) => this.#scoreOf(algorithm)))
    const near = spaces.filter(({ algorithm }) => this.#scoreOf(algorithm) > climbedShare * bestScore).toSorted(byScore)
    for (const [n, { algorithm, axes }] of near.entries()) yield* this.#climb(algorithm, axes, this.#shareOf(near.length - n))
    const climbed = near.toSorted(byScore)
    const [leader] = climbed
    if (leader !== undefined) for (const axis of signalAxes(newest.signals)) yield* this.#scan(leader.algorithm, axis)
    if (limits.trials > this.trials.length) yield* this.#blend(climbed.slice(0, mostBlended))
  }

  /** Of what climbs may take, what lies up to the end of the next climb where so many are left and all get as much. */
  #shareOf(climbsLeft: number): number {
    const { limits, elapsedSeconds } = this.#options
    const spent = Math.max(elapsedSeconds() / limits.seconds, this.trials.length / limits.trials)
    return spent + Math.max(0, climbingShare - spent) / climbsLeft
  }

  /** From the family's best point to better ones, one axis after the other. */
  *#climb(algorithm: string, axes: readonly Axis[], share: number): Generator<void> {
    for (let isBetter = true; isBetter;) {
      isBetter = false
      for (const axis of axes) {
        for (const direction of [1, -1] as const) {
          for (;;) {
            const from = this.#bestOf.get(algorithm)
            const value = from && next(axis, from.parameters, direction)
            if (from === undefined || value === undefined) break
            const tried = yield* this.#try(withParameters(from, { [axis.name]: value }), share)
            if (!((tried?.ndcg ?? 0) > leastGain * (from.ndcg ?? 0))) break
            isBetter = true
          }
        }
      }
    }
  }

  /** Values far apart first, then those beside the best: a signal may show its use only far from where it is not used. */
  *#scan(algorithm: string, axis: Axis): Generator<void> {
    const from = this.#bestOf.get(algorithm)
    if (from === undefined) return
    const coarse = axis.values.filter((_, n) => (axis.values.length - 1 - n) % 2 === 0)
    for (const value of coarse) yield* this.#try(withParameters(from, { [axis.name]: value }), 0.8)
    const best = this.#bestOf.get(algorithm)
    if (best === undefined) return
    for (const direction of [1, -1] as const) {
      const value = next(axis, best.parameters, direction)
      if (value !== undefined) yield* this.#try(withParameters(best, { [axis.name]: value }), 0.8)
    }
  }

  *#blend(spaces: readonly FamilySpace[]): Generator<void> {
    const { limits, elapsedSeconds } = this.#options
    const [first, ...others] = yield* this.#fittedAlike(spaces)
    if (first === undefined) return
    // What is blended must be fitted again together; those that there is no time for are left out.
    let parts: readonly FittedTrial[] = [first]
    for (const other of others) if (elapsedSeconds() + 1.2 * refitSeconds([...parts, other]) < limits.seconds) parts = [...parts, other]
    let weights: Weights = parts.map((_, n) => Number(n === 0))
    if (parts.length > 1) weights = (yield* this.#bestWeights(parts, combinationsOf(parts.length))) ?? weights
    const sum = weights.reduce((total, weight) => total + weight, 0)
    const popular = [...this.#known.values()]
      .filter(({ algorithm, ndcg }) => algorithm === popularity.algorithm && ndcg !== undefined)
      .toSorted((a, b) => (b.ndcg ?? 0) - (a.ndcg ?? 0))
    for (const one of popular.slice(0, mostPopularities))
      yield* this.#bestWeights(
        [...parts, one],
        popularityWeights.map((weight) => [...weights, roundedTo3(weight * sum)]),
      )
  }

  /**
   * Notes the best combination as a trial, where it is a blend. Undefined where there is no time to find it.
   * @param combinations the simplest first: each must be ahead of those before it
   */
  *#bestWeights(parts: readonly FittedTrial[], combinations: readonly Weights[]): Generator<void, Weights | undefined> {
    const { limits, elapsedSeconds } = this.#options
    const started = elapsedSeconds()
    const models = this.#runs.folds.map((_, fold) => parts.flatMap((part) => part.models.slice(fold, fold + 1)))
    const tries = measureCombinations(models, combinations, this.#runs.folds)
    for (;;) {
      const step = tries.next()
      if (step.done === true) {
        const best = step.value.reduce((leading, values, n) => (isAhead(values, step.value[leading] ?? values) ? n : leading), 0)
        const weights = combinations[best] ?? []
        const values = step.value[best] ?? new Float64Array(0)
        if (weights.filter((weight) => weight > 0).length > 1)
          this.#note({ ...blendOf(parts, weights), ndcg: meanOf(values), seconds: elapsedSeconds() - started }, values)
        return weights
      }
      if (elapsedSeconds() + refitSeconds(parts) > limits.seconds) return undefined
      yield
    }
  }

  *#try(candidate: Candidate, share: number): Generator<void, FittedTrial | undefined> {
    const key = keyOf(candidate)
    const before = this.#known.get(key)
    if (before !== undefined) return before
    const { limits, elapsedSeconds } = this.#options
    const isFirst = this.trials.length === 0
    const left = share * limits.seconds - elapsedSeconds() - (1 + refitFactor) * this.#expectedSeconds(candidate)
    if (!isFirst && (left <= 0 || this.trials.length >= share * limits.trials)) return undefined
    const trial = yield* this.#runs.run(candidate, isFirst ? Infinity : limits.seconds)
    const noted = withoutModels(trial)
    const isBest = trial.ndcg !== undefined && trial.ndcg > this.#scoreOf(trial.algorithm)
    if (isBest) this.#bestOf.set(trial.algorithm, trial)
    // Models of what is surpassed are let go; those of popularity are small, and blended by each.
    const isKept = isBest || trial.algorithm === popularity.algorithm
    this.#known.set(key, isKept ? trial : { ...trial, models: [] })
    this.#note(noted, trial.values)
    return trial
  }

  #note(trial: Trial, values: Float64Array): void {
    this.trials.push(trial)
    const itsClass = classes.find((one) => one === trial.algorithm) ?? 'family'
    if (trial.ndcg !== undefined && trial.ndcg > (this.#bestOfClass.get(itsClass)?.trial.ndcg ?? -1))
      this.#bestOfClass.set(itsClass, { trial, values })
    this.#options.report?.(trial)
  }

  /** From the family's best before. */
  #expectedSeconds({ algorithm, parameters }: Candidate): number {
    const before = this.#bestOf.get(algorithm)
    if (before === undefined) return 0
    return (before.fitSeconds * costOf(parameters)) / costOf(before.parameters)
  }

  #scoreOf(algorithm: string): number {
    return this.#bestOf.get(algorithm)?.ndcg ?? -1
  }

  /** The best of each family, of pairs that weigh what they do for the best of the first. */
  *#fittedAlike(spaces: readonly FamilySpace[]): Generator<void, readonly FittedTrial[]> {
    const leader = this.#bestOf.get(spaces[0]?.algorithm ?? '')
    const fitted: FittedTrial[] = []
    for (const { algorithm } of spaces) {
      const best = this.#bestOf.get(algorithm)
      if (best === undefined || leader === undefined) continue
      const alike = { algorithm, parameters: { ...familyPart(best.parameters), ...signalPart(leader.parameters) } }
      const trial = keyOf(alike) === keyOf(best) ? best : yield* this.#try(alike, 0.9)
      if (trial !== undefined && trial.models.length > 0) fitted.push(trial)
    }
    return fitted
  }
}

const meanOf = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length)

/** Of the same users: whether the mean difference is more than its standard error, and no trifle. */
function isAhead(values: Float64Array, others: Float64Array): boolean {
  const differences = values.map((value, user) => value - (others[user] ?? 0))
  const mean = meanOf(differences)
  const variance = meanOf(differences.map((difference) => (difference - mean) ** 2))
  return mean > Math.sqrt(variance / Math.max(1, values.length)) && mean > (leastGain - 1) * meanOf(others)
}

const roundedTo3 = (value: number): number => Math.round(value * 1000) / 1000

const refitSeconds = (parts: readonly FittedTrial[]): number => refitFactor * parts.reduce((sum, { fitSeconds }) => sum + fitSeconds, 0)

const withoutModels = ({ algorithm, parameters, ndcg, seconds, ended }: FittedTrial): Trial => ({
  algorithm,
  parameters,
  ndcg,
  seconds,
  ...(ended === undefined ? {} : { ended }),
})

function blendOf(parts: readonly FittedTrial[], weights: Weights): Candidate {
  const used = parts.flatMap((part, n) => {
    const weight = weights[n] ?? 0
    return weight > 0 ? [blendParameters(part.algorithm, weight, familyPart(part.parameters))] : []
  })
  // iALS has a weight unless it is given none. All parts but popularity, which heeds no signal, are of the same signals.
  const parameters = [{ 'ials.weight': 0 }, ...used, signalPart(parts[0]?.parameters ?? {})]
  return { algorithm: 'blend', parameters: parameters.reduce((all, some) => ({ ...all, ...some }), {}) }
}

/** Of two fits of a family the one with more factors takes longer, in about this ratio. */
const costOf = (parameters: Parameters): number => Number(parameters['factors'] ?? 1) ** 1.5

/** The first weight is 1. */
function combinationsOf(parts: number): readonly Weights[] {
  const values = [0, ...blendedWeights]
  let combinations: readonly Weights[] = [[1]]
  for (let part = 1; part < parts; part++) combinations = combinations.flatMap((weights) => values.map((value) => [...weights, value]))
  return combinations
}

/** The next value of an axis beyond where the candidate stands; undefined beyond its end. */
function next({ name, values }: Axis, parameters: Parameters, direction: 1 | -1): number | undefined {
  const value = parameters[name]
  if (typeof value !== 'number') return direction === 1 ? values[0] : undefined
  return direction === 1 ? values.find((one) => one > value) : values.findLast((one) => one < value)
}

const signalNames: ReadonlySet<string> = new Set(signalParameters.map(({ name }) => name))
const signalPart = (parameters: Parameters): Parameters =>
  Object.fromEntries(Object.entries(parameters).filter(([name]) => signalNames.has(name)))
const familyPart = (parameters: Parameters): Parameters =>
  Object.fromEntries(Object.entries(parameters).filter(([name]) => !signalNames.has(name)))

/** The families of a blend, each by itself; another candidate is its own only part. */
function partsOf(candidate: Candidate): readonly Candidate[] {
  if (candidate.algorithm !== 'blend') return [candidate]
  return blendedFamilies.flatMap(({ algorithm }) => {
    if (!(Number(candidate.parameters[`${algorithm}.weight`] ?? 0) > 0)) return []
    const own = Object.entries(candidate.parameters).flatMap(([name, value]) =>
      name.startsWith(`${algorithm}.`) && name !== `${algorithm}.weight` ? [[name.slice(algorithm.length + 1), value] as const] : [],
    )
    return [{ algorithm, parameters: { ...Object.fromEntries(own), ...signalPart(candidate.parameters) } }]
  })
}
