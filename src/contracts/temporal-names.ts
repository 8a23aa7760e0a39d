/** Names and messages that clients, workflows and workers share. Declared once; a change here is a change of contract. */
import type { Week } from './week.ts'

export const workflowTypes = {
  weeklyRetraining: 'weeklyRetraining',
  retrainWeek: 'retrainWeek',
  retrainQuestionnaire: 'retrainQuestionnaire',
  refreshCatalogue: 'refreshCatalogue',
} as const

export const scheduleIds = { weekly: 'matinee-weekly', catalogue: 'matinee-catalogue' } as const
export type ScheduleName = keyof typeof scheduleIds
export const scheduleNames = ['weekly', 'catalogue'] as const satisfies readonly ScheduleName[]

/** One id a week: schedule, backfill and hand never train a week twice at once. */
export const retrainWorkflowId = (week: Week): string => `retrain-${week}`

/** One id: the questionnaire is never trained twice at once. */
export const questionnaireWorkflowId = 'retrain-questionnaire'

/** Training takes one slot of a queue of its own, so that it never starves the rest. */
export const trainingTaskQueue = (taskQueue: string): string => `${taskQueue}-training`

/** All of type Keyword. The worker registers or checks them at start: an unregistered one blocks a workflow for ever. */
export const searchAttributes = {
  week: 'MatineeWeek',
  stage: 'MatineeStage',
  modelVersion: 'MatineeModelVersion',
  outcome: 'MatineeOutcome',
} as const

export const outcomes = ['published', 'kept', 'archived', 'held', 'rejected', 'failed'] as const
export type Outcome = (typeof outcomes)[number]

export const messages = { progress: 'progress', approve: 'approve', reject: 'reject', settledWeek: 'settledWeek' } as const
