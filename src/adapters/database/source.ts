/** The operator's tables through knex: MySQL, or the embedded database. Reads, and never writes. */
import type { Knex } from 'knex'
import { existsSync } from 'node:fs'
import { describeDatabase, type DatabaseLocation } from '../../config/locations.ts'
import { MatineeError } from '../../contracts/errors.ts'
import type { SourceDatabase, SourceValue } from '../../contracts/ports.ts'
import { isLogTable, sourceTables, type SourceColumn, type SourceTable } from '../../contracts/source-tables.ts'
import { connect } from './connect.ts'
import { mysqlReader } from './mysql-reader.ts'
import { sourceError } from './source-errors.ts'
import { sqliteReader } from './sqlite-reader.ts'
import type { ColumnTypes, TableReader } from './table-reader.ts'

export class KnexSourceDatabase implements SourceDatabase {
  readonly location: string
  readonly #path: string | undefined
  readonly #knex: Knex
  readonly #reader: TableReader

  /**
   * Connects on first use.
   * @param timeZone IANA zone that `log_dt` is in; sessions are set to it where a column is a TIMESTAMP.
   */
  constructor(location: DatabaseLocation, timeZone: string) {
    this.location = describeDatabase(location)
    this.#path = location.kind === 'sqlite' ? location.path : undefined
    this.#knex = connect(location, { readOnly: true })
    this.#reader = location.kind === 'sqlite' ? sqliteReader : mysqlReader(timeZone, this.location)
  }

  async checkTables(tables: readonly SourceTable[]): Promise<void> {
    const missing: string[] = []
    for (const table of tables) {
      const types = await this.#columnTypes(table)
      const columns = sourceTables[table].filter(({ name, required }) => required && !types.has(name)).map(({ name }) => name)
      if (types.size === 0) missing.push(`table ${table}`)
      else if (columns.length > 0) missing.push(`${columns.length === 1 ? 'column' : 'columns'} ${columns.join(', ')} of ${table}`)
    }
    if (missing.length > 0)
      throw new MatineeError(
        'source_schema',
        `${this.location} lacks ${missing.join('; ')}. Either it is another database, or its user may not read them`,
        { details: { source: this.location } },
      )
  }

  async *readRows(
    table: SourceTable,
    options: { readonly columns: readonly string[]; readonly before?: string; readonly signal?: AbortSignal },
  ): AsyncIterable<SourceValue[][]> {
    const { before, signal } = options
    const known: readonly SourceColumn[] = sourceTables[table]
    const columns = options.columns.map((name) => {
      const column = known.find((candidate) => candidate.name === name)
      if (column === undefined) throw new TypeError(`${table} has no column ${name}`)
      return column
    })
    signal?.throwIfAborted()
    await this.checkTables([table])
    const types = await this.#columnTypes(table)
    const query = { table, columns, types, before: isLogTable(table) ? before : undefined, signal }
    try {
      yield* this.#reader.readRows(this.#knex, query)
    } catch (error) {
      signal?.throwIfAborted()
      throw sourceError(error, this.location)
    }
  }

  async viewingBounds(): Promise<{ readonly oldest: string; readonly newest: string } | undefined> {
    await this.checkTables(['vods_sumut'])
    const types = await this.#columnTypes('vods_sumut')
    const [oldest, newest] = await this.#ask(() => this.#reader.viewingBounds(this.#knex, types))
    return oldest === null || newest === null ? undefined : { oldest: String(oldest), newest: String(newest) }
  }

  async close(): Promise<void> {
    await this.#knex.destroy()
  }

  async #columnTypes(table: SourceTable): Promise<ColumnTypes> {
    // Opening it would create it: an empty file that then lacks everything.
    if (this.#path !== undefined && !existsSync(this.#path))
      throw new MatineeError('source_schema', `${this.location} does not exist; "matinee import" or "matinee generate" makes it`, {
        details: { source: this.location },
      })
    return this.#ask(() => this.#reader.columnTypes(this.#knex, table))
  }

  async #ask<T>(question: () => Promise<T>): Promise<T> {
    try {
      return await question()
    } catch (error) {
      throw sourceError(error, this.location)
    }
  }
}
