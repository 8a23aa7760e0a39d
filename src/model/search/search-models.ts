/**
 * Chooses a model family, its parameters, what signals weigh, and a blend, for a set of pairs.
 *
 * Every candidate is fitted on one part of the pairs and measured by nDCG@20 on the other, of each fold. In turn:
 *
 *   1. popularity, of all of the time and of the newest weeks; what was chosen the time before, where there is such
 *   2. each family from its starting points (search-space.ts)
 *   3. the families that came near the best, the best first: from their best point along each axis, as long as it gets better, and then along
 *      some of them in smaller steps
 *   4. what signals weigh (half-life, rating, viewings, clicks), for the best, judged with the best popularity blended in: alone, a short
 *      half-life only makes up for the recent popularity that it has not
 *   5. weights of a blend of the best of each such family and one popularity
 *
 * Of a popularity, a family alone and a blend of families, the simpler is chosen unless the other is ahead by more than the standard error of
 * their difference: the best of many that are measured by few users is the luckiest. A blend with popularity needs no such lead: its weight
 * draws it towards popularity as far as the evidence goes.
 *
 * A fit that is far behind its family's best at a third of the way is given up, and so is one that would leave no time to fit its model on
 * all pairs. Deterministic but for the seconds: while time is left, the same pairs and seed give the same choice. The clock is the caller's.
 */
import { MatineeError } from '../../contracts/errors.ts'
import { blendedFamilies, blendParameters } from '../blend/blend.ts'
import type { Candidate } from '../candidate.ts'
import { signalParameters } from '../signals/pair-weights.ts'
import { popularity } from '../popularity/popularity.ts'
import type { Model, Parameters } from '../model.ts'
import { measureCombinations, sampleLists, type Weights } from './blend-weights.ts'
import { familySpaces, popularities, signalAxes, type Axis, type FamilySpace } from './search-space.ts'
import { keyOf, refitFactor, Trials, withParameters, type FittedTrial, type Trial, type TrialsOptions } from './trials.ts'

/** A step that gains less is noise, and often costs twice the time. */
const leastGain = 1.002
/** Families that start further behind the best of them are neither climbed nor blended. */
const climbedShare = 0.7
/** What climbs may take of the time and of the trials, so that signals and blends have some; and the leader's of what is left of that. */
const [climbingShare, leadersShare] = [0.6, 0.7]
/** At most so many families are blended, popularity aside. */
const mostBlended = 3
/** A family that is slow beside what it brings is begun only before this share of the time is over. */
const lateShare = 0.1
/** Tried of a second and third family, against 1 of the first; and of popularity, against the sum of the others. */
const blendedWeights = [0.25, 0.5, 1]
const popularityWeights = [4, 2, 1, 0.5, 0.25, 0.1, 0.05, 0.02]
/** Tried while signals are weighed: enough to tell their values apart. */
const scannedWeights = [2, 1, 0.5, 0.1]
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
  /** Of families other than popularity. */
  #fits = 0

  constructor(options: SearchOptions) {
    this.#options = options
    this.#runs = new Trials(options)
  }

  /** A less simple class must be ahead by more than the standard error of the difference; see above for what need not. */
  get best(): Trial | undefined {
    let best: Measured | undefined
    for (const one of classes) {
      const rival = this.#bestOfClass.get(one)
      if (rival === undefined) continue
      const isShrunk = best?.trial.algorithm === popularity.algorithm && hasPopularity(rival.trial)
      if (best === undefined || (isShrunk ? meanOf(rival.values) > meanOf(best.values) : isAhead(rival.values, best.values))) best = rival
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
    for (const { algorithm, starts, isLate } of spaces)
      for (const parameters of starts) yield* this.#try({ algorithm, parameters }, isLate === true ? lateShare : climbingShare)

    const byScore = (a: FamilySpace, b: FamilySpace): number => this.#scoreOf(b.algorithm) - this.#scoreOf(a.algorithm)
    const bestScore = Math.max(...spaces.map(({ algorithm }) => this.#scoreOf(algorithm)))
    const near = spaces.filter(({ algorithm }) => this.#scoreOf(algorithm) > climbedShare * bestScore).toSorted(byScore)
    for (const [n, { algorithm, axes }] of near.entries()) yield* this.#climb(algorithm, axes, this.#shareOf(near.length - n))
    const climbed = near.toSorted(byScore)
    const signals = yield* this.#signals(climbed[0]?.algorithm, signalAxes(newest.signals))
    if (limits.trials > this.#fits) yield* this.#blend(climbed.slice(0, mostBlended), signals)
  }

  /** Of what climbs may take, what lies up to the end of the next climb: most of it where others are to follow. */
  #shareOf(climbsLeft: number): number {
    const { limits, elapsedSeconds } = this.#options
    const spent = Math.max(elapsedSeconds() / limits.seconds, this.#fits / limits.trials)
    return spent + Math.max(0, climbingShare - spent) * (climbsLeft > 1 ? leadersShare : 1)
  }

  /** From the family's best point to better ones, one axis after the other; at last in steps of a half and a quarter. */
  *#climb(algorithm: string, axes: readonly Axis[], share: number): Generator<void> {
    while (yield* this.#pass(algorithm, axes, 1, share));
    const continuous = axes.filter(({ between }) => between === true)
    for (const stride of [0.5, 0.25]) yield* this.#pass(algorithm, continuous, stride, share)
  }

  /** Along each axis as long as it gets better. Whether it has got better along any. */
  *#pass(algorithm: string, axes: readonly Axis[], stride: number, share: number): Generator<void, boolean> {
    let isBetter = false
    for (const axis of axes) {
      for (const direction of [1, -1] as const) {
        for (;;) {
          const from = this.#bestOf.get(algorithm)
          const value = from && next(axis, from.parameters, direction, stride)
          if (from === undefined || value === undefined) break
          const tried = yield* this.#try(withParameters(from, { [axis.name]: value }), share)
          if (!((tried?.ndcg ?? 0) > leastGain * (from.ndcg ?? 0))) break
          isBetter = true
        }
      }
    }
    return isBetter
  }

  /** What signals weigh for the best of a family. */
  *#signals(algorithm: string | undefined, axes: readonly Axis[]): Generator<void, Parameters> {
    const alone = algorithm === undefined ? undefined : this.#bestOf.get(algorithm)
    if (alone === undefined) return {}
    if (axes.length === 0) return signalPart(alone.parameters)
    let best: Standing = { trial: alone, ndcg: yield* this.#blendedNdcg(alone) }
    for (const axis of axes) best = yield* this.#scan(best, axis)
    return signalPart(best.trial.parameters)
  }

  /** Values far apart first, then those beside the best: a signal may show its use only far from where it is not used. */
  *#scan(from: Standing, axis: Axis): Generator<void, Standing> {
    let best = from
    const coarse = axis.values.filter((_, n) => (axis.values.length - 1 - n) % 2 === 0)
    for (const value of coarse) best = yield* this.#better(best, { [axis.name]: value })
    const { parameters } = best.trial
    for (const direction of [1, -1] as const) {
      const value = next(axis, parameters, direction)
      if (value !== undefined) best = yield* this.#better(best, { [axis.name]: value })
    }
    return best
  }

  *#better(best: Standing, changed: Parameters): Generator<void, Standing> {
    const trial = yield* this.#try(withParameters(best.trial, changed), 0.8)
    // A model that was measured before and let go was no better.
    if (trial === undefined || trial.models.length === 0) return best
    const ndcg = yield* this.#blendedNdcg(trial)
    return ndcg > leastGain * best.ndcg ? { trial, ndcg } : best
  }

  /** With the best popularity beside it, in the best of a few weights. */
  *#blendedNdcg(trial: FittedTrial): Generator<void, number> {
    const [popular] = this.#popularitiesByScore()
    const alone = trial.ndcg ?? 0
    if (popular === undefined) return alone
    const combinations = scannedWeights.map((weight): Weights => [1, weight])
    const values = yield* measureCombinations(this.#modelsOf([trial, popular]), combinations, this.#runs.folds)
    return Math.max(alone, ...values.map(meanOf))
  }

  #popularitiesByScore(): readonly FittedTrial[] {
    return [...this.#known.values()]
      .filter(({ algorithm, ndcg }) => algorithm === popularity.algorithm && ndcg !== undefined)
      .toSorted((a, b) => (b.ndcg ?? 0) - (a.ndcg ?? 0))
  }

  /** By fold. */
  #modelsOf(parts: readonly FittedTrial[]): readonly (readonly Model[])[] {
    return this.#runs.folds.map((_, fold) => parts.flatMap((part) => part.models.slice(fold, fold + 1)))
  }

  *#blend(spaces: readonly FamilySpace[], signals: Parameters): Generator<void> {
    const { limits, elapsedSeconds } = this.#options
    const [first, ...others] = yield* this.#fittedAlike(spaces, signals)
    if (first === undefined) return
    // What is blended must be fitted again together; those that there is no time for are left out.
    let parts: readonly FittedTrial[] = [first]
    for (const other of others) {
      const more = [...parts, other]
      if (elapsedSeconds() + 1.2 * refitSeconds(more) + this.#listSeconds(more) < limits.seconds) parts = more
    }
    let weights: Weights = parts.map((_, n) => Number(n === 0))
    if (parts.length > 1) weights = (yield* this.#bestWeights(parts, combinationsOf(parts.length), isAhead)) ?? weights
    const sum = weights.reduce((total, weight) => total + weight, 0)
    for (const one of this.#popularitiesByScore().slice(0, mostPopularities))
      yield* this.#bestWeights(
        [...parts, one],
        popularityWeights.map((weight) => [...weights, roundedTo3(weight * sum)]),
        isHigher,
      )
  }

  /**
   * Notes the best combination as a trial, where it is a blend. Undefined where there is no time to find it.
   * @param combinations the simplest first
   * @param leads whether the best combination's values of the users are so much better that the simplest is not to be taken instead
   */
  *#bestWeights(
    parts: readonly FittedTrial[],
    combinations: readonly Weights[],
    leads: (values: Float64Array, others: Float64Array) => boolean,
  ): Generator<void, Weights | undefined> {
    const { limits, elapsedSeconds } = this.#options
    const started = elapsedSeconds()
    const tries = measureCombinations(this.#modelsOf(parts), combinations, this.#runs.folds)
    const after = refitSeconds(parts) + this.#listSeconds(parts)
    for (;;) {
      const step = tries.next()
      if (step.done === true) {
        const [simplest = new Float64Array(0)] = step.value
        const means = step.value.map(meanOf)
        const highest = means.indexOf(Math.max(...means))
        const best = leads(step.value[highest] ?? simplest, simplest) ? highest : 0
        const weights = combinations[best] ?? []
        const values = step.value[best] ?? simplest
        if (weights.filter((weight) => weight > 0).length > 1)
          this.#note({ ...blendOf(parts, weights), ndcg: meanOf(values), seconds: elapsedSeconds() - started }, values)
        return weights
      }
      if (elapsedSeconds() + after > limits.seconds) return undefined
      yield
    }
  }

  *#try(candidate: Candidate, share: number): Generator<void, FittedTrial | undefined> {
    const key = keyOf(candidate)
    const before = this.#known.get(key)
    if (before !== undefined) return before
    const { limits, elapsedSeconds } = this.#options
    const isFirst = this.trials.length === 0
    const isCheap = candidate.algorithm === popularity.algorithm
    const expected = this.#expectedSeconds(candidate)
    const deadline = limits.seconds - expected.lists
    const isLate =
      elapsedSeconds() + expected.fit >= share * limits.seconds || elapsedSeconds() + (1 + refitFactor) * expected.fit >= deadline
    if (!isFirst && (isLate || (!isCheap && this.#fits >= share * limits.trials))) return undefined
    if (!isCheap) this.#fits++
    const trial = yield* this.#runs.run(candidate, isFirst ? Infinity : deadline)
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

  /** Of a fit and of all lists, from the family's best before; 0 where there is none. */
  #expectedSeconds({ algorithm, parameters }: Candidate): { readonly fit: number; readonly lists: number } {
    const before = this.#bestOf.get(algorithm)
    if (before === undefined) return { fit: 0, lists: 0 }
    const { rankedUsers = 0 } = this.#options.limits
    const ratio = costOf(parameters) / costOf(before.parameters)
    return { fit: before.fitSeconds * ratio, lists: rankedUsers * before.listSeconds * Math.max(1, ratio) }
  }

  /** Of all lists of a blend of these: what a few users take. */
  #listSeconds(parts: readonly FittedTrial[]): number {
    const { limits, elapsedSeconds } = this.#options
    const [fold] = this.#runs.folds
    const [models] = this.#modelsOf(parts)
    if (limits.rankedUsers === undefined || fold === undefined || models === undefined) return 0
    // The first time a model scores it gets ready for it.
    sampleLists(models, fold)
    const started = elapsedSeconds()
    const users = sampleLists(models, fold)
    return (limits.rankedUsers * (elapsedSeconds() - started)) / Math.max(1, users)
  }

  #scoreOf(algorithm: string): number {
    return this.#bestOf.get(algorithm)?.ndcg ?? -1
  }

  /** The best of each family, of pairs that weigh what these signals say. */
  *#fittedAlike(spaces: readonly FamilySpace[], signals: Parameters): Generator<void, readonly FittedTrial[]> {
    const fitted: FittedTrial[] = []
    for (const { algorithm } of spaces) {
      const best = this.#bestOf.get(algorithm)
      if (best === undefined) continue
      const alike = { algorithm, parameters: { ...familyPart(best.parameters), ...signals } }
      const trial = keyOf(alike) === keyOf(best) ? best : yield* this.#try(alike, 0.9)
      if (trial !== undefined && trial.models.length > 0) fitted.push(trial)
    }
    return fitted
  }
}

/** A trial and how good it is with popularity beside it. */
interface Standing {
  readonly trial: FittedTrial
  readonly ndcg: number
}

const hasPopularity = ({ parameters }: Trial): boolean => Number(parameters[`${popularity.algorithm}.weight`] ?? 0) > 0

const meanOf = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length)

/** Of the same users: whether the mean difference is more than its standard error, and no trifle. */
function isAhead(values: Float64Array, others: Float64Array): boolean {
  const differences = values.map((value, user) => value - (others[user] ?? 0))
  const mean = meanOf(differences)
  const variance = meanOf(differences.map((difference) => (difference - mean) ** 2))
  return mean > Math.sqrt(variance / Math.max(1, values.length)) && mean > (leastGain - 1) * meanOf(others)
}

const isHigher = (values: Float64Array, others: Float64Array): boolean => meanOf(values) > meanOf(others)

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

/** The next value of an axis beyond where the candidate stands, or what lies that share of the way to it, in ratios; undefined beyond its end. */
function next({ name, values }: Axis, parameters: Parameters, direction: 1 | -1, stride = 1): number | undefined {
  const value = parameters[name]
  if (typeof value !== 'number') return direction === 1 ? values[0] : undefined
  const whole = direction === 1 ? values.find((one) => one > value) : values.findLast((one) => one < value)
  return whole === undefined || stride === 1 ? whole : Number((value ** (1 - stride) * whole ** stride).toPrecision(3))
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
