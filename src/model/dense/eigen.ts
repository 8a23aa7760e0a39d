/**
 * Eigenvalues and eigenvectors of a symmetric matrix: Householder's reduction to three diagonals, then QL steps with implicit shifts
 * (Bowdler, Martin, Reinsch, Wilkinson, "The QR and QL algorithms for symmetric matrices", 1968), in double precision, O(n³). Only
 * +, -, ×, / and square roots, in a fixed order: the same bits on every machine.
 */

export interface EigenSystem {
  /** n of them, in no order. */
  readonly values: Float64Array
  /** n × n: row i is the eigenvector of value i, of length 1. */
  readonly vectors: Float64Array
}

/** @param matrix n × n, symmetric, finite: the caller's to check */
export function eigenSystem(matrix: Float64Array, n: number): EigenSystem {
  const vectors = matrix.slice()
  const values = new Float64Array(n)
  const beside = new Float64Array(n)
  if (n > 0) {
    tridiagonalize(vectors, values, beside, n)
    diagonalize(vectors, values, beside, n)
  }
  return { values, vectors }
}

/** Leaves the diagonal in `d`, what stands beside it in `e` (from 1), and the basis in the rows of `v`. */
function tridiagonalize(v: Float64Array, d: Float64Array, e: Float64Array, n: number): void {
  const at = (row: number, column: number): number => v[row * n + column] as number
  for (let j = 0; j < n; j++) d[j] = at(j, n - 1)
  for (let i = n - 1; i > 0; i--) {
    let scale = 0
    for (let k = 0; k < i; k++) scale += Math.abs(d[k] as number)
    let h = 0
    if (scale === 0) {
      e[i] = d[i - 1] as number
      for (let j = 0; j < i; j++) {
        d[j] = at(j, i - 1)
        v[j * n + i] = 0
        v[i * n + j] = 0
      }
    } else {
      for (let k = 0; k < i; k++) {
        const value = (d[k] as number) / scale
        d[k] = value
        h += value * value
      }
      const last = d[i - 1] as number
      const root = last > 0 ? -Math.sqrt(h) : Math.sqrt(h)
      e[i] = scale * root
      h -= last * root
      d[i - 1] = last - root
      e.fill(0, 0, i)
      for (let j = 0; j < i; j++) {
        const value = d[j] as number
        v[i * n + j] = value
        let sum = (e[j] as number) + at(j, j) * value
        const row = j * n
        for (let k = j + 1; k < i; k++) {
          const entry = v[row + k] as number
          sum += entry * (d[k] as number)
          e[k] = (e[k] as number) + entry * value
        }
        e[j] = sum
      }
      let product = 0
      for (let j = 0; j < i; j++) {
        const value = (e[j] as number) / h
        e[j] = value
        product += value * (d[j] as number)
      }
      const half = product / (h + h)
      for (let j = 0; j < i; j++) e[j] = (e[j] as number) - half * (d[j] as number)
      for (let j = 0; j < i; j++) {
        const f = d[j] as number
        const g = e[j] as number
        const row = j * n
        for (let k = j; k < i; k++) v[row + k] = (v[row + k] as number) - (f * (e[k] as number) + g * (d[k] as number))
        d[j] = at(j, i - 1)
        v[row + i] = 0
      }
    }
    d[i] = h
  }
  // The reflections, one after the other, make the basis.
  for (let i = 0; i < n - 1; i++) {
    v[i * n + n - 1] = at(i, i)
    v[i * n + i] = 1
    const h = d[i + 1] as number
    const next = (i + 1) * n
    if (h !== 0) {
      for (let k = 0; k <= i; k++) d[k] = (v[next + k] as number) / h
      for (let j = 0; j <= i; j++) {
        const row = j * n
        let sum = 0
        for (let k = 0; k <= i; k++) sum += (v[next + k] as number) * (v[row + k] as number)
        for (let k = 0; k <= i; k++) v[row + k] = (v[row + k] as number) - sum * (d[k] as number)
      }
    }
    v.fill(0, next, next + i + 1)
  }
  for (let j = 0; j < n; j++) {
    d[j] = at(j, n - 1)
    v[j * n + n - 1] = 0
  }
  v[n * n - 1] = 1
  e[0] = 0
}

/** Turns three diagonals into one, and the basis with them. */
function diagonalize(v: Float64Array, d: Float64Array, e: Float64Array, n: number): void {
  e.copyWithin(0, 1)
  e[n - 1] = 0
  let shift = 0
  let largest = 0
  for (let l = 0; l < n; l++) {
    largest = Math.max(largest, Math.abs(d[l] as number) + Math.abs(e[l] as number))
    const small = Number.EPSILON * largest
    let m = l
    while (m < n - 1 && Math.abs(e[m] as number) > small) m++
    // Where m is l, what stands beside d[l] is small already.
    while (Math.abs(e[l] as number) > small) {
      const first = d[l] as number
      const beside = e[l] as number
      const ratio = ((d[l + 1] as number) - first) / (2 * beside)
      const root = ratio < 0 ? -Math.sqrt(ratio * ratio + 1) : Math.sqrt(ratio * ratio + 1)
      d[l] = beside / (ratio + root)
      const second = beside * (ratio + root)
      d[l + 1] = second
      const move = first - (d[l] as number)
      for (let i = l + 2; i < n; i++) d[i] = (d[i] as number) - move
      shift += move

      const besideSecond = e[l + 1] as number
      let p = d[m] as number
      let c = 1
      let cBefore = 1
      let cTwoBefore = 1
      let s = 0
      let sBefore = 0
      for (let i = m - 1; i >= l; i--) {
        cTwoBefore = cBefore
        cBefore = c
        sBefore = s
        const entry = e[i] as number
        const g = c * entry
        const h = c * p
        const length = Math.sqrt(p * p + entry * entry)
        e[i + 1] = s * length
        s = entry / length
        c = p / length
        p = c * (d[i] as number) - s * g
        d[i + 1] = h + s * (c * g + s * (d[i] as number))
        for (let k = 0, low = i * n, high = low + n; k < n; k++, low++, high++) {
          const upper = v[high] as number
          const lower = v[low] as number
          v[high] = s * lower + c * upper
          v[low] = c * lower - s * upper
        }
      }
      p = (-s * sBefore * cTwoBefore * besideSecond * (e[l] as number)) / second
      e[l] = s * p
      d[l] = c * p
    }
    d[l] = (d[l] as number) + shift
    e[l] = 0
  }
}
