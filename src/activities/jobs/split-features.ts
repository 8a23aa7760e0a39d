/** From a week's features to the pairs that models learn from, and their training and test parts. */
import { MatineeError } from '../../contracts/errors.ts'
import type { Features, WeeklyPairs } from '../../contracts/ports.ts'
import type { FeaturesRef, SplitSpec } from '../../contracts/run.ts'
import { weekStart, type Week } from '../../contracts/week.ts'
import { weighsRatings, type Candidate } from '../../model/candidate.ts'
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
 * of the titles as of then, and where the weekly pairs are there how often each was watched by then, and what was clicked and not watched.
 */
export function signalsOf(data: Features, watched: Interactions, endDay: number): PairSignals {
  const itemFeatures = titleFeatures(data.items, endDay)
  if (data.weekly === undefined) return { pairs: watched, itemFeatures }
  const viewings = viewingsBefore(data.weekly, endDay)
  const clicked = clicksBefore(data, endDay)
  if (clicked.items.length === 0) return { pairs: watched, itemFeatures, viewings }
  return { ...together(watched, viewings, clicked), itemFeatures }
}

/** What each candidate is fitted to, made when the first one asks for it. One that weighs ratings alone needs the watched pairs alone. */
export function signalsFor(data: Features, watched: Interactions, endDay: number): (candidate: Candidate) => PairSignals {
  let ratings: PairSignals | undefined
  let all: PairSignals | undefined
  return (candidate) =>
    weighsRatings(candidate)
      ? (ratings ??= { pairs: watched, itemFeatures: titleFeatures(data.items, endDay) })
      : (all ??= signalsOf(data, watched, endDay))
}

/** Weights are the clicks before that day of what had not been watched in the week of the click; by then it may have been. */
function clicksBefore({ userIds, itemIds, earlyClicks }: Features, endDay: number): Interactions {
  const rows = earlyClicks?.user.length ?? 0
  const users = new Uint32Array(rows)
  const items = new Uint32Array(rows)
  const weights = new Float32Array(rows)
  const times = new Float64Array(rows)
  let size = 0
  if (earlyClicks !== undefined)
    for (let row = 0; row < rows; row++) {
      if ((earlyClicks.weekStartDay[row] as number) >= endDay) continue
      const user = earlyClicks.user[row] as number
      const item = earlyClicks.item[row] as number
      const isSame = size > 0 && users[size - 1] === user && items[size - 1] === item
      if (!isSame) size++
      users[size - 1] = user
      items[size - 1] = item
      weights[size - 1] = (isSame ? (weights[size - 1] as number) : 0) + (earlyClicks.clicks[row] as number)
      times[size - 1] = earlyClicks.lastSeconds[row] as number
    }
  return buildInteractions(userIds.length, itemIds.length, {
    users: users.subarray(0, size),
    items: items.subarray(0, size),
    weights: weights.subarray(0, size),
    times: times.subarray(0, size),
  })
}

function both<Values extends Uint32Array | Float32Array | Float64Array>(all: Values, first: Values, second: Values): Values {
  all.set(first)
  all.set(second, first.length)
  return all
}

/** Pairs of either; those that were clicked alone have rating 0. */
function together(watched: Interactions, viewings: Float32Array, clicked: Interactions): Required<Omit<PairSignals, 'itemFeatures'>> {
  const { userCount, itemCount } = watched
  const size = watched.items.length + clicked.items.length
  const pairs = buildInteractions(userCount, itemCount, {
    users: both(new Uint32Array(size), userOfPairs(watched), userOfPairs(clicked)),
    items: both(new Uint32Array(size), watched.items, clicked.items),
    weights: both(new Float32Array(size), watched.weights, new Float32Array(clicked.items.length)),
    times: both(new Float64Array(size), watched.times ?? new Float64Array(watched.items.length), clicked.times ?? new Float64Array(0)),
  })
  const allViewings = new Float32Array(pairs.items.length)
  const clicks = new Float32Array(pairs.items.length)
  let next = 0
  for (let user = 0; user < userCount; user++) {
    let click = clicked.offsets[user] as number
    const lastClick = clicked.offsets[user + 1] as number
    for (let pair = pairs.offsets[user] as number; pair < (pairs.offsets[user + 1] as number); pair++) {
      while (click < lastClick && (clicked.items[click] as number) < (pairs.items[pair] as number)) click++
      if ((pairs.weights[pair] as number) > 0) allViewings[pair] = viewings[next++] as number
      else if (click < lastClick) clicks[pair] = clicked.weights[click] as number
    }
  }
  return { pairs, viewings: allViewings, clicks }
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
