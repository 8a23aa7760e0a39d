/** What the model of the current data set is worth: as a training has measured it, else measured here and now. */
import { parseDocument } from '../../contracts/documents.ts'
import type { ObjectStore } from '../../contracts/ports.ts'
import { QuestionnaireEvaluation } from '../../contracts/questionnaire.ts'
import { questionnaireSeed } from '../../contracts/questionnaire-run.ts'
import { questionnaireKeys } from '../../contracts/store-keys.ts'
import { readDocument } from '../../contracts/stored-documents.ts'
import { evaluateQuestionnaireJob } from './evaluate-questionnaire-job.ts'
import { questionnaireJob, type QuestionnaireJobPorts } from './questionnaire-job.ts'
import { resolveQuestionnaire } from './resolve-questionnaire.ts'
import { splitQuestionnaireJob } from './split-questionnaire-job.ts'
import { trainQuestionnaireJob } from './train-questionnaire-job.ts'

/** Takes seconds where nothing was measured yet; a training finds the work done. @throws MatineeError `no_training_data`. */
export async function evaluateCurrent(
  store: ObjectStore,
  watch: { readonly report: (phase: string) => void; readonly monotonicMs: () => number },
): Promise<QuestionnaireEvaluation> {
  const data = await resolveQuestionnaire(store)
  const key = questionnaireKeys.evaluation(questionnaireJob(data, questionnaireSeed))
  const measured = await store.read(key)
  if (measured !== undefined) return parseDocument(QuestionnaireEvaluation, measured.body, key)
  const ports: QuestionnaireJobPorts = {
    store,
    report: ({ phase }) => watch.report(phase),
    breathe: () => Promise.resolve(),
    monotonicMs: watch.monotonicMs,
  }
  const split = await splitQuestionnaireJob({ ...data, seed: questionnaireSeed }, ports)
  const { resultKey } = await evaluateQuestionnaireJob(await trainQuestionnaireJob(split, ports), ports)
  return readDocument(store, QuestionnaireEvaluation, resultKey)
}
