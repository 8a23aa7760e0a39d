/** What the schedule and `matinee run` start: settle which week, then train it in the one workflow of that week. */
import {
  allHandlersFinished,
  condition,
  defineQuery,
  defineUpdate,
  executeChild,
  ParentClosePolicy,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow'
import { defineSearchAttributeKey, SearchAttributeType, WorkflowExecutionAlreadyStartedError } from '@temporalio/common'
import type { ResolvedWeek, WeeklyProgress, WeeklyRetrainingInput, WeeklyRetrainingResult } from '../contracts/run.ts'
import { messages, retrainWorkflowId } from '../contracts/temporal-names.ts'
import { quick } from './activity-options.ts'
import { retrainWeek } from './retrain-week.ts'
import { weekAttribute } from './search-attributes.ts'
import { tellOfFailure } from './tell.ts'

const scheduledStartTime = defineSearchAttributeKey('TemporalScheduledStartTime', SearchAttributeType.DATETIME)

export const progressQuery = defineQuery<WeeklyProgress>(messages.progress)
/** Answers as soon as the week is settled, so that a person who starts a run learns at once whether it was refused. */
export const settledWeekUpdate = defineUpdate<ResolvedWeek>(messages.settledWeek)

export async function weeklyRetraining(input: WeeklyRetrainingInput & { readonly holdHours: number }): Promise<WeeklyRetrainingResult> {
  const info = workflowInfo()
  let resolved: ResolvedWeek | undefined
  let refusal: unknown
  setHandler(
    progressQuery,
    () => (resolved === undefined ? {} : { week: resolved.week, because: resolved.because, child: retrainWorkflowId(resolved.week) }),
    { description: 'Which week this run is for, why that one, and the workflow that trains it.' },
  )
  setHandler(
    settledWeekUpdate,
    async () => {
      await condition(() => resolved !== undefined || refusal !== undefined)
      if (resolved === undefined) throw refusal
      return resolved
    },
    { description: 'Waits until the week is settled and tells it.' },
  )

  const nominalTime = info.typedSearchAttributes.get(scheduledStartTime)
  try {
    resolved = await quick.resolveWeek({
      ...(input.week === undefined ? {} : { week: input.week }),
      ...(nominalTime === undefined ? {} : { nominalTimeMs: nominalTime.getTime() }),
      startTimeMs: info.startTime.getTime(),
    })
  } catch (error) {
    // Whoever waits for the week learns why there is none, before the run ends.
    refusal = error
    await condition(allHandlersFinished)
    // A person who started it stands there and reads; of the schedule's runs nobody hears.
    if (nominalTime !== undefined) await tellOfFailure(error, 'the scheduled run found no week to train')
    throw error
  }
  const { week, because, backfill } = resolved
  const workflowId = retrainWorkflowId(week)
  upsertSearchAttributes([{ key: weekAttribute, value: week }])
  setCurrentDetails(`Week **${week}** (${because}): trained by workflow \`${workflowId}\`.`)

  try {
    return await executeChild(retrainWeek, {
      workflowId,
      parentClosePolicy: ParentClosePolicy.ABANDON,
      args: [{ week, onBreach: input.onBreach ?? (backfill ? 'record' : 'hold'), holdHours: input.holdHours }],
      staticSummary: `Retraining for week ${week}`,
      staticDetails: `Started by \`${info.workflowId}\` (${because}). Query \`progress\` tells where it is; updates \`approve\` and \`reject\` answer a hold.`,
    })
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return { outcome: 'already running', week, workflowId }
    throw error
  }
}
