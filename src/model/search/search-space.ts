/** Where a search looks: of each family the values that its parameters may have, and where to begin. */
import type { Interactions, Parameters } from '../model.ts'
import type { PairSignals } from '../signals/pair-weights.ts'

/** Values of a parameter in rising order. */
export interface Axis {
  readonly name: string
  readonly values: readonly number[]
  /** Whether what lies between two of them is tried too, once no step from one to the next is better. */
  readonly between?: true
}

export interface FamilySpace {
  readonly algorithm: string
  readonly axes: readonly Axis[]
  /** Points to begin with; parameters that are not named keep their defaults. */
  readonly starts: readonly Parameters[]
  /** Slow beside what it brings: begun only where the data are small. */
  readonly isLate?: boolean
}

/** In the order in which they are tried: what is likeliest to be chosen first, for there may be no time for the others. */
export function familySpaces({ pairs: train, itemFeatures }: PairSignals): readonly FamilySpace[] {
  return [
    {
      algorithm: 'ials',
      axes: [
        { name: 'unobserved_weight', values: unobservedWeights, between: true },
        // Before the next: what more factors bring is the most there is to gain where tastes are many.
        { name: 'factors', values: [16, 32, 64, 128, 256] },
        { name: 'regularization', values: [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1], between: true },
        ...(itemFeatures === undefined ? [] : [{ name: 'feature_pairs', values: [0, 1, 3, 10, 30] }]),
      ],
      starts: [{ unobserved_weight: likelyUnobservedWeight(train), regularization: 0.01, factors: 64, iterations: 10 }],
    },
    {
      algorithm: 'item-knn',
      axes: [
        { name: 'other_exponent', values: [0.2, 0.3, 0.4, 0.5, 0.6, 0.7] },
        { name: 'user_exponent', values: [0, 0.5, 1] },
        { name: 'neighbours', values: [10, 20, 50, 100, 200] },
        { name: 'shrinkage', values: [0, 5, 20, 100] },
      ],
      starts: [
        { neighbours: 100, shrinkage: 0, user_exponent: 1, own_exponent: 1, other_exponent: 0.4 },
        { neighbours: 50, shrinkage: 20, user_exponent: 0, own_exponent: 0.5, other_exponent: 0.5 },
      ],
    },
    {
      algorithm: 'ease',
      axes: [
        { name: 'regularization', values: [10, 30, 100, 200, 400, 800, 1600, 5000], between: true },
        { name: 'dropout', values: [0, 0.33, 0.5, 0.67, 0.8] },
        { name: 'user_exponent', values: [0, 0.25, 0.5, 0.75, 1] },
      ],
      starts: [
        { regularization: 400, dropout: 0, user_exponent: 0 },
        { regularization: 400, dropout: 0.5, user_exponent: 0.5 },
      ],
    },
    {
      algorithm: 'warp',
      axes: [
        { name: 'factors', values: [30, 64] },
        { name: 'epochs', values: [10, 30] },
      ],
      starts: [{ factors: 30, epochs: 10 }],
      isLate: true,
    },
  ]
}

const unobservedWeights = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1]

/**
 * All of a user's unobserved pairs together weigh a × items. What proves best lies at some five to fifteen times what the observed ones weigh,
 * on catalogues of a thousand titles as of forty thousand.
 */
function likelyUnobservedWeight({ userCount, itemCount, items }: Interactions): number {
  const likely = (6 * items.length) / Math.max(1, userCount) / Math.max(1, itemCount)
  return unobservedWeights.reduce((best, value) => (Math.abs(Math.log(value / likely)) < Math.abs(Math.log(best / likely)) ? value : best))
}

const secondsPerDay = 86_400

/** Ways of counting what is popular: all of the time, and, where pairs have times, the newest part of it, cut off or fading. */
export function popularities(train: Interactions): readonly Parameters[] {
  const weeks = spanDays(train) / 7
  return [
    {},
    ...[4, 8].filter((count) => count < weeks).map((count) => ({ weeks: count })),
    ...[0.5, 1, 2, 4].filter((count) => 2 * count < weeks).map((count) => ({ half_life_days: 7 * count })),
  ]
}

/** What the pairs can tell beside that they are there. Half-lives from half the time that the pairs span down to a week, halved each time. */
export function signalAxes({ pairs, viewings, clicks }: PairSignals): readonly Axis[] {
  const { weights } = pairs
  const watched = weights.filter((weight) => weight > 0)
  const halfLives: number[] = []
  for (let days = Math.round(spanDays(pairs) / 2); days >= 7; days = Math.round(days / 2)) halfLives.unshift(days)
  return [
    ...(halfLives.length === 0 ? [] : [{ name: 'signals.half_life_days', values: halfLives }]),
    ...(watched.some((weight) => weight !== watched[0]) ? [{ name: 'signals.rating_share', values: [0, 0.5, 1] }] : []),
    ...(viewings?.some((count) => count > 1) === true ? [{ name: 'signals.watch_gain', values: [0, 0.25, 0.5, 1] }] : []),
    ...(clicks?.some((count, pair) => count > 0 && weights[pair] === 0) === true
      ? [{ name: 'signals.click_weight', values: [0, 0.1, 0.25, 0.5] }]
      : []),
  ]
}

function spanDays({ times }: Interactions): number {
  if (times === undefined || times.length === 0) return 0
  const first = times.reduce((earliest, time) => Math.min(earliest, time))
  const last = times.reduce((latest, time) => Math.max(latest, time))
  return (last - first) / secondsPerDay
}
