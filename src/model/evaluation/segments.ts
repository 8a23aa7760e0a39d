/**
 * Accuracy for parts of the users and parts of the catalogue: a mean over everybody hides who it is bad for.
 *
 * User segments: every test user is in `all_users` and in exactly one of the others, by the number of training items:
 *
 *   new_users      at most 2
 *   light_users    of the rest, at most the lower quartile
 *   regular_users  between the quartiles
 *   heavy_users    above the upper quartile
 *
 * (quartiles of the test users that are not new, each the smallest number that at least that share of them does not exceed).
 * So each metric's mean over all users is the mean over the other four, weighted by their users.
 *
 * Title segments, given as marks: a user's targets are cut to the marked ones, users without any are skipped, lists stay whole;
 * so the values tell how well such titles are found among all. Beside them, over all users, `list_share@k` is the share of the
 * places in the lists that marked titles take, and `target_share` the share of all targets that are marked.
 *
 * Every mean has its standard error beside it, `<name>_error` = the sample's standard deviation / sqrt(users), from two users on:
 * other weeks have other users, so a paired interval cannot tell whether two weeks differ, and this can.
 *
 * Time O(list + log |T|) a user and segment; sums in the order of the users.
 */
import { countMarked, measureList, userMetrics } from '../metrics/ranking-metrics.ts'
import type { Interactions } from '../model.ts'
import { itemsOfUser } from '../sparse/interactions.ts'
import type { MeasuredUser } from './rank-users.ts'

/** What is told of each segment, out of `userMetrics`. */
const told = ['ndcg', 'recall'] as const
/** Users with no more training items than this are new. */
const newUsersAtMost = 2

export const userSegments = ['all_users', 'new_users', 'light_users', 'regular_users', 'heavy_users'] as const
type UserSegment = (typeof userSegments)[number]

/** How many training items the users of a segment have, both included. */
interface HistoryRange {
  readonly from: number
  readonly to: number
}

/** @param users positions of all test users. */
function historyRanges(train: Interactions, users: Uint32Array): Readonly<Record<UserSegment, HistoryRange>> {
  const usersOfLength = new Uint32Array(train.itemCount + 1)
  let rest = 0
  for (const user of users) {
    const { length } = itemsOfUser(train, user)
    if (length <= newUsersAtMost) continue
    usersOfLength[length] = (usersOfLength[length] as number) + 1
    rest++
  }
  const quartile = (share: number): number => {
    let below = 0
    for (let length = newUsersAtMost + 1; length <= train.itemCount; length++) {
      below += usersOfLength[length] as number
      if (below >= share * rest) return length
    }
    return newUsersAtMost
  }
  const [lower, upper] = rest === 0 ? [newUsersAtMost, newUsersAtMost] : [quartile(0.25), quartile(0.75)]
  return {
    all_users: { from: 0, to: Infinity },
    new_users: { from: 0, to: newUsersAtMost },
    light_users: { from: newUsersAtMost + 1, to: lower },
    regular_users: { from: lower + 1, to: upper },
    heavy_users: { from: upper + 1, to: Infinity },
  }
}

/** A mean and its standard error. Squares are of distances from the first value, so that equal values have error 0 exactly. */
class Sample {
  #first = 0
  #sum = 0
  #distances = 0
  #squares = 0
  #count = 0

  add(value: number): void {
    if (this.#count === 0) this.#first = value
    const distance = value - this.#first
    this.#sum += value
    this.#distances += distance
    this.#squares += distance * distance
    this.#count++
  }

  get mean(): number {
    return this.#sum / this.#count
  }

  /** Undefined below two values. */
  get error(): number | undefined {
    if (this.#count < 2) return undefined
    const variance = Math.max(0, this.#squares - (this.#distances * this.#distances) / this.#count) / (this.#count - 1)
    return Math.sqrt(variance / this.#count)
  }
}

/** Accuracy of the users that are added. */
class Segment {
  readonly #samples: readonly { readonly name: string; readonly column: number; readonly sample: Sample }[]
  users = 0

  constructor(cutoffs: readonly number[]) {
    this.#samples = cutoffs.flatMap((k, n) =>
      told.map((metric) => ({
        name: `${metric}@${k}`,
        column: n * userMetrics.length + userMetrics.indexOf(metric),
        sample: new Sample(),
      })),
    )
  }

  /** @param values in the order of `RankingMetrics.columns`. */
  add(values: Float64Array): void {
    this.users++
    for (const { column, sample } of this.#samples) sample.add(values[column] as number)
  }

  result(): Record<string, number> {
    const result: Record<string, number> = { users: this.users }
    for (const { name, sample } of this.#samples) {
      const { mean, error } = sample
      result[name] = mean
      if (error !== undefined) result[`${name}_error`] = error
    }
    return result
  }
}

class TitleSegment {
  readonly #cutoffs: readonly number[]
  readonly #marks: Uint8Array
  readonly #found: Segment
  readonly #values: Float64Array
  /** Of all lists, at each cut-off: places, and those with a marked title. */
  readonly #places: Float64Array
  readonly #markedPlaces: Float64Array
  #targets = 0
  #markedTargets = 0

  constructor(cutoffs: readonly number[], marks: Uint8Array) {
    this.#cutoffs = cutoffs
    this.#marks = marks
    this.#found = new Segment(cutoffs)
    this.#values = new Float64Array(cutoffs.length * userMetrics.length)
    this.#places = new Float64Array(cutoffs.length)
    this.#markedPlaces = new Float64Array(cutoffs.length)
  }

  get users(): number {
    return this.#found.users
  }

  add(list: Uint32Array, targets: Uint32Array): void {
    const marked = targets.filter((item) => this.#marks[item] !== 0)
    this.#targets += targets.length
    this.#markedTargets += marked.length
    for (let n = 0; n < this.#cutoffs.length; n++) {
      const k = this.#cutoffs[n] as number
      const length = Math.min(k, list.length)
      this.#places[n] = (this.#places[n] as number) + length
      this.#markedPlaces[n] = (this.#markedPlaces[n] as number) + countMarked(list, this.#marks, length)
      if (marked.length > 0) measureList(list, marked, k, this.#values, n * userMetrics.length)
    }
    if (marked.length > 0) this.#found.add(this.#values)
  }

  result(): Record<string, number> {
    const result = { ...this.#found.result(), target_share: this.#markedTargets / this.#targets }
    const shares = this.#cutoffs.map((k, n) => [
      `list_share@${k}`,
      (this.#markedPlaces[n] as number) / Math.max(1, this.#places[n] as number),
    ])
    return { ...result, ...Object.fromEntries(shares) }
  }
}

const rangeText = ({ from, to }: HistoryRange): string =>
  `${to === Infinity ? `${from} or more` : from === to ? from : `${from} to ${to}`} titles watched in training`

const boundsOf = ({ from, to }: HistoryRange) => (to === Infinity ? { from } : { from, to })

export interface SegmentFiguresOptions {
  readonly cutoffs: readonly number[]
  readonly train: Interactions
  /** Positions of all test users. */
  readonly users: Uint32Array
  /** By name; one mark an item, other than 0 where it is in the segment. */
  readonly titles: ReadonlyMap<string, Uint8Array>
}

/** Takes the test users one after the other. */
export class SegmentFigures {
  readonly #ranges: Readonly<Record<UserSegment, HistoryRange>>
  readonly #train: Interactions
  readonly #users: readonly (HistoryRange & { readonly name: UserSegment; readonly segment: Segment })[]
  readonly #titles: readonly { readonly name: string; readonly segment: TitleSegment }[]

  constructor({ cutoffs, train, users, titles }: SegmentFiguresOptions) {
    this.#ranges = historyRanges(train, users)
    this.#train = train
    this.#users = userSegments.map((name) => ({ name, ...this.#ranges[name], segment: new Segment(cutoffs) }))
    this.#titles = Array.from(titles, ([name, marks]) => ({ name, segment: new TitleSegment(cutoffs, marks) }))
  }

  add({ user, list, targets, values }: MeasuredUser): void {
    const length = itemsOfUser(this.#train, user).length
    for (const { from, to, segment } of this.#users) if (length >= from && length <= to) segment.add(values)
    for (const { segment } of this.#titles) segment.add(list, targets)
  }

  /** The same in numbers; an end that is not there is left out. */
  get bounds(): Readonly<Record<UserSegment, { readonly from: number; readonly to?: number }>> {
    const { all_users, new_users, light_users, regular_users, heavy_users } = this.#ranges
    return {
      all_users: boundsOf(all_users),
      new_users: boundsOf(new_users),
      light_users: boundsOf(light_users),
      regular_users: boundsOf(regular_users),
      heavy_users: boundsOf(heavy_users),
    }
  }

  /** What each user segment is, in words. */
  get descriptions(): Readonly<Record<UserSegment, string>> {
    return {
      all_users: 'all test users',
      new_users: rangeText(this.#ranges.new_users),
      light_users: rangeText(this.#ranges.light_users),
      regular_users: rangeText(this.#ranges.regular_users),
      heavy_users: rangeText(this.#ranges.heavy_users),
    }
  }

  /** By segment; those that no user is in, or no target, are left out. */
  result(): Readonly<Record<string, Readonly<Record<string, number>>>> {
    const taken = [...this.#users, ...this.#titles].filter(({ segment }) => segment.users > 0)
    return Object.fromEntries(taken.map(({ name, segment }) => [name, segment.result()]))
  }
}
