/** Reads one source table up to a week's end into an immutable Parquet file, with a manifest beside it. */
import type { RawManifest } from '../contracts/documents.ts'
import type { Cell, ColumnEngine, ObjectStore, Progress, SourceDatabase, SourceValue } from '../contracts/ports.ts'
import type { ExtractedTable } from '../contracts/run.ts'
import { isLogTable, sourceTables, type ColumnKind, type SourceColumn, type SourceTable } from '../contracts/source-tables.ts'
import { storeKeys } from '../contracts/store-keys.ts'
import { documentText } from '../contracts/stored-documents.ts'
import { weekEnd, type Week } from '../contracts/week.ts'
import { withHeartbeat } from './heartbeat.ts'

export interface ExtractTablePorts {
  readonly store: ObjectStore
  readonly source: SourceDatabase
  readonly columns: ColumnEngine
  readonly progress: Progress
}

/** Numbers as doubles; everything else as the source's own text, so that ids and times stay exact. */
const columnTypes: Readonly<Record<ColumnKind, 'VARCHAR' | 'DOUBLE'>> = {
  id: 'VARCHAR',
  text: 'VARCHAR',
  localTime: 'VARCHAR',
  date: 'VARCHAR',
  number: 'DOUBLE',
}

/**
 * The same rows in the source give the same bytes and so the same keys, in whatever order it returns them: a retry, or a
 * run whose week changed nothing, writes nothing new.
 * @throws MatineeError `source_unreachable`, `source_denied`, `source_schema`, `source_zone`; those of the store.
 */
export async function extractTable(
  { week, table }: { readonly week: Week; readonly table: SourceTable },
  { store, source, columns: engine, progress }: ExtractTablePorts,
): Promise<ExtractedTable> {
  const columns: readonly SourceColumn[] = sourceTables[table]
  const before = isLogTable(table) ? weekEnd(week) : undefined
  const state = { table, phase: 'read', rows: 0 }
  return withHeartbeat(
    progress,
    () => ({ ...state }),
    async () => {
      const database = await engine.open(progress.signal)
      try {
        await database.run(`create table extract (${columns.map(({ name, kind }) => `${name} ${columnTypes[kind]}`).join(', ')})`)
        await database.append('extract', readRows())
        state.phase = 'write'
        const file = await database.writeParquet('select * from extract order by all nulls first', `${table}.parquet`)
        const { oldest, newest } = await database.row(
          before === undefined
            ? 'select null as oldest, null as newest'
            : 'select min(log_dt) as oldest, max(log_dt) as newest from extract',
        )
        state.phase = 'upload'
        const key = storeKeys.rawPart(table, week, file.sha256)
        const manifest: RawManifest = {
          format: 1,
          table,
          week,
          key,
          rows: file.rows,
          bytes: file.sizeBytes,
          sha256: file.sha256,
          before: before ?? null,
          oldest: textOrNull(oldest),
          newest: textOrNull(newest),
          source: source.location,
        }
        const manifestKey = storeKeys.rawManifest(table, week, file.sha256)
        await store.upload(key, file.path, { precondition: { absent: true }, contentType: 'application/vnd.apache.parquet' })
        await store.write(manifestKey, documentText(manifest), { precondition: { absent: true }, contentType: 'application/json' })
        return { table, manifestKey, sha256: file.sha256, rows: file.rows }
      } finally {
        await database.close()
      }
    },
  )

  async function* readRows(): AsyncIterable<Cell[][]> {
    const batches = source.readRows(table, {
      columns: columns.map(({ name }) => name),
      ...(before === undefined ? {} : { before }),
      signal: progress.signal,
    })
    for await (const batch of batches) {
      yield batch.map((row) => columns.map(({ kind }, index) => cellOf(kind, row[index])))
      state.rows += batch.length
    }
  }
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
