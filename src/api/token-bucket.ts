/** So much at once, and so much a second after that, for each caller. */
import { MatineeError } from '../contracts/errors.ts'
import type { Clock } from '../contracts/ports.ts'

export interface Rate {
  readonly perSecond: number
  /** What a caller who has been silent may do at once. */
  readonly burst: number
}

/** Callers remembered; beyond them those with full buckets are forgotten, which changes nothing. */
const callersAtMost = 10_000

export class TokenBuckets {
  readonly #rate: Rate
  readonly #clock: Clock
  readonly #buckets = new Map<string, { tokens: number; atMs: number }>()

  constructor(rate: Rate, clock: Clock) {
    this.#rate = rate
    this.#clock = clock
  }

  /** Seconds to wait where there is not enough for `cost`; 0 and taken where there is. `cost` is at most the burst. */
  take(caller: string, cost: number): number {
    const now = this.#clock.now()
    const { perSecond, burst } = this.#rate
    const bucket = this.#buckets.get(caller) ?? { tokens: burst, atMs: now }
    bucket.tokens = Math.min(burst, bucket.tokens + (Math.max(0, now - bucket.atMs) / 1000) * perSecond)
    bucket.atMs = now
    if (!this.#buckets.has(caller)) {
      if (this.#buckets.size >= callersAtMost) this.#forgetFull(now)
      this.#buckets.set(caller, bucket)
    }
    if (bucket.tokens < cost) return (cost - bucket.tokens) / perSecond
    bucket.tokens -= cost
    return 0
  }

  #forgetFull(now: number): void {
    const { perSecond, burst } = this.#rate
    for (const [caller, { tokens, atMs }] of this.#buckets)
      if (tokens + ((now - atMs) / 1000) * perSecond >= burst) this.#buckets.delete(caller)
  }
}

/** @param seconds what `take` answered, above 0 */
export const rateLimited = (seconds: number, what: string): MatineeError =>
  new MatineeError('rate_limited', `${what}; go on in ${Math.ceil(seconds)} s`, { details: { retryAfterSeconds: Math.ceil(seconds) } })
