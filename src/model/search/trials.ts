/** Fits candidates on one part of the pairs and measures them on the other, within what time and memory there is. */
import { MatineeError } from '../../contracts/errors.ts'
import { candidateParameters, familyParameters, startCandidate, type Candidate } from '../candidate.ts'
import { catalogueSizeOf, measureUsers } from '../evaluation/rank-users.ts'
import { familyOf } from '../families.ts'
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
  readonly model?: Model
  /** Of the fit alone. */
  readonly fitSeconds: number
}

export interface SearchLimits {
  /** For search and the fit on all pairs together. */
  readonly seconds: number
  /** Fits that the search may make. */
  readonly trials: number
  /** What a model may take while it is fitted. */
  readonly memoryMib: number
}

export interface TrialsOptions {
  readonly split: Split
  readonly signals: PairSignals
  readonly seed: number
  readonly limits: SearchLimits
  /** Seconds since the search began, from a clock that never goes back. */
  readonly elapsedSeconds: () => number
  readonly resources?: FitResources
}

export class Trials {
  readonly #options: TrialsOptions
  /** The users that candidates are measured by. */
  readonly validation: Interactions
  readonly #preview: Interactions
  readonly #bestPreviews = new Map<string, number>()

  constructor(options: TrialsOptions) {
    this.#options = options
    this.validation = thinned(options.split.test, enoughUsers(options.split.train))
    this.#preview = thinned(this.validation, previewUsers)
  }

  /**
   * Yields between batches, for whoever has to breathe.
   * @param deadline seconds at which fit, measuring and what follows must be over; a fit that would not be is given up
   */
  *run(candidate: Candidate, deadline: number): Generator<void, FittedTrial> {
    const { elapsedSeconds } = this.#options
    const started = elapsedSeconds()
    let fitSeconds = 0
    const over = (ended: NonNullable<Trial['ended']>): FittedTrial => ({
      ...candidate,
      ndcg: undefined,
      ended,
      seconds: elapsedSeconds() - started,
      fitSeconds,
    })
    if (this.#memoryNeedMib(candidate) > this.#options.limits.memoryMib) return over('memory')
    try {
      const fit = startCandidate(candidate, this.#options.signals, this.#options.seed, undefined, this.#options.resources)
      let isJudged = false
      for (;;) {
        const { fraction } = fit.advance()
        fitSeconds = elapsedSeconds() - started
        if (fraction === 1) break
        // This fit to its end, and once more on all pairs.
        const whole = fitSeconds / fraction
        if (started + whole * (1 + refitFactor) > deadline && fitSeconds > 0.01 * deadline) return over('time')
        const preview = !isJudged && fraction >= previewAt ? fit.preview?.() : undefined
        if (preview !== undefined) {
          isJudged = true
          if (yield* this.#isPoor(candidate.algorithm, preview)) return over('poor')
        }
        yield
      }
      const model = fit.finish()
      const ndcg = yield* this.#measure(model, this.validation)
      return { ...candidate, ndcg, seconds: elapsedSeconds() - started, model, fitSeconds }
    } catch (error) {
      if (error instanceof MatineeError && error.code === 'training_memory') return over('memory')
      if (error instanceof MatineeError && error.code === 'training_diverged') return over('diverged')
      throw error
    }
  }

  /** A fit under way that is far behind where the family's best was at that point. */
  *#isPoor(algorithm: string, preview: Model): Generator<void, boolean> {
    const ndcg = (yield* this.#measure(preview, this.#preview)) ?? 0
    const best = this.#bestPreviews.get(algorithm) ?? 0
    this.#bestPreviews.set(algorithm, Math.max(best, ndcg))
    return ndcg < previewShare * best
  }

  *#measure(model: Model, test: Interactions): Generator<void, number | undefined> {
    const { train } = this.#options.split
    const metrics = new RankingMetrics({ cutoffs: [validationCutoff], itemCount: train.itemCount, catalogueSize: catalogueSizeOf(train) })
    for (const _ of measureUsers({ model, train, test, metrics, threads: this.#options.resources?.threads })) yield
    return metrics.result()[`ndcg@${validationCutoff}`]
  }

  #memoryNeedMib(candidate: Candidate): number {
    const { userCount, itemCount, items } = this.#options.signals.pairs
    const shape = { userCount, itemCount, pairCount: items.length }
    const threads = this.#options.resources?.threads?.count ?? 1
    return familyOf(candidate.algorithm).memoryNeedMib?.(shape, familyParameters(candidate), threads) ?? 0
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
