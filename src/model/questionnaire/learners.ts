/** The two learners behind one face, and the choice between them. */
import type { LearnerName } from '../../contracts/questionnaire.ts'
import type { Tensors } from '../model.ts'
import type { Forms } from './forms.ts'
import { nearestRows, voteOf } from './nearest-neighbours.ts'
import { firstRows, mostSampleRows, pick, type Rows } from './rows.ts'
import { chooseSmoothing, countRows, smoothCounts } from './smoothed-counts.ts'
import { accuracyOf, type FormTable } from './table.ts'

/** Of the first version and of the contract. */
const neighbours = 10
const folds = 3

export interface Fitted {
  readonly table: FormTable
  /** What the learner found, for who reads the model: of neighbours how many, of counts the kernels. */
  readonly tensors: Tensors
}

/** Gives way several times a second. Deterministic. @throws MatineeError `no_training_data` without rows. */
export type Learner = (forms: Forms, labelCount: number, train: Rows) => Generator<undefined, Fitted>

export const learners: Readonly<Record<LearnerName, Learner>> = {
  *'nearest-neighbours'(forms, labelCount, train) {
    const sample = firstRows(train, mostSampleRows)
    const nearest = yield* nearestRows(forms, sample.numbers, neighbours)
    return {
      table: voteOf(forms, nearest, sample.labels, labelCount),
      tensors: new Map([['neighbours', { shape: [1], data: Uint32Array.of(neighbours) }]]),
    }
  },
  *'smoothed-counts'(forms, labelCount, train) {
    const counts = countRows(forms, labelCount, train.numbers, train.labels)
    const choosing = chooseSmoothing(forms, labelCount, counts)
    let step = choosing.next()
    for (; step.done !== true; step = choosing.next()) yield
    const { kernels, prior } = step.value
    return {
      table: smoothCounts(forms, labelCount, counts, step.value),
      tensors: new Map([
        ['kernel_near', { shape: [kernels.length], data: Uint8Array.from(kernels, ({ kind }) => Number(kind === 'near')) }],
        ['kernel_width', { shape: [kernels.length], data: Float64Array.from(kernels, ({ width }) => width) }],
        ['prior', { shape: [1], data: Float64Array.of(prior) }],
      ]),
    }
  },
}

/**
 * Accuracy of a learner on rows of the training part that it has not seen: each third (row n belongs to fold n mod 3) is foretold by
 * a fit on the rest, in which everything is chosen anew. The rows come shuffled. 0 where there are fewer than two.
 */
export function* crossValidate(learner: Learner, forms: Forms, labelCount: number, train: Rows): Generator<undefined, number> {
  const count = train.labels.length
  const all = Uint32Array.from(train.labels.keys())
  const used = Math.min(folds, count)
  if (used < 2) return 0
  let right = 0
  for (let fold = 0; fold < used; fold++) {
    const held = pick(train, all.filter((row) => row % used === fold)) // prettier-ignore
    const rest = pick(train, all.filter((row) => row % used !== fold)) // prettier-ignore
    const { table } = yield* learner(forms, labelCount, rest)
    right += accuracyOf(table, held.numbers, held.labels) * held.labels.length
  }
  return right / count
}
