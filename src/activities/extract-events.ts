/** Extracts the events that clients told the API, as the logs are extracted: what set-top boxes did not log trains too. */
import type { EventSource, Progress } from '../contracts/ports.ts'
import type { ExtractedTable } from '../contracts/run.ts'
import type { Week } from '../contracts/week.ts'
import { extractTable, type ExtractTablePorts } from './extract-table.ts'
import { withHeartbeat } from './heartbeat.ts'
import { whileAway } from './read-part.ts'

export interface ExtractEventsPorts extends Omit<ExtractTablePorts, 'source'> {
  /** Undefined where none are kept. */
  readonly events: EventSource | undefined
}

/**
 * Null where there are none before the week's end: the run is then what it would be without them.
 * @throws MatineeError `source_unreachable`, `source_denied`; those of the store.
 */
export async function extractEvents({ week }: { readonly week: Week }, ports: ExtractEventsPorts): Promise<ExtractedTable | null> {
  const { events } = ports
  if (events === undefined || !(await hasEvents(events, ports.progress))) return null
  const extract = await extractTable({ week, table: 'events' }, { ...ports, source: events })
  return extract.rows > 0 ? extract : null
}

const hasEvents = (events: EventSource, progress: Progress): Promise<boolean> =>
  withHeartbeat(
    progress,
    () => ({ table: 'events', phase: 'compare' }),
    () => whileAway(progress, () => events.hasTable('events')),
  )
