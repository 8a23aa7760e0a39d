/** Reads source tables of the embedded database, a page of row ids at a time: its driver works on the calling thread. */
import type { Knex } from 'knex'
import { setImmediate as othersTurn } from 'node:timers/promises'
import type { SourceValue } from '../../contracts/ports.ts'
import type { SourceColumn, SourceTable } from '../../contracts/source-tables.ts'
import { sourceValue } from './source-value.ts'
import { BEFORE, type ColumnTypes, type RowQuery, type TableReader } from './table-reader.ts'

/** About 10 ms of the event loop. */
const PAGE_ROWS = 2_048

export const sqliteReader: TableReader = { columnTypes, readRows, viewingBounds }

async function columnTypes(knex: Knex, table: SourceTable): Promise<ColumnTypes> {
  const rows: { name: string; type: string }[] = await knex.select('name', 'type').from(knex.raw('pragma_table_info(?)', [table]))
  return new Map(rows.map(({ name, type }) => [name.toLowerCase(), type.toLowerCase()]))
}

/**
 * A page is a run of row ids, found first: were it a number of rows before the cut, one page could scan the whole table.
 * The connection goes back to its pool after each page, so that tables can be read side by side.
 */
async function* readRows(knex: Knex, { table, columns, types, before, signal }: RowQuery): AsyncIterable<SourceValue[][]> {
  const selected = Object.fromEntries(
    columns.map((column) => [column.name, types.has(column.name) ? exactly(knex, column) : knex.raw('null')]),
  )
  let last = Number.MIN_SAFE_INTEGER
  while (true) {
    signal?.throwIfAborted()
    const page = knex.select('rowid').from(table).where('rowid', '>', last).orderBy('rowid').limit(PAGE_ROWS)
    const end: { last: number | null } | undefined = await knex.max({ last: 'rowid' }).from(page.as('page')).first()
    if (end === undefined || end.last === null) return
    const query = knex.select(selected).from(table).where('rowid', '>', last).where('rowid', '<=', end.last).orderBy('rowid')
    if (before !== undefined) void query.whereRaw(BEFORE, [before])
    const rows: Record<string, unknown>[] = await query
    if (rows.length > 0) yield rows.map((row) => columns.map(({ name }) => sourceValue(row[name])))
    last = end.last
    await othersTurn()
  }
}

/** Integers become doubles in the driver, which is too few digits for an id. */
function exactly(knex: Knex, { name, kind }: SourceColumn): Knex.Raw {
  return kind === 'id'
    ? knex.raw("case typeof(??) when 'integer' then cast(?? as text) else ?? end", [name, name, name])
    : knex.raw('??', [name])
}

/** An index on `log_dt`, which imports make, answers both without a search. */
async function viewingBounds(knex: Knex): Promise<readonly [SourceValue, SourceValue]> {
  const edge = async (order: 'asc' | 'desc'): Promise<SourceValue> => {
    const usable = knex('vods_sumut').where('e_bool', 0).whereNotNull('log_dt')
    const [value]: unknown[] = await usable.orderBy('log_dt', order).limit(1).pluck('log_dt')
    return sourceValue(value)
  }
  return [await edge('asc'), await edge('desc')]
}
