import { localTime } from '../contracts/week.ts'

const DAY_MS = 86_400_000

/**
 * `localTime` for many instants in one zone. Asking for a zone's offset is slow, and within nearly every UTC day it is
 * one: it is asked for once a day, and for each instant only on days on which clocks change.
 * @returns a function from milliseconds since 1970 to wall-clock text
 */
export function localClock(timeZone: string): (instantMs: number) => string {
  const offsetAt = (instant: number): number => Date.parse(`${localTime(instant, timeZone).replace(' ', 'T')}Z`) - instant
  /** Offset of each UTC day, undefined where it has more than one. */
  const offsets = new Map<number, number | undefined>()
  return (instant) => {
    const day = Math.floor(instant / DAY_MS)
    if (!offsets.has(day)) {
      const first = offsetAt(day * DAY_MS)
      offsets.set(day, first === offsetAt((day + 1) * DAY_MS) ? first : undefined)
    }
    const offset = offsets.get(day)
    return offset === undefined ? localTime(instant, timeZone) : new Date(instant + offset).toISOString().slice(0, 19).replace('T', ' ')
  }
}
