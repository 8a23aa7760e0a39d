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
/** When a server counts as gone that says nothing: far longer than a scan takes to its next batch, or its reader for one. */
const SILENCE_MS = 10 * 60_000
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
        const usable = knex('vods_sumut').where('e_bool', 0)
        return [await edge(usable, 'log_dt', 'asc', connection), await edge(usable, 'log_dt', 'desc', connection)]
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
    .timeout(SILENCE_MS)
  return new Map(rows.map(({ name, type }) => [name.toLowerCase(), type.toLowerCase()]))
}

async function* streamRows(knex: Knex, connection: Connection, query: RowQuery): AsyncIterable<SourceValue[][]> {
  const { table, columns, types, before, signal } = query
  const select = knex.select(columns.map((column) => expression(knex, column, types.get(column.name)))).from(table)
  if (before !== undefined) void select.whereRaw(BEFORE, [before])
  const { sql, bindings } = select.toSQL().toNative()
  const rows = connection
    .query({ sql, values: [...bindings], rowsAsArray: true })
    .stream({ highWaterMark: BATCH_ROWS, ...(signal === undefined ? {} : { signal }) })
  // A connection that is lost tells its callbacks and itself, but not a query's stream, which would wait for ever;
  // one whose server froze, or went without a word, tells nobody.
  const lost = (error: Error): void => void rows.destroy(error)
  const silence = setTimeout(() => lost(new Error(`no row for ${SILENCE_MS / 1000} seconds`)), SILENCE_MS)
  connection.once('error', lost)
  try {
    let batch: SourceValue[][] = []
    for await (const row of rows as AsyncIterable<unknown[]>) {
      batch.push(row.map(sourceValue))
      if (batch.length < BATCH_ROWS) continue
      yield batch
      batch = []
      silence.refresh()
    }
    if (batch.length > 0) yield batch
  } finally {
    clearTimeout(silence)
    connection.off('error', lost)
  }
}

/** A BIT arrives as bytes; as a number it is the flag that it stands for. */
function expression(knex: Knex, { name }: SourceColumn, type: string | undefined): Knex.Raw {
  if (type === undefined) return knex.raw('null')
  return type === 'bit' ? knex.raw('?? + 0', [name]) : knex.raw('??', [name])
}

/** The first value of a column in an order: where an index has that order, as it should on a log's time, no row is searched. */
async function edge(rows: Knex.QueryBuilder, column: string, order: 'asc' | 'desc', connection: Connection): Promise<SourceValue> {
  const [value]: unknown[] = await rows
    .clone()
    .whereNotNull(column)
    .orderBy(column, order)
    .limit(1)
    .pluck(column)
    .timeout(SILENCE_MS)
    .connection(connection)
  return sourceValue(value)
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
  const setZone = (zone: string): Promise<unknown> =>
    Promise.resolve(knex.raw('set time_zone = ?', [zone]).timeout(SILENCE_MS).connection(connection))
  try {
    await setZone(timeZone)
    return
  } catch (error) {
    if (!(error instanceof Error && 'errno' in error && error.errno === ER_UNKNOWN_TIME_ZONE)) throw error
  }
  await setZone('+00:00')
  const texts: SourceValue[] = []
  for (const column of timestamps)
    texts.push(await edge(knex(table), column, 'asc', connection), await edge(knex(table), column, 'desc', connection))
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
