/**
 * Rows of an alternating sweep. With the other side's factors H (rows h_j) fixed, a row's part of the loss is, up to a constant,
 *
 *   Σ_j in row  c_j (1 - h_j · w)²  +  a Σ_all j (h_j · w)²  +  λ |w|²        λ > 0
 *
 * whose minimum solves A w = b with A = a HᵀH + λ I + Σ_j in row c_j h_j h_jᵀ, b = Σ_j in row c_j h_j.
 *
 * Conjugate gradients (Hestenes and Stiefel 1952; for rows Takács, Pilászy, Tikk 2011) go on from the row's last value. They run in the
 * basis in which HᵀH is diagonal, so that a step costs the row's pairs and nothing of the order F²; that basis also makes a
 * diagonal preconditioner a good one: M = a Λ + λ + (Σ c_j) m, where m is the mean of h² (elementwise) over all pairs.
 *
 * | notation | argument          | what                                                        |
 * |----------|-------------------|-------------------------------------------------------------|
 * | h_j      | `others`          | rows of F floats                                            |
 * | j, c     | `positions`, `weights` | of each pair; row r has pairs `offsets[r] .. offsets[r + 1])` |
 * | λ        | `penalties`       | a row; negative where the row has nothing to learn from: w = 0 |
 * | a Λ      | `diagonal`        | F floats                                                    |
 * | m        | `meanSquares`     | F floats                                                    |
 */
import { addOuterProducts } from './gram'
import { dot, nextTask, sumOfLanes, sumsOfFour } from './vectors'

/**
 * out += Σ_j c_j (target - h_j · x) h_j over pairs `first .. end`; returns Σ c_j (target - h_j · x)².
 * Four pairs at a time: their sums come out of one transposition, and `out` is read and written once for four.
 */
function addResiduals(
  out: usize,
  x: usize,
  target: f32,
  others: usize,
  positions: usize,
  weights: usize,
  first: i32,
  end: i32,
  bytes: usize,
): f32 {
  let squares = f32x4.splat(0)
  for (let pair = first; pair < end; pair += 4) {
    const indices = positions + ((<usize>pair) << 2)
    const left = end - pair
    const h0 = others + <usize>load<u32>(indices) * bytes
    let h1 = h0
    let h2 = h0
    let h3 = h0
    let weight = v128.load32_zero(weights + ((<usize>pair) << 2))
    if (left > 3) {
      h1 = others + <usize>load<u32>(indices, 4) * bytes
      h2 = others + <usize>load<u32>(indices, 8) * bytes
      h3 = others + <usize>load<u32>(indices, 12) * bytes
      weight = v128.load(weights + ((<usize>pair) << 2))
    } else if (left > 1) {
      // What is missing of the four stands in with weight 0.
      h1 = others + <usize>load<u32>(indices, 4) * bytes
      weight = v128.load64_zero(weights + ((<usize>pair) << 2))
      if (left > 2) {
        h2 = others + <usize>load<u32>(indices, 8) * bytes
        weight = f32x4.replace_lane(weight, 2, load<f32>(weights + ((<usize>pair) << 2), 8))
      }
    }
    let d0 = f32x4.splat(0)
    let d1 = d0
    let d2 = d0
    let d3 = d0
    for (let at: usize = 0; at < bytes; at += 32) {
      const v = v128.load(x + at)
      d0 = f32x4.relaxed_madd(v, v128.load(h0 + at), d0)
      d1 = f32x4.relaxed_madd(v, v128.load(h1 + at), d1)
      d2 = f32x4.relaxed_madd(v, v128.load(h2 + at), d2)
      d3 = f32x4.relaxed_madd(v, v128.load(h3 + at), d3)
      const u = v128.load(x + at, 16)
      d0 = f32x4.relaxed_madd(u, v128.load(h0 + at, 16), d0)
      d1 = f32x4.relaxed_madd(u, v128.load(h1 + at, 16), d1)
      d2 = f32x4.relaxed_madd(u, v128.load(h2 + at, 16), d2)
      d3 = f32x4.relaxed_madd(u, v128.load(h3 + at, 16), d3)
    }
    const errors = f32x4.sub(f32x4.splat(target), sumsOfFour(d0, d1, d2, d3))
    const scales = f32x4.mul(weight, errors)
    squares = f32x4.relaxed_madd(scales, errors, squares)
    const s0 = v128.shuffle<f32>(scales, scales, 0, 0, 0, 0)
    const s1 = v128.shuffle<f32>(scales, scales, 1, 1, 1, 1)
    const s2 = v128.shuffle<f32>(scales, scales, 2, 2, 2, 2)
    const s3 = v128.shuffle<f32>(scales, scales, 3, 3, 3, 3)
    for (let at: usize = 0; at < bytes; at += 32) {
      const low = f32x4.relaxed_madd(s1, v128.load(h1 + at), f32x4.mul(s0, v128.load(h0 + at)))
      const high = f32x4.relaxed_madd(s3, v128.load(h3 + at), f32x4.mul(s2, v128.load(h2 + at)))
      v128.store(out + at, f32x4.add(v128.load(out + at), f32x4.add(low, high)))
      const low2 = f32x4.relaxed_madd(s1, v128.load(h1 + at, 16), f32x4.mul(s0, v128.load(h0 + at, 16)))
      const high2 = f32x4.relaxed_madd(s3, v128.load(h3 + at, 16), f32x4.mul(s2, v128.load(h2 + at, 16)))
      v128.store(out + at, f32x4.add(v128.load(out + at, 16), f32x4.add(low2, high2)), 16)
    }
  }
  return f32x4.extract_lane(squares, 0) + f32x4.extract_lane(squares, 1) + f32x4.extract_lane(squares, 2) + f32x4.extract_lane(squares, 3)
}

/** Improves row `w` by `steps` steps. Returns its Σ c (1 - h · w)² before the first, not a number once the sums are not finite. */
function conjugateGradients(
  w: usize,
  others: usize,
  positions: usize,
  weights: usize,
  first: i32,
  end: i32,
  penalty: f32,
  diagonal: usize,
  meanSquares: usize,
  bytes: usize,
  steps: i32,
  scratch: usize,
): f32 {
  const residual = scratch
  const direction = residual + bytes
  const product = direction + bytes
  const own = product + bytes
  const inverse = own + bytes

  let weightSum: f32 = 0
  for (let pair = first; pair < end; pair++) weightSum += load<f32>(weights + ((<usize>pair) << 2))
  const penalties = f32x4.splat(penalty)
  const means = f32x4.splat(weightSum)
  const one = f32x4.splat(1)
  for (let at: usize = 0; at < bytes; at += 16) {
    const d = f32x4.add(v128.load(diagonal + at), penalties)
    v128.store(own + at, d)
    const m = f32x4.relaxed_madd(means, v128.load(meanSquares + at), d)
    // Where there is nothing at all (padding without a penalty) anything finite does: the residual is 0 there.
    v128.store(inverse + at, f32x4.div(one, v128.bitselect(m, one, f32x4.gt(m, f32x4.splat(0)))))
    v128.store(residual + at, f32x4.neg(f32x4.mul(d, v128.load(w + at))))
  }
  const observed = addResiduals(residual, w, 1, others, positions, weights, first, end, bytes)
  for (let at: usize = 0; at < bytes; at += 16) v128.store(direction + at, f32x4.mul(v128.load(residual + at), v128.load(inverse + at)))
  let slope = dot(residual, direction, bytes)
  // The loop below would end in silence.
  if (!(abs<f32>(slope) < Infinity)) return NaN

  for (let step = 0; step < steps && slope > 0; step++) {
    // product = -(A direction)
    for (let at: usize = 0; at < bytes; at += 16)
      v128.store(product + at, f32x4.neg(f32x4.mul(v128.load(own + at), v128.load(direction + at))))
    addResiduals(product, direction, 0, others, positions, weights, first, end, bytes)
    const curvature = -dot(direction, product, bytes)
    if (!(curvature > 0)) break
    const length = f32x4.splat(slope / curvature)
    let next = f32x4.splat(0)
    for (let at: usize = 0; at < bytes; at += 16) {
      v128.store(w + at, f32x4.relaxed_madd(length, v128.load(direction + at), v128.load(w + at)))
      const r = f32x4.relaxed_madd(length, v128.load(product + at), v128.load(residual + at))
      v128.store(residual + at, r)
      const z = f32x4.mul(r, v128.load(inverse + at))
      v128.store(product + at, z)
      next = f32x4.relaxed_madd(r, z, next)
    }
    const nextSlope = f32x4.extract_lane(next, 0) + f32x4.extract_lane(next, 1) + f32x4.extract_lane(next, 2) + f32x4.extract_lane(next, 3)
    const keep = f32x4.splat(nextSlope / slope)
    for (let at: usize = 0; at < bytes; at += 16)
      v128.store(direction + at, f32x4.relaxed_madd(keep, v128.load(direction + at), v128.load(product + at)))
    slope = nextSlope
  }
  return observed
}

/**
 * Task t: solves rows firstRow + t × blockRows and on. losses[t] (double) = Σ c (1 - h · w)² of the rows before their first step.
 * @param scratch 5 × F floats a thread
 */
export function conjugateGradientTasks(
  thread: i32,
  counter: usize,
  tasks: i32,
  blockRows: i32,
  firstRow: i32,
  endRow: i32,
  solved: usize,
  others: usize,
  offsets: usize,
  positions: usize,
  weights: usize,
  penalties: usize,
  diagonal: usize,
  meanSquares: usize,
  stride: i32,
  steps: i32,
  losses: usize,
  scratch: usize,
): void {
  const bytes = (<usize>stride) << 2
  const own = scratch + <usize>thread * 5 * bytes
  for (let task = nextTask(counter); task < tasks; task = nextTask(counter)) {
    const begin = firstRow + task * blockRows
    const end = min(begin + blockRows, endRow)
    let loss: f64 = 0
    for (let row = begin; row < end; row++) {
      const w = solved + <usize>row * bytes
      const penalty = load<f32>(penalties + ((<usize>row) << 2))
      if (penalty < 0) {
        memory.fill(w, 0, bytes)
        continue
      }
      const first = load<u32>(offsets + ((<usize>row) << 2))
      const last = load<u32>(offsets + ((<usize>row) << 2), 4)
      loss += <f64>conjugateGradients(w, others, positions, weights, first, last, penalty, diagonal, meanSquares, bytes, steps, own)
    }
    store<f64>(losses + ((<usize>task) << 3), loss)
  }
}

/** Rows of the other side that are gathered at a time. */
const gatheredRows: i32 = 32

/** Floats of a row that are worked on at a time: four vectors. */
const columnsAtOnce: i32 = 16

/**
 * system ← U, its Cholesky factor: A = Uᵀ U (upper triangle, row-major, in place; a pivot that is not positive becomes not a number). Row j is
 * what is left of A's when the products with the rows above it are gone, over the root of its first: all along the rows, as they lie.
 */
function factorize(system: usize, stride: i32): void {
  const bytes = (<usize>stride) << 2
  for (let j = 0; j < stride; j++) {
    const row = system + <usize>j * bytes
    const diagonal = (<usize>j) << 2
    let pivots = f32x4.splat(0)
    // The block of the diagonal begins a little before it; what lies there is below the diagonal, and read by nobody.
    for (let column = j & ~(columnsAtOnce - 1); column < stride; column += columnsAtOnce) {
      const place = row + ((<usize>column) << 2)
      const isWhole = column + columnsAtOnce <= stride
      let a0 = v128.load(place)
      let a1 = v128.load(place, 16)
      let a2 = a0
      let a3 = a0
      let above = system + ((<usize>column) << 2)
      let factor = system + diagonal
      if (isWhole) {
        a2 = v128.load(place, 32)
        a3 = v128.load(place, 48)
        for (; above < place; above += bytes, factor += bytes) {
          const u = v128.load32_splat(factor)
          a0 = f32x4.relaxed_nmadd(u, v128.load(above), a0)
          a1 = f32x4.relaxed_nmadd(u, v128.load(above, 16), a1)
          a2 = f32x4.relaxed_nmadd(u, v128.load(above, 32), a2)
          a3 = f32x4.relaxed_nmadd(u, v128.load(above, 48), a3)
        }
      } else
        for (; above < place; above += bytes, factor += bytes) {
          const u = v128.load32_splat(factor)
          a0 = f32x4.relaxed_nmadd(u, v128.load(above), a0)
          a1 = f32x4.relaxed_nmadd(u, v128.load(above, 16), a1)
        }
      if (column <= j) {
        v128.store(place, a0)
        v128.store(place, a1, 16)
        if (isWhole) {
          v128.store(place, a2, 32)
          v128.store(place, a3, 48)
        }
        pivots = f32x4.splat(sqrt<f32>(load<f32>(row + diagonal)))
      }
      v128.store(place, f32x4.div(a0, pivots))
      v128.store(place, f32x4.div(a1, pivots), 16)
      if (!isWhole) continue
      v128.store(place, f32x4.div(a2, pivots), 32)
      v128.store(place, f32x4.div(a3, pivots), 48)
    }
  }
}

/** Solves Uᵀ U x = b in place of b. */
function substitute(factor: usize, b: usize, stride: i32): void {
  const bytes = (<usize>stride) << 2
  for (let f = 0; f < stride; f++) {
    const row = factor + <usize>f * bytes
    const own = (<usize>f) << 2
    const x = load<f32>(b + own) / load<f32>(row + own)
    store<f32>(b + own, x)
    const xs = f32x4.splat(x)
    const aligned = (own + 4 + 15) & ~15
    for (let at = own + 4; at < aligned; at += 4) store<f32>(b + at, load<f32>(b + at) - x * load<f32>(row + at))
    for (let at = aligned; at < bytes; at += 16) v128.store(b + at, f32x4.relaxed_nmadd(xs, v128.load(row + at), v128.load(b + at)))
  }
  for (let f = stride - 1; f >= 0; f--) {
    const row = factor + <usize>f * bytes
    const own = (<usize>f) << 2
    const aligned = (own + 4 + 15) & ~15
    let sums = f32x4.splat(0)
    for (let at = aligned; at < bytes; at += 16) sums = f32x4.relaxed_madd(v128.load(row + at), v128.load(b + at), sums)
    let sum = sumOfLanes(sums)
    for (let at = own + 4; at < aligned; at += 4) sum += load<f32>(row + at) * load<f32>(b + at)
    store<f32>(b + own, (load<f32>(b + own) - sum) / load<f32>(row + own))
  }
}

/**
 * The same by making A and factorising it: to the end, at O(pairs × F² / 2 + F³ / 6) a row.
 * @param gram a HᵀH, F × F floats, upper triangle; the padding has 1 on its diagonal
 * @param scratch F × F + 32 × F floats a thread
 */
export function choleskyTasks(
  thread: i32,
  counter: usize,
  tasks: i32,
  blockRows: i32,
  firstRow: i32,
  endRow: i32,
  solved: usize,
  others: usize,
  offsets: usize,
  positions: usize,
  weights: usize,
  penalties: usize,
  gram: usize,
  stride: i32,
  losses: usize,
  scratch: usize,
): void {
  const bytes = (<usize>stride) << 2
  const square = <usize>stride * bytes
  const system = scratch + <usize>thread * (square + <usize>gatheredRows * bytes)
  const gathered = system + square
  for (let task = nextTask(counter); task < tasks; task = nextTask(counter)) {
    const begin = firstRow + task * blockRows
    const end = min(begin + blockRows, endRow)
    let loss: f64 = 0
    for (let row = begin; row < end; row++) {
      const w = solved + <usize>row * bytes
      const penalty = load<f32>(penalties + ((<usize>row) << 2))
      if (penalty < 0) {
        memory.fill(w, 0, bytes)
        continue
      }
      memory.copy(system, gram, square)
      for (let f = 0; f < stride; f++) {
        const place = system + <usize>f * (bytes + 4)
        store<f32>(place, load<f32>(place) + penalty)
      }
      const last = <i32>load<u32>(offsets + ((<usize>row) << 2), 4)
      const first = <i32>load<u32>(offsets + ((<usize>row) << 2))
      for (let pair = first; pair < last; pair += gatheredRows) {
        const count = min(gatheredRows, last - pair)
        for (let n = 0; n < count; n++) {
          const h = others + <usize>load<u32>(positions + ((<usize>(pair + n)) << 2)) * bytes
          const weight = load<f32>(weights + ((<usize>(pair + n)) << 2))
          const error: f32 = 1 - dot(h, w, bytes)
          loss += <f64>(weight * error * error)
          const root = f32x4.splat(sqrt<f32>(weight))
          const copy = gathered + <usize>n * bytes
          for (let at: usize = 0; at < bytes; at += 16) v128.store(copy + at, f32x4.mul(root, v128.load(h + at)))
        }
        addOuterProducts(system, gathered, count, stride)
      }
      memory.fill(w, 0, bytes)
      for (let pair = first; pair < last; pair++) {
        const h = others + <usize>load<u32>(positions + ((<usize>pair) << 2)) * bytes
        const weight = f32x4.splat(load<f32>(weights + ((<usize>pair) << 2)))
        for (let at: usize = 0; at < bytes; at += 16) v128.store(w + at, f32x4.relaxed_madd(weight, v128.load(h + at), v128.load(w + at)))
      }
      factorize(system, stride)
      substitute(system, w, stride)
    }
    store<f64>(losses + ((<usize>task) << 3), loss)
  }
}

/** Items whose scores are taken apart at a time: four vectors. */
const targetsAtOnce: usize = 16

/** Solves Uᵀ U X = B in place of B, `stride` rows of 16 floats. */
function substituteMany(factor: usize, b: usize, stride: i32): void {
  const bytes = (<usize>stride) << 2
  const end = b + ((<usize>stride) << 6)
  for (let place = b, column = factor; place < end; place += 64, column += 4) {
    let x0 = v128.load(place)
    let x1 = v128.load(place, 16)
    let x2 = v128.load(place, 32)
    let x3 = v128.load(place, 48)
    let at = column
    for (let above = b; above < place; above += 64, at += bytes) {
      const u = v128.load32_splat(at)
      x0 = f32x4.relaxed_nmadd(u, v128.load(above), x0)
      x1 = f32x4.relaxed_nmadd(u, v128.load(above, 16), x1)
      x2 = f32x4.relaxed_nmadd(u, v128.load(above, 32), x2)
      x3 = f32x4.relaxed_nmadd(u, v128.load(above, 48), x3)
    }
    const pivot = v128.load32_splat(at)
    v128.store(place, f32x4.div(x0, pivot))
    v128.store(place, f32x4.div(x1, pivot), 16)
    v128.store(place, f32x4.div(x2, pivot), 32)
    v128.store(place, f32x4.div(x3, pivot), 48)
  }
  for (let f = stride - 1; f >= 0; f--) {
    const place = b + ((<usize>f) << 6)
    const diagonal = factor + <usize>f * (bytes + 4)
    let x0 = v128.load(place)
    let x1 = v128.load(place, 16)
    let x2 = v128.load(place, 32)
    let x3 = v128.load(place, 48)
    let at = diagonal + 4
    for (let below = place + 64; below < end; below += 64, at += 4) {
      const u = v128.load32_splat(at)
      x0 = f32x4.relaxed_nmadd(u, v128.load(below), x0)
      x1 = f32x4.relaxed_nmadd(u, v128.load(below, 16), x1)
      x2 = f32x4.relaxed_nmadd(u, v128.load(below, 32), x2)
      x3 = f32x4.relaxed_nmadd(u, v128.load(below, 48), x3)
    }
    const pivot = v128.load32_splat(diagonal)
    v128.store(place, f32x4.div(x0, pivot))
    v128.store(place, f32x4.div(x1, pivot), 16)
    v128.store(place, f32x4.div(x2, pivot), 32)
    v128.store(place, f32x4.div(x3, pivot), 48)
  }
}

/**
 * What each pair of a history adds to the scores of at most 16 items t: out[t × count + n] = c_n h_nᵀ A⁻¹ h_t.
 * @param targets positions of the items
 * @param factor A's Cholesky factor, as `choleskyTasks` leaves it at the beginning of a thread's scratch memory
 * @param solutions 16 × (F + 1) floats of scratch memory
 */
export function contributions(
  thread: i32,
  targets: usize,
  targetCount: i32,
  factor: usize,
  others: usize,
  positions: usize,
  weights: usize,
  count: i32,
  stride: i32,
  solutions: usize,
  out: usize,
): void {
  const bytes = (<usize>stride) << 2
  memory.fill(solutions, 0, targetsAtOnce * bytes)
  for (let t: usize = 0; t < <usize>targetCount; t++) {
    const row = others + <usize>load<u32>(targets + (t << 2)) * bytes
    for (let at: usize = 0; at < bytes; at += 4) store<f32>(solutions + at * targetsAtOnce + (t << 2), load<f32>(row + at))
  }
  substituteMany(factor, solutions, stride)
  for (let n: usize = 0; n < <usize>count; n++) {
    const row = others + <usize>load<u32>(positions + (n << 2)) * bytes
    let s0 = f32x4.splat(0)
    let s1 = s0
    let s2 = s0
    let s3 = s0
    let place = solutions
    for (let at = row; at < row + bytes; at += 4, place += 64) {
      const h = v128.load32_splat(at)
      s0 = f32x4.relaxed_madd(h, v128.load(place), s0)
      s1 = f32x4.relaxed_madd(h, v128.load(place, 16), s1)
      s2 = f32x4.relaxed_madd(h, v128.load(place, 32), s2)
      s3 = f32x4.relaxed_madd(h, v128.load(place, 48), s3)
    }
    const c = v128.load32_splat(weights + (n << 2))
    const sums = solutions + targetsAtOnce * bytes
    v128.store(sums, f32x4.mul(c, s0))
    v128.store(sums, f32x4.mul(c, s1), 16)
    v128.store(sums, f32x4.mul(c, s2), 32)
    v128.store(sums, f32x4.mul(c, s3), 48)
    for (let t: usize = 0; t < <usize>targetCount; t++) store<f32>(out + ((t * <usize>count + n) << 2), load<f32>(sums + (t << 2)))
  }
}
