/** Measures both tables on the test rows, with what guessing would reach beside them, and how long answers take. */
import { learnerNames, QuestionnaireFit, type LearnerName, type QuestionnaireEvaluation } from '../../contracts/questionnaire.ts'
import type { EvaluatedQuestionnaire, FittedQuestionnaire, QuestionnaireSplit } from '../../contracts/questionnaire-run.ts'
import { MatineeError } from '../../contracts/errors.ts'
import { questionnaireKeys } from '../../contracts/store-keys.ts'
import { putDocument, readDocument } from '../../contracts/stored-documents.ts'
import { decodeSafetensors } from '../../model/artifact/safetensors.ts'
import {
  confidenceLevel, confusionOf, majorityRight, quantile, rightOf, verdictOf, wilsonInterval,
} from '../../model/questionnaire/evaluation.ts' // prettier-ignore
import { formNumber } from '../../model/questionnaire/forms.ts'
import { pick } from '../../model/questionnaire/rows.ts'
import { tableOf, type FormTable } from '../../model/questionnaire/table.ts'
import { readRows, type QuestionnaireJobPorts, type QuestionnaireRows } from './questionnaire-job.ts'
import { readPlaces, tableFile } from './train-questionnaire-job.ts'

const BATCHES = 100
const BATCH_ROWS = 1000

export async function evaluateQuestionnaireJob(fitted: FittedQuestionnaire, ports: QuestionnaireJobPorts): Promise<EvaluatedQuestionnaire> {
  const { store } = ports
  const { split } = fitted
  const fit = await readDocument(store, QuestionnaireFit, questionnaireKeys.training(split.job, 'fit.json'))
  const rows = await readRows(store, split)
  const testPlaces = await readPlaces(split, 'test', ports)
  const test = pick(rows, testPlaces)
  const labelCount = rows.definition.labels.length
  const share = (right: number): number => right / test.labels.length

  const measured: QuestionnaireEvaluation['learners'] = []
  const confusions = new Map<LearnerName, number[][]>()
  let latency = noLatency
  for (const name of learnerNames) {
    ports.report({ phase: `measuring ${name}` })
    const table = await readTable(split, name, ports)
    const confusion = confusionOf(table, test)
    confusions.set(name, confusion)
    const right = rightOf(confusion)
    measured.push({
      name,
      cross_validated: fit.learners.find((one) => one.name === name)?.cross_validated ?? 0,
      accuracy: share(right),
      ...wilsonInterval(right, test.labels.length),
    })
    if (name === fit.learner) latency = measureLatency(table, rows, testPlaces, ports)
    await ports.breathe()
  }

  const chosen = measured.find(({ name }) => name === fit.learner)
  if (chosen === undefined) throw new MatineeError('internal', `learner ${fit.learner} was not measured`)
  const { accuracy, low, high } = chosen
  const chance = 1 / labelCount
  const majority = share(majorityRight(labelCount, pick(rows, await readPlaces(split, 'train', ports)), test))
  const { better, sentence } = verdictOf(accuracy, { low, high }, chance, majority, test.labels.length)
  const resultKey = questionnaireKeys.evaluation(split.job)
  await putDocument(store, resultKey, {
    version: fit.version,
    model: fit.learner,
    accuracy,
    interval: { level: confidenceLevel, low, high },
    chance,
    majority,
    better_than_chance: better,
    verdict: sentence,
    rows: { train: split.trainRows, sample: split.sampleRows, test: split.testRows },
    learners: measured,
    choice: fit.choice,
    confusion: confusions.get(fit.learner) ?? [],
    labels: rows.definition.labels.map(({ id }) => id),
    latency,
    seconds: { train: fit.train_seconds },
    data: split.data,
    definition: split.definition,
    seed: split.seed,
  } satisfies QuestionnaireEvaluation)
  return { fitted, resultKey, accuracy, low, high, chance, majority }
}

async function readTable({ job }: QuestionnaireSplit, learner: LearnerName, { store }: QuestionnaireJobPorts): Promise<FormTable> {
  const key = questionnaireKeys.training(job, tableFile(learner))
  const stored = await store.read(key)
  if (stored === undefined) throw new MatineeError('store_missing', `${key} is not in ${store.location}`, { details: { key } })
  return tableOf(decodeSafetensors(stored.body).tensors)
}

const rounded = (value: number): number => Math.round(value * 10_000) / 10_000

const noLatency: QuestionnaireEvaluation['latency'] = { batches: 0, batch_rows: 0, mean_ms: 0, p50_ms: 0, p99_ms: 0 }

/** Answers a hundred batches of a thousand test rows one after the other, from the first again where there are fewer. */
function measureLatency(
  { forms, labels }: FormTable,
  { answers, definition }: QuestionnaireRows,
  places: Uint32Array,
  { monotonicMs }: QuestionnaireJobPorts,
): QuestionnaireEvaluation['latency'] {
  const width = forms.sizes.length
  const entries = Array.from(places.subarray(0, BATCHES * BATCH_ROWS), (row) => answers.subarray(row * width, (row + 1) * width))
  const milliseconds: number[] = []
  for (let batch = 0; batch < BATCHES; batch++) {
    const given: string[] = []
    const started = monotonicMs()
    for (let n = 0; n < BATCH_ROWS; n++) {
      const entry = entries[(batch * BATCH_ROWS + n) % entries.length] ?? []
      given.push(definition.labels[labels[formNumber(forms, entry)] ?? 0]?.id ?? '')
    }
    milliseconds.push(monotonicMs() - started)
  }
  const sorted = milliseconds.toSorted((a, b) => a - b)
  return {
    batches: BATCHES,
    batch_rows: BATCH_ROWS,
    mean_ms: rounded(sorted.reduce((sum, value) => sum + value, 0) / BATCHES),
    p50_ms: rounded(quantile(sorted, 0.5)),
    p99_ms: rounded(quantile(sorted, 0.99)),
  }
}
