/** Time limits and retries of each activity, in one table. What must not be retried says so itself (errors.ts). */
import { proxyActivities, workflowInfo, type ActivityInterfaceFor } from '@temporalio/workflow'
import type { PipelineActivities, TrainingActivities } from '../activities/activities.ts'
import type { QuestionnaireActivities } from '../contracts/questionnaire-run.ts'
import { trainingTaskQueue } from '../contracts/temporal-names.ts'

/** Short steps: answered from the store within seconds, or tried again for two hours. */
export const quick = proxyActivities<
  Pick<PipelineActivities, 'resolveWeek' | 'chooseModel' | 'checkData' | 'publishModel' | 'publishMetrics' | keyof QuestionnaireActivities>
>({
  startToCloseTimeout: '30 seconds',
  scheduleToCloseTimeout: '2 hours',
  retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '10 minutes' },
})

/** Telling people: tried for about a minute, and no reason for a run to fail. */
export const notices = proxyActivities<Pick<PipelineActivities, 'notify'>>({
  startToCloseTimeout: '15 seconds',
  retry: { initialInterval: '1 second', backoffCoefficient: 3, maximumAttempts: 5 },
})

/** Steps that move data: an hour for one attempt, alive as long as they heartbeat. */
export const bulk = proxyActivities<
  Pick<PipelineActivities, 'extractTable' | 'extractEvents' | 'preprocess' | 'recordLateData' | 'snapshotCatalogue'>
>({
  startToCloseTimeout: '1 hour',
  heartbeatTimeout: '10 seconds',
  scheduleToCloseTimeout: '3 hours',
  retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '10 minutes' },
})

/** Steps that compute, on the queue with the one training slot. */
export function training(): ActivityInterfaceFor<TrainingActivities> {
  return proxyActivities<TrainingActivities>({
    taskQueue: trainingTaskQueue(workflowInfo().taskQueue),
    startToCloseTimeout: '6 hours',
    heartbeatTimeout: '10 seconds',
    retry: { initialInterval: '5 seconds', backoffCoefficient: 2, maximumInterval: '10 minutes', maximumAttempts: 8 },
  })
}
