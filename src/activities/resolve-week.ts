/** Settles which week a run is for: asked for, scheduled, or the one after the counter. */
import { MatineeError } from '../contracts/errors.ts'
import type { ObjectStore, SourceDatabase } from '../contracts/ports.ts'
import type { ResolvedWeek, ResolveWeekInput } from '../contracts/run.ts'
import { addWeeks, newestWeekEndedAt, parseWeek, weekEnd, weekOfLocal, type Week } from '../contracts/week.ts'
import { nameCounterWeek, readCounter } from './week-counter.ts'

export interface ResolveWeekPorts {
  readonly store: ObjectStore
  readonly source: SourceDatabase
  readonly timeZone: string
  readonly firstWeek: Week | undefined
}

/**
 * A live schedule starts at its nominal time, or when the server is back. Three days is longer than any outage that
 * nobody notices, and shorter than a week: a run that starts later than that was made by a backfill.
 */
const LATEST_LIVE_START_MS = 3 * 86_400_000

export async function resolveWeek(input: ResolveWeekInput, ports: ResolveWeekPorts): Promise<ResolvedWeek> {
  const asked = input.week === undefined ? undefined : parseWeek(input.week)
  const bounds = await ports.source.viewingBounds()
  if (bounds === undefined)
    throw new MatineeError('week_refused', `${ports.source.location} has no usable viewing: there is nothing to train`)
  const newestWeek = weekOfLocal(bounds.newest)
  const resolved =
    asked === undefined ? await withoutAsking(input, ports, newestWeek) : { week: asked, because: 'asked' as const, backfill: false }
  if (resolved.week > newestWeek)
    throw new MatineeError(
      'week_refused',
      `week ${resolved.week} is after the newest usable viewing (${bounds.newest}, week ${newestWeek}); train ${newestWeek} or an earlier week, or wait for its viewings`,
      { details: { week: resolved.week } },
    )
  if (bounds.oldest >= weekEnd(resolved.week))
    throw new MatineeError(
      'week_refused',
      `week ${resolved.week} has no viewing of its own or before; the oldest is ${bounds.oldest} (week ${weekOfLocal(bounds.oldest)})`,
      { details: { week: resolved.week } },
    )
  await nameCounterWeek(ports.store, newestWeek)
  return resolved
}

async function withoutAsking(input: ResolveWeekInput, ports: ResolveWeekPorts, newestWeek: Week): Promise<ResolvedWeek> {
  if (input.nominalTimeMs !== undefined)
    return {
      week: newestWeekEndedAt(input.nominalTimeMs, ports.timeZone),
      because: 'scheduled',
      backfill: input.startTimeMs - input.nominalTimeMs > LATEST_LIVE_START_MS,
    }
  const counter = await readCounter(ports.store, newestWeek)
  return counter === undefined
    ? { week: ports.firstWeek ?? newestWeek, because: 'first week', backfill: false }
    : { week: addWeeks(counter, 1), because: 'counter', backfill: false }
}
