/** What the worker's bundle holds. */
export { weeklyRetraining } from './weekly-retraining.ts'
export { retrainWeek } from './retrain-week.ts'
export { refreshCatalogue } from './refresh-catalogue.ts'
export { retrainQuestionnaire } from './retrain-questionnaire.ts'
