/** Joins the questionnaire's activities and jobs to their ports. */
import type { QuestionnaireActivities, QuestionnaireJobs } from '../../contracts/questionnaire-run.ts'
import { checkQuestionnaire } from './check-questionnaire.ts'
import { evaluateQuestionnaireJob } from './evaluate-questionnaire-job.ts'
import { publishQuestionnaire, type PublishQuestionnairePorts } from './publish-questionnaire.ts'
import type { QuestionnaireJobPorts } from './questionnaire-job.ts'
import { resolveQuestionnaire } from './resolve-questionnaire.ts'
import { splitQuestionnaireJob } from './split-questionnaire-job.ts'
import { trainQuestionnaireJob } from './train-questionnaire-job.ts'

export const createQuestionnaireActivities = (ports: PublishQuestionnairePorts): QuestionnaireActivities => ({
  resolveQuestionnaire: () => resolveQuestionnaire(ports.store),
  checkQuestionnaire: async (evaluated) => checkQuestionnaire(evaluated),
  publishQuestionnaire: (input) => publishQuestionnaire(input, ports),
})

/** What the training process runs. */
export const questionnaireJobs: {
  readonly [Kind in keyof QuestionnaireJobs]: (
    input: QuestionnaireJobs[Kind]['input'],
    ports: QuestionnaireJobPorts,
  ) => Promise<QuestionnaireJobs[Kind]['result']>
} = {
  splitQuestionnaire: splitQuestionnaireJob,
  trainQuestionnaire: trainQuestionnaireJob,
  evaluateQuestionnaire: evaluateQuestionnaireJob,
}
