/**
 * Observed pairs as compressed sparse rows (`Interactions`), built from arrays in any order, in time and memory linear in
 * pairs + users + items: two stable counting sorts, by item and then by user, leave each user's items ascending. Rows that come in that
 * order, as features do, are not sorted.
 *
 * A pair given more than once is one pair, with the largest of its weights and the newest of its times. The largest, not the
 * sum: it neither depends on the order of the rows (floating sums do) nor changes when a row is repeated.
 * A pair of weight 0 stays a pair: it counts as seen and is never drawn as a negative, but nothing is learnt from it.
 */
import { MatineeError } from '../../contracts/errors.ts'
import type { Interactions } from '../model.ts'

/** One entry a row, in any order: `users[n]` had to do with `items[n]`. */
export interface PairArrays {
  /** Positions, 0 to userCount - 1. */
  readonly users: Uint32Array
  /** Positions, 0 to itemCount - 1. */
  readonly items: Uint32Array
  /** Finite, at least 0. Without it every weight is 1. */
  readonly weights?: Float32Array
  /** Seconds of any epoch, finite. */
  readonly times?: Float64Array
}

/** @throws MatineeError `internal` naming the first entry that is out of range or not finite. */
export function buildInteractions(userCount: number, itemCount: number, pairs: PairArrays): Interactions {
  const rows = pairs.users.length
  const weights = pairs.weights ?? new Float32Array(rows).fill(1)
  const { users, items, times } = pairs
  checkCounts(userCount, itemCount)
  if (items.length !== rows || weights.length !== rows || (times !== undefined && times.length !== rows))
    throw fault(
      `got ${rows} users, ${items.length} items, ${weights.length} weights, ${times?.length ?? rows} times, expected as many of each`,
    )
  checkEntries(users, userCount, 'user')
  checkEntries(items, itemCount, 'item')
  checkWeights(weights)
  if (times !== undefined) checkTimes(times)

  const order = areInOrder(users, items) ? undefined : sortedBy(users, userCount, sortedBy(items, itemCount))
  const offsets = new Uint32Array(userCount + 1)
  const distinctItems = new Uint32Array(rows)
  const distinctWeights = new Float32Array(rows)
  const distinctTimes = times === undefined ? undefined : new Float64Array(rows)
  let size = 0
  let previousUser = -1
  let previousItem = -1
  for (let n = 0; n < rows; n++) {
    const row = order === undefined ? n : (order[n] as number)
    const user = users[row] as number
    const item = items[row] as number
    const weight = weights[row] as number
    const time = times === undefined ? 0 : (times[row] as number)
    if (user !== previousUser || item !== previousItem) {
      distinctItems[size] = item
      distinctWeights[size] = weight
      if (distinctTimes !== undefined) distinctTimes[size] = time
      offsets[user + 1] = (offsets[user + 1] as number) + 1
      size++
      previousUser = user
      previousItem = item
      continue
    }
    if (weight > (distinctWeights[size - 1] as number)) distinctWeights[size - 1] = weight
    if (distinctTimes !== undefined && time > (distinctTimes[size - 1] as number)) distinctTimes[size - 1] = time
  }
  for (let user = 0; user < userCount; user++) offsets[user + 1] = (offsets[user + 1] as number) + (offsets[user] as number)
  return {
    userCount,
    itemCount,
    offsets,
    items: distinctItems.slice(0, size),
    weights: distinctWeights.slice(0, size),
    ...(distinctTimes === undefined ? {} : { times: distinctTimes.slice(0, size) }),
  }
}

/** The same pairs with users and items changed over: row `i` has the users of item `i`, ascending. */
export function transpose(interactions: Interactions): Interactions {
  const { userCount, itemCount, items, weights, times } = interactions
  const order = sortedBy(items, itemCount)
  const users = userOfPairs(interactions)
  return {
    userCount: itemCount,
    itemCount: userCount,
    offsets: startsOf(items, itemCount),
    items: gather(users, order, new Uint32Array(order.length)),
    weights: gather(weights, order, new Float32Array(order.length)),
    ...(times === undefined ? {} : { times: gather(times, order, new Float64Array(order.length)) }),
  }
}

/** The user of each pair: the row number, once a pair. */
export function userOfPairs({ userCount, offsets, items }: Interactions): Uint32Array {
  const users = new Uint32Array(items.length)
  for (let user = 0; user < userCount; user++) users.fill(user, offsets[user], offsets[user + 1])
  return users
}

/** The items of a user, ascending; a view. Empty for a user beyond the last. */
export function itemsOfUser({ offsets, items }: Interactions, user: number): Uint32Array {
  return items.subarray(offsets[user] ?? items.length, offsets[user + 1] ?? items.length)
}

/** n_u^-e of each user u with n_u pairs; 0 of a user without any. */
export function userShares({ userCount, offsets }: Interactions, exponent: number): Float64Array {
  return Float64Array.from({ length: userCount }, (_, user) => {
    const count = (offsets[user + 1] as number) - (offsets[user] as number)
    return count === 0 ? 0 : count ** -exponent
  })
}

/** Pairs for which `keep` is not 0, over the same positions. `keep` has one entry a pair. */
export function selectPairs(interactions: Interactions, keep: Uint8Array): Interactions {
  const { userCount, itemCount, offsets, items, weights, times } = interactions
  if (keep.length !== items.length) throw fault(`got ${keep.length} marks for ${items.length} pairs, expected one each`)
  const kept = new Uint32Array(userCount + 1)
  const chosen = new Uint32Array(keep.reduce((sum, mark) => sum + (mark === 0 ? 0 : 1), 0))
  let size = 0
  for (let user = 0; user < userCount; user++) {
    const end = offsets[user + 1] as number
    for (let pair = offsets[user] as number; pair < end; pair++) if (keep[pair] !== 0) chosen[size++] = pair
    kept[user + 1] = size
  }
  return {
    userCount,
    itemCount,
    offsets: kept,
    items: gather(items, chosen, new Uint32Array(size)),
    weights: gather(weights, chosen, new Float32Array(size)),
    ...(times === undefined ? {} : { times: gather(times, chosen, new Float64Array(size)) }),
  }
}

/**
 * Checks everything that `Interactions` promises. Every fit calls it on what it is given, so that no kernel needs to.
 * @throws MatineeError `internal` naming what is wrong.
 */
export function checkInteractions({ userCount, itemCount, offsets, items, weights, times }: Interactions): void {
  checkCounts(userCount, itemCount)
  if (offsets.length !== userCount + 1 || offsets[0] !== 0 || offsets[userCount] !== items.length)
    throw fault(
      `got ${offsets.length} offsets from ${offsets[0]} to ${offsets.at(-1)}, expected ${userCount + 1} from 0 to ${items.length}`,
    )
  if (weights.length !== items.length || (times !== undefined && times.length !== items.length))
    throw fault(`got ${weights.length} weights and ${times?.length ?? 'no'} times for ${items.length} pairs, expected one each`)
  checkEntries(items, itemCount, 'item')
  checkWeights(weights)
  if (times !== undefined) checkTimes(times)
  for (let user = 0; user < userCount; user++) {
    const start = offsets[user] as number
    const end = offsets[user + 1] as number
    if (end < start) throw fault(`offset ${user + 1} is ${end}, expected at least the one before it, ${start}`)
    for (let pair = start + 1; pair < end; pair++)
      if ((items[pair] as number) <= (items[pair - 1] as number))
        throw fault(`items of user ${user}: ${items[pair]} follows ${items[pair - 1]}, expected ascending and distinct`)
  }
}

const fault = (problem: string): MatineeError => new MatineeError('internal', `interactions: ${problem}`)

function checkCounts(userCount: number, itemCount: number): void {
  for (const [what, count] of [
    ['user', userCount],
    ['item', itemCount],
  ] as const)
    if (!Number.isInteger(count) || count < 0 || count >= 2 ** 32)
      throw fault(`${what} count ${count}, expected an integer from 0 to 2^32 - 1`)
}

function checkEntries(positions: Uint32Array, count: number, what: string): void {
  for (let n = 0; n < positions.length; n++)
    if ((positions[n] as number) >= count) throw fault(`${what} ${positions[n]} at ${n}, expected below ${count}`)
}

function checkWeights(weights: Float32Array): void {
  for (let n = 0; n < weights.length; n++) {
    const weight = weights[n] as number
    if (!(weight >= 0 && weight < Infinity)) throw fault(`weight ${weight} at ${n}, expected finite and at least 0`)
  }
}

function checkTimes(times: Float64Array): void {
  for (let n = 0; n < times.length; n++) if (!Number.isFinite(times[n])) throw fault(`time ${times[n]} at ${n}, expected finite`)
}

/** By user, and of each user by item. */
function areInOrder(users: Uint32Array, items: Uint32Array): boolean {
  for (let row = 1; row < users.length; row++) {
    const user = users[row] as number
    const before = users[row - 1] as number
    if (user < before || (user === before && (items[row] as number) < (items[row - 1] as number))) return false
  }
  return true
}

/** Where each key's entries begin in key order, and at the end how many there are. */
function startsOf(keys: Uint32Array, keyCount: number): Uint32Array {
  const starts = new Uint32Array(keyCount + 1)
  for (const key of keys) starts[key + 1] = (starts[key + 1] as number) + 1
  for (let key = 0; key < keyCount; key++) starts[key + 1] = (starts[key + 1] as number) + (starts[key] as number)
  return starts
}

/** Entry numbers by ascending key; equal keys in the order of `entries` (by default their own). */
function sortedBy(keys: Uint32Array, keyCount: number, entries?: Uint32Array): Uint32Array {
  const next = startsOf(keys, keyCount)
  const order = new Uint32Array(keys.length)
  for (let n = 0; n < keys.length; n++) {
    const entry = entries === undefined ? n : (entries[n] as number)
    const key = keys[entry] as number
    const place = next[key] as number
    order[place] = entry
    next[key] = place + 1
  }
  return order
}

function gather<Values extends Uint32Array | Float32Array | Float64Array>(source: Values, order: Uint32Array, target: Values): Values {
  for (let n = 0; n < order.length; n++) target[n] = source[order[n] as number] as number
  return target
}
