/** The gate: a model that is no better than guessing is not to serve unless a person says so. */
import type { EvaluatedQuestionnaire } from '../../contracts/questionnaire-run.ts'
import type { Breach } from '../../contracts/run.ts'
import { verdictOf } from '../../model/questionnaire/evaluation.ts'

export function checkQuestionnaire({ accuracy, low, high, chance, majority, fitted }: EvaluatedQuestionnaire): readonly Breach[] {
  const { better, sentence } = verdictOf(accuracy, { low, high }, chance, majority, fitted.split.testRows)
  return better ? [] : [{ check: 'no better than chance', detail: sentence, finding: { code: 'no_better_than_chance' } }]
}
