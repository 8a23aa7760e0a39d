/** Sets of positions as arrays, ascending and distinct. */

/** Those of `a` that are not in `b`. */
export function without(a: Uint32Array, b: Uint32Array): Uint32Array {
  const rest = new Uint32Array(a.length)
  let count = 0
  for (let n = 0, m = 0; n < a.length; n++) {
    const position = a[n] as number
    while (m < b.length && (b[m] as number) < position) m++
    if (m === b.length || b[m] !== position) rest[count++] = position
  }
  return rest.subarray(0, count)
}

/** Those of either. */
export function union(a: Uint32Array, b: Uint32Array): Uint32Array {
  if (a.length === 0) return b
  if (b.length === 0) return a
  const both = new Uint32Array(a.length + b.length)
  let count = 0
  for (let n = 0, m = 0; n < a.length || m < b.length; count++) {
    const left = n < a.length ? (a[n] as number) : Infinity
    const right = m < b.length ? (b[m] as number) : Infinity
    both[count] = left < right ? left : right
    if (left <= right) n++
    if (right <= left) m++
  }
  return both.subarray(0, count)
}

export const includes = (positions: Uint32Array, position: number): boolean => placeOf(positions, position) !== -1

/** Where a position stands; -1 where it does not. */
export function placeOf(positions: Uint32Array, position: number): number {
  const place = countBelow(positions, position)
  return positions[place] === position ? place : -1
}

/** Those below a limit: a view of them. */
export function below(positions: Uint32Array, limit: number): Uint32Array {
  return positions.subarray(0, countBelow(positions, limit))
}

function countBelow(positions: Uint32Array, limit: number): number {
  let low = 0
  let high = positions.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((positions[middle] as number) < limit) low = middle + 1
    else high = middle
  }
  return low
}

/** The values at some positions. */
export function valuesAt(values: Float32Array, positions: ArrayLike<number>): Float32Array {
  const found = new Float32Array(positions.length)
  for (let n = 0; n < found.length; n++) found[n] = values[positions[n] as number] as number
  return found
}
