/** From a week's features to the pairs that models learn from, and their training and test parts. */
import { MatineeError } from '../../contracts/errors.ts'
import type { Features, WeeklyPairs } from '../../contracts/ports.ts'
import type { FeaturesRef, SplitSpec } from '../../contracts/run.ts'
import { weekStart, type Week } from '../../contracts/week.ts'
import { titleFeatures } from '../../model/features/title-features.ts'
import { includes } from '../../model/metrics/ranking-metrics.ts'
import type { Interactions } from '../../model/model.ts'
import { buildInteractions, itemsOfUser, selectPairs, userOfPairs } from '../../model/sparse/interactions.ts'
import type { PairSignals } from '../../model/signals/pair-weights.ts'
import { randomHoldOut, type Split } from '../../model/split/split.ts'
import type { JobPorts } from './job-ports.ts'

const DAY_MS = 86_400_000
const DAYS_OF_WEEK = 7

/** Watched pairs, weighted by rating (share watched, at most 1). A click without a viewing is not one of them. */
export function watchedPairs(features: Features): Interactions {
  const pairs = pairsOf(features, features, (pair) => features.watched[pair] === 1)
  if (pairs.items.length === 0)
    throw new MatineeError('no_training_data', 'no pair of user and programme was watched: there is nothing to train on')
  return pairs
}

/** A week's features as a split wants them: the training part, the test part, and ids and titles of the positions. */
export async function readSplit(
  ref: FeaturesRef,
  spec: SplitSpec,
  ports: JobPorts,
): Promise<{ readonly data: Features; readonly split: Split }> {
  const data = await ports.readFeatures(ref, { weekly: spec.kind === 'time' })
  if (spec.kind === 'random') return { data, split: randomHoldOut(watchedPairs(data), spec.share, spec.seed) }
  return { data, split: weekSplit(data, startDayOf(ref.week)) }
}

/**
 * All that a fit may go by of watched pairs from before a day (days since 1970-01-01): beside their ratings and times what the catalogue says
 * of the titles as of then, and where the weekly pairs are there how often each was watched by then.
 */
export function signalsOf(data: Features, pairs: Interactions, endDay: number): PairSignals {
  const itemFeatures = titleFeatures(data.items, endDay)
  return data.weekly === undefined ? { pairs, itemFeatures } : { pairs, itemFeatures, viewings: viewingsBefore(data.weekly, endDay) }
}

/** Viewings of each pair with a rating before that day, in the order of the pairs. */
function viewingsBefore({ user, item, rating, weekStartDay, viewings }: WeeklyPairs, endDay: number): Float32Array {
  const sums: number[] = []
  let [lastUser, lastItem] = [-1, -1]
  for (let row = 0; row < user.length; row++) {
    if (!((rating[row] ?? 0) > 0) || (weekStartDay[row] ?? 0) >= endDay) continue
    if (user[row] !== lastUser || item[row] !== lastItem) sums.push(0)
    sums.push((sums.pop() ?? 0) + (viewings[row] ?? 0))
    ;[lastUser, lastItem] = [user[row] ?? 0, item[row] ?? 0]
  }
  return Float32Array.from(sums)
}

/** Days from 1970-01-01 to the Monday after the week's end. */
export const endDayOf = (week: Week): number => startDayOf(week) + DAYS_OF_WEEK

/** Days from 1970-01-01 to the Monday that starts the week, as `WeeklyPairs` counts them. */
export const startDayOf = (week: Week): number => Date.parse(`${weekStart(week).slice(0, 10)}T00:00:00Z`) / DAY_MS

/**
 * Training: what was watched before the week that starts on `weekStartDay` (days since 1970-01-01), each pair rated as of then.
 * Test: what each user watched in that week and had not watched before.
 */
export function weekSplit(features: Features, weekStartDay: number): Split {
  const { weekly } = features
  if (weekly === undefined) throw new MatineeError('internal', 'a split by time needs the weekly pairs')
  const watchedIn = (matches: (day: number) => boolean): Interactions =>
    pairsOf(features, weekly, (row) => (weekly.rating[row] ?? 0) > 0 && matches(weekly.weekStartDay[row] ?? 0))
  const train = watchedIn((day) => day < weekStartDay)
  const inWeek = watchedIn((day) => day === weekStartDay)
  const users = userOfPairs(inWeek)
  const isNew = inWeek.items.map((item, pair) => Number(!includes(itemsOfUser(train, users[pair] ?? 0), item)))
  return { train, test: selectPairs(inWeek, Uint8Array.from(isNew)) }
}

/** Several rows of a pair become one, with the largest rating and the newest time. */
function pairsOf(features: Features, rows: WeeklyPairs | Features, keep: (row: number) => boolean): Interactions {
  const most = rows.user.length
  const users = new Uint32Array(most)
  const items = new Uint32Array(most)
  const weights = new Float32Array(most)
  const times = new Float64Array(most)
  let size = 0
  for (let row = 0; row < most; row++) {
    if (!keep(row)) continue
    users[size] = rows.user[row] as number
    items[size] = rows.item[row] as number
    weights[size] = rows.rating[row] as number
    times[size] = rows.lastSeconds[row] as number
    size++
  }
  return buildInteractions(features.userIds.length, features.itemIds.length, {
    users: users.subarray(0, size),
    items: items.subarray(0, size),
    weights: weights.subarray(0, size),
    times: times.subarray(0, size),
  })
}

export const describeSplit = (spec: SplitSpec): string =>
  spec.kind === 'random'
    ? `${spec.share * 100} % of the watched pairs at random, seed ${spec.seed}`
    : 'what was before the week, against what each user newly watched in it'
