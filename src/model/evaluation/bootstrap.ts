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
 * | notation | here      | meaning                                                                |
 * |----------|-----------|------------------------------------------------------------------------|
 * | x        | `columns` | an array a column, one finite value a user, in the same order of users |
 * | means    | `#means`  | a row a resample, the mean of each column in it                        |
 *
 * Time O(resamples × users × columns), memory O(users × columns + resamples × columns). Each resample has a random stream of its own, which
 * all columns share: the interval of one pair depends neither on which other columns there are nor on the number of threads, and equal
 * columns have equal sums, so that their difference and both ends of its interval are exactly 0. Sums in double precision, in the order of
 * the users (src/kernels/bootstrap.ts).
 */
import { MatineeError } from '../../contracts/errors.ts'
import { callersThread, type KernelThreads } from '../kernels/kernels.ts'
import { doublesAt, MemoryPlan, wordsAt } from '../kernels/memory.ts'
import { Random } from '../random/random.ts'

/** Of a generator's state. */
const generatorBytes = 16
/** Work between two answers of `advance`, in values added: some tens of milliseconds. */
const batchWork = 2e7
/** Drawing a user costs about as much as adding this many values. */
const drawWork = 12
/** Columns that the kernel adds up together. */
const columnsTogether = 4

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
  readonly #threads: KernelThreads
  readonly #users: number
  readonly #memory: WebAssembly.Memory
  readonly #at: Readonly<Record<'counter' | 'values' | 'counts' | 'generators' | 'means', number>>
  /** Of a row of values or means; those beyond the columns are 0. */
  readonly #width: number
  readonly #means: Float64Array
  #done = 0

  /** @throws MatineeError `internal` where there is no user, columns differ in length, or an option is out of its range. */
  constructor(columns: readonly Float64Array[], options: BootstrapOptions, threads: KernelThreads = callersThread) {
    const { seed, resamples, level } = options
    const users = columns[0]?.length ?? 0
    if (users === 0 || columns.some(({ length }) => length !== users))
      throw new MatineeError(
        'internal',
        `bootstrap: got columns of [${columns.map(({ length }) => length).join(', ')}], expected one length from 1`,
      )
    if (!Number.isInteger(resamples) || resamples < 1 || !(level > 0 && level < 1))
      throw new MatineeError('internal', `bootstrap: got ${resamples} resamples at level ${level}, expected at least one, between 0 and 1`)
    this.#columns = columns
    this.#options = options
    this.#threads = threads
    this.#users = users
    const width = Math.ceil(columns.length / columnsTogether) * columnsTogether
    this.#width = width
    const plan = new MemoryPlan()
    this.#at = {
      counter: plan.takeWords(1),
      values: plan.take(8 * users * width),
      counts: plan.takeWords(threads.count * users),
      generators: plan.take(generatorBytes * resamples),
      means: plan.take(8 * resamples * width),
    }
    this.#memory = plan.create()
    const values = doublesAt(this.#memory, this.#at.values, users * width)
    for (const [c, column] of columns.entries()) for (let user = 0; user < users; user++) values[user * width + c] = column[user] as number
    const generators = wordsAt(this.#memory, this.#at.generators, 4 * resamples)
    for (let resample = 0; resample < resamples; resample++) generators.set(Random.seeded(seed, resample).state(), 4 * resample)
    this.#means = doublesAt(this.#memory, this.#at.means, resamples * width)
  }

  /** Draws a bounded batch of resamples and answers the share that is done, 0 to 1. */
  advance(): number {
    const { resamples } = this.#options
    const { counter, values, counts, generators, means } = this.#at
    const batch = Math.max(this.#threads.count, Math.floor(batchWork / (this.#users * (this.#width + drawWork))))
    const tasks = Math.min(resamples - this.#done, batch)
    wordsAt(this.#memory, counter, 1)[0] = 0
    this.#threads.run(this.#memory, 'resampleTasks', [
      counter,
      tasks,
      this.#users,
      this.#width,
      values,
      counts,
      generators + generatorBytes * this.#done,
      means + 8 * this.#width * this.#done,
    ])
    this.#done += tasks
    return this.#done / resamples
  }

  /**
   * The mean of column `a` less that of column `b`, with its interval. Only after `advance` has answered 1.
   * @throws MatineeError `internal` before that, or where there is no such column.
   */
  difference(a: number, b: number): Difference {
    const { resamples, level } = this.#options
    const [valuesOfA, valuesOfB] = [this.#columns[a], this.#columns[b]]
    if (this.#done < resamples || valuesOfA === undefined || valuesOfB === undefined)
      throw new MatineeError('internal', `bootstrap: columns ${a} and ${b} were asked for after ${this.#done} of ${resamples} resamples`)
    const differences = Float64Array.from({ length: resamples }, (_, resample) => {
      const row = resample * this.#width
      return (this.#means[row + a] as number) - (this.#means[row + b] as number)
    }).toSorted()
    return {
      difference: meanOf(valuesOfA) - meanOf(valuesOfB),
      low: quantile(differences, (1 - level) / 2),
      high: quantile(differences, (1 + level) / 2),
    }
  }
}

function meanOf(values: Float64Array): number {
  let sum = 0
  for (const value of values) sum += value
  return sum / values.length
}

/** Linear interpolation between the order statistics around share × (length - 1). @param sorted ascending, at least one. */
function quantile(sorted: Float64Array, share: number): number {
  const position = share * (sorted.length - 1)
  const below = Math.floor(position)
  const low = sorted[below] as number
  const high = sorted[Math.min(below + 1, sorted.length - 1)] as number
  return low + (position - below) * (high - low)
}
