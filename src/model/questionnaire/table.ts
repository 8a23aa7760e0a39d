/** What a learner leaves: for each of all forms its label and the probability of every label. An answer is a look-up. */
import { MatineeError } from '../../contracts/errors.ts'
import { readTensor, readTensorOf } from '../artifact/tensor-access.ts'
import type { Tensors } from '../model.ts'
import { formsOf, type Forms } from './forms.ts'

export interface FormTable {
  readonly forms: Forms
  readonly labelCount: number
  /** Of each form. */
  readonly labels: Uint8Array
  /** Forms × labels, row-major; each row adds up to 1. */
  readonly probabilities: Float32Array
}

/** `sizes` [questions], `labels` [forms], `probabilities` [forms, labels], beside what the learner adds for readers. */
export const tableTensors = ({ forms, labelCount, labels, probabilities }: FormTable): Tensors =>
  new Map([
    ['sizes', { shape: [forms.sizes.length], data: Uint32Array.from(forms.sizes) }],
    ['labels', { shape: [forms.count], data: labels }],
    ['probabilities', { shape: [forms.count, labelCount], data: probabilities }],
  ])

/** @throws MatineeError `model_incompatible` where a tensor is missing, of another shape, or names a label that there is not. */
export function tableOf(tensors: Tensors): FormTable {
  const { data: sizes } = readTensor(tensors, 'sizes', Uint32Array, 1)
  const forms = formsOf([...sizes])
  const labels = readTensorOf(tensors, 'labels', Uint8Array, [forms.count])
  const { shape, data: probabilities } = readTensor(tensors, 'probabilities', Float32Array, 2)
  const [rows = 0, labelCount = 0] = shape
  if (rows !== forms.count)
    throw new MatineeError('model_incompatible', `model: probabilities of ${rows} forms, expected ${forms.count} by its sizes`)
  const wrong = labels.findIndex((label) => label >= labelCount)
  if (wrong >= 0) throw new MatineeError('model_incompatible', `model: form ${wrong} has label ${labels[wrong]} of ${labelCount} labels`)
  return { forms, labelCount, labels, probabilities }
}

/** Share of the rows whose form has their label in the table; 0 without rows. */
export function accuracyOf(table: FormTable, numbers: Uint32Array, labels: Uint8Array): number {
  let right = 0
  for (let row = 0; row < numbers.length; row++) if (table.labels[numbers[row] as number] === labels[row]) right++
  return numbers.length === 0 ? 0 : right / numbers.length
}
