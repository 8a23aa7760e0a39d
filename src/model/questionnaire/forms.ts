/**
 * All possible entries of a questionnaire, numbered. With `sizes[q]` answers 0 to sizes[q] - 1 to question q, an entry is
 * one number in mixed radix, the first question counting most: there are `sizes[0] × sizes[1] × …` forms.
 * Tables over forms are arrays in that order, so that a step of one answer to question q is a step of `strides[q]`.
 */
import { MatineeError } from '../../contracts/errors.ts'

export interface Forms {
  readonly sizes: readonly number[]
  readonly strides: readonly number[]
  readonly count: number
}

/** @param sizes of at least one question, each at least 1 */
export function formsOf(sizes: readonly number[]): Forms {
  if (sizes.length === 0 || sizes.some((size) => !Number.isSafeInteger(size) || size < 1))
    throw new MatineeError('internal', `forms: got sizes [${sizes.join(', ')}], expected whole numbers from 1`)
  const strides = sizes.map((_, question) => sizes.slice(question + 1).reduce((product, size) => product * size, 1))
  return { sizes, strides, count: sizes.reduce((product, size) => product * size, 1) }
}

/**
 * The number of each row's form.
 * @param answers row-major, one row of `sizes.length` answers after the other
 * @throws MatineeError `store_corrupt` naming a row with an answer that its question does not have.
 */
export function formNumbers({ sizes, strides }: Forms, answers: Uint8Array): Uint32Array {
  const width = sizes.length
  const numbers = new Uint32Array(answers.length / width)
  for (let row = 0, at = 0; row < numbers.length; row++) {
    let number = 0
    for (let question = 0; question < width; question++, at++) {
      const answer = answers[at] as number
      if (answer >= (sizes[question] as number))
        throw new MatineeError(
          'store_corrupt',
          `row ${row}: answer ${answer} to question ${question}, which has ${sizes[question]} answers`,
        )
      number += answer * (strides[question] as number)
    }
    numbers[row] = number
  }
  return numbers
}

/** Of one entry, whose answers the caller has checked. */
export function formNumber({ strides }: Forms, entry: ArrayLike<number>): number {
  let number = 0
  for (let question = 0; question < strides.length; question++) number += (entry[question] as number) * (strides[question] as number)
  return number
}
