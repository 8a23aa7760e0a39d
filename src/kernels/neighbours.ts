/** The items most like each item, for item neighbours (src/model/item-knn/item-knn.ts, which has the formula). */
import { enter } from './heap'
import { nextTask } from './vectors'

/** Σ_u c_ui c_uj n_u^-e of item i = `row` into products[j], which are 0 before. Each item whose sum leaves 0 is noted, where `touched` is given. Returns how many. */
function sumProducts(
  row: i32,
  offsets: usize,
  items: usize,
  weights: usize,
  byItemOffsets: usize,
  byItemUsers: usize,
  byItemWeights: usize,
  shares: usize,
  products: usize,
  touched: usize,
): i32 {
  let size = 0
  const last = load<u32>(byItemOffsets + ((<usize>row) << 2), 4)
  for (let n = load<u32>(byItemOffsets + ((<usize>row) << 2)); n < last; n++) {
    const user = <usize>load<u32>(byItemUsers + ((<usize>n) << 2))
    const weight = <f64>load<f32>(byItemWeights + ((<usize>n) << 2)) * load<f64>(shares + (user << 3))
    if (weight == 0) continue
    const end = (<usize>load<u32>(offsets + (user << 2), 4)) << 2
    for (let pair = (<usize>load<u32>(offsets + (user << 2))) << 2; pair < end; pair += 4) {
      const item = load<u32>(items + pair)
      const place = products + ((<usize>item) << 3)
      const before = load<f64>(place)
      const after = before + weight * <f64>load<f32>(weights + pair)
      store<f64>(place, after)
      if (touched == 0 || before != 0 || after == 0) continue
      store<u32>(touched + ((<usize>size) << 2), item)
      size++
    }
  }
  return size
}

/** Takes an item into the heap of the best, where it is one of them. Returns the heap's size. */
function enterLike(heap: usize, size: i32, k: i32, product: f64, denominator: f64, item: i32): i32 {
  if (size == k) {
    const worst = load<f32>(heap)
    // A division takes longer than all else here: what is clearly below the worst is not divided.
    if (product < <f64>worst * denominator * (1 - 1e-6)) return size
    const likeness = <f32>(product / denominator)
    if (likeness < worst || (likeness == worst && item > load<i32>(heap, 4))) return size
    return enter(heap, size, k, likeness, item)
  }
  return enter(heap, size, k, <f32>(product / denominator), item)
}

/** Lets an entry sink from `place` among those below it. */
function sink(entries: usize, place: i32, size: i32, entry: u64): void {
  for (;;) {
    let child = 2 * place + 1
    if (child >= size) break
    let largest = load<u64>(entries + ((<usize>child) << 3))
    if (child + 1 < size && load<u64>(entries + ((<usize>child) << 3), 8) > largest) {
      largest = load<u64>(entries + ((<usize>child) << 3), 8)
      child++
    }
    if (largest <= entry) break
    store<u64>(entries + ((<usize>place) << 3), largest)
    place = child
  }
  store<u64>(entries + ((<usize>place) << 3), entry)
}

/** Sorts entries of a heap of the best by their upper halves, the positions (heapsort, in place). */
function sortByPosition(entries: usize, size: i32): void {
  for (let place = (size >> 1) - 1; place >= 0; place--) sink(entries, place, size, load<u64>(entries + ((<usize>place) << 3)))
  for (let end = size - 1; end > 0; end--) {
    const last = entries + ((<usize>end) << 3)
    const entry = load<u64>(last)
    store<u64>(last, load<u64>(entries))
    sink(entries, 0, end, entry)
  }
}

/**
 * Task t: the best k neighbours of the items `firstRow + t × rowsOfTask` and on, by position: positions into found[r × k ..) and likenesses
 * into likenesses[r × k ..) for row `firstRow + r`, how many there are into sizes[r]. k is at least 1. Sums run in double precision over an
 * item's users in order; a likeness is rounded to single, and of equal ones the smaller position is kept.
 * @param offsets, items, weights rows of pairs by user
 * @param byItemOffsets, byItemUsers, byItemWeights the same by item, users ascending
 * @param shares n_u^-e, a double a user
 * @param rowWork how many sums each item takes, and one for itself, a double an item
 * @param ownNorms, otherNorms |c_i|^2p and |c_j|^2q, a double an item
 * @param scratch a thread: a double an item, 0 before and after; a word an item; k entries of 8 bytes: `scratchBytes` each, a multiple of 8
 */
export function neighbourTasks(
  thread: i32,
  counter: usize,
  tasks: i32,
  rowsOfTask: i32,
  firstRow: i32,
  endRow: i32,
  itemCount: i32,
  offsets: usize,
  items: usize,
  weights: usize,
  byItemOffsets: usize,
  byItemUsers: usize,
  byItemWeights: usize,
  shares: usize,
  rowWork: usize,
  ownNorms: usize,
  otherNorms: usize,
  shrinkage: f64,
  k: i32,
  scratch: usize,
  scratchBytes: i32,
  found: usize,
  likenesses: usize,
  sizes: usize,
): void {
  const products = scratch + <usize>thread * <usize>scratchBytes
  const heap = products + ((<usize>itemCount) << 3)
  const touched = heap + ((<usize>k) << 3)
  for (let task = nextTask(counter); task < tasks; task = nextTask(counter)) {
    const end = min(firstRow + (task + 1) * rowsOfTask, endRow)
    for (let row = firstRow + task * rowsOfTask; row < end; row++) {
      const norm = load<f64>(ownNorms + ((<usize>row) << 3))
      // Where sums are so many, looking at all items is faster than noting those that came up.
      const isDense = load<f64>(rowWork + ((<usize>row) << 3)) > <f64>itemCount
      const noted: usize = isDense ? 0 : touched
      const count = sumProducts(row, offsets, items, weights, byItemOffsets, byItemUsers, byItemWeights, shares, products, noted)
      store<f64>(products + ((<usize>row) << 3), 0)
      const looked = isDense ? itemCount : count
      let size = 0
      for (let n = 0; n < looked; n++) {
        const item = isDense ? n : load<i32>(touched + ((<usize>n) << 2))
        const place = products + ((<usize>item) << 3)
        const product = load<f64>(place)
        if (!(product > 0)) continue
        size = enterLike(heap, size, k, product, norm * load<f64>(otherNorms + ((<usize>item) << 3)) + shrinkage, item)
        if (!isDense) store<f64>(place, 0)
      }
      if (isDense) memory.fill(products, 0, (<usize>itemCount) << 3)
      sortByPosition(heap, size)
      store<i32>(sizes + ((<usize>(row - firstRow)) << 2), size)
      const out = <usize>(row - firstRow) * <usize>k
      for (let n: usize = 0; n < <usize>size; n++) {
        store<u32>(found + ((out + n) << 2), load<u32>(heap + (n << 3), 4))
        store<u32>(likenesses + ((out + n) << 2), load<u32>(heap + (n << 3)))
      }
    }
  }
}
