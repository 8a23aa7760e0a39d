/**
 * ISO weeks on a zone's wall clock.
 *
 * A week is written `2023-W40`. It starts on Monday 00:00 and ends on the next Monday 00:00, both as
 * wall-clock text (`'2023-10-09 00:00:00'`): the source's `log_dt` is wall-clock time too, so the two are
 * compared as text and no zone ever enters that comparison. A zone is needed only to learn which week an
 * instant (a schedule's nominal time) falls into.
 */
import { MatineeError } from './errors.ts'

declare const weekBrand: unique symbol
/** An ISO week that exists, as `2023-W40`. Sorts by time as text. */
export type Week = string & { readonly [weekBrand]: 'Week' }

const DAY_MS = 86_400_000
const WEEK_MS = 7 * DAY_MS

const two = (value: number): string => String(value).padStart(2, '0')

/** The Monday that starts ISO week 1 of a year, as UTC midnight in milliseconds (4 January is always in week 1). */
function firstMondayOfIsoYear(year: number): number {
  const fourth = Date.UTC(year, 0, 4)
  return fourth - ((new Date(fourth).getUTCDay() + 6) % 7) * DAY_MS
}

/** 52 or 53. */
export function weeksInIsoYear(year: number): number {
  return Math.round((firstMondayOfIsoYear(year + 1) - firstMondayOfIsoYear(year)) / WEEK_MS)
}

const format = (year: number, number: number): Week => `${year}-W${two(number)}` as Week

function parts(week: Week): { year: number; number: number } {
  return { year: Number(week.slice(0, 4)), number: Number(week.slice(6)) }
}

/** Milliseconds of the week's Monday, as if its wall clock were UTC. */
function mondayOf(week: Week): number {
  const { year, number } = parts(week)
  return firstMondayOfIsoYear(year) + (number - 1) * WEEK_MS
}

/** The week that a UTC-like time (wall clock written as if it were UTC) lies in. */
function weekOfWallClock(time: number): Week {
  const monday = Math.floor((time - Date.UTC(1970, 0, 5)) / WEEK_MS) * WEEK_MS + Date.UTC(1970, 0, 5)
  const year = new Date(monday + 3 * DAY_MS).getUTCFullYear()
  return format(year, Math.round((monday - firstMondayOfIsoYear(year)) / WEEK_MS) + 1)
}

/** @throws MatineeError `week_invalid` where the text is not a week, or the year has no such week. */
export function parseWeek(text: string): Week {
  const match = /^(\d{4})-W(\d{2})$/.exec(text)
  if (!match) throw new MatineeError('week_invalid', `"${text}" is not a week: write it as 2023-W40`)
  const year = Number(match[1])
  const number = Number(match[2])
  if (number < 1 || number > weeksInIsoYear(year))
    throw new MatineeError('week_invalid', `week ${text} does not exist: ${year} has weeks W01 to W${weeksInIsoYear(year)}`)
  return format(year, number)
}

export function isWeek(text: string): text is Week {
  const match = /^(\d{4})-W(\d{2})$/.exec(text)
  return match !== null && Number(match[2]) >= 1 && Number(match[2]) <= weeksInIsoYear(Number(match[1]))
}

/** The week `count` weeks later (earlier where negative), by the ISO calendar. */
export function addWeeks(week: Week, count: number): Week {
  return weekOfWallClock(mondayOf(week) + count * WEEK_MS)
}

/** Weeks from `from` to `to`, both included; empty where `to` is before `from`. */
export function weeksBetween(from: Week, to: Week): Week[] {
  const weeks: Week[] = []
  for (let week = from; week <= to; week = addWeeks(week, 1)) weeks.push(week)
  return weeks
}

const wallClockText = (time: number): string => new Date(time).toISOString().slice(0, 19).replace('T', ' ')

/** Monday 00:00 that starts the week, as `'2023-10-02 00:00:00'`. */
export const weekStart = (week: Week): string => wallClockText(mondayOf(week))

/** Monday 00:00 that ends the week (the first moment outside it), as `'2023-10-09 00:00:00'`. */
export const weekEnd = (week: Week): string => wallClockText(mondayOf(week) + WEEK_MS)

/** The Monday that starts the week, as `2023.10.02`, the form of the metric files' headings. */
export const mondayWithDots = (week: Week): string => weekStart(week).slice(0, 10).replaceAll('-', '.')

/** The week that a wall-clock text (`'2023-10-08 23:59:59'`, a date alone will do) lies in. */
export function weekOfLocal(text: string): Week {
  const match = /^(\d{4})-(\d{2})-(\d{2})/.exec(text)
  if (!match) throw new MatineeError('time_invalid', `"${text}" is not a local time: write it as 2023-10-08 23:59:59`)
  return weekOfWallClock(Date.UTC(Number(match[1]), Number(match[2]) - 1, Number(match[3])))
}

/** The latest week with this number whose start is not after `latest`: how the old system's bare counter is read. */
export function latestWeekNumbered(number: number, latest: Week): Week | undefined {
  const newest = parts(latest)
  for (let year = newest.year; year > newest.year - 12; year--) {
    if (number < 1 || number > weeksInIsoYear(year)) continue
    const week = format(year, number)
    if (week <= latest) return week
  }
  return undefined
}

/** Wall-clock text of an instant in an IANA zone. */
export function localTime(instantMs: number, timeZone: string): string {
  const fields = new Map(
    new Intl.DateTimeFormat('en-US', {
      timeZone,
      calendar: 'gregory',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
    })
      .formatToParts(instantMs)
      .map((part) => [part.type, part.value]),
  )
  const field = (name: Intl.DateTimeFormatPartTypes): string => fields.get(name) ?? ''
  return `${field('year').padStart(4, '0')}-${field('month')}-${field('day')} ${field('hour')}:${field('minute')}:${field('second')}`
}

/**
 * The instant at which a zone's clocks show a wall-clock text. Where clocks skip it, the first instant after;
 * where they show it twice, the earlier one.
 */
export function instantOfLocal(text: string, timeZone: string): number {
  const wanted = Date.parse(`${text.slice(0, 10)}T${text.slice(11) || '00:00:00'}Z`)
  const offsetAt = (instant: number): number => Date.parse(`${localTime(instant, timeZone).replace(' ', 'T')}Z`) - instant
  const offsets = [offsetAt(wanted - DAY_MS), offsetAt(wanted + DAY_MS)]
  const candidates = offsets.map((offset) => wanted - offset).toSorted((a, b) => a - b)
  const exact = candidates.find((instant) => instant + offsetAt(instant) === wanted)
  return exact ?? candidates[1] ?? wanted
}

/** The newest week whose end is at or before an instant. */
export function newestWeekEndedAt(instantMs: number, timeZone: string): Week {
  return addWeeks(weekOfLocal(localTime(instantMs, timeZone)), -1)
}
