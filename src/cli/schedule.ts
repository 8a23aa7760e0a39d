/** `matinee schedule …`: the weekly schedule, applied as code. */
import type { Client } from '@temporalio/client'
import { Command } from 'commander'
import { connectClient } from '../adapters/temporal/connect.ts'
import {
  applySchedule,
  backfillSchedule,
  deleteSchedule,
  describeSchedule,
  pauseSchedule,
  resumeSchedule,
  triggerSchedule,
} from '../adapters/temporal/schedule.ts'
import { MatineeError } from '../contracts/errors.ts'
import { scheduleIds } from '../contracts/temporal-names.ts'
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
  const group = new Command('schedule').description(`The schedule ${scheduleIds.weekly}.`)

  group
    .command('apply')
    .description('Create it, or bring it up to the configuration. A pause stays.')
    .action(() =>
      withClient(async (client) => {
        const { schedule, timeZone, taskQueue, holdHours } = config()
        const applied = await applySchedule(client, { cron: schedule, timeZone, taskQueue, holdHours })
        out(`${scheduleIds.weekly} ${applied}: "${schedule}" in ${timeZone}`)
      }),
    )
  group
    .command('show')
    .description('Show what it is and when it runs next.')
    .option('--json', 'print as JSON')
    .action((options: { json?: true }) =>
      withClient(async (client) => {
        const description = await describeSchedule(client)
        if (description === undefined)
          throw new MatineeError('not_found', `there is no schedule ${scheduleIds.weekly} yet; "matinee schedule apply" makes it`)
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
          ([name, value]) => `${name.padEnd(9)} ${Array.isArray(value) ? value.join(', ') : String(value)}`,
        )
        out(lines.map((line) => line.trimEnd()).join('\n'))
      }),
    )
  group
    .command('pause')
    .description('Start no run until it is resumed.')
    .option('--note <text>', 'why', 'paused by matinee schedule pause')
    .action(({ note }: { note: string }) =>
      withClient(async (client) => {
        await pauseSchedule(client, note)
        out(`${scheduleIds.weekly} paused: ${note}`)
      }),
    )
  group
    .command('resume')
    .description('Go on after a pause.')
    .option('--note <text>', 'why', 'resumed by matinee schedule resume')
    .action(({ note }: { note: string }) =>
      withClient(async (client) => {
        await resumeSchedule(client, note)
        out(`${scheduleIds.weekly} resumed: ${note}`)
      }),
    )
  group
    .command('trigger')
    .description('Start a run now, unless one is running.')
    .action(() =>
      withClient(async (client) => {
        await triggerSchedule(client)
        out(`${scheduleIds.weekly} triggered; "matinee runs" shows it`)
      }),
    )
  group
    .command('delete')
    .description('Remove it; runs and models stay.')
    .action(() =>
      withClient(async (client) => {
        await deleteSchedule(client)
        out(`${scheduleIds.weekly} deleted`)
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
