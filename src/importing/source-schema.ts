/**
 * The four source tables as Matinee itself writes them (imports, generated data), in SQLite and in MySQL alike.
 * An operator's own tables may differ: reading asks only for the columns of `contracts/source-tables.ts`.
 */
import type { Knex } from 'knex'
import { isLogTable, sourceTables, type ColumnKind, type SourceTable } from '../contracts/source-tables.ts'

/** What a column holds. Which one an id or a number gets is decided by the values that are to be stored. */
export type ColumnType = 'integer' | 'double' | 'idText' | 'text' | 'date' | 'localTime'

export interface ColumnDefinition {
  readonly name: string
  readonly type: ColumnType
}

export interface TableDefinition {
  readonly table: SourceTable
  /** In the order of the values of a row. */
  readonly columns: readonly ColumnDefinition[]
}

type Dialect = 'sqlite' | 'mysql'

/**
 * SQLite compares `log_dt` as text, so it is TEXT there (a type named DATETIME would have numeric affinity).
 * BIGINT has integer affinity in SQLite, which makes an id that arrives as text an integer again.
 */
const sqlTypes: Readonly<Record<Dialect, Readonly<Record<ColumnType, string>>>> = {
  sqlite: { integer: 'bigint', double: 'double', idText: 'text', text: 'text', date: 'text', localTime: 'text' },
  mysql: { integer: 'bigint', double: 'double', idText: 'varchar(255)', text: 'text', date: 'date', localTime: 'datetime' },
}

const usualTypes: Readonly<Record<ColumnKind, ColumnType>> = {
  id: 'integer',
  text: 'text',
  localTime: 'localTime',
  number: 'integer',
  date: 'date',
}

/** A table with all columns of the contract, in its order, ids and numbers as integers. */
export function usualDefinition(table: SourceTable): TableDefinition {
  return { table, columns: sourceTables[table].map(({ name, kind }) => ({ name, type: usualTypes[kind] })) }
}

/** Which SQL a connection speaks. */
function dialectOf(database: Knex): Dialect {
  const client: unknown = database.client
  const name = typeof client === 'object' && client !== null && 'dialect' in client ? client.dialect : undefined
  return name === 'mysql' ? 'mysql' : 'sqlite'
}

/** Creates a table without indexes, under its own name or another (rows load faster so; see `createSourceIndexes`). */
export async function createSourceTable(database: Knex, definition: TableDefinition, name: string = definition.table): Promise<void> {
  const dialect = dialectOf(database)
  await database.schema.createTable(name, (table) => {
    for (const column of definition.columns) table.specificType(column.name, sqlTypes[dialect][column.type]).nullable()
    if (dialect === 'mysql') {
      table.charset('utf8mb4')
      table.collate('utf8mb4_bin') // ids compare exactly, case included
      table.engine('InnoDB')
    }
  })
}

/** The index that weekly reads use: `log_dt` of the two logs. Made after loading, which is faster than keeping it up to date. */
export async function createSourceIndexes(database: Knex, table: SourceTable, name: string = table): Promise<void> {
  // SQLite has one namespace for the indexes of all tables, so the table's name is part of the index's.
  if (isLogTable(table)) await database.schema.alterTable(name, (builder) => builder.index(['log_dt'], `${table}_log_dt`))
}
