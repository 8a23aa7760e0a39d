/**
 * What a model's data says was watched, checked and counted while requests are answered: of millions of pairs in plain loops, and in slices
 * of some milliseconds.
 */
import { setImmediate as breathe } from 'node:timers/promises'
import { MatineeError } from '../contracts/errors.ts'
import { readTensorOf } from '../model/artifact/tensor-access.ts'
import type { Interactions, Tensors } from '../model/model.ts'

export interface WatchedPairs {
  readonly seen: Interactions
  /** Of each pair the day of its newest viewing; older models do not tell. */
  readonly days: Int32Array | undefined
  /** Users of each title. */
  readonly viewers: Uint32Array
}

export const corrupt = (key: string, problem: string): MatineeError =>
  new MatineeError('store_corrupt', `${key}: ${problem}`, { details: { key } })

/** Pairs between two breaths, at least. */
const pairsASlice = 100_000

/**
 * @param key of the file that the tensors come from
 * @param checked whether another thread has looked through them
 * @throws MatineeError `model_incompatible` where a tensor is missing or of another shape, `store_corrupt` where offsets, positions or weights
 * cannot be.
 */
export async function readWatchedPairs(
  tensors: Tensors,
  userCount: number,
  itemCount: number,
  key: string,
  checked: boolean,
): Promise<WatchedPairs> {
  const offsets = readTensorOf(tensors, 'seen_offsets', Uint32Array, [userCount + 1])
  const pairCount = offsets[userCount] ?? 0
  const items = readTensorOf(tensors, 'seen_items', Uint32Array, [pairCount])
  const weights = tensors.has('seen_weights')
    ? readTensorOf(tensors, 'seen_weights', Float32Array, [pairCount])
    : new Float32Array(pairCount).fill(1)
  const days = tensors.has('seen_days') ? readTensorOf(tensors, 'seen_days', Int32Array, [pairCount]) : undefined
  const viewers = readTensorOf(tensors, 'item_viewers', Uint32Array, [itemCount])
  const seen = { userCount, itemCount, offsets, items, weights }
  if (!checked) await checkRows('seen', seen, key)
  return { seen, days, viewers }
}

/** What the users' pairs weighed in the fit, where that is not what was watched of each. */
export interface TaughtPairs {
  readonly pairs: Interactions
  /** Of a whole viewing at the end of the training, before its rating counts; what comes later weighs as much. */
  readonly eventWeight: number
}

/** @throws as `readWatchedPairs` */
export async function readTaughtPairs(
  tensors: Tensors,
  userCount: number,
  itemCount: number,
  key: string,
  checked: boolean,
): Promise<TaughtPairs | undefined> {
  if (!tensors.has('taught_offsets')) return undefined
  const offsets = readTensorOf(tensors, 'taught_offsets', Uint32Array, [userCount + 1])
  const pairCount = offsets[userCount] ?? 0
  const items = readTensorOf(tensors, 'taught_items', Uint32Array, [pairCount])
  const weights = readTensorOf(tensors, 'taught_weights', Float32Array, [pairCount])
  const pairs = { userCount, itemCount, offsets, items, weights }
  if (!checked) await checkRows('taught', pairs, key)
  return { pairs, eventWeight: readTensorOf(tensors, 'event_weight', Float64Array, [1])[0] ?? 1 }
}

async function checkRows(name: string, { userCount, itemCount, offsets, items, weights }: Interactions, key: string): Promise<void> {
  if (offsets[0] !== 0) throw corrupt(key, `${name}_offsets does not start at 0`)
  let breath = 0
  for (let user = 0; user < userCount; user++) {
    const start = offsets[user] as number
    const end = offsets[user + 1] as number
    if (end < start || end > items.length) throw corrupt(key, `${name}_offsets falls or overruns at user ${user}`)
    if (!isAscendingBelow(itemCount, items, start, end))
      throw corrupt(key, `${name}_items is not ascending positions below ${itemCount} at user ${user}`)
    if (!isNowhereNegative(weights, start, end)) throw corrupt(key, `${name}_weights has weights below 0 at user ${user}`)
    if (end - breath > pairsASlice) {
      breath = end
      await breathe()
    }
  }
}

/**
 * Users of each title whose newest viewing of it lies in the last `span` days up to the newest of all (of older models: all its users). Of
 * titles with equal counts the one that more users ever watched comes first: a part below 1 says so.
 */
export async function countRecent({ days, viewers, seen }: WatchedPairs, span: number): Promise<Float32Array> {
  const counts = days === undefined ? viewers : new Uint32Array(viewers.length)
  const newestDay = days === undefined ? 0 : await mostOf(days)
  if (days !== undefined) await inSlices(days.length, (start, end) => countSince(newestDay - span, seen.items, days, start, end, counts))
  const most = await mostOf(viewers)
  return Float32Array.from(counts, (count, position) => count + (0.5 * (viewers[position] as number)) / (most + 1))
}

function isAscendingBelow(limit: number, items: Uint32Array, start: number, end: number): boolean {
  let before = -1
  for (let pair = start; pair < end; pair++) {
    const item = items[pair] as number
    if (item <= before) return false
    before = item
  }
  return before < limit
}

function countSince(day: number, items: Uint32Array, days: Int32Array, start: number, end: number, counts: Uint32Array): void {
  for (let pair = start; pair < end; pair++) {
    const item = items[pair] as number
    if ((days[pair] as number) > day) counts[item] = (counts[item] as number) + 1
  }
}

function isNowhereNegative(weights: Float32Array, start: number, end: number): boolean {
  for (let pair = start; pair < end; pair++) if ((weights[pair] as number) < 0) return false
  return true
}

/** 0 of none. */
async function mostOf(values: Int32Array | Uint32Array): Promise<number> {
  let most = values[0] ?? 0
  await inSlices(values.length, (start, end) => {
    most = mostWithin(values, start, end, most)
  })
  return most
}

/** Does the work from each `start` up to `end`, and breathes after each. */
async function inSlices(count: number, work: (start: number, end: number) => void): Promise<void> {
  for (let start = 0; start < count; start += pairsASlice) {
    work(start, Math.min(count, start + pairsASlice))
    await breathe()
  }
}

function mostWithin(values: Int32Array | Uint32Array, start: number, end: number, before: number): number {
  let most = before
  for (let n = start; n < end; n++) if ((values[n] as number) > most) most = values[n] as number
  return most
}
