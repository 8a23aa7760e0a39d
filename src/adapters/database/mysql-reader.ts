/** Reads source tables of MySQL and what speaks its protocol, as one streamed result in one session. */
import type { Knex } from 'knex'
import type { Connection } from 'mysql2'
import { MatineeError } from '../../contracts/errors.ts'
import type { SourceValue } from '../../contracts/ports.ts'
import { sourceTables, type SourceColumn, type SourceTable } from '../../contracts/source-tables.ts'
import { fixedOffset } from './fixed-offset.ts'
import { sourceValue } from './source-value.ts'
import { BEFORE, type ColumnTypes, type RowQuery, type TableReader } from './table-reader.ts'

const BATCH_ROWS = 2_048
/** MySQL's number for "unknown or incorrect time zone". */
const ER_UNKNOWN_TIME_ZONE = 1298

export function mysqlReader(timeZone: string, location: string): TableReader {
  return {
    columnTypes,
    async *readRows(knex, query) {
      const connection = await acquire(knex)
      let finished = false
      try {
        await setSessionZone(knex, connection, query, timeZone, location)
        yield* streamRows(knex, connection, query)
        finished = true
      } finally {
        // A reader that stops early leaves rows on the wire: the session cannot be used again. The pool drops it.
        if (!finished) connection.destroy()
        await release(knex, connection)
      }
    },
    async viewingBounds(knex, types) {
      const connection = await acquire(knex)
      try {
        await setSessionZone(knex, connection, { table: 'vods_sumut', types }, timeZone, location)
        return await bounds(knex, connection, 'vods_sumut', 'log_dt', { e_bool: 0 })
      } finally {
        await release(knex, connection)
      }
    },
  }
}

const acquire = async (knex: Knex): Promise<Connection> => (await knex.client.acquireConnection()) as Connection
const release = async (knex: Knex, connection: Connection): Promise<void> => {
  await knex.client.releaseConnection(connection)
}

/** Names of these columns differ in case between servers, so they get names of ours. */
async function columnTypes(knex: Knex, table: SourceTable): Promise<ColumnTypes> {
  const rows: { name: string; type: string }[] = await knex
    .select({ name: 'column_name', type: 'data_type' })
    .from('information_schema.columns')
    .where('table_schema', knex.raw('database()'))
    .where('table_name', table)
  return new Map(rows.map(({ name, type }) => [name.toLowerCase(), type.toLowerCase()]))
}

async function* streamRows(knex: Knex, connection: Connection, query: RowQuery): AsyncIterable<SourceValue[][]> {
  const { table, columns, types, before, signal } = query
  const select = knex.select(columns.map((column) => expression(knex, column, types.get(column.name)))).from(table)
  if (before !== undefined) void select.whereRaw(BEFORE, [before])
  const { sql, bindings } = select.toSQL().toNative()
  const rows: AsyncIterable<unknown[]> = connection
    .query({ sql, values: [...bindings], rowsAsArray: true })
    .stream({ highWaterMark: BATCH_ROWS, ...(signal === undefined ? {} : { signal }) })
  let batch: SourceValue[][] = []
  for await (const row of rows) {
    batch.push(row.map(sourceValue))
    if (batch.length < BATCH_ROWS) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}

/** A BIT arrives as bytes; as a number it is the flag that it stands for. */
function expression(knex: Knex, { name }: SourceColumn, type: string | undefined): Knex.Raw {
  if (type === undefined) return knex.raw('null')
  return type === 'bit' ? knex.raw('?? + 0', [name]) : knex.raw('??', [name])
}

async function bounds(
  knex: Knex,
  connection: Connection,
  table: SourceTable,
  column: string,
  where: Readonly<Record<string, number>> = {},
): Promise<readonly [SourceValue, SourceValue]> {
  const [found]: { oldest: SourceValue; newest: SourceValue }[] = await knex
    .select({ oldest: knex.raw('min(??)', [column]), newest: knex.raw('max(??)', [column]) })
    .from(table)
    .where(where)
    .connection(connection)
  return [found?.oldest ?? null, found?.newest ?? null]
}

/**
 * The server converts a TIMESTAMP into the session's zone; every other type it leaves alone. A server without zone tables
 * knows only distances from UTC, and one of those will do where the zone kept it over all the column's time.
 * @throws MatineeError `source_zone` where neither can be had.
 */
async function setSessionZone(
  knex: Knex,
  connection: Connection,
  { table, types }: Pick<RowQuery, 'table' | 'types'>,
  timeZone: string,
  location: string,
): Promise<void> {
  const timestamps = sourceTables[table].filter(({ name }) => types.get(name) === 'timestamp').map(({ name }) => name)
  if (timestamps.length === 0) return
  const setZone = (zone: string): Promise<unknown> => Promise.resolve(knex.raw('set time_zone = ?', [zone]).connection(connection))
  try {
    await setZone(timeZone)
    return
  } catch (error) {
    if (!(error instanceof Error && 'errno' in error && error.errno === ER_UNKNOWN_TIME_ZONE)) throw error
  }
  await setZone('+00:00')
  const texts: SourceValue[] = []
  for (const column of timestamps) texts.push(...(await bounds(knex, connection, table, column)))
  const instants = texts.map((text) => Date.parse(`${String(text).replace(' ', 'T')}Z`)).filter((instant) => !Number.isNaN(instant))
  const offset = instants.length === 0 ? '+00:00' : fixedOffset(timeZone, Math.min(...instants), Math.max(...instants))
  if (offset === undefined)
    throw new MatineeError(
      'source_zone',
      `${location} does not know the zone ${timeZone}, and ${timestamps.join(', ')} of ${table} is a TIMESTAMP whose values span a change of ` +
        "that zone's clocks; load the zone tables (mysql_tzinfo_to_sql /usr/share/zoneinfo | mysql mysql), or make it a DATETIME",
      { details: { source: location, timeZone } },
    )
  await setZone(offset)
}
