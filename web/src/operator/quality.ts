/** What preprocessing counted in the source tables, arranged for charts and tables. Pure. */
import type { DataQuality } from '../../../client/schema.ts'

type Report = DataQuality['report']

export const sourceTables = ['vods', 'conts', 'programs', 'users'] as const
export type SourceTableName = (typeof sourceTables)[number]

const dropReasons = ['bad_row', 'excluded', 'bad_duration', 'bad_use', 'repeat'] as const

export interface Dropped {
  readonly table: SourceTableName
  readonly reason: (typeof dropReasons)[number]
  readonly rows: number
  /** Of what was read of the table. */
  readonly share: number
}

const countOf = (report: Report, name: string): number => {
  const value: unknown = Object.entries(report).find(([key]) => key === name)?.[1]
  return typeof value === 'number' ? value : 0
}

export const rowsRead = (report: Report, table: SourceTableName): number => countOf(report, `${table}_in`)

/** Rows that were left out, each reason that left out any; the most first. */
export function droppedOf(report: Report): readonly Dropped[] {
  return sourceTables
    .flatMap((table) =>
      dropReasons.map((reason) => {
        const rows = countOf(report, `${table}_${reason}`)
        return { table, reason, rows, share: rows / Math.max(1, rowsRead(report, table)) }
      }),
    )
    .filter(({ rows }) => rows > 0)
    .toSorted((a, b) => b.rows - a.rows)
}

export const rowsDropped = (report: Report, table: SourceTableName): number =>
  droppedOf(report).reduce((sum, one) => sum + (one.table === table ? one.rows : 0), 0)

export type SourceLog = keyof Report['quality']

/** Shares of the week's rows that the gate has a limit for, each with that limit's name. */
const judgedShares = [
  ['bad_row', 'most_bad_row'],
  ['excluded', 'most_excluded'],
  ['bad_duration', 'most_bad_duration'],
  ['bad_use', 'most_bad_use'],
  ['repeats', 'most_repeats'],
  ['unknown_programs', 'most_unknown_programs'],
  ['unknown_users', 'most_unknown_users'],
] as const
const ofViewingsAlone: readonly string[] = ['bad_duration', 'bad_use']

export interface GateFigure {
  readonly log: SourceLog
  readonly check: 'volume' | 'days_without_rows' | (typeof judgedShares)[number][0]
  readonly count: number
  /** Of the week's rows; of volume: of the median of the weeks before, undefined where they are too few. */
  readonly share?: number | undefined
  /** Limits of the share; of the count where there is no share. */
  readonly least?: number
  readonly most: number
}

/** What the data gate looks at: the week's own rows, which are not those of all logs up to it. */
export function gateFigures({ report: { quality }, thresholds }: DataQuality): readonly GateFigure[] {
  return (['viewings', 'clicks'] as const).flatMap((log): readonly GateFigure[] => {
    const { rows, fates, weeks, days_without_rows: emptyDays, repeats, unknown_programs, unknown_users } = quality[log]
    const counts: Readonly<Record<string, number>> = { ...fates, repeats, unknown_programs, unknown_users }
    const before = weeks.slice(0, -1).map((week) => week.rows)
    const volume = weeks.at(-1)?.rows ?? 0
    const usual = before.length < thresholds.least_weeks_before ? 0 : median(before)
    return [
      {
        log,
        check: 'volume',
        count: volume,
        share: usual === 0 ? undefined : volume / usual,
        least: thresholds.least_volume,
        most: thresholds.most_volume,
      },
      { log, check: 'days_without_rows', count: emptyDays.length, most: thresholds.most_days_without_rows },
      ...judgedShares
        .filter(([check]) => log === 'viewings' || !ofViewingsAlone.includes(check))
        .map(([check, limit]) => {
          const count = counts[check] ?? 0
          return { log, check, count, share: count / Math.max(1, rows), most: thresholds[limit] }
        }),
    ]
  })
}

export function isBreach({ check, count, share, least = 0, most }: GateFigure): boolean {
  if (check === 'days_without_rows') return count > most
  return share !== undefined && (share < least || share > most)
}

/** 0 of none. */
function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  return ((sorted[Math.floor(middle - 0.5)] ?? 0) + (sorted[Math.ceil(middle - 0.5)] ?? 0)) / 2
}

/** Figures that have no place in the tables above; a later version may count more. */
export function otherFigures(report: Report): readonly { readonly name: string; readonly value: number }[] {
  const shown = new Set<string>([
    'pairs',
    'watched_pairs',
    'users',
    'programs',
    ...sourceTables.flatMap((table) => [`${table}_in`, ...dropReasons.map((reason) => `${table}_${reason}`)]),
  ])
  return Object.entries(report).flatMap(([name, value]) => (typeof value === 'number' && !shown.has(name) ? [{ name, value }] : []))
}
