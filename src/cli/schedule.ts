/** `matinee schedule …`: the weekly run's schedule and the hourly one of the catalogue, applied as code. */
import type { Client } from '@temporalio/client'
import { Argument, Command } from 'commander'
import { connectClient } from '../adapters/temporal/connect.ts'
import {
  applySchedule,
  backfillSchedule,
  deleteSchedule,
  existingSchedule,
  pauseSchedule,
  resumeSchedule,
  triggerSchedule,
} from '../adapters/temporal/schedule.ts'
import { MatineeError } from '../contracts/errors.ts'
import { scheduleIds, scheduleNames, type ScheduleName } from '../contracts/temporal-names.ts'
import { localTime, parseWeek, weeksBetween } from '../contracts/week.ts'
import type { CliContext } from './context.ts'

export function scheduleCommand({ config, out }: CliContext): Command {
  const withClient = async (work: (client: Client) => Promise<void>): Promise<void> => {
    const client = await connectClient(config().temporal)
    try {
      await work(client)
    } finally {
      await client.connection.close()
    }
  }
  const group = new Command('schedule').description(
    `The schedules ${scheduleIds.weekly} (the weekly run) and ${scheduleIds.catalogue} (the titles, every hour).`,
  )

  group
    .command('apply')
    .description('Create them, or bring them up to the configuration. A pause stays.')
    .addArgument(scheduleName('both without a name'))
    .action((name: ScheduleName | undefined) =>
      withClient(async (client) => {
        for (const each of name === undefined ? scheduleNames : [name]) {
          const { id, what, cron } = await applySchedule(client, each, config())
          out(`${id} ${what}: "${cron}" in ${config().timeZone}`)
        }
      }),
    )
  group
    .command('show')
    .description('Show what it is and when it runs next.')
    .addArgument(scheduleName().default('weekly'))
    .option('--json', 'print as JSON')
    .action((name: ScheduleName, options: { json?: true }) =>
      withClient(async (client) => {
        const description = await existingSchedule(client, name)
        const { timeZone } = config()
        const shown = {
          id: description.scheduleId,
          paused: description.state.paused,
          note: description.state.note ?? '',
          timeZone: description.spec.timezone ?? 'UTC',
          overlap: description.policies.overlap,
          next: description.info.nextActionTimes.slice(0, 3).map((time) => `${localTime(time.getTime(), timeZone)} ${timeZone}`),
          recent: description.info.recentActions.map(({ scheduledAt }) => `${localTime(scheduledAt.getTime(), timeZone)} ${timeZone}`),
          running: description.info.runningActions.map(({ workflow }) => workflow.workflowId),
        }
        if (options.json) return out(JSON.stringify(shown))
        const lines = Object.entries(shown).map(
          ([field, value]) => `${field.padEnd(9)} ${Array.isArray(value) ? value.join(', ') : String(value)}`,
        )
        out(lines.map((line) => line.trimEnd()).join('\n'))
      }),
    )
  group
    .command('pause')
    .description('Start no run until it is resumed.')
    .addArgument(scheduleName().default('weekly'))
    .option('--note <text>', 'why', 'paused by matinee schedule pause')
    .action((name: ScheduleName, { note }: { note: string }) =>
      withClient(async (client) => {
        await pauseSchedule(client, name, note)
        out(`${scheduleIds[name]} paused: ${note}`)
      }),
    )
  group
    .command('resume')
    .description('Go on after a pause.')
    .addArgument(scheduleName().default('weekly'))
    .option('--note <text>', 'why', 'resumed by matinee schedule resume')
    .action((name: ScheduleName, { note }: { note: string }) =>
      withClient(async (client) => {
        await resumeSchedule(client, name, note)
        out(`${scheduleIds[name]} resumed: ${note}`)
      }),
    )
  group
    .command('trigger')
    .description('Start a run now, unless one is running.')
    .addArgument(scheduleName().default('weekly'))
    .action((name: ScheduleName) =>
      withClient(async (client) => {
        await triggerSchedule(client, name)
        out(`${scheduleIds[name]} triggered; "matinee ${name === 'weekly' ? 'runs" shows it' : 'schedule show catalogue" shows when'}`)
      }),
    )
  group
    .command('delete')
    .description('Remove it; runs and models stay.')
    .addArgument(scheduleName().default('weekly'))
    .action((name: ScheduleName) =>
      withClient(async (client) => {
        await deleteSchedule(client, name)
        out(`${scheduleIds[name]} deleted`)
      }),
    )
  group
    .command('backfill')
    .description('Train past weeks, both included, one after the other. An older week never serves in place of a newer one.')
    .requiredOption('--from <week>', 'first week, as 2023-W30')
    .requiredOption('--to <week>', 'last week, as 2023-W40')
    .action((options: { from: string; to: string }) => {
      const from = parseWeek(options.from)
      const to = parseWeek(options.to)
      const weeks = weeksBetween(from, to)
      if (weeks.length === 0) throw new MatineeError('usage_invalid', `--from ${from} is after --to ${to}`)
      return withClient(async (client) => {
        await backfillSchedule(client, from, to, config().timeZone)
        out(`backfilling ${weeks.length} weeks, ${from} to ${to}, in order; "matinee runs" shows them`)
      })
    })
  return group
}

const scheduleName = (what = 'which'): Argument => new Argument('[schedule]', what).choices(scheduleNames)
