/**
 * The best k of a score vector: a heap of the k best so far with the worst of them at its root, O(n + changes × log k) time.
 * Better means a higher score, or the same score at a smaller position.
 */
import { MatineeError } from '../../contracts/errors.ts'

export interface TopKOptions {
  /** Positions to leave out, ascending and distinct (a user's row of `Interactions.items`). */
  readonly exclude?: Uint32Array
  /** One entry an item; 0 leaves it out. */
  readonly allowed?: Uint8Array | undefined
  /** The positions that `allowed` does not leave out, ascending, where whoever asks has them: few are looked at one by one. */
  readonly listed?: Uint32Array | undefined
}

/**
 * Positions of the best, best first: min(k, candidates) of them.
 * Infinite scores are ordered like others; the score of an item that is left out is not looked at.
 * @throws MatineeError `internal` where a candidate's score is not a number, or `allowed` is not of the scores' length.
 */
export function topK(scores: Float32Array, k: number, options: TopKOptions = {}): Uint32Array {
  const { exclude, allowed } = options
  if (allowed !== undefined && allowed.length !== scores.length)
    throw new MatineeError('internal', `top-k: got ${allowed.length} marks for ${scores.length} items, expected one each`)
  const capacity = Math.max(0, Math.min(k, scores.length))
  const heap = new Uint32Array(capacity)
  let size = 0
  let next = 0
  for (let item = 0; item < scores.length; item++) {
    if (exclude !== undefined && next < exclude.length && exclude[next] === item) {
      next++
      continue
    }
    if (allowed !== undefined && allowed[item] === 0) continue
    const score = scores[item] as number
    if (score !== score) throw new MatineeError('internal', `top-k: the score of item ${item} is not a number; the model is broken`)
    if (size < capacity) {
      heap[size] = item
      siftUp(heap, size, scores)
      size++
    } else if (capacity > 0 && score > (scores[heap[0] as number] as number)) {
      // An equal score does not enter: positions come in ascending order, so what is in the heap has the smaller one.
      heap[0] = item
      siftDown(heap, size, scores)
    }
  }
  // The worst goes to the end of what is left, again and again.
  for (let last = size - 1; last > 0; last--) {
    const worst = heap[0] as number
    heap[0] = heap[last] as number
    heap[last] = worst
    siftDown(heap, last, scores)
  }
  return heap.subarray(0, size)
}

function isWorse(a: number, b: number, scores: Float32Array): boolean {
  const scoreA = scores[a] as number
  const scoreB = scores[b] as number
  return scoreA < scoreB || (scoreA === scoreB && a > b)
}

function siftUp(heap: Uint32Array, start: number, scores: Float32Array): void {
  const item = heap[start] as number
  let place = start
  while (place > 0) {
    const parent = (place - 1) >>> 1
    if (!isWorse(item, heap[parent] as number, scores)) break
    heap[place] = heap[parent] as number
    place = parent
  }
  heap[place] = item
}

function siftDown(heap: Uint32Array, size: number, scores: Float32Array): void {
  const item = heap[0] as number
  let place = 0
  for (;;) {
    let child = 2 * place + 1
    if (child >= size) break
    if (child + 1 < size && isWorse(heap[child + 1] as number, heap[child] as number, scores)) child++
    if (!isWorse(heap[child] as number, item, scores)) break
    heap[place] = heap[child] as number
    place = child
  }
  heap[place] = item
}
