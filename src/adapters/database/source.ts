/** The operator's tables through knex: MySQL, or the embedded database. Reads, and never writes. */
import type { Knex } from 'knex'
import { existsSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { describeDatabase, type DatabaseLocation } from '../../config/locations.ts'
import { MatineeError } from '../../contracts/errors.ts'
import type { DayFingerprint, EventSource, RowLines, SourceDatabase } from '../../contracts/ports.ts'
import { isTimedTable, rawTables, type RawTable, type SourceColumn, type TableNames } from '../../contracts/source-tables.ts'
import { connect } from './connect.ts'
import { mysqlReader } from './mysql-reader.ts'
import { sourceError } from './source-errors.ts'
import { sqliteReader } from './sqlite-reader.ts'
import type { ColumnTypes, ReadColumn, RowQuery, TableReader } from './table-reader.ts'

export interface SourceOptions {
  /** Where tables and columns have names of their own. */
  readonly names?: TableNames
}

type ReadOptions = Parameters<SourceDatabase['readLines']>[1]

export class KnexSourceDatabase implements SourceDatabase, EventSource {
  readonly location: string
  readonly #path: string | undefined
  readonly #knex: Knex
  readonly #reader: TableReader
  readonly #names: TableNames
  readonly #rowsPerSecond: number

  /**
   * Connects on first use.
   * @param timeZone IANA zone that `log_dt` is in; sessions are set to it where a column is a TIMESTAMP.
   */
  constructor(location: DatabaseLocation, timeZone: string, { names = {} }: SourceOptions = {}) {
    this.location = describeDatabase(location)
    this.#path = location.kind === 'sqlite' ? location.path : undefined
    this.#knex = connect(location, { readOnly: true })
    this.#reader = location.kind === 'sqlite' ? sqliteReader : mysqlReader(timeZone, this.location)
    this.#names = names
    this.#rowsPerSecond = (location.kind === 'mysql' ? location.rowsPerSecond : undefined) ?? Number.POSITIVE_INFINITY
  }

  async checkTables(tables: readonly RawTable[]): Promise<void> {
    const missing: string[] = []
    for (const table of tables) {
      const types = await this.#columnTypes(table)
      const columns = rawTables[table]
        .filter(({ name, required }) => required && !types.has(this.#columnName(table, name).toLowerCase()))
        .map(({ name }) => usualName(this.#columnName(table, name), name))
      if (types.size === 0) missing.push(`table ${usualName(this.#tableName(table), table)}`)
      else if (columns.length > 0)
        missing.push(`${columns.length === 1 ? 'column' : 'columns'} ${columns.join(', ')} of ${this.#tableName(table)}`)
    }
    if (missing.length > 0)
      throw new MatineeError(
        'source_schema',
        `${this.location} lacks ${missing.join('; ')}. Either it is another database, or its user may not read them, or MATINEE_COLUMN_MAPPING must say how they are named there`,
        { details: { source: this.location } },
      )
  }

  async hasTable(table: RawTable): Promise<boolean> {
    if (this.#path !== undefined && !existsSync(this.#path)) return false
    return (await this.#columnTypes(table)).size > 0
  }

  async *readLines(table: RawTable, options: ReadOptions): AsyncIterable<RowLines> {
    const { signal } = options
    const query = await this.#query(table, options)
    const started = performance.now()
    let rows = 0
    try {
      for await (const batch of this.#reader.readLines(this.#knex, query)) {
        yield batch
        rows += batch.lines.length
        const early = (rows / this.#rowsPerSecond) * 1000 - (performance.now() - started)
        if (early > 0) await delay(early, undefined, signal === undefined ? {} : { signal })
      }
    } catch (error) {
      signal?.throwIfAborted()
      throw sourceError(error, this.location)
    }
  }

  async fingerprint(table: RawTable, options: ReadOptions): Promise<readonly DayFingerprint[]> {
    const query = await this.#query(table, options)
    try {
      return await this.#reader.fingerprint(this.#knex, query)
    } catch (error) {
      options.signal?.throwIfAborted()
      throw sourceError(error, this.location)
    }
  }

  async viewingBounds(): Promise<{ readonly oldest: string; readonly newest: string } | undefined> {
    const query = await this.#query('vods_sumut', { columns: [] })
    const [oldest, newest] = await this.#ask(() => this.#reader.timeBounds(this.#knex, query, this.#columnName('vods_sumut', 'e_bool')))
    return oldest === null || newest === null ? undefined : { oldest: String(oldest), newest: String(newest) }
  }

  async close(): Promise<void> {
    await this.#knex.destroy()
  }

  #tableName(table: RawTable): string {
    return this.#names[table]?.table ?? table
  }

  #columnName(table: RawTable, column: string): string {
    return this.#names[table]?.columns?.[column] ?? column
  }

  /** What to read, by the database's own names. */
  async #query(table: RawTable, { columns, from, before, signal, onFingerprint }: ReadOptions): Promise<RowQuery> {
    signal?.throwIfAborted()
    await this.checkTables([table])
    const types = await this.#columnTypes(table)
    const known: readonly SourceColumn[] = rawTables[table]
    const column = (wanted: string): ReadColumn => {
      const kind = known.find(({ name }) => name === wanted)?.kind
      if (kind === undefined) throw new TypeError(`${table} has no column ${wanted}`)
      const name = this.#columnName(table, wanted)
      return { name, kind, type: types.get(name.toLowerCase()) }
    }
    return {
      table: this.#tableName(table),
      columns: columns.map(column),
      time: isTimedTable(table) ? column('log_dt') : undefined,
      range: { ...(from === undefined ? {} : { from }), ...(before === undefined ? {} : { before }) },
      signal,
      onFingerprint,
    }
  }

  async #columnTypes(table: RawTable): Promise<ColumnTypes> {
    // Opening it would create it: an empty file that then lacks everything.
    if (this.#path !== undefined && !existsSync(this.#path))
      throw new MatineeError('source_schema', `${this.location} does not exist; "matinee import" or "matinee generate" makes it`, {
        details: { source: this.location },
      })
    return this.#ask(() => this.#reader.columnTypes(this.#knex, this.#tableName(table)))
  }

  async #ask<T>(question: () => Promise<T>): Promise<T> {
    try {
      return await question()
    } catch (error) {
      throw sourceError(error, this.location)
    }
  }
}

/** What the source was asked for, with what stands for it in the contract where that is another word. */
const usualName = (asked: string, usual: string): string => (asked === usual ? asked : `${asked} (${usual})`)
