/** Reads a range of one source table, and writes it as parts: Parquet files, one a bucket of users. */
import { crc32 } from 'node:zlib'
import { setTimeout as delay } from 'node:timers/promises'
import type { RawFile, RawPartition } from '../contracts/documents.ts'
import { MatineeError } from '../contracts/errors.ts'
import type { Cell, ColumnDatabase, DayFingerprint, ObjectStore, Progress, RowSource, SourceValue, TimeRange } from '../contracts/ports.ts'
import { isTimedTable, rawTables, type ColumnKind, type RawTable, type SourceColumn } from '../contracts/source-tables.ts'
import { storeKeys } from '../contracts/store-keys.ts'
import type { Week } from '../contracts/week.ts'

/** Numbers as doubles; everything else as the source's own text, so that ids and times stay exact. */
const columnTypes: Readonly<Record<ColumnKind, 'VARCHAR' | 'DOUBLE'>> = {
  id: 'VARCHAR',
  text: 'VARCHAR',
  localTime: 'VARCHAR',
  date: 'VARCHAR',
  number: 'DOUBLE',
}

/** A part has the least power of two of buckets that holds no more rows in each than this, in the mean. */
const ROWS_PER_BUCKET = 65_536
const MOST_BUCKETS = 64

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

/** What a reading left in the database: the table `reading`, its rows marked with their part's position in `parts`. */
export interface ReadRows {
  readonly parts: readonly PartName[]
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
  const columns: readonly SourceColumn[] = rawTables[table]
  const names = columns.map(({ name }) => name)
  const isTimed = isTimedTable(table)
  const userColumn = names.indexOf('subsr_id')
  const timeColumn = names.indexOf('log_dt')
  const rowsBefore = state.rows
  const positions = new Map<PartName, number>()
  let days: readonly DayFingerprint[] = []
  const onFingerprint = (found: readonly DayFingerprint[]): void => {
    days = found
  }
  try {
    state.phase = 'read'
    const definitions = columns.map(({ name, kind }) => `${name} ${columnTypes[kind]}`)
    await database.run(`create or replace table reading (part DOUBLE, user_hash DOUBLE, ${definitions.join(', ')})`)
    await database.append('reading', readRows())
    return { parts: [...positions.keys()], days }
  } catch (error) {
    state.rows = rowsBefore
    throw error
  }

  async function* readRows(): AsyncIterable<Cell[][]> {
    const options = { columns: names, ...range, signal: progress.signal, ...(isTimed ? { onFingerprint } : {}) }
    for await (const rows of source.readRows(table, options)) {
      const cells = columns.map(({ kind }, column) => rows.map((row) => cellOf(kind, row[column])))
      const times = cells[timeColumn]
      const users = isTimed ? cells[userColumn] : undefined
      const parts = rows.map((_, row) => positionOf(partOf(textOrNull(times?.[row]))))
      const hashes = rows.map((_, row) => hashOf(users?.[row]))
      yield [parts, hashes, ...cells]
      state.rows += rows.length
    }
  }

  function positionOf(part: PartName): number {
    const known = positions.get(part)
    if (known !== undefined) return known
    positions.set(part, positions.size)
    return positions.size - 1
  }
}

/** Files are in the store when it resolves. Their bytes depend on the part's rows alone, not on their order or on what was read with them. */
export async function writePart(
  table: RawTable,
  part: PartName,
  { parts }: ReadRows,
  { store, database }: PartPorts,
  state: ExtractState,
): Promise<Omit<RawPartition, 'fingerprint'>> {
  state.phase = 'write'
  const isTimed = isTimedTable(table)
  const ofPart = `from reading where part = ${parts.indexOf(part)}`
  const bounds = isTimed ? 'min(log_dt) as oldest, max(log_dt) as newest' : 'null as oldest, null as newest'
  const { found, oldest, newest } = await database.row(`select count(*) as found, ${bounds} ${ofPart}`)
  const rows = Number(found)
  const buckets = isTimed ? bucketsFor(rows) : 1
  const files: RawFile[] = []
  for (let bucket = 0; bucket < buckets; bucket++) {
    const ofBucket = `select * exclude (part, user_hash) ${ofPart} and user_hash % ${buckets} = ${bucket} order by all nulls first`
    const file = await database.writeParquet(ofBucket, `${bucket}.parquet`)
    if (file.rows === 0 && buckets > 1) continue
    const key = storeKeys.rawFile(table, part, file.sha256)
    await store.upload(key, file.path, { precondition: { absent: true }, contentType: 'application/vnd.apache.parquet' })
    files.push({ key, sha256: file.sha256, rows: file.rows, bytes: file.sizeBytes, bucket })
  }
  return { format: 1, table, week: part, rows, oldest: textOrNull(oldest), newest: textOrNull(newest), buckets, files }
}

function bucketsFor(rows: number): number {
  let buckets = 1
  while (buckets < MOST_BUCKETS && rows > buckets * ROWS_PER_BUCKET) buckets *= 2
  return buckets
}

/** An empty text is no id and no time. What is not a finite number counts as missing where a number belongs. */
function cellOf(kind: ColumnKind, value: SourceValue | undefined): Cell {
  if (value === null || value === undefined) return null
  if (kind === 'number') {
    const number = value === '' ? Number.NaN : Number(value)
    return Number.isFinite(number) ? number : null
  }
  return value === '' && kind !== 'text' ? null : String(value)
}

const hashOf = (user: Cell | undefined): number => (typeof user === 'string' ? crc32(user) : 0)
const textOrNull = (value: Cell | undefined): string | null => (typeof value === 'string' ? value : null)
