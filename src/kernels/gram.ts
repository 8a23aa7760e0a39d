/** Sums of outer products, and a change of basis. F is the stride of the rows: factors, rounded up to a multiple of 8. */
import { nextTask, sumOfLanes } from './vectors'

/** Rows that are taken at a time: with 64 factors, 16 KiB, half a first-level cache. */
const chunkRows: i32 = 64

/**
 * sums += Σ x xᵀ over `count` rows x of `stride` floats, for the upper triangle in tiles of 4 × 8 (so a little below the diagonal too).
 * Sums are single here: callers keep the counts small, or add them up in double.
 */
export function addOuterProducts(sums: usize, rows: usize, count: i32, stride: i32): void {
  const bytes = (<usize>stride) << 2
  const end = rows + <usize>count * bytes
  for (let f = 0; f < stride; f += 4) {
    for (let g = f & ~7; g < stride; g += 8) {
      const left = (<usize>f) << 2
      const right = (<usize>g) << 2
      const tile = sums + <usize>f * bytes + right
      let a0 = v128.load(tile)
      let a1 = v128.load(tile, 16)
      let b0 = v128.load(tile + bytes)
      let b1 = v128.load(tile + bytes, 16)
      let c0 = v128.load(tile + 2 * bytes)
      let c1 = v128.load(tile + 2 * bytes, 16)
      let d0 = v128.load(tile + 3 * bytes)
      let d1 = v128.load(tile + 3 * bytes, 16)
      for (let row = rows; row < end; row += bytes) {
        const r0 = v128.load(row + right)
        const r1 = v128.load(row + right, 16)
        const a = v128.load32_splat(row + left)
        a0 = f32x4.relaxed_madd(a, r0, a0)
        a1 = f32x4.relaxed_madd(a, r1, a1)
        const b = v128.load32_splat(row + left, 4)
        b0 = f32x4.relaxed_madd(b, r0, b0)
        b1 = f32x4.relaxed_madd(b, r1, b1)
        const c = v128.load32_splat(row + left, 8)
        c0 = f32x4.relaxed_madd(c, r0, c0)
        c1 = f32x4.relaxed_madd(c, r1, c1)
        const d = v128.load32_splat(row + left, 12)
        d0 = f32x4.relaxed_madd(d, r0, d0)
        d1 = f32x4.relaxed_madd(d, r1, d1)
      }
      v128.store(tile, a0)
      v128.store(tile, a1, 16)
      v128.store(tile + bytes, b0)
      v128.store(tile + bytes, b1, 16)
      v128.store(tile + 2 * bytes, c0)
      v128.store(tile + 2 * bytes, c1, 16)
      v128.store(tile + 3 * bytes, d0)
      v128.store(tile + 3 * bytes, d1, 16)
    }
  }
}

/**
 * Task t: out[t] = Σ x xᵀ over its share of the rows, in double (F × F, upper triangle). Chunks are summed in single.
 * @param scratch F × F floats a thread
 */
export function gramTasks(
  thread: i32,
  counter: usize,
  tasks: i32,
  rows: usize,
  rowCount: i32,
  stride: i32,
  out: usize,
  scratch: usize,
): void {
  const bytes = (<usize>stride) << 2
  const square = <usize>stride * bytes
  const sums = scratch + <usize>thread * square
  for (let task = nextTask(counter); task < tasks; task = nextTask(counter)) {
    const total = out + <usize>task * 2 * square
    memory.fill(total, 0, 2 * square)
    const end = <i32>((<i64>rowCount * (task + 1)) / tasks)
    for (let row = <i32>((<i64>rowCount * task) / tasks); row < end; row += chunkRows) {
      memory.fill(sums, 0, square)
      addOuterProducts(sums, rows + <usize>row * bytes, min(chunkRows, end - row), stride)
      for (let at: usize = 0; at < square; at += 16) {
        const value = v128.load(sums + at)
        const place = total + 2 * at
        v128.store(place, f64x2.add(v128.load(place), f64x2.promote_low_f32x4(value)))
        const high = f64x2.promote_low_f32x4(v128.shuffle<f32>(value, value, 2, 3, 2, 3))
        v128.store(place, f64x2.add(v128.load(place, 16), high), 16)
      }
    }
  }
}

/**
 * Task t: x ← Qᵀ x for its block of rows x.
 * @param basis Q, F × F floats, row-major
 * @param scratch 4 × F floats a thread
 */
export function rotateTasks(
  thread: i32,
  counter: usize,
  tasks: i32,
  rows: usize,
  rowCount: i32,
  stride: i32,
  basis: usize,
  scratch: usize,
): void {
  const bytes = (<usize>stride) << 2
  const copies = scratch + <usize>thread * 4 * bytes
  for (let task = nextTask(counter); task < tasks; task = nextTask(counter)) {
    const end = <i32>((<i64>rowCount * (task + 1)) / tasks)
    for (let row = <i32>((<i64>rowCount * task) / tasks); row < end; row += 4) {
      const four = rows + <usize>row * bytes
      const count = min(4, end - row)
      memory.copy(copies, four, <usize>count * bytes)
      for (let g: usize = 0; g < bytes; g += 32) {
        let a0 = f32x4.splat(0)
        let a1 = a0
        let b0 = a0
        let b1 = a0
        let c0 = a0
        let c1 = a0
        let d0 = a0
        let d1 = a0
        let place = basis + g
        const stop = copies + bytes
        for (let at = copies; at < stop; at += 4, place += bytes) {
          const q0 = v128.load(place)
          const q1 = v128.load(place, 16)
          const a = v128.load32_splat(at)
          a0 = f32x4.relaxed_madd(a, q0, a0)
          a1 = f32x4.relaxed_madd(a, q1, a1)
          const b = v128.load32_splat(at + bytes)
          b0 = f32x4.relaxed_madd(b, q0, b0)
          b1 = f32x4.relaxed_madd(b, q1, b1)
          const c = v128.load32_splat(at + 2 * bytes)
          c0 = f32x4.relaxed_madd(c, q0, c0)
          c1 = f32x4.relaxed_madd(c, q1, c1)
          const d = v128.load32_splat(at + 3 * bytes)
          d0 = f32x4.relaxed_madd(d, q0, d0)
          d1 = f32x4.relaxed_madd(d, q1, d1)
        }
        const out = four + g
        v128.store(out, a0)
        v128.store(out, a1, 16)
        if (count < 2) continue
        v128.store(out + bytes, b0)
        v128.store(out + bytes, b1, 16)
        if (count < 3) continue
        v128.store(out + 2 * bytes, c0)
        v128.store(out + 2 * bytes, c1, 16)
        if (count < 4) continue
        v128.store(out + 3 * bytes, d0)
        v128.store(out + 3 * bytes, d1, 16)
      }
    }
  }
}

/**
 * Task t, over its share of the rows x with a coefficient each: out[t] = Σ penalty |x|² (double, then 8 bytes unused), then the
 * F floats Σ weight x² (elementwise).
 */
export function squareTasks(
  thread: i32,
  counter: usize,
  tasks: i32,
  rows: usize,
  rowCount: i32,
  stride: i32,
  weights: usize,
  penalties: usize,
  out: usize,
): void {
  const bytes = (<usize>stride) << 2
  for (let task = nextTask(counter); task < tasks; task = nextTask(counter)) {
    const result = out + <usize>task * (bytes + 16)
    const squares = result + 16
    memory.fill(result, 0, bytes + 16)
    let penalty: f64 = 0
    const end = <i32>((<i64>rowCount * (task + 1)) / tasks)
    for (let row = <i32>((<i64>rowCount * task) / tasks); row < end; row++) {
      const x = rows + <usize>row * bytes
      const weight = f32x4.splat(load<f32>(weights + ((<usize>row) << 2)))
      let sum = f32x4.splat(0)
      for (let at: usize = 0; at < bytes; at += 16) {
        const value = v128.load(x + at)
        const square = f32x4.mul(value, value)
        sum = f32x4.add(sum, square)
        v128.store(squares + at, f32x4.relaxed_madd(weight, square, v128.load(squares + at)))
      }
      // A row without pairs has penalty -1 and is 0.
      penalty += <f64>load<f32>(penalties + ((<usize>row) << 2)) * <f64>sumOfLanes(sum)
    }
    store<f64>(result, penalty)
  }
}
