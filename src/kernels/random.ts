/** The generator of src/model/random/random.ts (xoshiro128**): four words of state, in 16 bytes of memory between uses. */

/** State of the generator; each thread has its own instance of this module, and so its own. */
let s0: u32 = 0
let s1: u32 = 0
let s2: u32 = 0
let s3: u32 = 0

export function loadGenerator(at: usize): void {
  s0 = load<u32>(at)
  s1 = load<u32>(at, 4)
  s2 = load<u32>(at, 8)
  s3 = load<u32>(at, 12)
}

export function storeGenerator(at: usize): void {
  store<u32>(at, s0)
  store<u32>(at, s1, 4)
  store<u32>(at, s2, 8)
  store<u32>(at, s3, 12)
}

/** Uniform 0 .. bound - 1 by multiplication; uneven by less than bound / 2^32. */
export function below(bound: u32): u32 {
  const word = rotl<u32>(s1 * 5, 7) * 9
  const t = s1 << 9
  s2 ^= s0
  s3 ^= s1
  s1 ^= s2
  s0 ^= s3
  s2 ^= t
  s3 = rotl<u32>(s3, 11)
  return <u32>((<u64>word * <u64>bound) >> 32)
}
