/** What preprocessing counted in the source tables, arranged for charts and tables. Pure. */
import type { DataQuality } from '../api/schema.ts'

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
