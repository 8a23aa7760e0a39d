/** Vectors of 32-bit floats. Lengths are multiples of 8, padded with zeros; addresses are multiples of 16. */

/** The next task number; threads share the counter at that address. */
export function nextTask(counter: usize): i32 {
  return atomic.add<i32>(counter, 1)
}

/** The sums of the four lanes of each of four vectors. */
export function sumsOfFour(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = f32x4.add(v128.shuffle<f32>(a, b, 0, 1, 4, 5), v128.shuffle<f32>(a, b, 2, 3, 6, 7))
  const cd = f32x4.add(v128.shuffle<f32>(c, d, 0, 1, 4, 5), v128.shuffle<f32>(c, d, 2, 3, 6, 7))
  return f32x4.add(v128.shuffle<f32>(ab, cd, 0, 2, 4, 6), v128.shuffle<f32>(ab, cd, 1, 3, 5, 7))
}

export function sumOfLanes(a: v128): f32 {
  const halves = f32x4.add(a, v128.shuffle<f32>(a, a, 2, 3, 0, 1))
  return f32x4.extract_lane(halves, 0) + f32x4.extract_lane(halves, 1)
}

/** a · b over `bytes` bytes. */
export function dot(a: usize, b: usize, bytes: usize): f32 {
  let even = f32x4.splat(0)
  let odd = f32x4.splat(0)
  for (let at: usize = 0; at < bytes; at += 32) {
    even = f32x4.relaxed_madd(v128.load(a + at), v128.load(b + at), even)
    odd = f32x4.relaxed_madd(v128.load(a + at, 16), v128.load(b + at, 16), odd)
  }
  return sumOfLanes(f32x4.add(even, odd))
}

/** y += scale × x */
export function addScaled(y: usize, scale: f32, x: usize, bytes: usize): void {
  const scales = f32x4.splat(scale)
  for (let at: usize = 0; at < bytes; at += 16) v128.store(y + at, f32x4.relaxed_madd(scales, v128.load(x + at), v128.load(y + at)))
}

/** Largest float below 1e-12. */
const negligible: f32 = 1e-12

/** Sets to 0 what of `count` floats (a multiple of 4) is nearer to it than 1e-12. */
export function dropNegligible(thread: i32, values: usize, count: i32): void {
  const least = f32x4.splat(negligible)
  const end = values + ((<usize>count) << 2)
  for (; values < end; values += 16) {
    const value = v128.load(values)
    v128.store(values, v128.andnot(value, f32x4.le(f32x4.abs(value), least)))
  }
}

/** Whether `count` floats (a multiple of 4) are finite. */
export function allFinite(thread: i32, values: usize, count: i32): bool {
  let faults = i32x4.splat(0)
  const end = values + ((<usize>count) << 2)
  for (; values < end; values += 16) {
    const value = v128.load(values)
    // x - x is 0 for what is finite and not a number for the rest.
    const difference = f32x4.sub(value, value)
    faults = v128.or(faults, f32x4.ne(difference, difference))
  }
  return !v128.any_true(faults)
}
