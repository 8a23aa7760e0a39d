/** Which data set and definition a run is about. */
import { parseDocument } from '../../contracts/documents.ts'
import { MatineeError } from '../../contracts/errors.ts'
import type { ObjectStore } from '../../contracts/ports.ts'
import { QuestionnaireCurrent } from '../../contracts/questionnaire.ts'
import type { QuestionnaireData } from '../../contracts/questionnaire-run.ts'
import { questionnaireKeys } from '../../contracts/store-keys.ts'

/** @throws MatineeError `no_training_data` where nothing was imported yet. */
export async function resolveQuestionnaire(store: ObjectStore): Promise<QuestionnaireData> {
  const stored = await store.read(questionnaireKeys.current)
  if (stored === undefined)
    throw new MatineeError(
      'no_training_data',
      `no answered questionnaires are in ${store.location}; "matinee questionnaire import FILE" brings them`,
    )
  const { data, definition, rows } = parseDocument(QuestionnaireCurrent, stored.body, questionnaireKeys.current)
  return { data, definition, rows }
}
