/** Fits candidates on one part of the pairs and measures them on the other, within what time and memory there is. */
import { MatineeError } from '../../contracts/errors.ts'
import { candidateParameters, memoryNeedMib, startCandidate, type Candidate } from '../candidate.ts'
import { catalogueSizeOf, measureUsers } from '../evaluation/rank-users.ts'
import { RankingMetrics } from '../metrics/ranking-metrics.ts'
import type { FitResources, Interactions, Model, Parameters } from '../model.ts'
import { resolveParameters } from '../parameters.ts'
import type { PairSignals } from '../signals/pair-weights.ts'
import type { Split } from '../split/split.ts'
import { enoughUsers, thinned } from './validation-split.ts'

export const validationCutoff = 20
/** A fit on all pairs takes that much longer than one on the training part, with a margin. */
export const refitFactor = 1.3
/** Users that a fit under way is judged by; where in the fit; and below which share of the best of its family it is given up. */
const [previewUsers, previewAt, previewShare] = [500, 0.3, 0.93]

export interface Trial extends Candidate {
  /** nDCG@20 on the validation part; undefined where the fit was not finished. */
  readonly ndcg: number | undefined
  readonly seconds: number
  /** Why the fit was not finished. */
  readonly ended?: 'poor' | 'time' | 'memory' | 'diverged'
}

export interface FittedTrial extends Trial {
  /** Of one fit, without measuring. */
  readonly fitSeconds: number
  /** Of one user's list. */
  readonly listSeconds: number
  /** One a fold. */
  readonly models: readonly Model[]
  /** nDCG@20 of each user of each fold. */
  readonly values: Float64Array
}

/** Pairs to learn from and pairs to measure by. */
export interface Fold extends Split {
  /** All that is known of the pairs to learn from. */
  readonly signals: PairSignals
}

export interface SearchLimits {
  /** For search, the fit on all pairs, and the lists of `rankedUsers` together. */
  readonly seconds: number
  /** How many users the chosen model is to rank for within the seconds; absent: none. */
  readonly rankedUsers?: number
  /** Fits that the search may make, those of popularity aside, which cost next to nothing. */
  readonly trials: number
  /** What a model may take while it is fitted. */
  readonly memoryMib: number
}

export interface TrialsOptions {
  /** At least one. A candidate is fitted on each, and measured by the users of all. */
  readonly folds: readonly Fold[]
  readonly seed: number
  readonly limits: SearchLimits
  /** Seconds since the search began, from a clock that never goes back. */
  readonly elapsedSeconds: () => number
  readonly resources?: FitResources
}

export class Trials {
  readonly #options: TrialsOptions
  /** With as many users as candidates are measured by. */
  readonly folds: readonly Fold[]
  readonly #preview: Interactions
  readonly #bestPreviews = new Map<string, number>()

  constructor(options: TrialsOptions) {
    this.#options = options
    this.folds = options.folds.map((fold) => ({ ...fold, test: thinned(fold.test, enoughUsers(fold.train)) }))
    this.#preview = thinned(this.#fold(0).test, previewUsers)
  }

  /**
   * Yields between batches, for whoever has to breathe.
   * @param deadline seconds at which fits, measuring and what follows must be over; a fit that would not be is given up
   */
  *run(candidate: Candidate, deadline: number): Generator<void, FittedTrial> {
    const { elapsedSeconds, limits, seed, resources } = this.#options
    const started = elapsedSeconds()
    const models: Model[] = []
    const values: Float64Array[] = []
    let fitSeconds = 0
    let rankSeconds = 0
    let isJudged = false
    const over = (ended?: Trial['ended']): FittedTrial => {
      const all = Float64Array.from(values.flatMap((some) => [...some]))
      return {
        ...candidate,
        ndcg: ended === undefined && all.length > 0 ? all.reduce((sum, value) => sum + value, 0) / all.length : undefined,
        ...(ended === undefined ? {} : { ended }),
        seconds: elapsedSeconds() - started,
        fitSeconds: fitSeconds / Math.max(1, models.length),
        listSeconds: rankSeconds / Math.max(1, all.length),
        models: ended === undefined ? models : [],
        values: all,
      }
    }
    if (memoryNeedMib(candidate, this.#fold(0).signals.pairs, this.#options.resources?.threads?.count ?? 1) > limits.memoryMib)
      return over('memory')
    try {
      for (const { train, test, signals } of this.folds) {
        const fit = startCandidate(candidate, signals, seed, undefined, resources)
        const startedFit = elapsedSeconds()
        for (;;) {
          const { fraction } = fit.advance()
          const spent = elapsedSeconds() - startedFit
          if (fraction === 1) break
          // This fit to its end, the other folds, and once more on all pairs.
          const due = startedFit + (spent / fraction) * (this.folds.length - models.length + refitFactor)
          if (due > deadline && spent > 0.01 * deadline) return over('time')
          const preview = !isJudged && fraction >= previewAt ? fit.preview?.() : undefined
          if (preview !== undefined) {
            isJudged = true
            if (yield* this.#isPoor(candidate.algorithm, preview)) return over('poor')
          }
          yield
        }
        fitSeconds += elapsedSeconds() - startedFit
        const model = fit.finish()
        models.push(model)
        const startedRanking = elapsedSeconds()
        values.push(yield* this.#measure(model, train, test))
        rankSeconds += elapsedSeconds() - startedRanking
      }
      return over()
    } catch (error) {
      if (error instanceof MatineeError && error.code === 'training_memory') return over('memory')
      if (error instanceof MatineeError && error.code === 'training_diverged') return over('diverged')
      throw error
    }
  }

  #fold(position: number): Fold {
    const fold = this.folds[position]
    if (fold === undefined) throw new MatineeError('internal', 'a search needs pairs to learn from and pairs to measure by')
    return fold
  }

  /** A fit under way that is far behind where the family's best was at that point. */
  *#isPoor(algorithm: string, preview: Model): Generator<void, boolean> {
    const values = yield* this.#measure(preview, this.#fold(0).train, this.#preview)
    const ndcg = values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length)
    const best = this.#bestPreviews.get(algorithm) ?? 0
    this.#bestPreviews.set(algorithm, Math.max(best, ndcg))
    return ndcg < previewShare * best
  }

  /** nDCG@20 of each user. */
  *#measure(model: Model, train: Interactions, test: Interactions): Generator<void, Float64Array> {
    const metrics = new RankingMetrics({ cutoffs: [validationCutoff], itemCount: train.itemCount, catalogueSize: catalogueSizeOf(train) })
    const column = metrics.columns.indexOf(`ndcg@${validationCutoff}`)
    const values: number[] = []
    for (const batch of measureUsers({ model, train, test, metrics, threads: this.#options.resources?.threads })) {
      for (const measured of batch) values.push(measured.values[column] ?? 0)
      yield
    }
    return Float64Array.from(values)
  }
}

/** Candidates that come to the same have the same key. */
export const keyOf = ({ algorithm, parameters }: Candidate): string =>
  JSON.stringify([algorithm, Object.entries(resolveParameters(candidateParameters(algorithm), parameters))])

/** The same candidate with parameters set anew. */
export const withParameters = ({ algorithm, parameters }: Candidate, changed: Parameters): Candidate => ({
  algorithm,
  parameters: { ...parameters, ...changed },
})
