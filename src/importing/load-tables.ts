/**
 * Loads the source tables whole or not at all.
 *
 * SQLite: everything is one transaction. MySQL commits at each CREATE TABLE, so rows go into staging tables there,
 * which one atomic RENAME puts in place; what a killed import left behind is dropped by the next.
 */
import type { Knex } from 'knex'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { connect } from '../adapters/database/connect.ts'
import { sourceError } from '../adapters/database/source-errors.ts'
import { describeDatabase, type DatabaseLocation } from '../config/locations.ts'
import { MatineeError } from '../contracts/errors.ts'
import type { SourceValue } from '../contracts/ports.ts'
import type { SourceTable } from '../contracts/source-tables.ts'
import { createSourceIndexes, createSourceTable, type TableDefinition } from './source-schema.ts'

/** Values in the order of the table's definition. */
export type SourceRow = readonly SourceValue[]

/** Some rows of one table. Batches of different tables may alternate. */
export interface RowBatch {
  readonly table: SourceTable
  readonly rows: readonly SourceRow[]
}
export type RowBatches = Iterable<RowBatch> | AsyncIterable<RowBatch>

/** Rows loaded so far, by table. */
export type RowCounts = Readonly<Partial<Record<SourceTable, number>>>

export interface LoadOptions {
  /** Drops tables that hold rows; without it they are refused. */
  readonly replace?: boolean
  /** Told every two seconds how far it is. */
  readonly progress?: (text: string) => void
}

/** `userinfo 800, vodinfo 300 rows` */
export function describeCounts(counts: RowCounts): string {
  const parts = Object.entries(counts).map(([table, rows]) => `${table} ${rows.toLocaleString('en')}`)
  return `${parts.join(', ')} rows`
}

const PROGRESS_MS = 2000
/** Values a statement: few enough for every SQLite, many enough that the cost of a call no longer shows. */
const SQLITE_VALUES = 1000
/** Rows a statement: far below `max_allowed_packet` for rows of a few hundred bytes. */
const MYSQL_ROWS = 2500
/** Rows between commits, so that neither undo log nor binlog cache holds a whole import. */
const MYSQL_ROWS_PER_COMMIT = 50_000

/**
 * Creates the tables and fills them from `batches`; tables that are there already must be empty, or `replace` is set.
 * An error that `batches` throws ends the load, and the database is as it was.
 * @throws MatineeError `import_invalid` for tables that hold rows and values that do not fit, `source_denied`, `source_unreachable`.
 */
export async function loadTables(
  location: DatabaseLocation,
  definitions: readonly TableDefinition[],
  batches: RowBatches,
  options: LoadOptions = {},
): Promise<RowCounts> {
  const database = connect(location)
  const load = location.kind === 'mysql' ? loadIntoMysql : loadIntoSqlite
  try {
    if (options.replace !== true) await refuseFilledTables(database, definitions)
    return await database.transaction((transaction) => load(transaction, definitions, batches, options))
  } catch (error) {
    throw loadError(error, describeDatabase(location))
  } finally {
    await database.destroy()
  }
}

/** The first of these tables that holds rows. @throws MatineeError `source_denied`, `source_unreachable`. */
export async function findFilledTable(
  location: DatabaseLocation,
  definitions: readonly TableDefinition[],
): Promise<SourceTable | undefined> {
  const database = connect(location)
  try {
    return await filledTable(database, definitions)
  } catch (error) {
    throw loadError(error, describeDatabase(location))
  } finally {
    await database.destroy()
  }
}

async function filledTable(database: Knex, definitions: readonly TableDefinition[]): Promise<SourceTable | undefined> {
  for (const { table } of definitions) {
    if (!(await database.schema.hasTable(table))) continue
    if ((await database(table).select(database.raw('1')).limit(1)).length > 0) return table
  }
  return undefined
}

async function refuseFilledTables(database: Knex, definitions: readonly TableDefinition[]): Promise<void> {
  const table = await filledTable(database, definitions)
  if (table === undefined) return
  throw new MatineeError('import_invalid', `table ${table} already holds rows; --replace drops them, or name another database`, {
    details: { table },
  })
}

/** Writes one batch of one table. */
type WriteRows = (rows: readonly SourceRow[]) => Promise<void>

async function writeAll(writers: ReadonlyMap<SourceTable, WriteRows>, batches: RowBatches, options: LoadOptions): Promise<RowCounts> {
  const counts: Partial<Record<SourceTable, number>> = Object.fromEntries([...writers.keys()].map((table) => [table, 0]))
  let told = performance.now()
  for await (const { table, rows } of batches) {
    const write = writers.get(table)
    if (write === undefined) throw new MatineeError('internal', `rows of ${table} came without a definition of it`)
    await write(rows)
    counts[table] = (counts[table] ?? 0) + rows.length
    if (performance.now() - told > PROGRESS_MS) {
      options.progress?.(`so far ${describeCounts(counts)}`)
      told = performance.now()
    }
    await nextTurn() // the embedded database works on this thread: let timers and signals in between
  }
  return counts
}

async function loadIntoSqlite(
  transaction: Knex.Transaction,
  definitions: readonly TableDefinition[],
  batches: RowBatches,
  options: LoadOptions,
): Promise<RowCounts> {
  const connection = await sqliteConnection(transaction)
  const writers = new Map<SourceTable, WriteRows>()
  for (const definition of definitions) {
    await transaction.schema.dropTableIfExists(definition.table)
    await createSourceTable(transaction, definition)
    writers.set(definition.table, sqliteWriter(connection, definition))
  }
  const counts = await writeAll(writers, batches, options)
  for (const { table } of definitions) await createSourceIndexes(transaction, table)
  return counts
}

interface SqliteConnection {
  prepare(sql: string): { run(values: readonly SourceValue[]): unknown }
}

/** The driver's connection below knex: prepared statements bind four times as many rows a second as knex does. */
async function sqliteConnection(transaction: Knex.Transaction): Promise<SqliteConnection> {
  const connection: unknown = await transaction.client.acquireConnection()
  if (typeof connection === 'object' && connection !== null && 'prepare' in connection && typeof connection.prepare === 'function')
    return connection as SqliteConnection
  throw new MatineeError('internal', 'the embedded database has no prepared statements')
}

function sqliteWriter(connection: SqliteConnection, { table, columns }: TableDefinition): WriteRows {
  const rowsPerStatement = Math.max(1, Math.floor(SQLITE_VALUES / columns.length))
  const one = `(${columns.map(() => '?').join(',')})`
  const statementFor = (rows: number): ReturnType<SqliteConnection['prepare']> =>
    connection.prepare(`insert into ${table} values ${Array<string>(rows).fill(one).join(',')}`)
  const full = statementFor(rowsPerStatement)
  return async (rows) => {
    for (let start = 0; start < rows.length; start += rowsPerStatement) {
      const part = rows.slice(start, start + rowsPerStatement)
      const values = part.flat()
      if (values.length !== part.length * columns.length)
        throw new MatineeError('internal', `a row of ${table} does not have its ${columns.length} values`)
      const statement = part.length === rowsPerStatement ? full : statementFor(part.length)
      statement.run(values)
    }
  }
}

const stagingName = (table: SourceTable): string => `${table}__import`
const replacedName = (table: SourceTable): string => `${table}__replaced`

async function loadIntoMysql(
  transaction: Knex.Transaction,
  definitions: readonly TableDefinition[],
  batches: RowBatches,
  options: LoadOptions,
): Promise<RowCounts> {
  const release = await lockImports(transaction)
  const tables = definitions.map(({ table }) => table)
  const dropLeftovers = async (): Promise<void> => {
    for (const table of tables)
      for (const name of [stagingName(table), replacedName(table)]) await transaction.schema.dropTableIfExists(name)
  }
  try {
    await dropLeftovers()
    const writers = new Map<SourceTable, WriteRows>()
    for (const definition of definitions) {
      await createSourceTable(transaction, definition, stagingName(definition.table))
      writers.set(definition.table, mysqlWriter(transaction, definition.table))
    }
    const counts = await writeAll(writers, batches, options)
    for (const table of tables) await createSourceIndexes(transaction, table, stagingName(table))
    const renames: string[] = []
    for (const table of tables) {
      if (await transaction.schema.hasTable(table)) renames.push(`${table} to ${replacedName(table)}`)
      renames.push(`${stagingName(table)} to ${table}`)
    }
    await transaction.raw(`rename table ${renames.join(', ')}`)
    return counts
  } finally {
    // Where the connection is lost too, the first error is the one to tell, and the next import cleans up.
    await dropLeftovers().then(release, () => undefined)
  }
}

/** Two imports into one schema at once would share staging tables. The lock is the connection's, so a killed import frees it. */
async function lockImports(transaction: Knex.Transaction): Promise<() => Promise<void>> {
  const name = `concat('matinee-import-', md5(database()))`
  const [[answer]] = (await transaction.raw(`select get_lock(${name}, 0) as locked`)) as [readonly { locked?: unknown }[]]
  if (Number(answer?.locked) !== 1)
    throw new MatineeError('import_invalid', 'another import into this database is under way; wait for its end')
  return async () => {
    await transaction.raw(`do release_lock(${name})`)
  }
}

function mysqlWriter(transaction: Knex.Transaction, table: SourceTable): WriteRows {
  let uncommitted = MYSQL_ROWS_PER_COMMIT // creating the table has ended knex's own transaction
  return async (rows) => {
    for (let start = 0; start < rows.length; start += MYSQL_ROWS) {
      if (uncommitted >= MYSQL_ROWS_PER_COMMIT) {
        await transaction.raw('start transaction') // which commits what was open
        uncommitted = 0
      }
      const part = rows.slice(start, start + MYSQL_ROWS)
      // mysql2 writes nested arrays as (…), (…); knex's types know of flat ones only.
      await transaction.raw('insert into ?? values ?', [stagingName(table), part] as unknown as Knex.RawBinding[])
      uncommitted += part.length
    }
  }
}

/** What knex throws has the whole statement in its message, values included: only the server's own words are handed on. */
function loadError(error: unknown, location: string): unknown {
  if (error instanceof MatineeError || !(error instanceof Error) || !('code' in error)) return error
  const words = 'sqlMessage' in error && typeof error.sqlMessage === 'string' ? error.sqlMessage : String(error.code)
  const isAboutValues = 'sqlState' in error && typeof error.sqlState === 'string' && error.sqlState.startsWith('22')
  if (isAboutValues) return new MatineeError('import_invalid', `${location} does not take the rows: ${words}`, { cause: error })
  return sourceError(new Error(words, { cause: error }), location)
}
