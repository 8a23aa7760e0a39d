/** Figures of measured weeks, read from `metrics/`. */
import { WeekMetrics } from '../contracts/documents.ts'
import type { ObjectStore } from '../contracts/ports.ts'
import { storeKeys } from '../contracts/store-keys.ts'
import { readDocument } from '../contracts/stored-documents.ts'
import { addWeeks, parseWeek, type Week } from '../contracts/week.ts'

/** Of each measured week, in week order; of several runs of a week the one that started last. */
export async function newestFigures(
  store: ObjectStore,
  prefix: string = storeKeys.metricsPrefix,
): Promise<readonly (readonly [Week, WeekMetrics])[]> {
  const newest = new Map<Week, WeekMetrics>()
  for await (const { key } of store.list(prefix)) {
    if (!storeKeys.isMetrics(key)) continue
    const metrics = await readDocument(store, WeekMetrics, key)
    const week = parseWeek(metrics.week)
    const rival = newest.get(week)
    if (rival === undefined || rival.measured_at <= metrics.measured_at) newest.set(week, metrics)
  }
  return [...newest].toSorted(([a], [b]) => (a < b ? -1 : 1))
}

/** Of the week before; undefined where it was not measured. */
export async function figuresOfWeekBefore(store: ObjectStore, week: Week): Promise<WeekMetrics | undefined> {
  const [figures] = await newestFigures(store, storeKeys.metricsOfWeek(addWeeks(week, -1)))
  return figures?.[1]
}
