/** Reads a range of one source table, and writes it as parts: Parquet files, one a bucket of users. */
import { setTimeout as delay } from 'node:timers/promises'
import type { RawFile, RawPartition } from '../contracts/documents.ts'
import { MatineeError } from '../contracts/errors.ts'
import type { Cell, ColumnDatabase, DayFingerprint, ObjectStore, Progress, RowSource, TimeRange } from '../contracts/ports.ts'
import { isTimedTable, rawTables, type RawTable, type SourceColumn } from '../contracts/source-tables.ts'
import { storeKeys } from '../contracts/store-keys.ts'
import type { Week } from '../contracts/week.ts'
import { text } from './features.ts'

/**
 * A field of a line (see `RowLines`) as a column: numbers as doubles; everything else as the source's own text, so that ids and times stay
 * exact. An empty text is no id and no time. What is not a finite decimal number counts as missing where a number belongs.
 */
function columnOf({ name, kind }: SourceColumn): string {
  const decoded = `case when starts_with(${name}, 'x') then decode(unhex(substr(${name}, 2))) else ${name} end`
  if (kind === 'text') return `${decoded} as ${name}`
  if (kind !== 'number') return `nullif(${decoded}, '') as ${name}`
  const coded = `case when regexp_full_match(trim(${decoded}), '${decimalNumber}') then trim(${decoded}) end`
  return `case when starts_with(${name}, 'x') then ${finite(coded)} else ${finite(name)} end as ${name}`
}
const finite = (digits: string): string => `case when isfinite(try_cast(${digits} as double)) then try_cast(${digits} as double) end`
const decimalNumber = '[-+]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][-+]?[0-9]+)?'

/** A part has the least power of two of buckets that holds no more rows in each than this, in the mean. */
const ROWS_PER_BUCKET = 65_536
const MOST_BUCKETS = 64

/** Lines of a part that go to the scratch folder together: more of them would be moved about by each collection of garbage while they wait. */
const LINES_A_WRITE = 1024

/** Of a line, in which a text takes twice its bytes: what MySQL sends in one piece unless it is told otherwise. */
const MOST_LINE_BYTES = 16 * 1024 * 1024
/** Of all lines that wait, so that long ones do not fill the memory. */
const MOST_WAITING_BYTES = 2 * MOST_LINE_BYTES
/** What DuckDB reads of lines at once: about its own default. A line has to fit into that. */
const READ_BYTES = 2 * MOST_LINE_BYTES

/** Seconds between tries while the source is away: a restart of it costs one part, not an attempt. About 80 seconds in all. */
const RETRY_SECONDS = [1, 2, 4, 8, 15, 15, 15, 20] as const

export interface PartPorts {
  readonly store: ObjectStore
  readonly source: RowSource
  readonly progress: Progress
  /** In which one part after the other is put in order. */
  readonly database: ColumnDatabase
}

/** Where an extraction is, for people. */
export interface ExtractState {
  readonly table: RawTable
  phase: string
  week?: string
  part?: number
  parts?: number
  rows: number
}

/** The week of its rows, or what rows without a week are in. */
export type PartName = Week | 'undated'

export interface Reading {
  readonly table: RawTable
  readonly range: TimeRange
  /** The part that a row belongs to, by its time as text. */
  readonly partOf: (time: string | null) => PartName
}

/** What a reading left in the scratch folder. */
export interface ReadRows {
  /** The file of each part that has rows. */
  readonly files: ReadonlyMap<PartName, string>
  /** What the rows add up to, where the table is a log. */
  readonly days: readonly DayFingerprint[]
}

type ReadPorts = Omit<PartPorts, 'store'>
type ReadState = Pick<ExtractState, 'phase' | 'rows'>

/** Reads a range once, whatever fails meanwhile. */
export async function readRange(reading: Reading, ports: ReadPorts, state: ReadState): Promise<ReadRows> {
  return whileAway(ports.progress, () => tryReading(reading, ports, state))
}

/** Does it again while the source is away, though not for long: the activity's own retry has the patience. */
export async function whileAway<T>(progress: Progress, work: () => Promise<T>): Promise<T> {
  for (const seconds of RETRY_SECONDS) {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof MatineeError) || error.code !== 'source_unreachable') throw error
      await delay(seconds * 1000, undefined, { signal: progress.signal })
    }
  }
  return work()
}

async function tryReading(
  { table, range, partOf }: Reading,
  { source, database, progress }: ReadPorts,
  state: ReadState,
): Promise<ReadRows> {
  const rowsBefore = state.rows
  const files = new Map<PartName, string>()
  const waiting = new Map<PartName, string[]>()
  let waitingBytes = 0
  let days: readonly DayFingerprint[] = []
  const onFingerprint = (found: readonly DayFingerprint[]): void => {
    days = found
  }
  const columns = rawTables[table].map(({ name }) => name)
  const options = { columns, ...range, signal: progress.signal, ...(isTimedTable(table) ? { onFingerprint } : {}) }
  try {
    state.phase = 'read'
    for await (const batch of source.readLines(table, options)) {
      for (const [row, line] of batch.lines.entries()) {
        if (line.length > MOST_LINE_BYTES) throw tooLong(table, line)
        const part = partOf(batch.times[row] ?? null)
        const lines = waiting.get(part)
        waitingBytes += line.length
        if (lines === undefined) waiting.set(part, [line])
        else if (lines.push(line) === LINES_A_WRITE) await write(part)
        if (waitingBytes > MOST_WAITING_BYTES) for (const each of waiting.keys()) await write(each)
      }
      state.rows += batch.lines.length
    }
    for (const part of waiting.keys()) await write(part)
    return { files, days }
  } catch (error) {
    state.rows = rowsBefore
    for (const file of files.values()) await database.discard(file)
    throw error
  }

  async function write(part: PartName): Promise<void> {
    const file = `${table}.${part}.lines`
    files.set(part, file)
    const lines = waiting.get(part) ?? []
    for (const { length } of lines) waitingBytes -= length
    waiting.delete(part)
    await database.appendText(file, `${lines.join('\n')}\n`)
  }
}

const tooLong = (table: RawTable, { length }: string): MatineeError =>
  new MatineeError(
    'source_schema',
    `${table} has a row of ${length} bytes, in which texts count twice; ${MOST_LINE_BYTES} are the most: shorten its texts, or map a column of shorter ones`,
  )

/** Makes the table `part` of what was read of a part, which leaves the scratch folder. */
export async function loadPart(table: RawTable, part: PartName, { files }: ReadRows, database: ColumnDatabase): Promise<void> {
  const lines = files.get(part)
  await database.run(`create or replace table part as ${lines === undefined ? noRows(table) : rowsOf(table, database.scratchPath(lines))}`)
  if (lines !== undefined) await database.discard(lines)
}

/** Files are in the store when it resolves. Their bytes depend on the part's rows alone, not on their order or on what was read with them. */
export async function writePart(
  table: RawTable,
  part: PartName,
  read: ReadRows,
  { store, database }: PartPorts,
  state: ExtractState,
): Promise<Omit<RawPartition, 'fingerprint'>> {
  state.phase = 'write'
  const isTimed = isTimedTable(table)
  await loadPart(table, part, read, database)
  const bounds = isTimed ? 'min(log_dt) as oldest, max(log_dt) as newest' : 'null as oldest, null as newest'
  const { found, oldest, newest } = await database.row(`select count(*) as found, ${bounds} from part`)
  const rows = Number(found)
  const buckets = isTimed ? bucketsFor(rows) : 1
  const files: RawFile[] = []
  for (let bucket = 0; bucket < buckets; bucket++) {
    const ofBucket = buckets === 1 ? '' : `where ${bucketOf} % ${buckets} = ${bucket}`
    const file = await database.writeParquet(`select * from part ${ofBucket} order by all nulls first`, `${bucket}.parquet`)
    if (file.rows === 0 && buckets > 1) continue
    const key = storeKeys.rawFile(table, part, file.sha256)
    await store.upload(key, file.path, { precondition: { absent: true }, contentType: 'application/vnd.apache.parquet' })
    files.push({ key, sha256: file.sha256, rows: file.rows, bytes: file.sizeBytes, bucket })
  }
  return { format: 1, table, week: part, rows, oldest: textOrNull(oldest), newest: textOrNull(newest), buckets, files }
}

/** Of a user, the same for ever: Knuth's multiplicative hash, its upper half, of what is an integer to DuckDB; of other ids, which takes longer, from MD5. */
const bucketOf = `coalesce(try_cast(subsr_id as uinteger)::ubigint * 2654435761 % 4294967296 // 65536, md5_number_lower(coalesce(subsr_id, '')))`

/** Lines as columns. Nothing is guessed of them, and nothing in them is quoted. */
function rowsOf(table: RawTable, path: string): string {
  const columns: readonly SourceColumn[] = rawTables[table]
  const fields = columns.map(({ name }) => `'${name}': 'VARCHAR'`).join(', ')
  const format = `auto_detect = false, header = false, delim = ',', quote = '', escape = '', comment = '', new_line = '\\n'`
  const sizes = `max_line_size = ${MOST_LINE_BYTES}, buffer_size = ${READ_BYTES}`
  return `select ${columns.map(columnOf).join(', ')} from read_csv(${text(path)}, ${format}, ${sizes}, columns = {${fields}})`
}

/** So that there is a file that has the table's columns. */
function noRows(table: RawTable): string {
  const columns: readonly SourceColumn[] = rawTables[table]
  return `select ${columns.map(({ name, kind }) => `null::${kind === 'number' ? 'DOUBLE' : 'VARCHAR'} as ${name}`).join(', ')} limit 0`
}

function bucketsFor(rows: number): number {
  let buckets = 1
  while (buckets < MOST_BUCKETS && rows > buckets * ROWS_PER_BUCKET) buckets *= 2
  return buckets
}

const textOrNull = (value: Cell | undefined): string | null => (typeof value === 'string' ? value : null)
