/** Shuffles the rows and sets the test and the neighbours' sample apart: `split.safetensors`, places of rows. */
import type { QuestionnaireData, QuestionnaireSplit } from '../../contracts/questionnaire-run.ts'
import { questionnaireKeys } from '../../contracts/store-keys.ts'
import { encodeSafetensors } from '../../model/artifact/safetensors.ts'
import { splitRows } from '../../model/questionnaire/rows.ts'
import { questionnaireJob, type QuestionnaireJobPorts } from './questionnaire-job.ts'

export async function splitQuestionnaireJob(
  input: QuestionnaireData & { readonly seed: number },
  { store, report }: QuestionnaireJobPorts,
): Promise<QuestionnaireSplit> {
  const { data, definition, rows, seed } = input
  const job = questionnaireJob(input, seed)
  report({ phase: `shuffling ${rows} rows` })
  const { train, sample, test } = splitRows(rows, seed)
  const places = new Map(
    [train, sample, test].map((part, n) => [['train', 'sample', 'test'][n] ?? '', { shape: [part.length], data: part }]),
  )
  await store.write(questionnaireKeys.training(job, 'split.safetensors'), encodeSafetensors(places, { seed: String(seed) }))
  return { data, definition, rows, job, seed, trainRows: train.length, sampleRows: sample.length, testRows: test.length }
}
