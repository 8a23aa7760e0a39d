/** The models that every weekly run fits and compares, and the splits that it compares them on. */
import type { CandidateSpec, SplitSpec } from './run.ts'

export const candidates: readonly CandidateSpec[] = [
  // The old system's model with its settings; the weight of a pair is its rating.
  { name: 'warp', algorithm: 'warp', parameters: { factors: 30, epochs: 10 } },
  { name: 'ials', algorithm: 'ials', parameters: { factors: 64, iterations: 10, unobserved_weight: 0.15, regularization: 0.01 } },
  { name: 'popularity', algorithm: 'popularity', parameters: {} },
  { name: 'popularity-4-weeks', algorithm: 'popularity', parameters: { weeks: 4 } },
]

/** What the week's search finds is compared with them under this name. */
export const searchedName = 'searched'
/** And what the week before published, where a search had found it, under this one. */
export const championName = 'champion'

/** The old system's hold-out: a quarter of the watched pairs, seed 0. */
export const randomHoldOut: SplitSpec = { kind: 'random', share: 0.25, seed: 0 }
/** What was before the week, against what each user newly watched in it: what the choice goes by. */
export const timeSplit: SplitSpec = { kind: 'time' }
export const splits: readonly SplitSpec[] = [randomHoldOut, timeSplit]

/** Of every fit. Part of a model's identity: another seed is another model. */
export const trainingSeed = 0
