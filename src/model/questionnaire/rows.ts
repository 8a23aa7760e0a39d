/** Answered questionnaires in memory, and the parts that training and evaluation take of them. */
import { MatineeError } from '../../contracts/errors.ts'
import { permutation, Random } from '../random/random.ts'

export interface Rows {
  /** The number of each row's form. */
  readonly numbers: Uint32Array
  readonly labels: Uint8Array
}

/** Places of rows. `sample` is the beginning of `train`. */
export interface RowSplit {
  readonly train: Uint32Array
  readonly sample: Uint32Array
  readonly test: Uint32Array
}

/** The neighbours' sample is the first rows of the training part, so many at most. */
export const mostSampleRows = 100_000
const testShare = 10

/**
 * Shuffles, and sets the last tenth, rounded up, apart as the test. The order is Fisher's and Yates's by xoshiro128** from the
 * seed (random.ts): the same number of rows and seed give the same parts on every machine.
 * @throws MatineeError `no_training_data` where no row is left to train on.
 */
export function splitRows(count: number, seed: number): RowSplit {
  const testRows = Math.ceil(count / testShare)
  if (testRows >= count)
    throw new MatineeError('no_training_data', `${count} answered questionnaires leave none to train on; import at least 2`)
  const order = permutation(count, Random.seeded(seed))
  const train = order.subarray(0, count - testRows)
  return { train, sample: train.subarray(0, mostSampleRows), test: order.subarray(count - testRows) }
}

export const firstRows = ({ numbers, labels }: Rows, count: number): Rows => ({
  numbers: numbers.subarray(0, count),
  labels: labels.subarray(0, count),
})

/** Those at the given places, in their order. */
export function pick({ numbers, labels }: Rows, places: Uint32Array): Rows {
  return {
    numbers: places.map((place) => numbers[place] as number),
    labels: Uint8Array.from(places, (place) => labels[place] as number),
  }
}
