/** The weekly schedule, as code: applied by describe, compare, update; a pause that a person set is never lifted. */
import {
  type Client,
  ScheduleNotFoundError,
  ScheduleOverlapPolicy,
  type ScheduleDescription,
  type ScheduleOptionsAction,
} from '@temporalio/client'
import { MatineeError } from '../../contracts/errors.ts'
import { scheduleIds, workflowTypes } from '../../contracts/temporal-names.ts'
import { addWeeks, instantOfLocal, weekEnd, type Week } from '../../contracts/week.ts'

export interface WeeklySchedule {
  readonly cron: string
  readonly timeZone: string
  readonly taskQueue: string
  readonly holdHours: number
}

/** Missed for longer than this, a run is left to the next week or to a backfill. */
const CATCHUP_WINDOW = '2 days'

export type Applied = 'created' | 'updated' | 'unchanged'

export async function applySchedule(client: Client, wanted: WeeklySchedule, pausedBecause?: string): Promise<Applied> {
  const spec = { cronExpressions: [wanted.cron], timezone: wanted.timeZone }
  const policies = { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: CATCHUP_WINDOW } as const
  // The server keeps a spec in its own normal form; what was asked for travels beside it, to be compared.
  const fingerprint = JSON.stringify({ ...wanted, catchup: CATCHUP_WINDOW })
  const action: ScheduleOptionsAction = {
    type: 'startWorkflow',
    workflowType: workflowTypes.weeklyRetraining,
    workflowId: scheduleIds.weekly,
    taskQueue: wanted.taskQueue,
    args: [{ holdHours: wanted.holdHours }],
    memo: { schedule: fingerprint },
    staticSummary: 'Weekly retraining',
  }
  const existing = await describeSchedule(client)
  if (existing === undefined) {
    await client.schedule.create({
      scheduleId: scheduleIds.weekly,
      spec,
      policies,
      action,
      ...(pausedBecause === undefined ? {} : { state: { paused: true, note: pausedBecause } }),
    })
    return 'created'
  }
  if (existing.action.memo?.['schedule'] === fingerprint) return 'unchanged'
  await client.schedule.getHandle(scheduleIds.weekly).update((previous) => ({ ...previous, spec, policies, action }))
  return 'updated'
}

export async function describeSchedule(client: Client): Promise<ScheduleDescription | undefined> {
  try {
    return await client.schedule.getHandle(scheduleIds.weekly).describe()
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return undefined
    throw error
  }
}

const handleOf = async (client: Client): Promise<ReturnType<Client['schedule']['getHandle']>> => {
  if ((await describeSchedule(client)) === undefined)
    throw new MatineeError('not_found', `there is no schedule ${scheduleIds.weekly} yet; "matinee schedule apply" makes it`)
  return client.schedule.getHandle(scheduleIds.weekly)
}

export async function pauseSchedule(client: Client, note: string): Promise<void> {
  await (await handleOf(client)).pause(note)
}

export async function resumeSchedule(client: Client, note: string): Promise<void> {
  await (await handleOf(client)).unpause(note)
}

/** Starts a run now, unless one is running. (The default would start one beside it.) */
export async function triggerSchedule(client: Client): Promise<void> {
  await (await handleOf(client)).trigger(ScheduleOverlapPolicy.SKIP)
}

export async function deleteSchedule(client: Client): Promise<void> {
  await (await handleOf(client)).delete()
}

/**
 * Runs the schedule's history again for the weeks `from` to `to`, both included, one after the other.
 * A week's run has its nominal time in the seven days that follow the week's end.
 */
export async function backfillSchedule(client: Client, from: Week, to: Week, timeZone: string): Promise<void> {
  const start = instantOfLocal(weekEnd(from), timeZone) - 1000
  const end = instantOfLocal(weekEnd(addWeeks(to, 1)), timeZone) - 1000
  await (await handleOf(client)).backfill({ start: new Date(start), end: new Date(end), overlap: ScheduleOverlapPolicy.BUFFER_ALL })
}
