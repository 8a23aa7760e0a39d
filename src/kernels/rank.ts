/**
 * Scores of items for a user: bias + Σ_f u_f h_f, added in the order of f in single precision. `scorePanels` gives those of all items;
 * `rankTasks` the best k, of one user or of many, in three steps that come to the same bit for bit:
 *
 * 1. Items lie in panels of 16 by descending bound. By Cauchy and Schwarz no score in a panel is above largest b + |u| × largest |h|.
 * 2. Factors are rounded to 7 bits, u ≈ s q and h ≈ s' q' with s = largest |u_f| / 63 and s' = largest |h_f| / 63: a vector multiplies 16 of
 *    them at once, and items take a quarter of the memory. With e = |h - s' q'| and d = |u - s q|, which are known, the score is within
 *    |u| e + d (|h| + e) of b + s s' q · q'. Where no item of a panel reaches the k-th best of the lower ends with the panel's largest b and
 *    e, nothing more is done for it.
 * 3. Items whose upper end reaches it wait in a buffer. Those that still do when it is emptied are scored in full.
 *
 * | argument   | what                                                                                                                  |
 * |------------|-----------------------------------------------------------------------------------------------------------------------|
 * | `panels`   | bytes q' + 64: panel p, factor f of item 16 p + n at ((p × groups + f / 4) × 16 + n) × 4 + f mod 4; groups of 4, an even number |
 * | `scales`   | s' of each item in the panels, whole panels                                                                             |
 * | `slips`    | e, and what single precision may lose, over |u|                                                                         |
 * | `highs`    | its bias, and what single precision may lose of it; -infinity past the last item                                        |
 * | `order`    | its position                                                                                                          |
 * | `places`   | by position: where in the panels the item is; all bits set where it is in none                                          |
 * | `bounds`   | 4 floats a panel: largest |h| + e, largest of `highs`, largest of `slips`, 0                                            |
 */
import { enter, takeAll } from './heap'
import { nextTask } from './vectors'

/** f32 panels ← the rows (`factors` floats each, no padding): panel p, factor f, item 16 p + n at (p × factors + f) × 16 + n. */
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

/** Items that are scored in full together: each sum waits for itself alone. */
const scoredAtOnce: usize = 8

/**
 * scores[n] of one user for the items at `positions[n]`.
 * @param rows factors of the item at position i are rows[i × factors ..)
 * @param positions filled up to a multiple of 8 with any of them
 */
export function scoreListed(
  thread: i32,
  user: usize,
  rows: usize,
  biases: usize,
  factors: i32,
  positions: usize,
  count: i32,
  scores: usize,
): void {
  const end = positions + ((<usize>count) << 2)
  for (; positions < end; positions += scoredAtOnce << 2, scores += scoredAtOnce << 2)
    scoreEight(user, rows, biases, (<usize>factors) << 2, positions, scores)
}

/** scores[n] ← bias + Σ_f u_f h_f, added in the order of f, of the items at the eight `positions`. */
function scoreEight(user: usize, rows: usize, biases: usize, rowBytes: usize, positions: usize, scores: usize): void {
  for (let n: usize = 0; n < scoredAtOnce << 2; n += 4) store<f32>(scores + n, load<f32>(biases + ((<usize>load<u32>(positions + n)) << 2)))
  let a = v128.load(scores)
  let b = v128.load(scores, 16)
  const whole = rowBytes & ~15
  let at: usize = 0
  for (; at < whole; at += 16) {
    a = addFour(a, user + at, rows + at, positions, rowBytes)
    b = addFour(b, user + at, rows + at, positions + 16, rowBytes)
  }
  v128.store(scores, a)
  v128.store(scores, b, 16)
  for (; at < rowBytes; at += 4)
    for (let n: usize = 0; n < scoredAtOnce << 2; n += 4) {
      const row = rows + <usize>load<u32>(positions + n) * rowBytes
      store<f32>(scores + n, load<f32>(scores + n) + load<f32>(user + at) * load<f32>(row + at))
    }
}

/** sums + products of four factors of four items, added in the order of the factors. */
function addFour(sums: v128, user: usize, rows: usize, listed: usize, rowBytes: usize): v128 {
  const a = v128.load(rows + <usize>load<u32>(listed) * rowBytes)
  const b = v128.load(rows + <usize>load<u32>(listed, 4) * rowBytes)
  const c = v128.load(rows + <usize>load<u32>(listed, 8) * rowBytes)
  const d = v128.load(rows + <usize>load<u32>(listed, 12) * rowBytes)
  const ab = v128.shuffle<f32>(a, b, 0, 4, 1, 5)
  const cd = v128.shuffle<f32>(c, d, 0, 4, 1, 5)
  sums = f32x4.add(sums, f32x4.mul(v128.load32_splat(user), v128.shuffle<f32>(ab, cd, 0, 1, 4, 5)))
  sums = f32x4.add(sums, f32x4.mul(v128.load32_splat(user, 4), v128.shuffle<f32>(ab, cd, 2, 3, 6, 7)))
  const ab2 = v128.shuffle<f32>(a, b, 2, 6, 3, 7)
  const cd2 = v128.shuffle<f32>(c, d, 2, 6, 3, 7)
  sums = f32x4.add(sums, f32x4.mul(v128.load32_splat(user, 8), v128.shuffle<f32>(ab2, cd2, 0, 1, 4, 5)))
  return f32x4.add(sums, f32x4.mul(v128.load32_splat(user, 12), v128.shuffle<f32>(ab2, cd2, 2, 3, 6, 7)))
}

/** Users of a task. */
const usersAtOnce: i32 = 16
/** Panels that a task's users go through together: with 64 factors 16 KiB. */
const panelsAtOnce: i32 = 16
/** Items that wait to be scored in full: the longer they do, the fewer can still come in. */
const mostWaiting: i32 = 512
/** Of an item that is in no panel. */
const noPlace: u32 = 0xffffffff

/**
 * A user's state: at 0 the lower ends in their heap, at 4 the least score that can still come in (-infinity while there is room), at 8 the
 * scale s, at 12 what sums of products begin from, at 16 |u|, at 20 items that wait, at 24 full scores in their heap, at 28 d.
 * Then come the rounded factors, the two heaps, the waiting items (an upper end and a position each), and 16 bits a panel: whom to leave out.
 */
const stateBytes: usize = 32
/** Of a rounded factor; bytes of items are this much more than theirs, so that none is negative. */
const largestRounded: f32 = 63
const offset: i32 = 64

/** Products of 8 factors of 4 items, by item. No partial sum leaves 16 bits: 4 × 63 × 127 < 2^15. */
function eightFactors(first: v128, second: v128, panel: usize): v128 {
  return i32x4.extadd_pairwise_i16x8_s(
    i16x8.add(i16x8.relaxed_dot_i8x16_i7x16_s(first, v128.load(panel)), i16x8.relaxed_dot_i8x16_i7x16_s(second, v128.load(panel, 64))),
  )
}

/** out ← q · q' of a panel's items; whether any of them times its scale reaches `least`. */
function multiply(user: usize, end: usize, start: i32, panel: usize, scales: usize, least: f32, out: usize): bool {
  let a = i32x4.splat(start)
  let b = a
  let c = a
  let d = a
  for (; user < end; user += 8, panel += 128) {
    const first = v128.load32_splat(user)
    const second = v128.load32_splat(user, 4)
    a = i32x4.add(a, eightFactors(first, second, panel))
    b = i32x4.add(b, eightFactors(first, second, panel + 16))
    c = i32x4.add(c, eightFactors(first, second, panel + 32))
    d = i32x4.add(d, eightFactors(first, second, panel + 48))
  }
  const limit = f32x4.splat(least)
  const reachingA = f32x4.ge(f32x4.mul(f32x4.convert_i32x4_s(a), v128.load(scales)), limit)
  const reachingB = f32x4.ge(f32x4.mul(f32x4.convert_i32x4_s(b), v128.load(scales, 16)), limit)
  const reachingC = f32x4.ge(f32x4.mul(f32x4.convert_i32x4_s(c), v128.load(scales, 32)), limit)
  const reachingD = f32x4.ge(f32x4.mul(f32x4.convert_i32x4_s(d), v128.load(scales, 48)), limit)
  if (!v128.any_true(v128.or(v128.or(reachingA, reachingB), v128.or(reachingC, reachingD)))) return false
  v128.store(out, a)
  v128.store(out, b, 16)
  v128.store(out, c, 32)
  v128.store(out, d, 48)
  return true
}

/** What q · q' times its item's scale has to reach for the item's upper end to reach `least`, or a little less. */
function leastProduct(state: usize, bound: usize, least: f32): f32 {
  const scale = <f64>load<f32>(state, 8)
  if (scale == 0) return -Infinity
  const above =
    <f64>load<f32>(bound, 4) + <f64>load<f32>(state, 16) * <f64>load<f32>(bound, 8) + <f64>load<f32>(state, 28) * <f64>load<f32>(bound)
  const product = (<f64>least - above) / scale
  return <f32>(product - abs<f64>(product) * 1e-6)
}

/** Upper ends of a panel's scores in place of q · q'; returns a bit for each that reaches `least`, from the lowest on. */
function boundPanel(ends: usize, scales: usize, slips: usize, highs: usize, scale: f32, length: f32, drift: f32, least: f32): u32 {
  const s = f32x4.splat(scale)
  const l = f32x4.splat(length)
  const ofUser = f32x4.splat(drift)
  const limit = f32x4.splat(least)
  let bits: u32 = 0
  for (let at: usize = 0; at < 64; at += 16) {
    const score = f32x4.mul(f32x4.mul(f32x4.convert_i32x4_s(v128.load(ends + at)), s), v128.load(scales + at))
    const high = f32x4.add(f32x4.add(score, f32x4.add(f32x4.mul(l, v128.load(slips + at)), ofUser)), v128.load(highs + at))
    v128.store(ends + at, high)
    bits |= (<u32>i32x4.bitmask(f32x4.ge(high, limit))) << (<u32>at >> 2)
  }
  return bits
}

/** Sets the bits of what a user is not to get. */
function leaveOut(bits: usize, panelCount: i32, places: usize, seenItems: usize, first: u32, end: u32): void {
  memory.fill(bits, 0, (<usize>panelCount) << 1)
  for (let pair = first; pair < end; pair++) {
    const place = load<u32>(places + ((<usize>load<u32>(seenItems + ((<usize>pair) << 2))) << 2))
    if (place == noPlace) continue
    const at = bits + ((<usize>(place >> 4)) << 1)
    store<u16>(at, load<u16>(at) | ((<u16>1) << (<u16>(place & 15))))
  }
}

function norm(row: usize, factors: i32): f64 {
  let square: f64 = 0
  for (let at: usize = 0; at < (<usize>factors) << 2; at += 4) square += <f64>load<f32>(row + at) * <f64>load<f32>(row + at)
  return sqrt<f64>(square)
}

/** norms[n] ← |h| of row n, in single precision. */
export function rowNorms(thread: i32, rows: usize, count: i32, factors: i32, norms: usize): void {
  for (let n = 0; n < count; n++) store<f32>(norms + ((<usize>n) << 2), <f32>norm(rows + <usize>n * ((<usize>factors) << 2), factors))
}

/** value / scale, to an integer of 7 bits. */
function roundedOver(value: f32, scale: f32): i32 {
  return scale == 0 ? 0 : <i32>max<f32>(-largestRounded, min<f32>(largestRounded, nearest<f32>(value / scale)))
}

/** Rounds the factors of the items that `order` names into panels of zeros, and sets what belongs to each; arrays are whole panels. */
export function packRounded(
  thread: i32,
  rows: usize,
  biases: usize,
  factors: i32,
  slack: f32,
  panels: usize,
  scales: usize,
  slips: usize,
  highs: usize,
  order: usize,
  places: usize,
  bounds: usize,
  count: i32,
): void {
  const rowBytes = (<usize>factors) << 2
  const panelBytes = (<usize>((factors + 7) >> 3)) << 7
  for (let place = 0; place < ((count + 15) & ~15); place++) {
    const bound = bounds + ((<usize>(place >> 4)) << 4)
    if ((place & 15) == 0) {
      store<f32>(bound, 0)
      store<f32>(bound, -Infinity, 4)
      store<f32>(bound, 0, 8)
    }
    const at = (<usize>place) << 2
    if (place >= count) {
      store<f32>(highs + at, -Infinity)
      continue
    }
    const item = load<u32>(order + at)
    const row = rows + <usize>item * rowBytes
    const bias = load<f32>(biases + ((<usize>item) << 2))
    const high = bias + slack * abs<f32>(bias)
    const length = <f32>norm(row, factors)
    let largest: f32 = 0
    for (let f: usize = 0; f < rowBytes; f += 4) largest = max<f32>(largest, abs<f32>(load<f32>(row + f)))
    const scale: f32 = largest / largestRounded
    store<f32>(scales + at, scale)
    store<f32>(highs + at, high)
    store<u32>(places + ((<usize>item) << 2), place)
    // e²: what rounding leaves of the row.
    let rest: f64 = 0
    let target = panels + <usize>(place >> 4) * panelBytes + ((<usize>(place & 15)) << 2)
    for (let f: usize = 0; f < rowBytes; f += 4) {
      const value = load<f32>(row + f)
      const rounded = roundedOver(value, scale)
      const off = <f64>value - <f64>scale * <f64>rounded
      rest += off * off
      store<u8>(target, <u8>(rounded + offset))
      target += (f & 12) == 12 ? 61 : 1
    }
    rest = sqrt<f64>(rest)
    const slip = <f32>((rest + (<f64>length + rest) * <f64>slack) * (1 + 1e-6))
    store<f32>(slips + at, slip)
    store<f32>(bound, max<f32>(load<f32>(bound), <f32>((<f64>length + rest) * (1 + <f64>slack))))
    store<f32>(bound, max<f32>(load<f32>(bound, 4), high), 4)
    store<f32>(bound, max<f32>(load<f32>(bound, 8), slip), 8)
  }
}

/** Scores in full what waits and can still come in. Where entries were read from, the positions of those at once are put, and then their scores. */
function emptyWaiting(state: usize, user: usize, best: usize, waiting: usize, k: i32, rows: usize, biases: usize, rowBytes: usize): void {
  const end = waiting + ((<usize>load<i32>(state, 20)) << 3)
  const scores = waiting + (scoredAtOnce << 2)
  let size = load<i32>(state, 24)
  let least = load<f32>(state, 4)
  let entry = waiting
  while (entry < end) {
    let count: usize = 0
    for (; entry < end && count < scoredAtOnce; entry += 8) {
      if (load<f32>(entry) < least) continue
      store<u32>(waiting + (count << 2), load<u32>(entry, 4))
      count++
    }
    if (count == 0) break
    for (let n = count; n < scoredAtOnce; n++) store<u32>(waiting + (n << 2), load<u32>(waiting))
    scoreEight(user, rows, biases, rowBytes, waiting, scores)
    for (let n: usize = 0; n < count; n++) {
      const score = load<f32>(scores + (n << 2))
      const item = load<u32>(waiting + (n << 2))
      if (size == k) {
        const worst = load<f32>(best)
        if (score < worst || (score == worst && item > load<u32>(best, 4))) continue
      }
      size = enter(best, size, k, score, item)
      if (size == k) least = max<f32>(least, load<f32>(best))
    }
  }
  store<i32>(state, 0, 20)
  store<i32>(state, size, 24)
  store<f32>(state, least, 4)
}

/** Rounds a user's factors and sets the state to nothing. */
function begin(state: usize, user: usize, rounded: usize, roundedBytes: usize, factors: i32): void {
  const rowBytes = (<usize>factors) << 2
  let largest: f32 = 0
  for (let f: usize = 0; f < rowBytes; f += 4) largest = max<f32>(largest, abs<f32>(load<f32>(user + f)))
  const scale: f32 = largest / largestRounded
  memory.fill(rounded, 0, roundedBytes)
  let sum: i32 = 0
  let rest: f64 = 0
  for (let f: usize = 0; f < rowBytes; f += 4) {
    const value = load<f32>(user + f)
    const one = roundedOver(value, scale)
    const off = <f64>value - <f64>scale * <f64>one
    sum += one
    rest += off * off
    store<i8>(rounded + (f >> 2), <i8>one)
  }
  store<i32>(state, 0)
  store<f32>(state, -Infinity, 4)
  store<f32>(state, scale, 8)
  store<i32>(state, -offset * sum, 12)
  store<f32>(state, <f32>norm(user, factors), 16)
  store<i32>(state, 0, 20)
  store<i32>(state, 0, 24)
  store<f32>(state, <f32>(sqrt<f64>(rest) * (1 + 1e-6)), 28)
}

/**
 * Task t: the best k items of users `t × 16` and on, best first: positions into lists[n × k ..), scores into scores[n × k ..), and how many
 * there are into sizes[n]. k is at least 1.
 * @param userRows, itemRows factors of user n are userRows[n × factors ..), of the item at position i itemRows[i × factors ..)
 * @param biases one an item, by position
 * @param seenOffsets, seenItems rows of items to leave out, by user
 * @param allowed a byte an item, by position; 0 leaves it out; address 0: all are allowed
 * @param scratch a thread: 16 upper ends, then for each of 16 users a state and what belongs to it; `userBytes` each
 */
export function rankTasks(
  thread: i32,
  counter: usize,
  tasks: i32,
  userCount: i32,
  userRows: usize,
  itemRows: usize,
  biases: usize,
  factors: i32,
  panels: usize,
  scales: usize,
  slips: usize,
  highs: usize,
  order: usize,
  places: usize,
  bounds: usize,
  panelCount: i32,
  seenOffsets: usize,
  seenItems: usize,
  allowed: usize,
  k: i32,
  lists: usize,
  scores: usize,
  sizes: usize,
  scratch: usize,
  userBytes: i32,
): void {
  const rowBytes = (<usize>factors) << 2
  const roundedBytes = (<usize>((factors + 7) >> 3)) << 3
  const panelBytes = roundedBytes << 4
  const ends = scratch + <usize>thread * (64 + <usize>usersAtOnce * <usize>userBytes)
  const states = ends + 64
  const heapBytes = (<usize>k) << 3
  for (let task = nextTask(counter); task < tasks; task = nextTask(counter)) {
    const firstUser = task * usersAtOnce
    const count = min(usersAtOnce, userCount - firstUser)
    for (let n = 0; n < count; n++) {
      const state = states + <usize>n * <usize>userBytes
      begin(state, userRows + <usize>(firstUser + n) * rowBytes, state + stateBytes, roundedBytes, factors)
      const leftOut = state + stateBytes + roundedBytes + 2 * heapBytes + ((<usize>mostWaiting) << 3)
      const seen = seenOffsets + ((<usize>(firstUser + n)) << 2)
      leaveOut(leftOut, panelCount, places, seenItems, load<u32>(seen), load<u32>(seen, 4))
    }
    for (let first = 0; first < panelCount; first += panelsAtOnce) {
      const end = min(first + panelsAtOnce, panelCount)
      for (let n = 0; n < count; n++) {
        const user = userRows + <usize>(firstUser + n) * rowBytes
        const state = states + <usize>n * <usize>userBytes
        const rounded = state + stateBytes
        const lows = rounded + roundedBytes
        const best = lows + heapBytes
        const waiting = best + heapBytes
        const scale = load<f32>(state, 8)
        const start = load<i32>(state, 12)
        const length = load<f32>(state, 16)
        const userDrift = load<f32>(state, 28)
        let least = load<f32>(state, 4)
        const leftOut = waiting + ((<usize>mostWaiting) << 3)
        for (let panel = first; panel < end; panel++) {
          const bound = bounds + ((<usize>panel) << 4)
          const largest = load<f32>(bound)
          if (length * largest + load<f32>(bound, 4) < least) continue
          const at = (<usize>panel) << 6
          const product = leastProduct(state, bound, least)
          if (!multiply(rounded, lows, start, panels + <usize>panel * panelBytes, scales + at, product, ends)) continue
          const drift = userDrift * largest
          let reaching = boundPanel(ends, scales + at, slips + at, highs + at, scale, length, drift, least)
          reaching &= ~(<u32>load<u16>(leftOut + ((<usize>panel) << 1)))
          for (; reaching != 0; reaching &= reaching - 1) {
            const lane = (<usize>ctz<u32>(reaching)) << 2
            const high = load<f32>(ends + lane)
            if (!(high >= least) || high == -Infinity) continue
            const item = load<u32>(order + at + lane)
            if (allowed != 0 && load<u8>(allowed + <usize>item) == 0) continue
            const ofBias = load<f32>(highs + at + lane) - load<f32>(biases + ((<usize>item) << 2))
            const low = high - 2 * (length * load<f32>(slips + at + lane) + drift + ofBias)
            let size = load<i32>(state)
            if (size < k || low > load<f32>(lows)) {
              size = enter(lows, size, k, low, item)
              store<i32>(state, size)
              if (size == k) least = max<f32>(least, load<f32>(lows))
            }
            const waits = load<i32>(state, 20)
            const entry = waiting + ((<usize>waits) << 3)
            store<f32>(entry, high)
            store<u32>(entry, item, 4)
            store<i32>(state, waits + 1, 20)
            store<f32>(state, least, 4)
            if (waits + 1 < mostWaiting) continue
            emptyWaiting(state, user, best, waiting, k, itemRows, biases, rowBytes)
            least = load<f32>(state, 4)
          }
        }
      }
    }
    for (let n = 0; n < count; n++) {
      const user = userRows + <usize>(firstUser + n) * rowBytes
      const state = states + <usize>n * <usize>userBytes
      const best = state + stateBytes + roundedBytes + heapBytes
      emptyWaiting(state, user, best, best + heapBytes, k, itemRows, biases, rowBytes)
      const size = load<i32>(state, 24)
      const place = (<usize>((firstUser + n) * k)) << 2
      store<i32>(sizes + ((<usize>(firstUser + n)) << 2), size)
      takeAll(best, size, lists + place, scores + place)
    }
  }
}
