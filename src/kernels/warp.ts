/**
 * WARP: the order of pairs, and the steps. What is minimised, and the schedule, stand at the head of src/model/warp/warp.ts.
 *
 * A user's or item's row has 2 × F floats: F values, then the F sums of squares that Adagrad divides by. Value number `biasAt` is an
 * item's bias, and 1 for a user, so that a dot product of values is a score.
 *
 * Each task has a table entry of `taskBytes`: four words of a generator's state (xoshiro128**, as src/model/random/random.ts), then in
 * double the sum of losses, which is not a number once a score is not finite.
 *
 * The rows of a pair lie far apart and are seldom in a near cache, and WebAssembly cannot ask for memory ahead of time. So they are read a few
 * pairs early, to no other end.
 */
import { below, loadGenerator, storeGenerator } from './random'
import { dot, nextTask } from './vectors'

const taskBytes: usize = 32
/** How many pairs before its turn a pair's rows are read; what tells which rows these are, twice as many. */
const pairsAhead: u32 = 4

/**
 * Task t: order[pairStarts[t] .. orderEnds[t]) ← the pairs of user block t that teach, in random order.
 * @param pairStarts first pair of each user block, and the end
 * @param generators 32 bytes a task, see above
 */
export function warpShuffleTasks(
  thread: i32,
  counter: usize,
  tasks: i32,
  pairStarts: usize,
  weights: usize,
  order: usize,
  orderEnds: usize,
  generators: usize,
): void {
  for (let task = nextTask(counter); task < tasks; task = nextTask(counter)) {
    const first = load<u32>(pairStarts + ((<usize>task) << 2))
    const end = load<u32>(pairStarts + ((<usize>task) << 2), 4)
    const generator = generators + <usize>task * taskBytes
    loadGenerator(generator)
    // The shuffle of Fisher and Yates from the inside out: each pair changes places with a random one of those before it.
    let size: u32 = 0
    const base = order + ((<usize>first) << 2)
    for (let pair = first; pair < end; pair++) {
      if (load<f32>(weights + ((<usize>pair) << 2)) <= 0) continue
      const other = base + ((<usize>below(size + 1)) << 2)
      store<u32>(base + ((<usize>size) << 2), load<u32>(other))
      store<u32>(other, pair)
      size++
    }
    store<u32>(orderEnds + ((<usize>task) << 2), first + size)
    storeGenerator(generator)
  }
}

/**
 * Task t: sorts slice `slice` of `slices` of user block t's order by the blocks of the items, into the same places of `buckets`.
 * Bucket b is buckets[bucketStarts[t × (itemBlocks + 1) + b] .. bucketStarts[… + b + 1]).
 * @param itemBlockOf block of each item, a byte
 * @param cursors itemBlocks words a task, scratch
 */
export function warpSortTasks(
  thread: i32,
  counter: usize,
  tasks: i32,
  pairStarts: usize,
  orderEnds: usize,
  order: usize,
  slice: i32,
  slices: i32,
  items: usize,
  itemBlockOf: usize,
  itemBlocks: i32,
  buckets: usize,
  bucketStarts: usize,
  cursors: usize,
): void {
  for (let task = nextTask(counter); task < tasks; task = nextTask(counter)) {
    const base = load<u32>(pairStarts + ((<usize>task) << 2))
    const size = <u64>(load<u32>(orderEnds + ((<usize>task) << 2)) - base)
    const first = base + <u32>((size * slice) / slices)
    const end = base + <u32>((size * (slice + 1)) / slices)
    const starts = bucketStarts + ((<usize>(task * (itemBlocks + 1))) << 2)
    const next = cursors + ((<usize>(task * itemBlocks)) << 2)
    memory.fill(next, 0, (<usize>itemBlocks) << 2)
    for (let n = first; n < end; n++) {
      const item = load<u32>(items + ((<usize>load<u32>(order + ((<usize>n) << 2))) << 2))
      const count = next + ((<usize>load<u8>(itemBlockOf + item)) << 2)
      store<u32>(count, load<u32>(count) + 1)
    }
    let start = first
    for (let block = 0; block < itemBlocks; block++) {
      const place = next + ((<usize>block) << 2)
      store<u32>(starts + ((<usize>block) << 2), start)
      const count = load<u32>(place)
      store<u32>(place, start)
      start += count
    }
    store<u32>(starts + ((<usize>itemBlocks) << 2), start)
    for (let n = first; n < end; n++) {
      const pair = load<u32>(order + ((<usize>n) << 2))
      const cursor = next + ((<usize>load<u8>(itemBlockOf + load<u32>(items + ((<usize>pair) << 2)))) << 2)
      const place = load<u32>(cursor)
      store<u32>(cursor, place + 1)
      store<u32>(buckets + ((<usize>place) << 2), pair)
    }
  }
}

/** Whether a user's items, ascending, have that one. */
function hasItem(items: usize, first: u32, end: u32, item: u32): bool {
  let low = first
  let high = end
  while (low < high) {
    const middle = (low + high) >>> 1
    if (load<u32>(items + ((<usize>middle) << 2)) < item) low = middle + 1
    else high = middle
  }
  return low < end && load<u32>(items + ((<usize>low) << 2)) == item
}

/** One step of Adagrad on the values of a user and of the item that should stand above the other. */
function step(user: usize, above: usize, beneath: usize, bytes: usize, loss: f32, learningRate: f32, regularization: f32): void {
  const losses = f32x4.splat(loss)
  const rate = f32x4.splat(learningRate)
  const shrink = f32x4.splat(regularization)
  const squares = bytes
  for (let at: usize = 0; at < bytes; at += 16) {
    const u = v128.load(user + at)
    const a = v128.load(above + at)
    const b = v128.load(beneath + at)
    const pull = f32x4.mul(losses, u)
    const uSlope = f32x4.relaxed_madd(shrink, u, f32x4.mul(losses, f32x4.sub(b, a)))
    const aSlope = f32x4.sub(f32x4.mul(shrink, a), pull)
    const bSlope = f32x4.add(f32x4.mul(shrink, b), pull)
    const uSquares = v128.load(user + at + squares)
    const aSquares = v128.load(above + at + squares)
    const bSquares = v128.load(beneath + at + squares)
    v128.store(user + at, f32x4.sub(u, f32x4.div(f32x4.mul(rate, uSlope), f32x4.sqrt(uSquares))))
    v128.store(above + at, f32x4.sub(a, f32x4.div(f32x4.mul(rate, aSlope), f32x4.sqrt(aSquares))))
    v128.store(beneath + at, f32x4.sub(b, f32x4.div(f32x4.mul(rate, bSlope), f32x4.sqrt(bSquares))))
    v128.store(user + at + squares, f32x4.relaxed_madd(uSlope, uSlope, uSquares))
    v128.store(above + at + squares, f32x4.relaxed_madd(aSlope, aSlope, aSquares))
    v128.store(beneath + at + squares, f32x4.relaxed_madd(bSlope, bSlope, bSquares))
  }
}

/** What was read early goes here, so that no compiler leaves the reading out. */
let touched: u32 = 0

function touch(at: usize): void {
  touched ^= load<u32>(at)
}

/** Reads a word of each cache line. */
function touchRow(row: usize, bytes: usize): void {
  for (let at: usize = 0; at < bytes; at += 64) touch(row + at)
}

/** Reads what the pairs after the n-th of a bucket will need. */
function touchAhead(
  n: u32,
  to: u32,
  buckets: usize,
  users: usize,
  items: usize,
  weights: usize,
  userRows: usize,
  itemRows: usize,
  rowBytes: usize,
): void {
  const far = (<usize>load<u32>(buckets + ((<usize>min(n + 2 * pairsAhead, to - 1)) << 2))) << 2
  touch(users + far)
  touch(items + far)
  touch(weights + far)
  const near = (<usize>load<u32>(buckets + ((<usize>min(n + pairsAhead, to - 1)) << 2))) << 2
  touchRow(userRows + <usize>load<u32>(users + near) * rowBytes, rowBytes)
  touchRow(itemRows + <usize>load<u32>(items + near) * rowBytes, rowBytes)
}

/**
 * Task t: takes the pairs buckets[from .. to) of user block t and item block (t + shift) mod itemBlocks, where from and to are
 * `done` to `done + most` within the bucket, and draws negatives from that item block alone.
 * @param users the user of each pair
 * @param blockItems items by block; block b is blockItems[blockBounds[2 b] .. blockBounds[2 b + 1])
 * @param rankLosses loss of weight 1 when the s-th draw is the first to violate, by s
 */
export function warpTasks(
  thread: i32,
  counter: usize,
  tasks: i32,
  shift: i32,
  done: u32,
  most: u32,
  buckets: usize,
  bucketStarts: usize,
  itemBlocks: i32,
  blockItems: usize,
  blockBounds: usize,
  offsets: usize,
  users: usize,
  items: usize,
  weights: usize,
  userRows: usize,
  itemRows: usize,
  stride: i32,
  biasAt: i32,
  maxSampled: i32,
  rankLosses: usize,
  learningRate: f32,
  regularization: f32,
  generators: usize,
): void {
  const bytes = (<usize>stride) << 2
  for (let task = nextTask(counter); task < tasks; task = nextTask(counter)) {
    const block = (task + shift) % itemBlocks
    const bucket = bucketStarts + ((<usize>(task * (itemBlocks + 1) + block)) << 2)
    const end = load<u32>(bucket, 4)
    const from = min(load<u32>(bucket) + done, end)
    const to = from + min(most, end - from)
    const firstItem = load<u32>(blockBounds + ((<usize>block) << 3))
    const itemCount = load<u32>(blockBounds + ((<usize>block) << 3), 4) - firstItem
    const drawn = blockItems + ((<usize>firstItem) << 2)
    const generator = generators + <usize>task * taskBytes
    loadGenerator(generator)
    let lossSum: f64 = 0
    for (let n = from; n < to; n++) {
      touchAhead(n, to, buckets, users, items, weights, userRows, itemRows, bytes << 1)
      const pair = (<usize>load<u32>(buckets + ((<usize>n) << 2))) << 2
      lossSum += <f64>(
        learnPair(
          pair,
          drawn,
          itemCount,
          offsets,
          load<u32>(users + pair),
          items,
          load<f32>(weights + pair),
          userRows,
          itemRows,
          bytes,
          biasAt,
          maxSampled,
          rankLosses,
          learningRate,
          regularization,
        )
      )
    }
    storeGenerator(generator)
    store<f64>(generator, load<f64>(generator, 16) + lossSum, 16)
  }
}

function learnPair(
  pair: usize,
  drawn: usize,
  drawnCount: u32,
  offsets: usize,
  userNumber: u32,
  items: usize,
  weight: f32,
  userRows: usize,
  itemRows: usize,
  bytes: usize,
  biasAt: i32,
  maxSampled: i32,
  rankLosses: usize,
  learningRate: f32,
  regularization: f32,
): f32 {
  const rowBytes = bytes << 1
  const user = userRows + <usize>userNumber * rowBytes
  const positive = itemRows + <usize>load<u32>(items + pair) * rowBytes
  const threshold: f32 = dot(user, positive, bytes) - 1
  // Comparisons with what is not a number are false and would pass in silence.
  if (!(abs<f32>(threshold) < Infinity)) return NaN
  for (let sampled = 1; sampled <= maxSampled; sampled++) {
    const item = load<u32>(drawn + ((<usize>below(drawnCount)) << 2))
    const negative = itemRows + <usize>item * rowBytes
    const violation = dot(user, negative, bytes) - threshold
    if (!(violation > 0)) continue
    const entry = offsets + ((<usize>userNumber) << 2)
    if (hasItem(items, load<u32>(entry), load<u32>(entry, 4), item)) continue
    const loss = min<f32>(weight * load<f32>(rankLosses + ((<usize>sampled) << 2)), 10)
    step(user, positive, negative, bytes, loss, learningRate, regularization)
    store<f32>(user + ((<usize>biasAt) << 2), 1)
    return loss * violation
  }
  return 0
}
