/**
 * Eigenvalues and eigenvectors of a symmetric matrix, for src/model/dense/eigen.ts: Householder's reduction to three diagonals, then QL steps
 * with implicit shifts, in double precision, in a fixed order.
 *
 * | argument | what                                                                                          |
 * |----------|-----------------------------------------------------------------------------------------------|
 * | `v`      | n rows of `rowBytes` bytes, a multiple of 16: first the matrix, in the end row i the eigenvector of value i |
 * | `d`      | n doubles: in the end the eigenvalues, in no order                                            |
 * | `e`      | n doubles, scratch                                                                            |
 */

/** Σ a_k b_k over `count` doubles. */
function dot(a: usize, b: usize, count: i32): f64 {
  let even = f64x2.splat(0)
  let odd = f64x2.splat(0)
  let n = count
  for (; n >= 4; n -= 4, a += 32, b += 32) {
    even = f64x2.relaxed_madd(v128.load(a), v128.load(b), even)
    odd = f64x2.relaxed_madd(v128.load(a, 16), v128.load(b, 16), odd)
  }
  const sums = f64x2.add(even, odd)
  let sum = f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1)
  for (; n > 0; n--, a += 8, b += 8) sum += load<f64>(a) * load<f64>(b)
  return sum
}

/** y += scale × x */
function addScaled(y: usize, scale: f64, x: usize, count: i32): void {
  const scales = f64x2.splat(scale)
  let n = count
  for (; n >= 2; n -= 2, x += 16, y += 16) v128.store(y, f64x2.relaxed_madd(v128.load(x), scales, v128.load(y)))
  if (n > 0) store<f64>(y, load<f64>(y) + scale * load<f64>(x))
}

/** y -= first × x + second × z */
function subtractScaled(y: usize, first: f64, x: usize, second: f64, z: usize, count: i32): void {
  const firsts = f64x2.splat(first)
  const seconds = f64x2.splat(second)
  let n = count
  for (; n >= 2; n -= 2, x += 16, y += 16, z += 16)
    v128.store(y, f64x2.relaxed_nmadd(v128.load(z), seconds, f64x2.relaxed_nmadd(v128.load(x), firsts, v128.load(y))))
  if (n > 0) store<f64>(y, load<f64>(y) - (first * load<f64>(x) + second * load<f64>(z)))
}

/** Leaves the diagonal in `d`, what stands beside it in `e` (from 1), and the basis in the rows of `v`. */
function tridiagonalize(v: usize, d: usize, e: usize, n: i32, rowBytes: usize): void {
  const last = (<usize>(n - 1)) << 3
  for (let j: usize = 0; j < <usize>n; j++) store<f64>(d + (j << 3), load<f64>(v + j * rowBytes + last))
  for (let i: usize = <usize>(n - 1); i > 0; i--) {
    const column = i << 3
    const row = v + i * rowBytes
    let scale: f64 = 0
    for (let k: usize = 0; k < column; k += 8) scale += abs<f64>(load<f64>(d + k))
    let h: f64 = 0
    if (scale == 0) {
      store<f64>(e + column, load<f64>(d + column - 8))
      for (let j: usize = 0; j < i; j++) {
        store<f64>(d + (j << 3), load<f64>(v + j * rowBytes + column - 8))
        store<f64>(v + j * rowBytes + column, 0)
        store<f64>(row + (j << 3), 0)
      }
    } else {
      for (let k: usize = 0; k < column; k += 8) {
        const value = load<f64>(d + k) / scale
        store<f64>(d + k, value)
        h += value * value
      }
      const lastValue = load<f64>(d + column - 8)
      const root = lastValue > 0 ? -sqrt<f64>(h) : sqrt<f64>(h)
      store<f64>(e + column, scale * root)
      h -= lastValue * root
      store<f64>(d + column - 8, lastValue - root)
      memory.fill(e, 0, column)
      for (let j: usize = 0; j < i; j++) {
        const at = j << 3
        const value = load<f64>(d + at)
        store<f64>(v + j * rowBytes + column, 0)
        store<f64>(row + at, value)
        const rest = v + j * rowBytes + at + 8
        const count = <i32>(i - j - 1)
        store<f64>(e + at, load<f64>(e + at) + load<f64>(rest - 8) * value + dot(rest, d + at + 8, count))
        addScaled(e + at + 8, value, rest, count)
      }
      let product: f64 = 0
      for (let k: usize = 0; k < column; k += 8) {
        const value = load<f64>(e + k) / h
        store<f64>(e + k, value)
        product += value * load<f64>(d + k)
      }
      addScaled(e, -product / (h + h), d, <i32>i)
      for (let j: usize = 0; j < i; j++) {
        const at = j << 3
        const own = v + j * rowBytes
        subtractScaled(own + at, load<f64>(d + at), e + at, load<f64>(e + at), d + at, <i32>(i - j))
        store<f64>(d + at, load<f64>(own + column - 8))
      }
    }
    store<f64>(d + column, h)
  }
  // The reflections, one after the other, make the basis.
  for (let i: usize = 0; i < <usize>(n - 1); i++) {
    const column = i << 3
    const next = v + (i + 1) * rowBytes
    store<f64>(v + i * rowBytes + last, load<f64>(v + i * rowBytes + column))
    store<f64>(v + i * rowBytes + column, 1)
    const h = load<f64>(d + column, 8)
    const count = <i32>(i + 1)
    if (h != 0) {
      for (let k: usize = 0; k <= column; k += 8) store<f64>(d + k, load<f64>(next + k) / h)
      for (let j: usize = 0; j <= i; j++) {
        const own = v + j * rowBytes
        addScaled(own, -dot(next, own, count), d, count)
      }
    }
    memory.fill(next, 0, column + 8)
  }
  for (let j: usize = 0; j < <usize>n; j++) {
    store<f64>(d + (j << 3), load<f64>(v + j * rowBytes + last))
    store<f64>(v + j * rowBytes + last, 0)
  }
  store<f64>(v + <usize>(n - 1) * rowBytes + last, 1)
  store<f64>(e, 0)
}

/** (low, high) ← (c low - s high, s low + c high) */
function rotate(low: usize, high: usize, c: f64, s: f64, rowBytes: usize): void {
  const cosines = f64x2.splat(c)
  const sines = f64x2.splat(s)
  for (const end = low + rowBytes; low < end; low += 16, high += 16) {
    const a = v128.load(low)
    const b = v128.load(high)
    v128.store(high, f64x2.relaxed_madd(sines, a, f64x2.mul(cosines, b)))
    v128.store(low, f64x2.relaxed_nmadd(sines, b, f64x2.mul(cosines, a)))
  }
}

/** Turns three diagonals into one, and the basis with them. */
function diagonalize(v: usize, d: usize, e: usize, n: i32, rowBytes: usize): void {
  const end = (<usize>n) << 3
  memory.copy(e, e + 8, end - 8)
  store<f64>(e + end - 8, 0)
  let shift: f64 = 0
  let largest: f64 = 0
  for (let l: usize = 0; l < end; l += 8) {
    largest = max<f64>(largest, abs<f64>(load<f64>(d + l)) + abs<f64>(load<f64>(e + l)))
    const small = f64.EPSILON * largest
    let m = l
    while (m < end - 8 && abs<f64>(load<f64>(e + m)) > small) m += 8
    // Where m is l, what stands beside d[l] is small already.
    while (abs<f64>(load<f64>(e + l)) > small) {
      const first = load<f64>(d + l)
      const beside = load<f64>(e + l)
      const ratio = (load<f64>(d + l, 8) - first) / (2 * beside)
      const root = ratio < 0 ? -sqrt<f64>(ratio * ratio + 1) : sqrt<f64>(ratio * ratio + 1)
      store<f64>(d + l, beside / (ratio + root))
      const second = beside * (ratio + root)
      store<f64>(d + l, second, 8)
      const move = first - load<f64>(d + l)
      for (let k = l + 16; k < end; k += 8) store<f64>(d + k, load<f64>(d + k) - move)
      shift += move

      const besideSecond = load<f64>(e + l, 8)
      let p = load<f64>(d + m)
      let c: f64 = 1
      let cBefore: f64 = 1
      let cTwoBefore: f64 = 1
      let s: f64 = 0
      let sBefore: f64 = 0
      for (let k = m; k > l; k -= 8) {
        const entry = load<f64>(e + k - 8)
        cTwoBefore = cBefore
        cBefore = c
        sBefore = s
        const g = c * entry
        const h = c * p
        const length = sqrt<f64>(p * p + entry * entry)
        store<f64>(e + k, s * length)
        s = entry / length
        c = p / length
        const own = load<f64>(d + k - 8)
        p = c * own - s * g
        store<f64>(d + k, h + s * (c * g + s * own))
        const low = v + ((k - 8) >> 3) * rowBytes
        rotate(low, low + rowBytes, c, s, rowBytes)
      }
      p = (-s * sBefore * cTwoBefore * besideSecond * load<f64>(e + l)) / second
      store<f64>(e + l, s * p)
      store<f64>(d + l, c * p)
    }
    store<f64>(d + l, load<f64>(d + l) + shift)
    store<f64>(e + l, 0)
  }
}

/** n is at least 1; columns past n are 0. */
export function eigenSystem(thread: i32, v: usize, d: usize, e: usize, n: i32, rowBytes: i32): void {
  tridiagonalize(v, d, e, n, <usize>rowBytes)
  diagonalize(v, d, e, n, <usize>rowBytes)
}
