/** What the questionnaire's jobs have in common: their ports, their name, and how they read the data. */
import { QuestionnaireDefinition, answerCounts } from '../../contracts/questionnaire.ts'
import type { QuestionnaireData } from '../../contracts/questionnaire-run.ts'
import { MatineeError } from '../../contracts/errors.ts'
import type { ObjectStore } from '../../contracts/ports.ts'
import { questionnaireKeys } from '../../contracts/store-keys.ts'
import { readDocument } from '../../contracts/stored-documents.ts'
import { decodeSafetensors } from '../../model/artifact/safetensors.ts'
import { readTensor, readTensorOf } from '../../model/artifact/tensor-access.ts'
import type { Tensors } from '../../model/model.ts'
import { formNumbers, formsOf, type Forms } from '../../model/questionnaire/forms.ts'
import type { Rows } from '../../model/questionnaire/rows.ts'
import { jobDigest, sha256 } from '../jobs/job-digest.ts'
import type { JobPorts } from '../jobs/job-ports.ts'

export type QuestionnaireJobPorts = Pick<JobPorts, 'store' | 'report' | 'breathe' | 'monotonicMs'>

/** Changes where the same data would give another model: finished work of before is then not found again. */
const METHOD = 1

export const questionnaireJob = ({ data, definition }: QuestionnaireData, seed: number): string =>
  jobDigest('questionnaire', METHOD, data, definition, seed)

export interface QuestionnaireRows extends Rows {
  readonly definition: QuestionnaireDefinition
  readonly forms: Forms
  /** As imported, row-major. */
  readonly answers: Uint8Array
}

/** @throws MatineeError `store_missing`, `store_corrupt` where the data set is not what its name says. */
export async function readRows(store: ObjectStore, of: QuestionnaireData): Promise<QuestionnaireRows> {
  const definition = await readDocument(store, QuestionnaireDefinition, questionnaireKeys.definition(of.definition))
  const forms = formsOf(answerCounts(definition))
  const tensors = await readTensors(store, questionnaireKeys.data(of.data), of.data)
  const { shape, data: answers } = readTensor(tensors, 'answers', Uint8Array, 2)
  const labels = readTensorOf(tensors, 'labels', Uint8Array, [shape[0] ?? 0])
  if (shape[1] !== forms.sizes.length || labels.some((label) => label >= definition.labels.length))
    throw new MatineeError('store_corrupt', `${questionnaireKeys.data(of.data)} is not of the definition ${of.definition}; import it again`)
  return { definition, forms, answers, numbers: formNumbers(forms, answers), labels }
}

/** @throws MatineeError `store_missing`, or `store_corrupt` where the bytes are not those of the digest. */
export async function readTensors(store: ObjectStore, key: string, digest: string): Promise<Tensors> {
  const stored = await store.read(key)
  if (stored === undefined) throw new MatineeError('store_missing', `${key} is not in ${store.location}`, { details: { key } })
  if (sha256(stored.body) !== digest)
    throw new MatineeError('store_corrupt', `${key} has other bytes than its digest says`, { details: { key } })
  return decodeSafetensors(stored.body).tensors
}
