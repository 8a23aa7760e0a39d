/** Reads a range of one source table into Parquet files, one a bucket of users. */
import { crc32 } from 'node:zlib'
import { setTimeout as delay } from 'node:timers/promises'
import type { RawFile, RawPartition } from '../contracts/documents.ts'
import { MatineeError } from '../contracts/errors.ts'
import type { Cell, ColumnDatabase, ObjectStore, Progress, SourceDatabase, SourceValue, TimeRange } from '../contracts/ports.ts'
import { isLogTable, sourceTables, type ColumnKind, type SourceColumn, type SourceTable } from '../contracts/source-tables.ts'
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
  readonly source: SourceDatabase
  readonly progress: Progress
  /** In which one part after the other is put in order. */
  readonly database: ColumnDatabase
}

/** Where an extraction is, for people. */
export interface ExtractState {
  readonly table: SourceTable
  phase: string
  week?: string
  part?: number
  parts?: number
  rows: number
}

export interface PartQuery {
  readonly table: SourceTable
  readonly week: Week | 'undated'
  readonly range: TimeRange
}

/** Files are in the store when it resolves. Their bytes depend on the rows alone, not on their order or on what failed meanwhile. */
export async function readPart(query: PartQuery, ports: PartPorts, state: ExtractState): Promise<Omit<RawPartition, 'fingerprint'>> {
  return whileAway(ports.progress, () => tryPart(query, ports, state))
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

async function tryPart(
  { table, week, range }: PartQuery,
  { store, source, database, progress }: PartPorts,
  state: ExtractState,
): Promise<Omit<RawPartition, 'fingerprint'>> {
  const isBucketed = isLogTable(table)
  const rowsBefore = state.rows
  try {
    const rows = await loadPart({ table, range }, { source, database, progress }, state)
    state.phase = 'write'
    const buckets = isBucketed ? bucketsFor(rows) : 1
    const { oldest, newest } = await database.row(
      isBucketed ? 'select min(log_dt) as oldest, max(log_dt) as newest from part' : 'select null as oldest, null as newest',
    )
    const files: RawFile[] = []
    for (let bucket = 0; bucket < buckets; bucket++) {
      const ofBucket = `select * exclude (user_hash) from part where user_hash % ${buckets} = ${bucket} order by all nulls first`
      const file = await database.writeParquet(ofBucket, `${bucket}.parquet`)
      if (file.rows === 0 && buckets > 1) continue
      const key = storeKeys.rawFile(table, week, file.sha256)
      await store.upload(key, file.path, { precondition: { absent: true }, contentType: 'application/vnd.apache.parquet' })
      files.push({ key, sha256: file.sha256, rows: file.rows, bytes: file.sizeBytes, bucket })
    }
    return { format: 1, table, week, rows, oldest: textOrNull(oldest), newest: textOrNull(newest), buckets, files }
  } catch (error) {
    state.rows = rowsBefore
    throw error
  }
}

/** The rows of a range in the table `part`, with `user_hash` before their columns. Answers how many. */
export async function loadPart(
  { table, range }: Pick<PartQuery, 'table' | 'range'>,
  { source, database, progress }: Omit<PartPorts, 'store'>,
  state: Pick<ExtractState, 'phase' | 'rows'>,
): Promise<number> {
  const columns: readonly SourceColumn[] = sourceTables[table]
  const isBucketed = isLogTable(table)
  const userColumn = columns.findIndex(({ name }) => name === 'subsr_id')
  state.phase = 'read'
  const definitions = columns.map(({ name, kind }) => `${name} ${columnTypes[kind]}`)
  await database.run(`create or replace table part (user_hash DOUBLE, ${definitions.join(', ')})`)
  return database.append('part', readRows())

  async function* readRows(): AsyncIterable<Cell[][]> {
    const names = columns.map(({ name }) => name)
    for await (const batch of source.readRows(table, { columns: names, ...range, signal: progress.signal })) {
      yield batch.map((row) => {
        const cells = columns.map(({ kind }, index) => cellOf(kind, row[index]))
        const user = isBucketed ? cells[userColumn] : null
        return [typeof user === 'string' ? crc32(user) : 0, ...cells]
      })
      state.rows += batch.length
    }
  }
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

const textOrNull = (value: Cell | undefined): string | null => (typeof value === 'string' ? value : null)
