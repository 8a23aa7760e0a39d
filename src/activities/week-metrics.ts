/** Figures of measured weeks, read from `metrics/`. */
import { isDeepStrictEqual } from 'node:util'
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

interface Named {
  readonly candidate: string
  readonly algorithm: string
  readonly parameters: Readonly<Record<string, number | boolean>>
}

/** The one that is the same model as `other`, whatever they are called: what a search finds has the same name every week. */
export function sameModel<Candidate extends Named>(candidates: readonly Candidate[], other: Named): Candidate | undefined {
  const same = candidates.filter(
    ({ algorithm, parameters }) => algorithm === other.algorithm && isDeepStrictEqual(parameters, other.parameters),
  )
  return same.find(({ candidate }) => candidate === other.candidate) ?? same[0]
}

/** Of the week before; undefined where it was not measured. */
export async function figuresOfWeekBefore(store: ObjectStore, week: Week): Promise<WeekMetrics | undefined> {
  const [figures] = await newestFigures(store, storeKeys.metricsOfWeek(addWeeks(week, -1)))
  return figures?.[1]
}
