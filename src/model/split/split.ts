/** Training and test parts of one set of pairs, over the same user and item positions. Times stay with their pairs. */
import { MatineeError } from '../../contracts/errors.ts'
import type { Interactions } from '../model.ts'
import { permutation, Random } from '../random/random.ts'
import { selectPairs } from '../sparse/interactions.ts'

export interface Split {
  readonly train: Interactions
  readonly test: Interactions
}

/**
 * A random share of the pairs is the test: ceil(share × pairs) of them, as scikit-learn's `train_test_split` counts, each set of
 * that size equally likely. The same pairs, share and seed give the same split.
 * @param share above 0 and below 1
 * @throws MatineeError `parameter_invalid` on another share, `no_training_data` where no pair is left to train on.
 */
export function randomHoldOut(interactions: Interactions, share: number, seed: number): Split {
  if (!(share > 0 && share < 1))
    throw new MatineeError('parameter_invalid', `share of the hold-out: got ${share}, allowed is above 0 and below 1`)
  const pairs = interactions.items.length
  const testPairs = Math.ceil(share * pairs)
  if (testPairs >= pairs) throw new MatineeError('no_training_data', `a hold-out of ${testPairs} of ${pairs} pairs leaves none to train on`)
  const isTest = new Uint8Array(pairs)
  for (const pair of permutation(pairs, Random.seeded(seed)).subarray(0, testPairs)) isTest[pair] = 1
  return splitByMark(interactions, isTest)
}

/**
 * Pairs whose newest event lies at or after `cut` (seconds, the pairs' epoch) are the test.
 * @throws MatineeError `internal` where pairs have no times, `no_training_data` where all of them are later.
 */
export function timeSplit(interactions: Interactions, cut: number): Split {
  const { times } = interactions
  if (times === undefined) throw new MatineeError('internal', 'a split by time needs the times of pairs')
  const split = splitByMark(
    interactions,
    Uint8Array.from(times, (time) => Number(time >= cut)),
  )
  if (split.train.items.length === 0) throw new MatineeError('no_training_data', `no pair lies before the cut at ${cut}`)
  return split
}

/** Pairs marked with other than 0 are the test. One mark a pair. */
export function splitByMark(interactions: Interactions, isTest: Uint8Array): Split {
  return {
    train: selectPairs(
      interactions,
      isTest.map((mark) => Number(mark === 0)),
    ),
    test: selectPairs(interactions, isTest),
  }
}
