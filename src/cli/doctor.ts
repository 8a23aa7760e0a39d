/** `matinee doctor`: tries every joint once and says what is wrong with each. */
import { Command } from 'commander'
import { KnexSourceDatabase } from '../adapters/database/source.ts'
import { openStore } from '../adapters/object-store/open-store.ts'
import { connectClient } from '../adapters/temporal/connect.ts'
import { describeSchedule } from '../adapters/temporal/schedule.ts'
import { sourceTableNames } from '../contracts/source-tables.ts'
import { scheduleIds, scheduleNames } from '../contracts/temporal-names.ts'
import { storeKeys } from '../contracts/store-keys.ts'
import type { CliContext } from './context.ts'

export function doctorCommand({ config, out }: CliContext): Command {
  return new Command('doctor').description('Check configuration, source, store and Temporal server.').action(async () => {
    const settings = config()
    out('ok    configuration')
    const checks: readonly [string, () => Promise<string>][] = [
      [
        'source',
        async () => {
          const source = new KnexSourceDatabase(settings.database, settings.timeZone, { names: settings.columnMapping })
          try {
            await source.checkTables(sourceTableNames)
            const bounds = await source.viewingBounds()
            return bounds === undefined
              ? `${source.location}: no usable viewing yet`
              : `${source.location}: viewings ${bounds.oldest} to ${bounds.newest}`
          } finally {
            await source.close()
          }
        },
      ],
      [
        'store',
        async () => {
          const store = openStore(settings.store)
          const latest = await store.stat(storeKeys.modelLatest)
          return `${store.location}: ${latest === undefined ? 'no model yet' : 'a model serves'}`
        },
      ],
      [
        'temporal',
        async () => {
          const client = await connectClient(settings.temporal)
          try {
            const schedules = await Promise.all(
              scheduleNames.map(async (each) => {
                const described = await describeSchedule(client, each)
                return `${scheduleIds[each]} ${described === undefined ? 'not made yet' : described.state.paused ? 'paused' : 'active'}`
              }),
            )
            return `${settings.temporal.address}, namespace ${settings.temporal.namespace}: ${schedules.join(', ')}`
          } finally {
            await client.connection.close()
          }
        },
      ],
    ]
    for (const [name, check] of checks) {
      try {
        out(`ok    ${name}: ${await check()}`)
      } catch (error) {
        process.exitCode = 1
        out(`wrong ${name}: ${error instanceof Error ? error.message : String(error)}`)
      }
    }
  })
}
