/**
 * A heap of the best entries so far, the worst at its root. An entry is 8 bytes: a score, and in the upper half a position. Better is a higher
 * score, or the same at a smaller position.
 */

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

/** Takes an entry into a heap of at most k; where there are k already it must be better than the worst. Returns the new size. */
export function enter(heap: usize, size: i32, k: i32, score: f32, item: i32): i32 {
  const entry = ((<u64>item) << 32) | <u64>reinterpret<u32>(score)
  if (size < k) {
    siftUp(heap, size, entry)
    return size + 1
  }
  siftDown(heap, size, entry)
  return size
}

/** Empties the heap into `positions` and `scores`, best first. */
export function takeAll(heap: usize, size: i32, positions: usize, scores: usize): void {
  // The worst goes to the end of what is left, again and again.
  while (size > 0) {
    const worst = load<u64>(heap)
    size--
    store<u32>(positions + ((<usize>size) << 2), <u32>(worst >> 32))
    store<u32>(scores + ((<usize>size) << 2), <u32>worst)
    siftDown(heap, size, load<u64>(heap + ((<usize>size) << 3)))
  }
}
