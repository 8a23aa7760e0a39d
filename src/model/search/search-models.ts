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
 * A fit that is far behind its family's best at a third of the way is given up, and so is one that would leave no time to fit its model on
 * all pairs. Deterministic but for the seconds: while time is left, the same pairs and seed give the same choice. The clock is the caller's.
 */
import { MatineeError } from '../../contracts/errors.ts'
import { blendedFamilies, blendParameters } from '../blend/blend.ts'
import type { Candidate } from '../candidate.ts'
import { signalParameters } from '../signals/pair-weights.ts'
import { popularity } from '../popularity/popularity.ts'
import type { Model, Parameters } from '../model.ts'
import { measureCombinations, type Weights } from './blend-weights.ts'
import { familySpaces, popularities, signalAxes, type Axis, type FamilySpace } from './search-space.ts'
import { keyOf, refitFactor, Trials, withParameters, type FittedTrial, type Trial, type TrialsOptions } from './trials.ts'

/** A step that gains less is noise, and often costs twice the time. */
const leastGain = 1.002
/** Families that start further behind the best are not climbed. */
const climbedShare = 0.8
/** What climbs may take of the time, so that signals and blends have some. */
const climbingShare = 0.6
/** At most so many families are blended, popularity aside. */
const mostBlended = 3
/** Tried of a second and third family, against 1 of the first; and of popularity, against the sum of the others. */
const blendedWeights = [0.25, 0.5, 1]
const popularityWeights = [0.02, 0.05, 0.1, 0.2, 0.4, 0.8]

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

class Search {
  readonly trials: Trial[] = []
  readonly #options: SearchOptions
  readonly #runs: Trials
  readonly #known = new Map<string, FittedTrial>()
  /** The best of each family, with its model. */
  readonly #bestOf = new Map<string, FittedTrial>()
  best: Trial | undefined

  constructor(options: SearchOptions) {
    this.#options = options
    this.#runs = new Trials(options)
  }

  *run(): Generator<void> {
    const { split, signals, carried, limits } = this.#options
    for (const parameters of popularities(split.train)) yield* this.#try({ algorithm: popularity.algorithm, parameters }, 1)
    const spaces = familySpaces(split.train)
    for (const candidate of carried === undefined ? [] : partsOf(carried)) yield* this.#try(candidate, climbingShare)
    for (const { algorithm, starts } of spaces) for (const parameters of starts) yield* this.#try({ algorithm, parameters }, climbingShare)

    const near = (share: number): readonly FamilySpace[] =>
      spaces
        .filter(({ algorithm }) => this.#scoreOf(algorithm) > share * (this.best?.ndcg ?? 0))
        .toSorted((a, b) => this.#scoreOf(b.algorithm) - this.#scoreOf(a.algorithm))
    for (const { algorithm, axes } of near(climbedShare)) yield* this.#climb(algorithm, axes)
    const [leader] = near(climbedShare)
    if (leader !== undefined) for (const axis of signalAxes(signals)) yield* this.#scan(leader.algorithm, axis)
    if (limits.trials > this.trials.length) yield* this.#blend(near(climbedShare).slice(0, mostBlended))
  }

  /** From the family's best point to better ones, one axis after the other. */
  *#climb(algorithm: string, axes: readonly Axis[]): Generator<void> {
    for (let isBetter = true; isBetter;) {
      isBetter = false
      for (const axis of axes) {
        for (const direction of [1, -1] as const) {
          for (;;) {
            const from = this.#bestOf.get(algorithm)
            const value = from && next(axis, from.parameters, direction)
            if (from === undefined || value === undefined) break
            const tried = yield* this.#try(withParameters(from, { [axis.name]: value }), climbingShare)
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
    const { split, limits, elapsedSeconds } = this.#options
    const [first, ...others] = yield* this.#fittedAlike(spaces)
    if (first === undefined) return
    const popular = [...this.#known.values()].filter(({ algorithm }) => algorithm === popularity.algorithm).flatMap(withModel)
    const started = elapsedSeconds()
    const time = (parts: readonly Fitted[]): number => refitFactor * parts.reduce((sum, { trial }) => sum + trial.fitSeconds, 0)
    // What is blended must be fitted again together; those that there is no time for are left out.
    let chosen: readonly Fitted[] = [first]
    for (const other of others) if (started + 1.2 * time([...chosen, other]) < limits.seconds) chosen = [...chosen, other]
    let weights: Weights = chosen.map((_, n) => Number(n === 0))

    const improve = function* (
      this: Search,
      parts: readonly Fitted[],
      combinations: readonly Weights[],
    ): Generator<void, Weights | undefined> {
      const models = parts.map(({ model }) => model)
      const tries = measureCombinations(models, combinations, split.train, this.#runs.validation)
      for (;;) {
        const step = tries.next()
        if (step.done === true) {
          const best = step.value.indexOf(Math.max(...step.value))
          return this.#record(parts, combinations[best] ?? [], step.value[best] ?? 0, elapsedSeconds() - started)
        }
        if (elapsedSeconds() + time(parts) > limits.seconds) return undefined
        yield
      }
    }.bind(this)

    if (chosen.length > 1) weights = (yield* improve(chosen, combinationsOf(chosen.length))) ?? weights
    for (const one of popular) {
      const sum = weights.reduce((total, weight) => total + weight, 0)
      yield* improve(
        [...chosen, one],
        popularityWeights.map((weight) => [...weights, weight * sum]),
      )
    }
  }

  /** Notes a blend as a trial. Returns its weights where it is the best so far. */
  #record(parts: readonly Fitted[], weights: Weights, ndcg: number, seconds: number): Weights | undefined {
    const used = parts.flatMap(({ trial }, n) => ((weights[n] ?? 0) > 0 ? [{ trial, weight: weights[n] ?? 0 }] : []))
    const [first] = used
    if (first === undefined || used.length < 2) return undefined
    const parameters = Object.assign(
      // iALS alone has a weight by default.
      { 'ials.weight': 0 },
      ...used.map(({ trial, weight }) => blendParameters(trial.algorithm, weight, familyPart(trial.parameters))),
      signalPart(first.trial.parameters),
    ) as Parameters
    const trial: Trial = { algorithm: 'blend', parameters, ndcg, seconds }
    this.#note(trial)
    return this.best === trial ? weights : undefined
  }

  *#try(candidate: Candidate, share: number): Generator<void, FittedTrial | undefined> {
    const key = keyOf(candidate)
    const before = this.#known.get(key)
    if (before !== undefined) return before
    const { limits, elapsedSeconds } = this.#options
    const isFirst = this.trials.length === 0
    const left = share * limits.seconds - elapsedSeconds() - (1 + refitFactor) * this.#expectedSeconds(candidate)
    if (!isFirst && (left <= 0 || this.trials.length >= limits.trials)) return undefined
    const trial = yield* this.#runs.run(candidate, isFirst ? Infinity : limits.seconds)
    this.#known.set(key, trial)
    if (!((trial.ndcg ?? -1) <= this.#scoreOf(trial.algorithm))) this.#bestOf.set(trial.algorithm, trial)
    else if (trial.algorithm !== popularity.algorithm) this.#known.set(key, withoutModel(trial))
    this.#note({
      algorithm: trial.algorithm,
      parameters: trial.parameters,
      ndcg: trial.ndcg,
      seconds: trial.seconds,
      ...(trial.ended === undefined ? {} : { ended: trial.ended }),
    })
    return trial
  }

  #note(trial: Trial): void {
    this.trials.push(trial)
    const enough = trial.algorithm === 'blend' ? leastGain : 1
    if (trial.ndcg !== undefined && (this.best?.ndcg === undefined || trial.ndcg > enough * this.best.ndcg)) this.best = trial
    this.#options.report?.(trial)
  }

  /** From the family's fits before: more factors and more neighbours take longer. */
  #expectedSeconds({ algorithm, parameters }: Candidate): number {
    const before = this.#bestOf.get(algorithm)
    if (before === undefined) return 0
    const size = (one: Parameters): number => Number(one['factors'] ?? 1) ** 1.5
    return (before.fitSeconds * size(parameters)) / size(before.parameters)
  }

  #scoreOf(algorithm: string): number {
    return this.#bestOf.get(algorithm)?.ndcg ?? -1
  }

  /** The best of each family, of pairs that weigh what they do for the best of the first. */
  *#fittedAlike(spaces: readonly FamilySpace[]): Generator<void, readonly Fitted[]> {
    const leader = this.#bestOf.get(spaces[0]?.algorithm ?? '')
    const fitted: Fitted[] = []
    for (const { algorithm } of spaces) {
      const best = this.#bestOf.get(algorithm)
      if (best === undefined || leader === undefined) continue
      const alike = { algorithm, parameters: { ...familyPart(best.parameters), ...signalPart(leader.parameters) } }
      const trial = keyOf(alike) === keyOf(best) ? best : yield* this.#try(alike, 0.9)
      if (trial?.ndcg !== undefined) fitted.push(...withModel(trial))
    }
    return fitted
  }
}

interface Fitted {
  readonly trial: FittedTrial
  readonly model: Model
}

const withModel = (trial: FittedTrial): readonly Fitted[] => (trial.model === undefined ? [] : [{ trial, model: trial.model }])

function withoutModel({ model: _, ...trial }: FittedTrial): FittedTrial {
  return trial
}

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
