/**
 * One CSV a source table (RFC 4180: commas, a header row, values quoted where needed), empty values are NULL.
 * Each file is read twice: once to check every value and to learn what its columns can be, once to load. Values arrive
 * in the database as they stand in the file; a column becomes INTEGER only where that changes none of them.
 */
import { CsvError, parse } from 'csv-parse'
import { join } from 'node:path'
import { pipeline, Readable } from 'node:stream'
import type { DatabaseLocation } from '../config/locations.ts'
import { MatineeError } from '../contracts/errors.ts'
import { sourceTableNames, sourceTables, type ColumnKind, type SourceTable } from '../contracts/source-tables.ts'
import { loadTables, type LoadOptions, type RowBatch, type RowCounts } from './load-tables.ts'
import type { ColumnDefinition, ColumnType, TableDefinition } from './source-schema.ts'
import { readText } from './text-file.ts'
import { checkColumnNames, isCanonicalInteger, isDate, isLocalTime, isNumber } from './values.ts'

const RECORDS_PER_BATCH = 2000

/**
 * Loads `userinfo.csv`, `vods_sumut.csv`, `contlog.csv` and `vodinfo.csv` of a folder, all or nothing.
 * @throws MatineeError `import_invalid` naming file, line and reason, and what `loadTables` throws.
 */
export async function importCsv(location: DatabaseLocation, directory: string, options: LoadOptions = {}): Promise<RowCounts> {
  const surveys: Survey[] = []
  for (const table of sourceTableNames) surveys.push(await survey(directory, table))
  return loadTables(location, definitionsOf(surveys), csvBatches(surveys), options)
}

interface CsvRecord {
  /** In the file; of a record over several lines, the last one. */
  readonly line: number
  readonly values: readonly string[]
}

/** What a first reading of a file has found. */
interface Survey {
  readonly table: SourceTable
  readonly path: string
  readonly columns: readonly ColumnSurvey[]
}

interface ColumnSurvey {
  readonly name: string
  /** Undefined for columns that the contract does not know. */
  readonly kind: ColumnKind | undefined
  /** Whether all values so far are such. */
  integers: boolean
  dates: boolean
}

async function survey(directory: string, table: SourceTable): Promise<Survey> {
  const path = join(directory, `${table}.csv`)
  let columns: readonly ColumnSurvey[] | undefined
  for await (const { line, values } of readRecords(path)) {
    if (columns === undefined) columns = columnsOf(table, values, path)
    else for (const [index, column] of columns.entries()) observe(column, values[index] ?? '', path, line)
  }
  if (columns === undefined) throw new MatineeError('import_invalid', `${path} is empty; its first line must name the columns`)
  return { table, path, columns }
}

function columnsOf(table: SourceTable, header: readonly string[], path: string): readonly ColumnSurvey[] {
  const missing = sourceTables[table].filter(({ name, required }) => required && !header.includes(name)).map(({ name }) => name)
  if (missing.length > 0)
    throw new MatineeError(
      'import_invalid',
      `${path} line 1 lacks the column${missing.length > 1 ? 's' : ''} ${missing.join(', ')}; it has ${header.join(', ')}`,
      { details: { table } },
    )
  checkColumnNames(header, path)
  const known: ReadonlyMap<string, ColumnKind> = new Map(sourceTables[table].map(({ name, kind }) => [name, kind]))
  return header.map((name) => ({ name, kind: known.get(name), integers: true, dates: true }))
}

function observe(column: ColumnSurvey, value: string, path: string, line: number): void {
  if (value === '') return
  if (column.integers && !isCanonicalInteger(value)) column.integers = false
  switch (column.kind) {
    case 'number':
      if (!column.integers && !isNumber(value)) throw wrongValue(path, line, column.name, value, 'a number')
      break
    case 'localTime':
      if (!isLocalTime(value)) throw wrongValue(path, line, column.name, value, 'a local time such as 2023-10-08 23:59:59')
      break
    case 'date':
      if (column.dates && !isDate(value)) column.dates = false
      break
    case 'id':
    case 'text':
    case undefined:
  }
}

const wrongValue = (path: string, line: number, column: string, value: string, wanted: string): MatineeError =>
  new MatineeError('import_invalid', `${path} line ${line}: ${column} "${value.slice(0, 80)}" is not ${wanted}`)

/** An id column is INTEGER only where it can be in every table, so that the tables still join by plain equality. */
function definitionsOf(surveys: readonly Survey[]): readonly TableDefinition[] {
  const textIds = new Set(
    surveys.flatMap(({ columns }) => columns.filter(({ kind, integers }) => kind === 'id' && !integers).map(({ name }) => name)),
  )
  return surveys.map(({ table, columns }) => ({
    table,
    columns: columns.map((column): ColumnDefinition => ({ name: column.name, type: typeOf(column, textIds) })),
  }))
}

function typeOf(column: ColumnSurvey, textIds: ReadonlySet<string>): ColumnType {
  switch (column.kind) {
    case 'id':
      return textIds.has(column.name) ? 'idText' : 'integer'
    case 'number':
      return column.integers ? 'integer' : 'double'
    case 'date':
      return column.dates ? 'date' : 'text'
    case 'localTime':
    case 'text':
      return column.kind
    case undefined:
    default: // the contract does not know it
      return column.integers ? 'integer' : 'text'
  }
}

async function* csvBatches(surveys: readonly Survey[]): AsyncGenerator<RowBatch> {
  for (const { table, path } of surveys) {
    let rows: (readonly (string | null)[])[] = []
    let isHeader = true
    for await (const { values } of readRecords(path)) {
      if (!isHeader) rows.push(values.map((value) => (value === '' ? null : value)))
      isHeader = false
      if (rows.length < RECORDS_PER_BATCH) continue
      yield { table, rows }
      rows = []
    }
    yield { table, rows }
  }
}

/** Records of a CSV file, its header first. Blank lines are skipped. */
async function* readRecords(path: string): AsyncGenerator<CsvRecord> {
  const parser = parse({ info: true, skip_empty_lines: true })
  pipeline(Readable.from(readText(path)), parser, () => undefined) // errors of either side reach the loop below
  try {
    for await (const { record, info } of parser as AsyncIterable<{ record: string[]; info: { lines: number } }>)
      yield { line: info.lines, values: record }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error
    throw new MatineeError('import_invalid', `${path} line ${String(error['lines'])}: ${reasonOf(error)}`, { cause: error })
  }
}

function reasonOf(error: CsvError): string {
  if (error.code === 'CSV_RECORD_INCONSISTENT_FIELDS_LENGTH') return 'it has more or fewer values than the header has names'
  if (error.code === 'CSV_QUOTE_NOT_CLOSED') return 'a quote is opened and never closed'
  if (error.code === 'INVALID_OPENING_QUOTE' || error.code === 'CSV_INVALID_CLOSING_QUOTE')
    return 'a quote stands inside a value; quote the whole value and double the quote'
  return error.message
}
