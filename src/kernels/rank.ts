/**
 * Scores and the best k of them. Item factors are packed in panels of 16 items, factor by factor, so that a vector holds the same
 * factor of four items and no sum runs across lanes. Each score is bias + Σ_f u_f h_f, added in the order of f in single precision,
 * however many users are scored at once: a list in a batch is the list alone, bit for bit.
 *
 * panel p, factor f, item 16 p + n: panels[(p × factors + f) × 16 + n]. The last panel is filled up with zeros; biases (one an
 * item, padded) are the sums' first value, -infinity for what may not be in a list.
 */
import { nextTask } from './vectors'

/** panels ← the rows (`factors` floats each, no padding). */
export function packPanels(thread: i32, rows: usize, itemCount: i32, factors: i32, panels: usize): void {
  const rowBytes = (<usize>factors) << 2
  for (let item = 0; item < itemCount; item++) {
    const row = rows + <usize>item * rowBytes
    const place = panels + ((<usize>(item >> 4) * rowBytes) << 4) + ((<usize>(item & 15)) << 2)
    for (let f = 0; f < factors; f++) store<f32>(place + ((<usize>f) << 6), load<f32>(row + ((<usize>f) << 2)))
  }
}

/** scores[16 n] of one user for panels `first` to `end` - 1, two panels at a time. */
export function scorePanels(
  thread: i32,
  user: usize,
  panels: usize,
  biases: usize,
  first: i32,
  end: i32,
  factors: i32,
  scores: usize,
): void {
  const panelBytes = (<usize>factors) << 6
  const userEnd = user + ((<usize>factors) << 2)
  let panel = first
  for (; panel + 1 < end; panel += 2) {
    const bias = biases + ((<usize>panel) << 6)
    let a = v128.load(bias)
    let b = v128.load(bias, 16)
    let c = v128.load(bias, 32)
    let d = v128.load(bias, 48)
    let e = v128.load(bias, 64)
    let f = v128.load(bias, 80)
    let g = v128.load(bias, 96)
    let h = v128.load(bias, 112)
    let low = panels + <usize>panel * panelBytes
    let high = low + panelBytes
    for (let at = user; at < userEnd; at += 4, low += 64, high += 64) {
      const u = v128.load32_splat(at)
      a = f32x4.add(a, f32x4.mul(u, v128.load(low)))
      b = f32x4.add(b, f32x4.mul(u, v128.load(low, 16)))
      c = f32x4.add(c, f32x4.mul(u, v128.load(low, 32)))
      d = f32x4.add(d, f32x4.mul(u, v128.load(low, 48)))
      e = f32x4.add(e, f32x4.mul(u, v128.load(high)))
      f = f32x4.add(f, f32x4.mul(u, v128.load(high, 16)))
      g = f32x4.add(g, f32x4.mul(u, v128.load(high, 32)))
      h = f32x4.add(h, f32x4.mul(u, v128.load(high, 48)))
    }
    const out = scores + ((<usize>panel) << 6)
    v128.store(out, a)
    v128.store(out, b, 16)
    v128.store(out, c, 32)
    v128.store(out, d, 48)
    v128.store(out, e, 64)
    v128.store(out, f, 80)
    v128.store(out, g, 96)
    v128.store(out, h, 112)
  }
  if (panel < end) {
    const bias = biases + ((<usize>panel) << 6)
    let a = v128.load(bias)
    let b = v128.load(bias, 16)
    let c = v128.load(bias, 32)
    let d = v128.load(bias, 48)
    let low = panels + <usize>panel * panelBytes
    for (let at = user; at < userEnd; at += 4, low += 64) {
      const u = v128.load32_splat(at)
      a = f32x4.add(a, f32x4.mul(u, v128.load(low)))
      b = f32x4.add(b, f32x4.mul(u, v128.load(low, 16)))
      c = f32x4.add(c, f32x4.mul(u, v128.load(low, 32)))
      d = f32x4.add(d, f32x4.mul(u, v128.load(low, 48)))
    }
    const out = scores + ((<usize>panel) << 6)
    v128.store(out, a)
    v128.store(out, b, 16)
    v128.store(out, c, 32)
    v128.store(out, d, 48)
  }
}

/** The same for two users and one panel: 8 sums, 4 vectors of items, 2 of users stay in the 16 registers. */
function scoreTwo(one: usize, two: usize, panel: usize, bias: usize, factors: i32, out: usize, outTwo: usize): void {
  let a = v128.load(bias)
  let b = v128.load(bias, 16)
  let c = v128.load(bias, 32)
  let d = v128.load(bias, 48)
  let e = a
  let f = b
  let g = c
  let h = d
  const end = one + ((<usize>factors) << 2)
  for (; one < end; one += 4, two += 4, panel += 64) {
    const u = v128.load32_splat(one)
    const v = v128.load32_splat(two)
    const p = v128.load(panel)
    a = f32x4.add(a, f32x4.mul(u, p))
    e = f32x4.add(e, f32x4.mul(v, p))
    const q = v128.load(panel, 16)
    b = f32x4.add(b, f32x4.mul(u, q))
    f = f32x4.add(f, f32x4.mul(v, q))
    const r = v128.load(panel, 32)
    c = f32x4.add(c, f32x4.mul(u, r))
    g = f32x4.add(g, f32x4.mul(v, r))
    const s = v128.load(panel, 48)
    d = f32x4.add(d, f32x4.mul(u, s))
    h = f32x4.add(h, f32x4.mul(v, s))
  }
  v128.store(out, a)
  v128.store(out, b, 16)
  v128.store(out, c, 32)
  v128.store(out, d, 48)
  v128.store(outTwo, e)
  v128.store(outTwo, f, 16)
  v128.store(outTwo, g, 32)
  v128.store(outTwo, h, 48)
}

/** A heap's worst entry is at its root: lower score, or the same at a larger position. Entries are 8 bytes: score, position. */
function isWorse(a: u64, b: u64): bool {
  const scoreA = reinterpret<f32>(<u32>a)
  const scoreB = reinterpret<f32>(<u32>b)
  return scoreA < scoreB || (scoreA == scoreB && a >> 32 > b >> 32)
}

function siftDown(heap: usize, size: i32, entry: u64): void {
  let place = 0
  for (;;) {
    let child = 2 * place + 1
    if (child >= size) break
    let best = load<u64>(heap + ((<usize>child) << 3))
    if (child + 1 < size) {
      const other = load<u64>(heap + ((<usize>child) << 3), 8)
      if (isWorse(other, best)) {
        best = other
        child++
      }
    }
    if (!isWorse(best, entry)) break
    store<u64>(heap + ((<usize>place) << 3), best)
    place = child
  }
  store<u64>(heap + ((<usize>place) << 3), entry)
}

function siftUp(heap: usize, start: i32, entry: u64): void {
  let place = start
  while (place > 0) {
    const parent = (place - 1) >>> 1
    const above = load<u64>(heap + ((<usize>parent) << 3))
    if (!isWorse(entry, above)) break
    store<u64>(heap + ((<usize>place) << 3), above)
    place = parent
  }
  store<u64>(heap + ((<usize>place) << 3), entry)
}

function enter(heap: usize, size: i32, k: i32, score: f32, item: i32): i32 {
  const entry = ((<u64>item) << 32) | <u64>reinterpret<u32>(score)
  if (size < k) {
    siftUp(heap, size, entry)
    return size + 1
  }
  siftDown(heap, size, entry)
  return size
}

/** Takes the scores of `count` items (a multiple of 16) from position `first` on into a heap of at most k. Returns its new size. */
function enterAll(heap: usize, size: i32, k: i32, scores: usize, first: i32, count: i32): i32 {
  if (k == 0) return 0
  let least: f32 = size < k ? -Infinity : load<f32>(heap)
  let threshold = f32x4.splat(least)
  for (let n = 0; n < count; n += 16) {
    const place = scores + ((<usize>n) << 2)
    const a = f32x4.gt(v128.load(place), threshold)
    const b = f32x4.gt(v128.load(place, 16), threshold)
    const c = f32x4.gt(v128.load(place, 32), threshold)
    const d = f32x4.gt(v128.load(place, 48), threshold)
    if (!v128.any_true(v128.or(v128.or(a, b), v128.or(c, d)))) continue
    for (let lane = 0; lane < 16; lane++) {
      const score = load<f32>(place + ((<usize>lane) << 2))
      // An equal score does not enter: positions come in ascending order, so what is in the heap has the smaller one.
      if (!(score > least)) continue
      size = enter(heap, size, k, score, first + n + lane)
      if (size == k) least = load<f32>(heap)
    }
    threshold = f32x4.splat(least)
  }
  return size
}

/** Users whose scores lie side by side in the cache while one stretch of items is ranked. Even. */
const usersAtOnce: i32 = 16
/** Panels of that stretch: with 64 factors 64 KiB of panels and 16 KiB of scores. */
const panelsAtOnce: i32 = 16

/**
 * Task t: the best k items of users `t × 16` and on of `users`, best first, into lists[n × k ..), and how many there are into sizes[n].
 * @param users positions; the factors of position u are userRows[u × factors ..)
 * @param seenOffsets, seenItems rows of items to leave out, ascending, by position of the user; seenOffsets 0: none
 * @param scratch a thread: 16 × 256 scores, 16 × k entries of heaps (8 bytes), and 2 × 16 words; `scratchBytes` in all
 */
export function rankTasks(
  thread: i32,
  counter: usize,
  tasks: i32,
  users: usize,
  userCount: i32,
  userRows: usize,
  factors: i32,
  panels: usize,
  biases: usize,
  panelCount: i32,
  seenOffsets: usize,
  seenItems: usize,
  k: i32,
  lists: usize,
  sizes: usize,
  scratch: usize,
  scratchBytes: i32,
): void {
  const own = scratch + <usize>thread * <usize>scratchBytes
  const scoreBytes = (<usize>panelsAtOnce) << 6
  const state = own + <usize>usersAtOnce * scoreBytes
  const heaps = state + ((<usize>usersAtOnce) << 3)
  const heapBytes = (<usize>k) << 3
  const rowBytes = (<usize>factors) << 2
  const panelBytes = (<usize>factors) << 6
  for (let task = nextTask(counter); task < tasks; task = nextTask(counter)) {
    const firstUser = task * usersAtOnce
    const count = min(usersAtOnce, userCount - firstUser)
    const numbers = users + ((<usize>firstUser) << 2)
    for (let n = 0; n < count; n++) {
      store<i32>(state + ((<usize>n) << 3), 0)
      if (seenOffsets != 0)
        store<u32>(state + ((<usize>n) << 3), load<u32>(seenOffsets + ((<usize>load<u32>(numbers + ((<usize>n) << 2))) << 2)), 4)
    }
    for (let first = 0; first < panelCount; first += panelsAtOnce) {
      const end = min(first + panelsAtOnce, panelCount)
      for (let n = 0; n < count; n += 2) {
        const one = userRows + <usize>load<u32>(numbers + ((<usize>n) << 2)) * rowBytes
        // An odd last user is scored twice.
        const two = n + 1 < count ? userRows + <usize>load<u32>(numbers + ((<usize>n) << 2), 4) * rowBytes : one
        const out = own + <usize>n * scoreBytes
        for (let panel = first; panel < end; panel++) {
          const at = (<usize>(panel - first)) << 6
          scoreTwo(one, two, panels + <usize>panel * panelBytes, biases + ((<usize>panel) << 6), factors, out + at, out + scoreBytes + at)
        }
      }
      for (let n = 0; n < count; n++) {
        const scores = own + <usize>n * scoreBytes
        const user = state + ((<usize>n) << 3)
        if (seenOffsets != 0) {
          const last = load<u32>(seenOffsets + ((<usize>load<u32>(numbers + ((<usize>n) << 2))) << 2), 4)
          let seen = load<u32>(user, 4)
          for (; seen < last; seen++) {
            const item = load<u32>(seenItems + ((<usize>seen) << 2))
            if (item >= <u32>(end << 4)) break
            store<f32>(scores + ((<usize>(item - <u32>(first << 4))) << 2), -Infinity)
          }
          store<u32>(user, seen, 4)
        }
        store<i32>(user, enterAll(heaps + <usize>n * heapBytes, load<i32>(user), k, scores, first << 4, (end - first) << 4))
      }
    }
    for (let n = 0; n < count; n++) {
      const heap = heaps + <usize>n * heapBytes
      let size = load<i32>(state + ((<usize>n) << 3))
      const list = lists + ((<usize>((firstUser + n) * k)) << 2)
      store<i32>(sizes + ((<usize>(firstUser + n)) << 2), size)
      // The worst goes to the end of what is left, again and again.
      while (size > 0) {
        const worst = load<u64>(heap)
        size--
        store<u32>(list + ((<usize>size) << 2), <u32>(worst >> 32))
        siftDown(heap, size, load<u64>(heap + ((<usize>size) << 3)))
      }
    }
  }
}

/**
 * The best k of one user's scores, best first, into `list`; returns how many there are. Scores of items that are left out are overwritten.
 * @param exclude `excludeCount` positions to leave out
 * @param allowed a byte an item, padded to whole panels; 0 leaves it out; address 0: all are allowed
 * @param heap k entries of 8 bytes
 */
export function selectBest(
  thread: i32,
  scores: usize,
  panelCount: i32,
  exclude: usize,
  excludeCount: i32,
  allowed: usize,
  k: i32,
  heap: usize,
  list: usize,
): i32 {
  for (let n = 0; n < excludeCount; n++) store<f32>(scores + ((<usize>load<u32>(exclude + ((<usize>n) << 2))) << 2), -Infinity)
  if (allowed != 0) {
    for (let panel = 0; panel < panelCount; panel++) {
      const marks = allowed + ((<usize>panel) << 4)
      if (i8x16.all_true(v128.load(marks))) continue
      for (let lane: usize = 0; lane < 16; lane++)
        if (load<u8>(marks + lane) == 0) store<f32>(scores + ((<usize>panel) << 6) + (lane << 2), -Infinity)
    }
  }
  const size = enterAll(heap, 0, k, scores, 0, panelCount << 4)
  for (let left = size; left > 0;) {
    const worst = load<u64>(heap)
    left--
    store<u32>(list + ((<usize>left) << 2), <u32>(worst >> 32))
    siftDown(heap, left, load<u64>(heap + ((<usize>left) << 3)))
  }
  return size
}
