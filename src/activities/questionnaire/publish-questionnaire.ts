/** Completes a model's folder with its manifest, lets it serve unless that of a later training does, and clears up. */
import { MatineeError } from '../../contracts/errors.ts'
import type { ObjectStore } from '../../contracts/ports.ts'
import {
  LatestQuestionnaire, QuestionnaireDefinition, QuestionnaireEvaluation, QuestionnaireFit, type QuestionnaireManifest,
} from '../../contracts/questionnaire.ts' // prettier-ignore
import type { FittedQuestionnaire, PublishedQuestionnaire, PublishQuestionnaireInput } from '../../contracts/questionnaire-run.ts'
import { questionnaireKeys } from '../../contracts/store-keys.ts'
import { createOnce, documentText, readDocument, updateDocument } from '../../contracts/stored-documents.ts'
import { tableFile } from './train-questionnaire-job.ts'

export interface PublishQuestionnairePorts {
  readonly store: ObjectStore
  readonly codeVersion: string
}

export async function publishQuestionnaire(
  input: PublishQuestionnaireInput,
  ports: PublishQuestionnairePorts,
): Promise<PublishedQuestionnaire> {
  const { store } = ports
  const { version, split } = input.evaluated.fitted
  // A model of the same version has the same files: what an earlier attempt or run completed stands.
  if ((await store.stat(questionnaireKeys.model(version, 'manifest.json'))) === undefined) await writeModel(input, ports)

  const createdAt = new Date(input.createdAtMs).toISOString()
  let kept = false
  const latest = await updateDocument(store, LatestQuestionnaire, questionnaireKeys.modelLatest, (current) => {
    kept = current?.version === version && current.created_at !== createdAt
    if (current?.version === version || (current?.created_at ?? '') > createdAt) return undefined
    return { version, created_at: createdAt }
  })
  const leftovers: string[] = []
  for await (const { key } of store.list(questionnaireKeys.trainingPrefix(split.job))) leftovers.push(key)
  for (const key of leftovers) await store.remove(key)
  const servingVersion = latest?.version ?? version
  return { outcome: servingVersion === version ? (kept ? 'kept' : 'published') : 'archived', servingVersion }
}

async function writeModel(input: PublishQuestionnaireInput, { store, codeVersion }: PublishQuestionnairePorts): Promise<void> {
  const { fitted, resultKey } = input.evaluated
  const { version, split } = fitted
  const fit = await readDocument(store, QuestionnaireFit, questionnaireKeys.training(split.job, 'fit.json'))
  const evaluation = await readDocument(store, QuestionnaireEvaluation, resultKey)
  const definition = await readDocument(store, QuestionnaireDefinition, questionnaireKeys.definition(split.definition))
  await createOnce(store, questionnaireKeys.model(version, 'definition.json'), documentText(definition))
  await createOnce(
    store,
    questionnaireKeys.model(version, 'model.safetensors'),
    await tableBytes(fitted, store),
    'application/octet-stream',
  )
  const manifest: QuestionnaireManifest = {
    format: 1,
    version,
    learner: fit.learner,
    created_at: new Date(input.createdAtMs).toISOString(),
    run: { workflow_id: input.run.workflowId, run_id: input.run.runId },
    code_version: codeVersion,
    evaluation,
    breaches: [...input.breaches],
    files: fit.files,
  }
  await store.write(questionnaireKeys.model(version, 'manifest.json'), documentText(manifest), {
    precondition: { absent: true },
    contentType: 'application/json',
  })
}

async function tableBytes({ split, learner }: FittedQuestionnaire, store: ObjectStore): Promise<Uint8Array> {
  const key = questionnaireKeys.training(split.job, tableFile(learner))
  const stored = await store.read(key)
  if (stored === undefined) throw new MatineeError('store_missing', `${key} is not in ${store.location}`, { details: { key } })
  return stored.body
}
