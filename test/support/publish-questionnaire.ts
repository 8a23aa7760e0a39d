/** A published model of the questionnaire as a run leaves it in the store: what each entry gives is known in advance. */
import { createHash } from 'node:crypto'
import type { ObjectStore } from '../../src/contracts/ports.ts'
import { defaultQuestionnaire } from '../../src/contracts/questionnaire-default.ts'
import { answerCounts, type QuestionnaireDefinition, type QuestionnaireManifest } from '../../src/contracts/questionnaire.ts'
import { questionnaireKeys } from '../../src/contracts/store-keys.ts'
import { documentText } from '../../src/contracts/stored-documents.ts'
import { encodeSafetensors } from '../../src/model/artifact/safetensors.ts'
import { formsOf } from '../../src/model/questionnaire/forms.ts'
import { tableTensors, type FormTable } from '../../src/model/questionnaire/table.ts'

/** Every entry gets the label (sum of its answers + `shift`) modulo the number of labels, with probability 0.75. */
function tableOfSums(definition: QuestionnaireDefinition, shift: number): FormTable {
  const forms = formsOf(answerCounts(definition))
  const labelCount = definition.labels.length
  const labels = Uint8Array.from({ length: forms.count }, (_, form) => {
    const sum = forms.strides.reduce((total, stride, question) => total + (Math.floor(form / stride) % (forms.sizes[question] ?? 1)), shift)
    return sum % labelCount
  })
  const probabilities = new Float32Array(forms.count * labelCount).fill(0.25 / (labelCount - 1))
  for (const [form, label] of labels.entries()) probabilities[form * labelCount + label] = 0.75
  return { forms, labelCount, labels, probabilities }
}

export async function publishQuestionnaire(
  store: ObjectStore,
  version: string,
  { definition = defaultQuestionnaire, shift = 0 }: { readonly definition?: QuestionnaireDefinition; readonly shift?: number } = {},
): Promise<QuestionnaireManifest> {
  const files = new Map<string, Uint8Array>([
    ['definition.json', new TextEncoder().encode(documentText(definition))],
    ['model.safetensors', encodeSafetensors(tableTensors(tableOfSums(definition, shift)))],
  ])
  const digest = 'a'.repeat(64)
  const manifest: QuestionnaireManifest = {
    format: 1,
    version,
    learner: 'smoothed-counts',
    created_at: '2024-01-08T04:03:11.000Z',
    run: { workflow_id: 'retrain-questionnaire', run_id: 'run' },
    code_version: '0.1.0',
    evaluation: {
      version,
      model: 'smoothed-counts',
      accuracy: 0.5,
      interval: { level: 0.99, low: 0.4, high: 0.6 },
      chance: 1 / 12,
      majority: 0.1,
      better_than_chance: true,
      verdict: 'better than chance: accuracy 0.5000',
      rows: { train: 900, sample: 900, test: 100 },
      learners: [],
      choice: 'the only one',
      confusion: [],
      labels: definition.labels.map(({ id }) => id),
      latency: { batches: 0, batch_rows: 0, mean_ms: 0, p50_ms: 0, p99_ms: 0 },
      seconds: { train: 1 },
      data: digest,
      definition: digest,
      seed: 0,
    },
    breaches: [],
    files: Object.fromEntries(
      [...files].map(([file, bytes]) => [file, { sha256: createHash('sha256').update(bytes).digest('hex'), bytes: bytes.byteLength }]),
    ),
  }
  for (const [file, bytes] of files) await store.write(questionnaireKeys.model(version, file), bytes)
  await store.write(questionnaireKeys.model(version, 'manifest.json'), JSON.stringify(manifest))
  await store.write(questionnaireKeys.modelLatest, JSON.stringify({ version }))
  return manifest
}
