/**
 * The best k items of many users whose scores are sums over their histories, Σ_j x_j B_ji over the history's items j in order, in single
 * precision, for one stretch of 64 items at a time: 64 columns of B lie in memory, heaps stay from stretch to stretch.
 */
import { enter, takeAll } from './heap'
import { nextTask } from './vectors'

/** Items of a stretch: 256 bytes of each row of B. */
const stretch: i32 = 64
const rowBytes: usize = 256

/** out ← biases + Σ x_j B_j over half a stretch: 8 vectors of sums stay in registers. */
function addHistory(items: usize, weights: usize, count: i32, columns: usize, biases: usize, out: usize): void {
  let a = v128.load(biases)
  let b = v128.load(biases, 16)
  let c = v128.load(biases, 32)
  let d = v128.load(biases, 48)
  let e = v128.load(biases, 64)
  let f = v128.load(biases, 80)
  let g = v128.load(biases, 96)
  let h = v128.load(biases, 112)
  const end = items + ((<usize>count) << 2)
  for (; items < end; items += 4, weights += 4) {
    const x = v128.load32_splat(weights)
    const row = columns + <usize>load<u32>(items) * rowBytes
    a = f32x4.add(a, f32x4.mul(x, v128.load(row)))
    b = f32x4.add(b, f32x4.mul(x, v128.load(row, 16)))
    c = f32x4.add(c, f32x4.mul(x, v128.load(row, 32)))
    d = f32x4.add(d, f32x4.mul(x, v128.load(row, 48)))
    e = f32x4.add(e, f32x4.mul(x, v128.load(row, 64)))
    f = f32x4.add(f, f32x4.mul(x, v128.load(row, 80)))
    g = f32x4.add(g, f32x4.mul(x, v128.load(row, 96)))
    h = f32x4.add(h, f32x4.mul(x, v128.load(row, 112)))
  }
  v128.store(out, a)
  v128.store(out, b, 16)
  v128.store(out, c, 32)
  v128.store(out, d, 48)
  v128.store(out, e, 64)
  v128.store(out, f, 80)
  v128.store(out, g, 96)
  v128.store(out, h, 112)
}

/** Takes the scores of a stretch into a heap of at most k. Returns its new size. */
function enterStretch(heap: usize, size: i32, k: i32, scores: usize, first: i32): i32 {
  let least: f32 = size < k ? -Infinity : load<f32>(heap)
  for (let n = 0; n < stretch; n += 4) {
    const place = scores + ((<usize>n) << 2)
    let above = i32x4.bitmask(f32x4.gt(v128.load(place), f32x4.splat(least)))
    for (; above != 0; above &= above - 1) {
      const lane = ctz<i32>(above)
      const score = load<f32>(place + ((<usize>lane) << 2))
      // An equal score does not enter: positions come in ascending order, so what is in the heap has the smaller one.
      if (!(score > least)) continue
      size = enter(heap, size, k, score, first + n + lane)
      if (size == k) least = load<f32>(heap)
    }
  }
  return size
}

/**
 * Task t: users `t × usersOfTask` and on take the items of the stretch that begins at position `first`.
 * @param offsets, items, weights their histories
 * @param seenOffsets, seenItems what they are not to get, ascending
 * @param columns B's rows of 64 floats, for the stretch
 * @param biases 64 floats: 0, or -infinity for what may not be in a list
 * @param states 8 bytes a user, 0 before the first stretch: entries in the heap, pairs of `seenItems` that are done
 * @param heaps k entries of 8 bytes a user; k is at least 1
 * @param scratch 64 floats a thread
 */
export function rankHistoryTasks(
  thread: i32,
  counter: usize,
  tasks: i32,
  usersOfTask: i32,
  userCount: i32,
  first: i32,
  offsets: usize,
  items: usize,
  weights: usize,
  seenOffsets: usize,
  seenItems: usize,
  columns: usize,
  biases: usize,
  k: i32,
  states: usize,
  heaps: usize,
  scratch: usize,
): void {
  const scores = scratch + <usize>thread * rowBytes
  for (let task = nextTask(counter); task < tasks; task = nextTask(counter)) {
    const end = min((task + 1) * usersOfTask, userCount)
    for (let user = task * usersOfTask; user < end; user++) {
      const entry = (<usize>user) << 2
      const start = load<u32>(offsets + entry)
      const count = <i32>(load<u32>(offsets + entry, 4) - start)
      const history = items + ((<usize>start) << 2)
      const own = weights + ((<usize>start) << 2)
      addHistory(history, own, count, columns, biases, scores)
      addHistory(history, own, count, columns + 128, biases + 128, scores + 128)
      const state = states + ((<usize>user) << 3)
      const last = load<u32>(seenOffsets + entry, 4)
      let seen = load<u32>(seenOffsets + entry) + load<u32>(state, 4)
      const seenStart = seen
      for (; seen < last; seen++) {
        const item = <i32>load<u32>(seenItems + ((<usize>seen) << 2))
        if (item >= first + stretch) break
        store<f32>(scores + ((<usize>(item - first)) << 2), -Infinity)
      }
      store<u32>(state, load<u32>(state, 4) + (seen - seenStart), 4)
      store<i32>(state, enterStretch(heaps + <usize>user * ((<usize>k) << 3), load<i32>(state), k, scores, first))
    }
  }
}

/** Empties the heaps into lists[n × k ..), best first; heap sizes stay in `states`. */
export function takeHistoryLists(thread: i32, userCount: i32, k: i32, states: usize, heaps: usize, lists: usize, scores: usize): void {
  for (let user = 0; user < userCount; user++) {
    const place = (<usize>(user * k)) << 2
    takeAll(heaps + (place << 1), load<i32>(states + ((<usize>user) << 3)), lists + place, scores + place)
  }
}
