/** `matinee api`: serves the published model until it is told to stop. */
import { Command } from 'commander'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { yieldToMainThread } from '../adapters/background-threads.ts'
import { KnexEventStore } from '../adapters/database/event-store.ts'
import { openStore } from '../adapters/object-store/open-store.ts'
import { keepTickShape } from '../adapters/tick-shape.ts'
import { TemporalRunControl } from '../adapters/temporal/run-control.ts'
import { createLog, logDestination } from '../api/log.ts'
import { startServer } from '../api/server.ts'
import { MatineeError } from '../contracts/errors.ts'
import type { CliContext } from './context.ts'

export function apiCommand(context: CliContext): Command {
  return new Command('api')
    .description('Answer recommendations over HTTP from the published model; the log goes to standard error')
    .option('--copy <dir>', 'where a copy of the last good model lies, to start without the store', '.matinee/serving')
    .option('--poll <seconds>', 'seconds between two looks at which model should serve', seconds, 2)
    .action(async (options: { readonly copy: string; readonly poll: number }) => {
      const config = context.config()
      yieldToMainThread()
      keepTickShape()
      const store = openStore(config.store)
      const server = await startServer({
        store,
        cache: openStore({ kind: 'file', path: join(options.copy, folderNameOf(store.location)) }),
        ...(config.events === undefined ? {} : { events: new KnexEventStore(config.events) }),
        runs: new TemporalRunControl(config.temporal, config.temporalUi),
        gate: config.gate,
        timeZone: config.timeZone,
        access: { keys: config.api.keys, host: config.api.host, corsOrigins: config.corsOrigins },
        port: config.api.port,
        clock: { now: Date.now },
        log: createLog(logDestination(2)),
        pollMs: options.poll * 1000,
      })
      yieldToMainThread() // those that have come up meanwhile
      context.progress(`API on ${server.url}, its description on ${server.url}/docs; Ctrl-C stops it`)
      await stopSignal()
      await server.close()
    })
}

/** A folder a store: the copy of one must not serve in place of another. */
const folderNameOf = (location: string): string => createHash('sha256').update(location).digest('hex').slice(0, 16)

function seconds(text: string): number {
  const value = Number(text)
  if (text.trim() === '' || !(value >= 0.1 && value <= 3600))
    throw new MatineeError('usage_invalid', `--poll "${text}": seconds from 0.1 to 3600 are allowed`)
  return value
}

/** The first SIGTERM or SIGINT. A second one ends the process at once, as without us. */
function stopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    const stop = (signal: NodeJS.Signals): void => {
      process.removeListener('SIGTERM', stop)
      process.removeListener('SIGINT', stop)
      resolve(signal)
    }
    process.on('SIGTERM', stop)
    process.on('SIGINT', stop)
  })
}
