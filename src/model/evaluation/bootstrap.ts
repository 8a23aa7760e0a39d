/**
 * How sure a difference between two candidates is: the paired bootstrap over users (Efron and Tibshirani, "An Introduction to
 * the Bootstrap", 1993, chapters 13 and 16; Sakai, SIGIR 2006, for ranking metrics).
 *
 *   x_uc   the value of user u under candidate and metric c (a column), n users
 *   d_ab = (Σ_u x_ua - Σ_u x_ub) / n
 *
 * A resample draws n users with replacement and takes each drawn user's values of all columns together, so that what makes a
 * user easy or hard for every candidate cancels in the difference. The interval is the percentile one: the quantiles
 * (1 - level) / 2 and (1 + level) / 2 of the differences in the resamples, interpolated linearly. For means it is as good as the
 * corrected forms from a few dozen users on; below that every form is too narrow.
 *
 * | notation | here        | meaning                                                                |
 * |----------|-------------|------------------------------------------------------------------------|
 * | x        | `columns`   | an array a column, one finite value a user, in the same order of users |
 * | draws    | `#counts`   | how often each user is in the resample under way                       |
 * | means    | `#means`    | an array a column, its mean in each resample                           |
 *
 * Time O(resamples × users × columns), memory O(users + resamples × columns) beside the columns. All columns share their draws:
 * the interval of one pair does not depend on which other columns there are, and equal columns have equal sums, so that their
 * difference and both ends of its interval are exactly 0. Sums in double precision, in the order of the users.
 */
import { MatineeError } from '../../contracts/errors.ts'
import { Random } from '../random/random.ts'

/** Work between two answers of `advance`, in values added: some tens of milliseconds. */
const batchWork = 8e6
/** Drawing a user costs about as much as adding this many values. */
const drawWork = 12

export interface BootstrapOptions {
  readonly seed: number
  readonly resamples: number
  /** Share of the resamples that an interval holds, above 0 and below 1. */
  readonly level: number
}

export interface Difference {
  /** Of the means over all users. */
  readonly difference: number
  readonly low: number
  readonly high: number
}

export class PairedBootstrap {
  readonly #columns: readonly Float64Array[]
  readonly #options: BootstrapOptions
  readonly #random: Random
  readonly #counts: Uint32Array
  readonly #means: readonly Float64Array[]
  #done = 0

  /** @throws MatineeError `internal` where there is no user, columns differ in length, or an option is out of its range. */
  constructor(columns: readonly Float64Array[], options: BootstrapOptions) {
    const { resamples, level } = options
    const userCount = columns[0]?.length ?? 0
    if (userCount === 0 || columns.some(({ length }) => length !== userCount))
      throw new MatineeError(
        'internal',
        `bootstrap: got columns of [${columns.map(({ length }) => length).join(', ')}], expected one length from 1`,
      )
    if (!Number.isInteger(resamples) || resamples < 1 || !(level > 0 && level < 1))
      throw new MatineeError('internal', `bootstrap: got ${resamples} resamples at level ${level}, expected at least one, between 0 and 1`)
    this.#columns = columns
    this.#options = options
    this.#random = Random.seeded(options.seed)
    this.#counts = new Uint32Array(userCount)
    this.#means = columns.map(() => new Float64Array(resamples))
  }

  /** Draws a bounded batch of resamples and answers the share that is done, 0 to 1. */
  advance(): number {
    const { resamples } = this.#options
    const batch = Math.max(1, Math.floor(batchWork / (this.#counts.length * (this.#columns.length + drawWork))))
    const end = Math.min(resamples, this.#done + batch)
    for (; this.#done < end; this.#done++) {
      drawUsers(this.#counts, this.#random)
      for (let column = 0; column < this.#means.length; column += 4) this.#writeMeans(column)
    }
    return this.#done / resamples
  }

  /**
   * The mean of column `a` less that of column `b`, with its interval. Only after `advance` has answered 1.
   * @throws MatineeError `internal` before that, or where there is no such column.
   */
  difference(a: number, b: number): Difference {
    const { resamples, level } = this.#options
    const [meansOfA, meansOfB] = [this.#means[a], this.#means[b]]
    if (this.#done < resamples || meansOfA === undefined || meansOfB === undefined)
      throw new MatineeError('internal', `bootstrap: columns ${a} and ${b} were asked for after ${this.#done} of ${resamples} resamples`)
    const differences = meansOfA.map((mean, resample) => mean - (meansOfB[resample] as number)).toSorted()
    this.#counts.fill(1)
    return {
      difference: this.#meanOf(a) - this.#meanOf(b),
      low: quantile(differences, (1 - level) / 2),
      high: quantile(differences, (1 + level) / 2),
    }
  }

  /**
   * Of the resample under way, the means of four columns from this one on (of those that there are). Each is summed in the order of the
   * users, as `#meanOf` does it; four sums side by side do not wait for each other.
   */
  #writeMeans(first: number): void {
    const counts = this.#counts
    const last = this.#columns.length - 1
    const a = this.#columns[first] as Float64Array
    const b = this.#columns[Math.min(first + 1, last)] as Float64Array
    const c = this.#columns[Math.min(first + 2, last)] as Float64Array
    const d = this.#columns[Math.min(first + 3, last)] as Float64Array
    let [sumA, sumB, sumC, sumD] = [0, 0, 0, 0]
    for (let user = 0; user < counts.length; user++) {
      const count = counts[user] as number
      sumA += count * (a[user] as number)
      sumB += count * (b[user] as number)
      sumC += count * (c[user] as number)
      sumD += count * (d[user] as number)
    }
    for (const [n, sum] of [sumA, sumB, sumC, sumD].entries()) {
      const means = this.#means[first + n]
      if (means !== undefined) means[this.#done] = sum / counts.length
    }
  }

  /** Each user as often as counted. */
  #meanOf(column: number): number {
    const counts = this.#counts
    const values = this.#columns[column] as Float64Array
    let sum = 0
    for (let user = 0; user < counts.length; user++) sum += (counts[user] as number) * (values[user] as number)
    return sum / counts.length
  }
}

/** Draws as many users as there are, with replacement, and writes how often each was drawn. */
function drawUsers(counts: Uint32Array, random: Random): void {
  counts.fill(0)
  for (let n = 0; n < counts.length; n++) {
    const user = random.below(counts.length)
    counts[user] = (counts[user] as number) + 1
  }
}

/** Linear interpolation between the order statistics around share × (length - 1). @param sorted ascending, at least one. */
function quantile(sorted: Float64Array, share: number): number {
  const position = share * (sorted.length - 1)
  const below = Math.floor(position)
  const low = sorted[below] as number
  const high = sorted[Math.min(below + 1, sorted.length - 1)] as number
  return low + (position - below) * (high - low)
}
