/** Fits both learners on the training rows, chooses one by cross-validation, and leaves both tables for `evaluate`. */
import { learnerNames, QuestionnaireFit, type LearnerName } from '../../contracts/questionnaire.ts'
import type { FittedQuestionnaire, QuestionnaireSplit } from '../../contracts/questionnaire-run.ts'
import { parseDocument } from '../../contracts/documents.ts'
import { MatineeError } from '../../contracts/errors.ts'
import { questionnaireKeys } from '../../contracts/store-keys.ts'
import { documentText, putDocument } from '../../contracts/stored-documents.ts'
import { decodeSafetensors, encodeSafetensors } from '../../model/artifact/safetensors.ts'
import { readTensorOf } from '../../model/artifact/tensor-access.ts'
import { crossValidate, learners } from '../../model/questionnaire/learners.ts'
import { pick } from '../../model/questionnaire/rows.ts'
import { tableTensors } from '../../model/questionnaire/table.ts'
import { sha256 } from '../jobs/job-digest.ts'
import { readRows, type QuestionnaireJobPorts } from './questionnaire-job.ts'

/** The table that a learner made. The chosen one's is the model. */
export const tableFile = (learner: LearnerName): string => `${learner}.safetensors`

export async function trainQuestionnaireJob(split: QuestionnaireSplit, ports: QuestionnaireJobPorts): Promise<FittedQuestionnaire> {
  const { store } = ports
  const key = (file: string): string => questionnaireKeys.training(split.job, file)
  const finished = await store.read(key('fit.json'))
  if (finished !== undefined) {
    const { version, learner, choice } = parseDocument(QuestionnaireFit, finished.body, key('fit.json'))
    return { split, version, learner, choice }
  }

  const started = ports.monotonicMs()
  const rows = await readRows(store, split)
  const train = pick(rows, await readPlaces(split, 'train', ports))
  const labelCount = rows.definition.labels.length
  const results: { readonly name: LearnerName; readonly cross_validated: number }[] = []
  const files = new Map<LearnerName, Uint8Array>()
  for (const name of learnerNames) {
    const validated = await inSteps(crossValidate(learners[name], rows.forms, labelCount, train), `cross-validating ${name}`, ports)
    results.push({ name, cross_validated: validated })
    const { table, tensors } = await inSteps(learners[name](rows.forms, labelCount, train), `fitting ${name}`, ports)
    const bytes = encodeSafetensors(new Map([...tableTensors(table), ...tensors]), { learner: name })
    await store.write(key(tableFile(name)), bytes)
    files.set(name, bytes)
  }

  const { learner, choice } = choose(results)
  const modelFiles: readonly (readonly [string, Uint8Array])[] = [
    ['definition.json', new TextEncoder().encode(documentText(rows.definition))],
    ['model.safetensors', files.get(learner) ?? new Uint8Array()],
  ]
  const entries = modelFiles.map(([name, bytes]) => [name, { sha256: sha256(bytes), bytes: bytes.length }] as const)
  const fit: QuestionnaireFit = {
    version: `questionnaire-${sha256(JSON.stringify(entries)).slice(0, 8)}`,
    learner,
    learners: results,
    choice,
    files: Object.fromEntries(entries),
    train_seconds: Math.round(ports.monotonicMs() - started) / 1000,
  }
  await putDocument(store, key('fit.json'), fit)
  return { split, version: fit.version, learner, choice }
}

/** Of equals the first version's own. */
function choose(results: readonly { readonly name: LearnerName; readonly cross_validated: number }[]): {
  readonly learner: LearnerName
  readonly choice: string
} {
  const [best, ...others] = results.toSorted((a, b) => b.cross_validated - a.cross_validated)
  if (best === undefined) throw new MatineeError('internal', 'there is no learner to choose')
  const rivals = others.map(({ name, cross_validated: accuracy }) => `${name} ${accuracy.toFixed(4)}`).join(', ')
  return { learner: best.name, choice: `best in cross-validation: ${best.name} ${best.cross_validated.toFixed(4)}, ${rivals}` }
}

/** Places of rows that `splitQuestionnaire` left. */
export async function readPlaces(
  { job, trainRows, testRows }: QuestionnaireSplit,
  part: 'train' | 'test',
  { store }: QuestionnaireJobPorts,
): Promise<Uint32Array> {
  const key = questionnaireKeys.training(job, 'split.safetensors')
  const stored = await store.read(key)
  if (stored === undefined) throw new MatineeError('store_missing', `${key} is not in ${store.location}`, { details: { key } })
  return readTensorOf(decodeSafetensors(stored.body).tensors, part, Uint32Array, [part === 'train' ? trainRows : testRows])
}

/** Lets messages in between the steps of a computation. */
async function inSteps<T>(steps: Generator<undefined, T>, phase: string, { report, breathe }: QuestionnaireJobPorts): Promise<T> {
  report({ phase })
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
    await breathe()
  }
}
