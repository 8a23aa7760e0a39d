/** Reads source tables of MySQL and what speaks its protocol, each as one streamed result in one session. */
import type { Knex } from 'knex'
import type { Connection, QueryOptions } from 'mysql2'
import { setTimeout as delay } from 'node:timers/promises'
import { MatineeError } from '../../contracts/errors.ts'
import type { DayFingerprint, RowLines, SourceValue } from '../../contracts/ports.ts'
import { DaySums } from './day-sums.ts'
import { fixedOffset } from './fixed-offset.ts'
import { sourceValue, textOf } from './source-value.ts'
import { DAY_LENGTH, timeCondition, type ColumnTypes, type ReadColumn, type RowQuery, type TableReader } from './table-reader.ts'

const BATCH_ROWS = 2_048
/** Of the lines of a batch: long ones come fewer at a time. */
const BATCH_BYTES = 8 * 1024 * 1024
/** A server that says nothing for this long is asked whether it lives: a scan may be silent for minutes, a frozen server for ever. */
const SILENCE_MS = 10_000
/** How long it may take to say so. */
const ANSWER_MS = 10_000
/** What `to_days` says of 1970-01-01. */
const DAYS_TO_1970 = 719_528
const DAY_MS = 86_400_000
/** MySQL's number for "unknown or incorrect time zone". */
const ER_UNKNOWN_TIME_ZONE = 1298
/** Of columns that hold a time as text, as `information_schema` names them. */
const textTypes: ReadonlySet<string> = new Set([
  'char',
  'varchar',
  'tinytext',
  'text',
  'mediumtext',
  'longtext',
  'binary',
  'varbinary',
  'enum',
])

/** Whose values the server writes in digits and signs, none of them a comma; and with it an `e` in those of a float. */
const plainTypes: ReadonlySet<string> = new Set([
  'tinyint',
  'smallint',
  'mediumint',
  'int',
  'bigint',
  'decimal',
  'float',
  'double',
  'datetime',
  'timestamp',
  'date',
])

/** Whose values begin with a day. */
const dayTypes: ReadonlySet<string> = new Set(['datetime', 'timestamp', 'date'])

/** Whose values may be longer than the server may send; those of the others are 64 KiB at most. */
const longTypes: ReadonlySet<string> = new Set(['mediumtext', 'longtext', 'mediumblob', 'longblob', 'json'])

export function mysqlReader(timeZone: string, location: string): TableReader {
  return {
    async columnTypes(knex, table) {
      return inSession(knex, (connection) => columnTypes(knex, connection, table))
    },
    async *readLines(knex, query) {
      const connection = await acquire(knex)
      const watch = watchServer(knex)
      let finished = false
      try {
        await Promise.race([setSessionZone(knex, connection, query, timeZone, location), watch.lost])
        yield* streamLines(knex, connection, query, watch)
        finished = true
      } finally {
        watch.end()
        // A reader that stops early leaves rows on the wire: the session cannot be used again. The pool drops it.
        if (!finished) connection.destroy()
        await release(knex, connection)
      }
    },
    async fingerprint(knex, query) {
      return inSession(knex, async (connection) => {
        await setSessionZone(knex, connection, query, timeZone, location)
        return fingerprint(knex, connection, query)
      })
    },
    async timeBounds(knex, query, excluded) {
      const column = query.time?.name
      if (column === undefined) return [null, null]
      return inSession(knex, async (connection) => {
        await setSessionZone(knex, connection, query, timeZone, location)
        const usable = knex(query.table).where(excluded, 0)
        return [await edge(usable, column, 'asc', connection), await edge(usable, column, 'desc', connection)]
      })
    },
  }
}

const acquire = async (knex: Knex): Promise<Connection> => (await knex.client.acquireConnection()) as Connection
const release = async (knex: Knex, connection: Connection): Promise<void> => {
  await knex.client.releaseConnection(connection)
}

/** Runs statements in one session, which is dropped where they fail or the server goes silent. */
async function inSession<T>(knex: Knex, work: (connection: Connection) => Promise<T>): Promise<T> {
  const connection = await acquire(knex)
  const watch = watchServer(knex)
  try {
    return await Promise.race([work(connection), watch.lost])
  } catch (error) {
    connection.destroy()
    throw error
  } finally {
    watch.end()
    await release(knex, connection)
  }
}

interface Watch {
  /** Rejects when the server is found not to answer. */
  readonly lost: Promise<never>
  /** Says that something came. */
  refresh(): void
  end(): void
}

/** Asks a server that has been silent, over a connection of its own, whether it is still there. */
function watchServer(knex: Knex): Watch {
  const { promise: lost, reject } = Promise.withResolvers<never>()
  lost.catch(() => {}) // whoever waits for it hears of it; there may be nobody any more
  let ended = false
  const ask = async (): Promise<void> => {
    try {
      await Promise.race([knex.raw('select 1'), tooLate()])
      if (!ended) timer.refresh()
    } catch (error) {
      reject(error instanceof Error ? error : new Error(String(error)))
    }
  }
  const timer = setTimeout(() => void ask(), SILENCE_MS)
  return {
    lost,
    refresh: () => void timer.refresh(),
    end: () => {
      ended = true
      clearTimeout(timer)
    },
  }
}

async function tooLate(): Promise<never> {
  await delay(ANSWER_MS, undefined, { ref: false })
  throw new Error(`no sign of life for ${(SILENCE_MS + ANSWER_MS) / 1000} seconds`)
}

/** Names of these columns differ in case between servers, so they get names of ours. */
async function columnTypes(knex: Knex, connection: Connection, table: string): Promise<ColumnTypes> {
  const rows: { name: string; type: string }[] = await knex
    .select({ name: 'column_name', type: 'data_type' })
    .from('information_schema.columns')
    .where('table_schema', knex.raw('database()'))
    .where('table_name', table)
    .connection(connection)
  return new Map(rows.map(({ name, type }) => [name.toLowerCase(), type.toLowerCase()]))
}

const hasTextTime = ({ time }: RowQuery): boolean => time?.type !== undefined && textTypes.has(time.type)

async function* streamLines(knex: Knex, connection: Connection, query: RowQuery, watch: Watch): AsyncIterable<RowLines> {
  const { table, time, signal, onFingerprint } = query
  const condition = timeCondition(query, hasTextTime(query))
  const select = knex
    .select(time === undefined ? [lineOf(knex, query)] : [lineOf(knex, query), expression(knex, time)])
    .from(table)
    .whereRaw(condition.sql, condition.bindings)
  const { sql, bindings } = select.toSQL().toNative()
  const sums = onFingerprint === undefined ? undefined : new DaySums()
  const dayOf = hasTextTime(query) ? firstCharacters : firstUnits
  for await (const batch of batchesOf(connection, { sql, values: [...bindings], rowsAsArray: true }, watch, signal)) {
    const lines: string[] = []
    const times: (string | null)[] = []
    for (const [text, at] of batch) {
      const line = textOf(text)
      if (line === null) throw tooLong(table)
      lines.push(line)
      if (time === undefined) continue
      const moment = textOf(at)
      times.push(moment)
      sums?.add(moment === null ? null : dayOf(moment), line)
    }
    yield { lines, times }
    watch.refresh()
  }
  if (sums !== undefined) onFingerprint?.(sums.days())
}

/** Of a line that is null, as a text becomes that is longer than the server's limit. */
const tooLong = (table: string): MatineeError =>
  new MatineeError(
    'source_schema',
    `${table} has a row that is longer than the server's max_allowed_packet, its texts counted twice; raise that, or shorten the row's texts`,
  )

/** Of a time that the server writes in digits. */
const firstUnits = (text: string): string => text.slice(0, DAY_LENGTH)
/** As the server counts them: some characters are two of JavaScript's units. */
const firstCharacters = (text: string): string => Array.from(text).slice(0, DAY_LENGTH).join('')

/** The driver reads on while no more of them than this wait to be taken. */
const BATCHES_AHEAD = 2

/**
 * A query's rows as they come, the last batch smaller than the others. A stream of single rows, which the driver has, costs more than
 * reading them.
 */
async function* batchesOf(
  connection: Connection,
  query: QueryOptions,
  watch: Watch,
  signal: AbortSignal | undefined,
): AsyncIterable<unknown[][]> {
  signal?.throwIfAborted()
  const batches: unknown[][][] = []
  let batch: unknown[][] = []
  let batchBytes = 0
  let hasEnded = false
  let failure: unknown
  let wake: (() => void) | undefined
  const fail = (error: unknown): void => {
    failure ??= error
    hasEnded = true
    wake?.()
  }
  const abort = (): void => fail(signal?.reason)
  signal?.addEventListener('abort', abort, { once: true })
  // A connection that is lost tells its callbacks and itself, but not a query without one, which would wait for ever;
  // one whose server froze, or went without a word, tells nobody.
  watch.lost.catch(fail)
  connection.once('error', fail)
  const command = connection.query(query)
  command.on('error', fail)
  command.on('result', (row: unknown[]) => {
    const [line] = row
    if (typeof line === 'string') batchBytes += line.length
    if (batch.push(row) < BATCH_ROWS && batchBytes < BATCH_BYTES) return
    batches.push(batch)
    batch = []
    batchBytes = 0
    if (batches.length >= BATCHES_AHEAD) connection.pause()
    wake?.()
  })
  command.on('end', () => {
    if (batch.length > 0) batches.push(batch)
    hasEnded = true
    wake?.()
  })
  try {
    while (true) {
      if (failure !== undefined) throw failure
      const next = batches.shift()
      if (next !== undefined) yield next
      else if (hasEnded) return
      else {
        const { promise, resolve } = Promise.withResolvers<void>()
        wake = resolve
        connection.resume()
        await promise
      }
    }
  } finally {
    signal?.removeEventListener('abort', abort)
    connection.off('error', fail)
  }
}

/** A BIT arrives as bytes; as a number it is the flag that it stands for. */
function expression(knex: Knex, { name, type }: ReadColumn): Knex.Raw {
  if (type === undefined) return knex.raw('null')
  return type === 'bit' ? knex.raw('?? + 0', [name]) : knex.raw('??', [name])
}

/** See `RowLines`. */
function fieldOf(knex: Knex, column: ReadColumn): Knex.Raw {
  const { name, type = '' } = column
  if (type === 'bit' || plainTypes.has(type)) return knex.raw("ifnull(?, '')", [expression(knex, column)])
  return knex.raw("ifnull(concat('x', hex(convert(?? using utf8mb4))), '')", [name])
}

/** A column that the table lacks is null in every row. Null where a field, or all of them, are longer than the server may send. */
function lineOf(knex: Knex, { columns }: Pick<RowQuery, 'columns'>): Knex.Raw {
  const fields = columns.map((column) => (column.type === undefined ? knex.raw("''") : fieldOf(knex, column)))
  if (fields.length === 0) return knex.raw("''")
  const line = knex.raw(`concat_ws(',', ${fields.map(() => '?').join(', ')})`, fields)
  // concat_ws passes over a field that has become null for its length. To look at every column for it would take as long as the rest.
  const long = columns.filter(({ type }) => type !== undefined && longTypes.has(type))
  const isTooLong = long.map(({ name }) =>
    knex.raw('?? is not null and ifnull(2 * length(convert(?? using utf8mb4)) + 1 > @@max_allowed_packet, true)', [name, name]),
  )
  return long.length === 0 ? line : knex.raw(`if(${isTooLong.map(() => '?').join(' or ')}, null, ?)`, [...isTooLong, line])
}

/**
 * The server adds up each row's checksum: see DaySums. It makes the row's line anew at each place that names it, so one place does. Days as
 * numbers take it less time than days as text; what no calendar has keeps its text, such as the 31 February and all of the year 0.
 */
async function fingerprint(knex: Knex, connection: Connection, query: RowQuery): Promise<DayFingerprint[]> {
  const { table, time, columns } = query
  const condition = timeCondition(query, hasTextTime(query))
  const text = time === undefined ? knex.raw('null') : knex.raw(`left(??, ${DAY_LENGTH})`, [time.name])
  const isDated = time !== undefined && dayTypes.has(time.type ?? '')
  const days: { day_number: unknown; day_text: unknown; day_rows: unknown; day_sum: unknown }[] = await knex
    .select({
      day_number: isDated ? knex.raw('to_days(??)', [time.name]) : knex.raw('null'),
      day_text: isDated ? knex.raw('if(to_days(??) > 365 and dayofmonth(??) < 29, null, ?)', [time.name, time.name, text]) : text,
      day_rows: knex.raw('count(*)'),
      day_sum: columns.length === 0 ? knex.raw('0') : knex.raw('sum(crc32(crc32(?)))', [lineOf(knex, query)]),
    })
    .from(table)
    .whereRaw(condition.sql, condition.bindings)
    .groupBy('day_number', 'day_text')
    .connection(connection)
  return days.map(({ day_number, day_text, day_rows, day_sum }) => ({
    day: day_text === null && day_number !== null ? dayOfNumber(Number(day_number)) : textOf(day_text),
    rows: Number(day_rows),
    sum: String(day_sum),
  }))
}

const dayOfNumber = (toDays: number): string => new Date((toDays - DAYS_TO_1970) * DAY_MS).toISOString().slice(0, DAY_LENGTH)

/** The first value of a column in an order: where an index has that order, as it should on a log's time, no row is searched. */
async function edge(rows: Knex.QueryBuilder, column: string, order: 'asc' | 'desc', connection: Connection): Promise<SourceValue> {
  const [value]: unknown[] = await rows.clone().whereNotNull(column).orderBy(column, order).limit(1).pluck(column).connection(connection)
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
  { table, time, columns }: RowQuery,
  timeZone: string,
  location: string,
): Promise<void> {
  const all = time === undefined ? columns : [time, ...columns]
  const timestamps = [...new Set(all.filter(({ type }) => type === 'timestamp').map(({ name }) => name))]
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
