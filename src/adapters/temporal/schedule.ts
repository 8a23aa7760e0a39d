/** The schedules, as code: applied by describe, compare, update; a pause that a person set is never lifted. */
import {
  type Client,
  ScheduleNotFoundError,
  ScheduleOverlapPolicy,
  type ScheduleDescription,
  type ScheduleOptionsAction,
} from '@temporalio/client'
import { MatineeError } from '../../contracts/errors.ts'
import { scheduleIds, workflowTypes, type ScheduleName } from '../../contracts/temporal-names.ts'
import { addWeeks, instantOfLocal, weekEnd, type Week } from '../../contracts/week.ts'

export interface ScheduleSettings {
  /** Of the weekly run. */
  readonly schedule: string
  readonly timeZone: string
  readonly taskQueue: string
  readonly holdHours: number
}

interface Plan {
  readonly cron: string
  /** Missed for longer than this, a run is left to the next time or to a backfill. */
  readonly catchupWindow: '2 days' | '10 minutes'
  readonly workflowType: string
  readonly args: readonly unknown[]
  readonly summary: string
}

/** How often a delisted title goes and a new one comes. */
const HOURLY = '0 * * * *'

const plans: Readonly<Record<ScheduleName, (settings: ScheduleSettings) => Plan>> = {
  weekly: ({ schedule, holdHours }) => ({
    cron: schedule,
    catchupWindow: '2 days',
    workflowType: workflowTypes.weeklyRetraining,
    args: [{ holdHours }],
    summary: 'Weekly retraining',
  }),
  catalogue: () => ({
    cron: HOURLY,
    catchupWindow: '10 minutes',
    workflowType: workflowTypes.refreshCatalogue,
    args: [],
    summary: 'The catalogue as it is now',
  }),
}

export interface Applied {
  readonly id: string
  readonly what: 'created' | 'updated' | 'unchanged'
  readonly cron: string
}

export async function applySchedule(
  client: Client,
  name: ScheduleName,
  settings: ScheduleSettings,
  pausedBecause?: string,
): Promise<Applied> {
  const id = scheduleIds[name]
  const { timeZone, taskQueue } = settings
  const { cron, catchupWindow, workflowType, args, summary } = plans[name](settings)
  const spec = { cronExpressions: [cron], timezone: timeZone }
  const policies = { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow } as const
  // The server keeps a spec in its own normal form; what was asked for travels beside it, to be compared.
  const fingerprint = JSON.stringify({ cron, timeZone, taskQueue, catchupWindow, args })
  const action: ScheduleOptionsAction = {
    type: 'startWorkflow',
    workflowType,
    workflowId: id,
    taskQueue,
    args: [...args],
    memo: { schedule: fingerprint },
    staticSummary: summary,
  }
  const existing = await describeSchedule(client, name)
  if (existing === undefined) {
    await client.schedule.create({
      scheduleId: id,
      spec,
      policies,
      action,
      ...(pausedBecause === undefined ? {} : { state: { paused: true, note: pausedBecause } }),
    })
    return { id, what: 'created', cron }
  }
  if (existing.action.memo?.['schedule'] === fingerprint) return { id, what: 'unchanged', cron }
  await client.schedule.getHandle(id).update((previous) => ({ ...previous, spec, policies, action }))
  return { id, what: 'updated', cron }
}

export async function describeSchedule(client: Client, name: ScheduleName): Promise<ScheduleDescription | undefined> {
  try {
    return await client.schedule.getHandle(scheduleIds[name]).describe()
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return undefined
    throw error
  }
}

/** @throws MatineeError `not_found` where nobody made it yet. */
export async function existingSchedule(client: Client, name: ScheduleName): Promise<ScheduleDescription> {
  const described = await describeSchedule(client, name)
  if (described !== undefined) return described
  throw new MatineeError('not_found', `there is no schedule ${scheduleIds[name]} yet; "matinee schedule apply" makes it`)
}

const handleOf = async (client: Client, name: ScheduleName): Promise<ReturnType<Client['schedule']['getHandle']>> =>
  client.schedule.getHandle((await existingSchedule(client, name)).scheduleId)

export async function pauseSchedule(client: Client, name: ScheduleName, note: string): Promise<void> {
  await (await handleOf(client, name)).pause(note)
}

export async function resumeSchedule(client: Client, name: ScheduleName, note: string): Promise<void> {
  await (await handleOf(client, name)).unpause(note)
}

/** Starts a run now, unless one is running. (The default would start one beside it.) */
export async function triggerSchedule(client: Client, name: ScheduleName): Promise<void> {
  await (await handleOf(client, name)).trigger(ScheduleOverlapPolicy.SKIP)
}

export async function deleteSchedule(client: Client, name: ScheduleName): Promise<void> {
  await (await handleOf(client, name)).delete()
}

/**
 * Runs the weekly schedule's history again for the weeks `from` to `to`, both included, one after the other.
 * A week's run has its nominal time in the seven days that follow the week's end.
 */
export async function backfillSchedule(client: Client, from: Week, to: Week, timeZone: string): Promise<void> {
  const start = instantOfLocal(weekEnd(from), timeZone) - 1000
  const end = instantOfLocal(weekEnd(addWeeks(to, 1)), timeZone) - 1000
  const handle = await handleOf(client, 'weekly')
  await handle.backfill({ start: new Date(start), end: new Date(end), overlap: ScheduleOverlapPolicy.BUFFER_ALL })
}
