/** `week_info/week_info.json`: the newest week that was published. Only ever moves forward. */
import { parseDocument, WeekInfo } from '../contracts/documents.ts'
import { MatineeError } from '../contracts/errors.ts'
import type { ObjectStore } from '../contracts/ports.ts'
import { storeKeys } from '../contracts/store-keys.ts'
import { updateDocument } from '../contracts/stored-documents.ts'
import { isWeek, latestWeekNumbered, type Week } from '../contracts/week.ts'

/**
 * The recorded week. A record of the old system has a bare week number: it is read as the latest week of that number that
 * is not after `newestWeek`, the week of the newest usable viewing.
 * @throws MatineeError `store_corrupt` where the record holds neither a week nor a number that a recent year has.
 */
export function weekOfCounter(info: WeekInfo, newestWeek: Week): Week {
  if (info.week !== undefined && isWeek(info.week)) return info.week
  const number = info.values[0]
  const week = number === undefined ? undefined : latestWeekNumbered(number, newestWeek)
  if (week !== undefined) return week
  throw new MatineeError(
    'store_corrupt',
    `${storeKeys.weekInfo} says week ${number ?? 'nothing'}, which no recent year has; mend or remove it`,
  )
}

export async function readCounter(store: ObjectStore, newestWeek: Week): Promise<Week | undefined> {
  const stored = await store.read(storeKeys.weekInfo)
  return stored === undefined ? undefined : weekOfCounter(parseDocument(WeekInfo, stored.body, storeKeys.weekInfo), newestWeek)
}

/** Rewrites a record of the old system in our form, with the week that its number stands for. The week stays the same. */
export async function nameCounterWeek(store: ObjectStore, newestWeek: Week): Promise<void> {
  await updateDocument(store, WeekInfo, storeKeys.weekInfo, (current) =>
    current === undefined || current.week !== undefined ? undefined : { ...current, week: weekOfCounter(current, newestWeek) },
  )
}

/** Sets the counter to the newer of the recorded week and `week`, in one conditional write, and answers what it holds then. */
export async function advanceCounter(store: ObjectStore, week: Week, version: string): Promise<Week> {
  const after = await updateDocument(store, WeekInfo, storeKeys.weekInfo, (current) =>
    current !== undefined && weekOfCounter(current, week) >= week
      ? undefined
      : { columns: ['week_info'], values: [Number(week.slice(6))], week, version },
  )
  return after === undefined ? week : weekOfCounter(after, week)
}
