/** From a week's features to the pairs that models learn from, and their training and test parts. */
import { MatineeError } from '../../contracts/errors.ts'
import type { Features } from '../../contracts/ports.ts'
import type { SplitSpec } from '../../contracts/run.ts'
import type { Interactions } from '../../model/model.ts'
import { buildInteractions } from '../../model/sparse/interactions.ts'
import { randomHoldOut, type Split } from '../../model/split/split.ts'

/** Watched pairs, weighted by rating (share watched, at most 1). A click without a viewing is not one of them. */
export function watchedPairs(features: Features): Interactions {
  const chosen = Uint32Array.from(features.watched.keys()).filter((pair) => features.watched[pair] === 1)
  if (chosen.length === 0)
    throw new MatineeError('no_training_data', 'no pair of user and programme was watched: there is nothing to train on')
  return buildInteractions(features.userIds.length, features.itemIds.length, {
    users: chosen.map((pair) => features.user[pair] ?? 0),
    items: chosen.map((pair) => features.item[pair] ?? 0),
    weights: Float32Array.from(chosen, (pair) => features.rating[pair] ?? 0),
    times: Float64Array.from(chosen, (pair) => features.lastSeconds[pair] ?? 0),
  })
}

export function splitFeatures(features: Features, spec: SplitSpec): Split {
  const pairs = watchedPairs(features)
  switch (spec.kind) {
    case 'random':
      return randomHoldOut(pairs, spec.share, spec.seed)
    case 'time':
      throw new MatineeError('parameter_invalid', 'the time split is not there yet')
  }
}

export const describeSplit = (spec: SplitSpec): string =>
  spec.kind === 'random'
    ? `${spec.share * 100} % of the watched pairs at random, seed ${spec.seed}`
    : 'what was before the week, against what each user newly watched in it'
