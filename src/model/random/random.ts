/**
 * A seeded generator of our own, so that a seed means the same numbers on every machine and in every release.
 *
 * xoshiro128** 1.1 (Blackman and Vigna, "Scrambled linear pseudorandom number generators", 2021): 32-bit words, period
 * 2^128 - 1. Its state is four unsigned 32-bit words, never all zero. Each comes from all of (seed, stream) through
 * splitmix32 (a Weyl step and the finaliser of MurmurHash3), from a start of its own, so that streams of one seed share
 * no structure: each use (initial values, one epoch's order) takes a stream of its own. Not for secrets.
 */
import { MatineeError } from '../../contracts/errors.ts'

const words = 4
const weylStep = 0x9e3779b9 // 2^32 / golden ratio, odd

function mix(word: number): number {
  let x = word
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b)
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35)
  return (x ^ (x >>> 16)) >>> 0
}

const isCount = (value: number, limit: number): boolean => Number.isInteger(value) && value >= 0 && value < limit

export class Random {
  readonly #state: Uint32Array

  private constructor(state: Uint32Array) {
    this.#state = state
  }

  /**
   * @param seed integer, 0 to 2^53 - 1
   * @param stream integer, 0 to 2^32 - 1
   * @throws MatineeError `internal` on anything else.
   */
  static seeded(seed: number, stream = 0): Random {
    if (!Number.isSafeInteger(seed) || seed < 0)
      throw new MatineeError('internal', `random seed: got ${seed}, expected an integer from 0 to 2^53 - 1`)
    if (!isCount(stream, 2 ** 32))
      throw new MatineeError('internal', `random stream: got ${stream}, expected an integer from 0 to 2^32 - 1`)
    const state = new Uint32Array(words)
    for (let i = 0; i < words; i++) {
      let word = mix(Math.imul(weylStep, i + 1))
      for (const input of [seed % 2 ** 32, Math.floor(seed / 2 ** 32), stream]) word = mix((word ^ input) + weylStep)
      state[i] = word
    }
    if (state.every((word) => word === 0)) state[0] = 1
    return new Random(state)
  }

  /** Goes on where `state()` was taken. @throws MatineeError `internal` unless it is four words, not all zero. */
  static fromState(state: Uint32Array): Random {
    if (state.length !== words || state.every((word) => word === 0))
      throw new MatineeError('internal', `random state: got [${state.join(', ')}], expected four 32-bit words, not all zero`)
    return new Random(state.slice())
  }

  /** A copy of the four words. */
  state(): Uint32Array {
    return this.#state.slice()
  }

  /** Uniform integer, 0 to 2^32 - 1. */
  uint32(): number {
    const s = this.#state
    const s0 = s[0] as number
    const s1 = s[1] as number
    const s2 = (s[2] as number) ^ s0
    const s3 = (s[3] as number) ^ s1
    const fives = Math.imul(s1, 5)
    const result = Math.imul((fives << 7) | (fives >>> 25), 9) >>> 0
    s[0] = s0 ^ s3
    s[1] = s1 ^ s2
    s[2] = s2 ^ (s1 << 9)
    s[3] = (s3 << 11) | (s3 >>> 21)
    return result
  }

  /**
   * Uniform integer, 0 to bound - 1, without bias: words beyond the largest multiple of `bound` are drawn again.
   * @param bound integer, 1 to 2^32 - 1; the caller's to keep (this is the innermost call of sampling).
   */
  below(bound: number): number {
    let word = this.uint32()
    // Only the words below 2^32 mod bound need the division; for them the lowest ones are the surplus.
    if (word < bound) {
      const surplus = 2 ** 32 % bound
      while (word < surplus) word = this.uint32()
    }
    // The remainder; a floating division is far faster here, and its quotient exact: both are below 2^32.
    return word - Math.floor(word / bound) * bound
  }

  /** Uniform multiple of 2^-53 in [0, 1). Takes two words. */
  unit(): number {
    const high = this.uint32() >>> 5
    const low = this.uint32() >>> 6
    return (high * 2 ** 26 + low) / 2 ** 53
  }

  /** Normal with mean 0 and variance 1 (polar method; the second value of a pair is not kept, so the state says it all). */
  normal(): number {
    for (;;) {
      const x = 2 * this.unit() - 1
      const y = 2 * this.unit() - 1
      const square = x * x + y * y
      if (square > 0 && square < 1) return x * Math.sqrt((-2 * Math.log(square)) / square)
    }
  }
}

/** Shuffles in place; every order is equally likely (Fisher and Yates; Durstenfeld 1964). Up to 2^32 - 1 entries. */
export function shuffle(values: Uint32Array, random: Random): void {
  for (let last = values.length - 1; last > 0; last--) {
    const other = random.below(last + 1)
    const value = values[last] as number
    values[last] = values[other] as number
    values[other] = value
  }
}

/** The integers 0 to length - 1 in random order. */
export function permutation(length: number, random: Random): Uint32Array {
  const order = new Uint32Array(length)
  for (let n = 0; n < length; n++) order[n] = n
  shuffle(order, random)
  return order
}
