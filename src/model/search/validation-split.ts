/** Which pairs a search measures its candidates by. */
import { usersWithTargets } from '../evaluation/rank-users.ts'
import type { Interactions } from '../model.ts'
import { randomHoldOut, timeSplit, type Split } from '../split/split.ts'
import { selectPairs } from '../sparse/interactions.ts'

const validationShare = 0.1
/** Scores that are ranked for one candidate; within these bounds as many users as that gives. */
const rankedScores = 1e8
const [fewestUsers, mostUsers] = [1000, 5000]

/** With fewer users than that what is measured is drawn again, at most so often: each user's figure is of a handful of pairs. */
const [manyUsers, mostDraws] = [4000, 4]

export interface Validation {
  readonly kind: 'time' | 'random'
  /** At least one. */
  readonly folds: readonly Split[]
}

/**
 * The newest tenth of the pairs, where they have times and most of that tenth is of users who have a history before it: that is what a model
 * meets in use. Else random tenths, the fewer users the more of them: of strangers nothing personal can be learnt.
 */
export function validationFolds(pairs: Interactions, seed: number): Validation {
  const { times } = pairs
  if (times !== undefined && times.length > 0) {
    const cut = times.toSorted()[Math.floor((1 - validationShare) * times.length)] as number
    if (times.some((time) => time < cut)) {
      const split = timeSplit(pairs, cut)
      if (shareOfKnownUsers(split) > 0.5) return { kind: 'time', folds: [split] }
    }
  }
  const first = randomHoldOut(pairs, validationShare, seed)
  const users = usersWithTargets(first.train, first.test).length
  const draws = Math.min(mostDraws, Math.ceil(manyUsers / Math.max(1, users)))
  const others = Array.from({ length: draws - 1 }, (_, n) => randomHoldOut(pairs, validationShare, seed + 1 + n))
  return { kind: 'random', folds: [first, ...others] }
}

/** Fewer users tell candidates apart too badly. */
const leastUsers = 500
const mostWeeks = 8

/**
 * The newest week against all that was before it: just what the week after it will ask. Where that has too few users to measure by, the weeks
 * before it too, each against what was before it, as many as it takes.
 * @param weekBack the split of the n-th newest week, from 1; undefined where nothing was before it
 */
export function newestWeeks<Week extends Split>(weekBack: (n: number) => Week | undefined): readonly Week[] {
  const folds: Week[] = []
  let users = 0
  for (let n = 1; n <= mostWeeks && users < leastUsers; n++) {
    const split = weekBack(n)
    if (split === undefined) break
    const measured = usersWithTargets(split.train, split.test).length
    if (measured === 0) continue
    folds.push(split)
    users += measured
  }
  return folds
}

function shareOfKnownUsers({ train, test }: Split): number {
  let known = 0
  for (let user = 0; user < test.userCount; user++)
    if (train.offsets[user] !== train.offsets[user + 1]) known += (test.offsets[user + 1] as number) - (test.offsets[user] as number)
  return known / test.items.length
}

/** So many of the users that more would only tell the same more exactly. */
export const enoughUsers = ({ itemCount }: Interactions): number =>
  Math.round(Math.min(mostUsers, Math.max(fewestUsers, rankedScores / Math.max(1, itemCount))))

/** Every n-th user's pairs, so that at most so many users are left. */
export function thinned(test: Interactions, atMost: number): Interactions {
  const users = test.offsets.reduce((count, offset, n) => count + Number(n > 0 && offset !== test.offsets[n - 1]), 0)
  const step = Math.ceil(users / atMost)
  if (step <= 1) return test
  const keep = new Uint8Array(test.items.length)
  for (let user = 0, n = 0; user < test.userCount; user++) {
    if (test.offsets[user] === test.offsets[user + 1]) continue
    if (n % step === 0) keep.fill(1, test.offsets[user], test.offsets[user + 1])
    n++
  }
  return selectPairs(test, keep)
}
