/** Reads source tables of the embedded database a page at a time: its driver works on the calling thread. */
import type { Knex } from 'knex'
import { setImmediate as othersTurn } from 'node:timers/promises'
import type { DayFingerprint, RowLines, SourceValue } from '../../contracts/ports.ts'
import { DaySums } from './day-sums.ts'
import { lineOf } from './row-line.ts'
import { sourceValue, textOf } from './source-value.ts'
import { DAY_LENGTH, timeCondition, type ColumnTypes, type ReadColumn, type RowQuery, type TableReader } from './table-reader.ts'

/** About 10 ms of the event loop. */
const PAGE_ROWS = 2_048

export const sqliteReader: TableReader = { columnTypes, readLines, fingerprint, timeBounds }

async function columnTypes(knex: Knex, table: string): Promise<ColumnTypes> {
  const rows: { name: string; type: string }[] = await knex.select('name', 'type').from(knex.raw('pragma_table_info(?)', [table]))
  return new Map(rows.map(({ name, type }) => [name.toLowerCase(), type.toLowerCase()]))
}

async function* readLines(knex: Knex, query: RowQuery): AsyncIterable<RowLines> {
  const { time, columns, onFingerprint } = query
  const sums = onFingerprint === undefined ? undefined : new DaySums()
  const marks = time === undefined ? [] : [knex.raw('??', [time.name]), dayOf(knex, time)]
  for await (const rows of pages(knex, query, [...marks, ...columns.map((column) => exactly(knex, column))])) {
    const lines = rows.map((row) => lineOf(row.slice(marks.length)))
    const times = time === undefined ? [] : rows.map(([at]) => textOf(at))
    for (const [n, line] of sums === undefined ? [] : lines.entries()) sums?.add(textOf(rows[n]?.[1]), line)
    yield { lines, times }
  }
  if (sums !== undefined) onFingerprint?.(sums.days())
}

async function fingerprint(knex: Knex, query: RowQuery): Promise<DayFingerprint[]> {
  const { time, columns } = query
  const day = time === undefined ? knex.raw('null') : dayOf(knex, time)
  if (columns.length === 0) return countDays(knex, query, day)
  const sums = new DaySums()
  for await (const rows of pages(knex, query, [day, ...columns.map((column) => exactly(knex, column))]))
    for (const [of, ...values] of rows) sums.add(textOf(of), lineOf(values))
  return sums.days()
}

/** The rows of each day, counted by the database: of no columns there is nothing to add up. */
async function countDays(knex: Knex, query: RowQuery, day: Knex.Raw): Promise<DayFingerprint[]> {
  const counts = new Map<string | null, number>()
  const select = { row_day: day, row_count: knex.raw('count(*)') }
  for await (const days of pagesByRow(knex, query, { select, groupBy: 'row_day' }, timeCondition(query, true)))
    for (const { row_day, row_count } of days) counts.set(textOf(row_day), (counts.get(textOf(row_day)) ?? 0) + Number(row_count))
  return [...counts].map(([of, rows]) => ({ day: of, rows, sum: '0' }))
}

/** A time that is a number is no text: the database puts it before all of them. */
const dayOf = (knex: Knex, { name }: ReadColumn): Knex.Raw =>
  knex.raw(`case typeof(??) when 'text' then substr(??, 1, ${DAY_LENGTH}) end`, [name, name])

/** Integers become doubles in the driver, which is too few digits for an id. */
function exactly(knex: Knex, { name, kind, type }: ReadColumn): Knex.Raw {
  if (type === undefined) return knex.raw('null')
  return kind === 'id'
    ? knex.raw("case typeof(??) when 'integer' then cast(?? as text) else ?? end", [name, name, name])
    : knex.raw('??', [name])
}

/**
 * Rows of the query's range, these expressions of each. The connection goes back to its pool after each page, so that
 * tables can be read side by side.
 */
async function* pages(knex: Knex, query: RowQuery, expressions: readonly Knex.Raw[]): AsyncIterable<unknown[][]> {
  const select = Object.fromEntries(expressions.map((expression, index) => [`c${index}`, expression]))
  for await (const rows of pagesOf(knex, query, select))
    if (rows.length > 0) yield rows.map((row) => expressions.map((_, index) => row[`c${index}`]))
}

async function* pagesOf(knex: Knex, query: RowQuery, select: Selection): AsyncIterable<Rows> {
  const { table, time, range } = query
  if (time !== undefined && range.before !== undefined && (await hasIndexOn(knex, table, time.name))) {
    if (range.from === undefined) yield* pagesByRow(knex, query, { select }, { sql: '?? is null', bindings: [time.name] })
    yield* pagesByTime(knex, query, time, select)
  } else yield* pagesByRow(knex, query, { select }, timeCondition(query, true))
}

type Rows = readonly Readonly<Record<string, unknown>>[]
type Selection = Readonly<Record<string, Knex.Raw>>

/** A page is a run of row ids, found first: were it a number of rows before the cut, one page could scan the whole table. */
async function* pagesByRow(
  knex: Knex,
  { table, signal }: RowQuery,
  { select, groupBy }: { readonly select: Selection; readonly groupBy?: string },
  condition: { readonly sql: string; readonly bindings: string[] },
): AsyncIterable<Rows> {
  let last = Number.MIN_SAFE_INTEGER
  const isTimeless = condition.sql === '?? is null'
  while (true) {
    signal?.throwIfAborted()
    const page = knex.select('rowid').from(table).where('rowid', '>', last).orderBy('rowid').limit(PAGE_ROWS)
    if (isTimeless) void page.whereRaw(condition.sql, condition.bindings)
    const end: { last: number | null } | undefined = await knex.max({ last: 'rowid' }).from(page.as('page')).first()
    if (end === undefined || end.last === null) return
    const rows = knex
      .select(select)
      .from(table)
      .where('rowid', '>', last)
      .where('rowid', '<=', end.last)
      .whereRaw(condition.sql, condition.bindings)
    yield await (groupBy === undefined ? rows.orderBy('rowid') : rows.groupBy(groupBy))
    last = end.last
    await othersTurn()
  }
}

const bound = (text: string | undefined): string => (text ?? '').slice(0, DAY_LENGTH)

/** In the order of an index on the time, from the last row of a page to the next. */
async function* pagesByTime(knex: Knex, query: RowQuery, time: ReadColumn, selection: Selection): AsyncIterable<Rows> {
  const { table, range, signal } = query
  let after: { readonly time: unknown; readonly row: unknown } | undefined
  while (true) {
    signal?.throwIfAborted()
    const select = knex
      .select({ ...selection, page_time: knex.raw('??', [time.name]), page_row: knex.raw('rowid') })
      .from(table)
      .whereRaw('?? < ?', [time.name, bound(range.before)])
      .orderBy([time.name, 'rowid'])
      .limit(PAGE_ROWS)
    if (after !== undefined)
      void select.whereRaw('?? >= ? and (?? > ? or rowid > ?)', [
        time.name, after.time, time.name, after.time, after.row,
      ] as Knex.RawBinding[]) // prettier-ignore
    else if (range.from !== undefined) void select.whereRaw('?? >= ?', [time.name, bound(range.from)])
    const rows: Record<string, unknown>[] = await select
    const last = rows.at(-1)
    if (last === undefined) return
    yield rows
    if (rows.length < PAGE_ROWS) return
    after = { time: last['page_time'], row: last['page_row'] }
    await othersTurn()
  }
}

async function hasIndexOn(knex: Knex, table: string, column: string): Promise<boolean> {
  const found: unknown[] = await knex
    .select(knex.raw('1'))
    .from(knex.raw('pragma_index_list(?) as list, pragma_index_info(list.name) as info', [table]))
    .whereRaw('list.partial = 0 and info.seqno = 0 and lower(info.name) = ?', [column.toLowerCase()])
    .limit(1)
  return found.length > 0
}

/** An index on the time, which imports make, answers both without a search. */
async function timeBounds(knex: Knex, { table, time }: RowQuery, excluded: string): Promise<readonly [SourceValue, SourceValue]> {
  if (time === undefined) return [null, null]
  const edge = async (order: 'asc' | 'desc'): Promise<SourceValue> => {
    const usable = knex(table).where(excluded, 0).whereNotNull(time.name)
    const [value]: unknown[] = await usable.orderBy(time.name, order).limit(1).pluck(time.name)
    return sourceValue(value)
  }
  return [await edge('asc'), await edge('desc')]
}
