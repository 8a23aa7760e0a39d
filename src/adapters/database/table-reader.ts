/** What differs between the two databases that a source can be. */
import type { Knex } from 'knex'
import type { SourceValue } from '../../contracts/ports.ts'
import type { SourceColumn, SourceTable } from '../../contracts/source-tables.ts'

/** The type that the database declares for each column, by the column's name in lower case; both in lower case. */
export type ColumnTypes = ReadonlyMap<string, string>

export interface RowQuery {
  readonly table: SourceTable
  /** In the order wanted; those that `types` lacks read as null. */
  readonly columns: readonly SourceColumn[]
  readonly types: ColumnTypes
  readonly before: string | undefined
  readonly signal: AbortSignal | undefined
}

/** Throws whatever the driver throws, and `source_zone`. */
export interface TableReader {
  /** Empty where the table does not exist, or the user may not see it. */
  columnTypes(knex: Knex, table: SourceTable): Promise<ColumnTypes>
  readRows(knex: Knex, query: RowQuery): AsyncIterable<SourceValue[][]>
  /** `log_dt` of the oldest and newest viewing with `e_bool` 0, nulls without one. */
  viewingBounds(knex: Knex, types: ColumnTypes): Promise<readonly [SourceValue, SourceValue]>
}

/** A log's rows for a week: bounds are text, as wall-clock time is, and rows without a time come along to be counted. */
export const BEFORE = '(log_dt < ? or log_dt is null)'
