/** What the worker's bundle holds. */
export { weeklyRetraining } from './weekly-retraining.ts'
export { retrainWeek } from './retrain-week.ts'
export { retrainQuestionnaire } from './retrain-questionnaire.ts'
