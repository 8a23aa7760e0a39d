/** What differs between the two databases that a source can be. */
import type { Knex } from 'knex'
import type { DayFingerprint, RowLines, SourceValue, TimeRange } from '../../contracts/ports.ts'
import type { ColumnKind } from '../../contracts/source-tables.ts'

/** The type that the database declares for each column, by the column's name in lower case; both in lower case. */
export type ColumnTypes = ReadonlyMap<string, string>

/** A column as the database has it. */
export interface ReadColumn {
  readonly name: string
  readonly kind: ColumnKind
  /** Undefined where the table lacks it: it reads as null. */
  readonly type: string | undefined
}

export interface RowQuery {
  /** The database's own name. */
  readonly table: string
  /** In the order wanted. */
  readonly columns: readonly ReadColumn[]
  /** Undefined for tables without one. */
  readonly time: ReadColumn | undefined
  readonly range: TimeRange
  readonly signal: AbortSignal | undefined
  /** See the port. */
  readonly onFingerprint: ((days: readonly DayFingerprint[]) => void) | undefined
}

/** Throws whatever the driver throws, and `source_zone`. */
export interface TableReader {
  /** Empty where the table does not exist, or the user may not see it. */
  columnTypes(knex: Knex, table: string): Promise<ColumnTypes>
  readLines(knex: Knex, query: RowQuery): AsyncIterable<RowLines>
  fingerprint(knex: Knex, query: RowQuery): Promise<DayFingerprint[]>
  /** The time of the oldest and newest row whose column `excluded` is 0, nulls without one. */
  timeBounds(knex: Knex, query: RowQuery, excluded: string): Promise<readonly [SourceValue, SourceValue]>
}

/** Characters of a day in a time as text. */
export const DAY_LENGTH = 'YYYY-MM-DD'.length

/**
 * The rows of a range. Bounds are text, as wall-clock time is. Where times are stored as text they are compared by their
 * day alone, so that a date without a clock time falls on its own day, and not before its midnight.
 */
export function timeCondition(
  { time, range: { from, before } }: RowQuery,
  isText: boolean,
): { readonly sql: string; readonly bindings: string[] } {
  if (time === undefined || (from === undefined && before === undefined)) return { sql: '1 = 1', bindings: [] }
  const bound = (text: string): string => (isText ? text.slice(0, DAY_LENGTH) : text)
  const { name } = time
  if (before === undefined) return { sql: '?? >= ?', bindings: [name, bound(from ?? '')] }
  if (from === undefined) return { sql: '(?? < ? or ?? is null)', bindings: [name, bound(before), name] }
  return { sql: '?? >= ? and ?? < ?', bindings: [name, bound(from), name, bound(before)] }
}
