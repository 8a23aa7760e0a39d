/**
 * What a pair weighs in training, from all that the logs hold of it:
 *
 *   watched        w = (1 - s + s × rating) × (1 + g × log2(viewings)) × 2^(-age / half-life)
 *   only clicked   w = c × (1 + g × log2(clicks)) × 2^(-age / half-life)
 *
 * | notation  | parameter                | unit and meaning                                              |
 * |-----------|--------------------------|---------------------------------------------------------------|
 * | s         | `signals.rating_share`   | 1: a pair weighs its rating; 0: all watched pairs weigh alike |
 * | g         | `signals.watch_gain`     | what each doubling of the viewings, or clicks, adds           |
 * | c         | `signals.click_weight`   | 0: a click without a viewing says nothing                     |
 * | half-life | `signals.half_life_days` | 0: pairs do not age                                           |
 *
 * Age is that of the pair's newest event at the newest of all. With a half-life weights are scaled so that their mean stays what it was
 * without: else it would change, beside what counts for how much, how strongly a model is held to its prior. A click that weighs nothing is
 * left out; one that weighs something is marked as not watched. Linear in the pairs; no randomness.
 */
import { MatineeError } from '../../contracts/errors.ts'
import type { ItemFeatures } from '../features/feature-factors.ts'
import type { Interactions, Parameters, ParameterSpec, TrainingInput } from '../model.ts'
import { numberParameter } from '../parameters.ts'
import { selectPairs } from '../sparse/interactions.ts'

const secondsPerDay = 86_400

/** Pairs of either log. One entry a pair in each array. */
export interface PairSignals {
  /** Weights are ratings, 0 where there was no viewing; times are those of the newest event. */
  readonly pairs: Interactions
  /** How many there were; absent: one of each pair with a rating, and no clicks. */
  readonly viewings?: Float32Array
  readonly clicks?: Float32Array
  /** What is known of the items beside the pairs. */
  readonly itemFeatures?: ItemFeatures
}

export const signalParameters: readonly ParameterSpec[] = [
  {
    name: 'signals.rating_share',
    description: 'How much of a watched pair’s weight is its rating: 0 to 1',
    type: 'number',
    default: 1,
    minimum: 0,
    maximum: 1,
  },
  {
    name: 'signals.watch_gain',
    description: 'What each doubling of the viewings adds, or of the clicks where there was none',
    type: 'number',
    default: 0,
    minimum: 0,
    maximum: 10,
  },
  {
    name: 'signals.click_weight',
    description: 'Weight of a pair that was clicked and not watched; 0: left out',
    type: 'number',
    default: 0,
    minimum: 0,
    maximum: 1,
  },
  {
    name: 'signals.half_life_days',
    description: 'Age at which a pair weighs half; 0: pairs do not age',
    type: 'number',
    default: 0,
    minimum: 0,
    maximum: 100_000,
  },
]

export interface WeighedPairs {
  readonly input: TrainingInput
  /** What aging multiplies all weights by, so that their mean stays: the weight of a whole viewing at the newest time, for what comes later. */
  readonly scale: number
}

/** @throws MatineeError `parameter_invalid` where pairs without times are to age. */
export function weighPairs({ pairs, viewings, clicks, itemFeatures }: PairSignals, parameters: Parameters): WeighedPairs {
  const weigh = pairWeight(parameters)
  const { weights: ratings, times } = pairs
  const weights = new Float32Array(ratings.length)
  const watched = new Uint8Array(ratings.length).fill(1)
  const keep = new Uint8Array(ratings.length).fill(1)
  let [hasClicked, hasDropped] = [false, false]
  for (let pair = 0; pair < ratings.length; pair++) {
    const rating = ratings[pair] as number
    if (rating > 0) {
      weights[pair] = weigh.viewing(rating, viewings?.[pair] ?? 1)
      continue
    }
    const looks = clicks?.[pair] ?? 0
    if (!(looks > 0)) continue
    weights[pair] = weigh.click(looks)
    watched[pair] = 0
    keep[pair] = Number((weights[pair] as number) > 0)
    if (keep[pair] === 1) hasClicked = true
    else hasDropped = true
  }
  const halfLifeSeconds = numberParameter(parameters, 'signals.half_life_days') * secondsPerDay
  const scale = halfLifeSeconds > 0 ? age(weights, times, halfLifeSeconds) : 1
  const weighed = { ...pairs, weights }
  const kept: Interactions = hasDropped ? selectPairs(weighed, keep) : weighed
  const keptWatched = hasClicked && hasDropped ? watched.filter((_, pair) => keep[pair] === 1) : watched
  return {
    input: {
      ...kept,
      ...(itemFeatures === undefined ? {} : { itemFeatures }),
      ...(hasClicked ? { watched: keptWatched } : {}),
    },
    scale,
  }
}

/** What a pair weighs before it ages. */
export function pairWeight(parameters: Parameters): {
  readonly viewing: (rating: number, viewings: number) => number
  readonly click: (clicks: number) => number
} {
  const ratingShare = numberParameter(parameters, 'signals.rating_share')
  const watchGain = numberParameter(parameters, 'signals.watch_gain')
  const clickWeight = numberParameter(parameters, 'signals.click_weight')
  const gain = (times: number): number => (watchGain === 0 ? 1 : 1 + watchGain * Math.log2(Math.max(1, times)))
  return {
    viewing: (rating, viewings) => (1 - ratingShare + ratingShare * rating) * gain(viewings),
    click: (clicks) => clickWeight * gain(clicks),
  }
}

/** @returns what weights were multiplied by so that their mean stays */
function age(weights: Float32Array, times: Float64Array | undefined, halfLifeSeconds: number): number {
  if (times === undefined)
    throw new MatineeError('parameter_invalid', 'signals.half_life_days needs the times of pairs, and these have none; allowed is 0')
  const newest = times.reduce((latest, time) => Math.max(latest, time), -Infinity)
  let before = 0
  let after = 0
  for (let pair = 0; pair < weights.length; pair++) {
    const weight = weights[pair] as number
    const aged = weight * 2 ** (((times[pair] as number) - newest) / halfLifeSeconds)
    before += weight
    after += aged
    weights[pair] = aged
  }
  if (after === 0) return 1
  const scale = before / after
  for (let pair = 0; pair < weights.length; pair++) weights[pair] = scale * (weights[pair] as number)
  return scale
}
