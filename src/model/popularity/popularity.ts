/**
 * Popularity: the score of an item is the number of users who had to do with it, the same for everyone.
 *
 *   score_i = Σ over users who watched item i, weight > 0, of [in the window] × 2^(-age / half-life)
 *
 * | notation  | parameter          | unit and meaning                                                   |
 * |-----------|--------------------|--------------------------------------------------------------------|
 * | window    | `weeks`            | pairs whose time lies in that many times 7 days before the end; 0: all |
 * | half-life | `half_life_days`   | an event that many days before the end counts half; 0: all count 1 |
 * | the end   | `end_seconds`      | in the pairs' epoch, itself outside; 0: just after the newest pair |
 *
 * A pair's time is that of its newest event. Sums in double precision in the order of the pairs, stored in single. One pass over the
 * pairs; no randomness. Items without users have 0.
 */
import { MatineeError } from '../../contracts/errors.ts'
import { readTensor, readTensorOf } from '../artifact/tensor-access.ts'
import type { Fit, FitProgress, Model, ModelFamily, Parameters, Tensors, TrainingInput } from '../model.ts'
import { numberParameter, resolveParameters } from '../parameters.ts'
import { checkInteractions } from '../sparse/interactions.ts'
import { watcherCounts } from '../sparse/watcher-counts.ts'

const secondsPerDay = 86_400

export class PopularityModel implements Model {
  readonly algorithm = 'popularity'
  readonly userCount: number
  readonly itemCount: number
  readonly #itemScores: Float32Array
  readonly #tensors: Tensors

  constructor(tensors: Tensors) {
    const scores = readTensor(tensors, 'item_scores', Float32Array, 1)
    this.userCount = readTensorOf(tensors, 'user_count', Uint32Array, [1])[0] ?? 0
    this.itemCount = scores.data.length
    this.#itemScores = scores.data
    this.#tensors = tensors
  }

  tensors(): Tensors {
    return this.#tensors
  }

  scoreUser(user: number, scores: Float32Array): void {
    if (!(user >= 0 && user < this.userCount)) throw new MatineeError('internal', `user ${user}, expected below ${this.userCount}`)
    this.scoreStranger(scores)
  }

  scoreStranger(scores: Float32Array): void {
    if (scores.length !== this.itemCount)
      throw new MatineeError('internal', `scores for ${scores.length} items, expected ${this.itemCount}`)
    scores.set(this.#itemScores)
  }

  scoreHistory(_items: Uint32Array, _weights: Float32Array, scores: Float32Array): void {
    this.scoreStranger(scores)
  }
}

/** Done before it starts: one pass over the pairs is less than a batch of any other family. */
class PopularityFit implements Fit {
  readonly #model: Model

  constructor(model: Model) {
    this.#model = model
  }

  advance(): FitProgress {
    return { epoch: 1, epochs: 1, fraction: 1 }
  }

  checkpoint(): undefined {
    return undefined
  }

  finish(): Model {
    return this.#model
  }
}

/** Score of each item. @throws MatineeError `parameter_invalid` where a window or half-life is asked of pairs without times. */
export function popularityScores(input: TrainingInput, parameters: Parameters): Float32Array {
  const weeks = numberParameter(parameters, 'weeks')
  const halfLifeSeconds = numberParameter(parameters, 'half_life_days') * secondsPerDay
  if (weeks === 0 && halfLifeSeconds === 0) return watcherCounts(input)
  const { items, weights, times, watched } = input
  const sums = new Float64Array(input.itemCount)
  if (times === undefined)
    throw new MatineeError(
      'parameter_invalid',
      `popularity: ${weeks > 0 ? 'weeks' : 'half_life_days'} needs the times of pairs, and these have none; allowed is 0`,
    )
  const given = numberParameter(parameters, 'end_seconds')
  const end = given === 0 ? times.reduce((newest, time) => Math.max(newest, time), -Infinity) + 1 : given
  const start = weeks === 0 ? -Infinity : end - weeks * 7 * secondsPerDay
  for (let pair = 0; pair < items.length; pair++) {
    const time = times[pair] as number
    if (!((weights[pair] as number) > 0) || watched?.[pair] === 0 || time < start || time >= end) continue
    const item = items[pair] as number
    sums[item] = (sums[item] as number) + (halfLifeSeconds === 0 ? 1 : 2 ** ((time - end) / halfLifeSeconds))
  }
  return Float32Array.from(sums)
}

export const popularity: ModelFamily = {
  algorithm: 'popularity',
  parameters: [
    {
      name: 'weeks',
      description: 'Only pairs of that many times 7 days before the end; 0: all',
      type: 'integer',
      default: 0,
      minimum: 0,
      maximum: 5000,
    },
    {
      name: 'half_life_days',
      description: 'Age at which a pair counts half; 0: all count 1',
      type: 'number',
      default: 0,
      minimum: 0,
      maximum: 100_000,
    },
    {
      name: 'end_seconds',
      description: 'End of window and decay, in the epoch of the times; 0: just after the newest pair',
      type: 'number',
      default: 0,
    },
  ],
  start(input: TrainingInput, parameters: Parameters): Fit {
    checkInteractions(input)
    const scores = popularityScores(input, resolveParameters(popularity, parameters))
    return new PopularityFit(
      new PopularityModel(
        new Map([
          ['item_scores', { shape: [input.itemCount], data: scores }],
          ['user_count', { shape: [1], data: Uint32Array.of(input.userCount) }],
        ]),
      ),
    )
  },
  load: (tensors) => new PopularityModel(tensors),
}
