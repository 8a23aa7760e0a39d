/** Reads one table of the source, or the events, up to a week's end into immutable Parquet files, with a manifest that lists them. */
import { createHash } from 'node:crypto'
import type { RawManifest, RawPartition } from '../contracts/documents.ts'
import type { ColumnEngine, ObjectStore, Progress, RowSource } from '../contracts/ports.ts'
import type { ExtractedTable } from '../contracts/run.ts'
import { isTimedTable, type RawTable } from '../contracts/source-tables.ts'
import { storeKeys } from '../contracts/store-keys.ts'
import { documentText } from '../contracts/stored-documents.ts'
import { weekEnd, type Week } from '../contracts/week.ts'
import { extractLog } from './extract-log.ts'
import { withHeartbeat } from './heartbeat.ts'
import { readRange, writePart, type ExtractState, type PartPorts } from './read-part.ts'

export interface ExtractTablePorts {
  readonly store: ObjectStore
  readonly source: RowSource
  readonly columns: ColumnEngine
  readonly progress: Progress
  /** The most rows of a log that are read at once, unless one week alone has more. */
  readonly rowsAtOnce?: number
}

/**
 * The same rows in the source give the same bytes and so the same keys, in whatever order it returns them: a retry, or a
 * run whose week changed nothing, writes nothing new. Of a log only weeks are read whose rows changed since they were last.
 * @throws MatineeError `source_unreachable`, `source_denied`, `source_schema`, `source_zone`; those of the store.
 */
export async function extractTable(
  { week, table }: { readonly week: Week; readonly table: RawTable },
  ports: ExtractTablePorts,
): Promise<ExtractedTable> {
  const { store, source, columns, progress, rowsAtOnce } = ports
  const state: ExtractState = { table, phase: 'compare', rows: 0 }
  return withHeartbeat(
    progress,
    () => ({ ...state }),
    async () => {
      const database = await columns.open(progress.signal)
      const partPorts: PartPorts = { store, source, progress, database }
      let partitions: RawPartition[]
      try {
        partitions = isTimedTable(table)
          ? await extractLog({ table, week, rowsAtOnce }, partPorts, state)
          : [await snapshot(table, week, partPorts, state)]
      } finally {
        await database.close()
      }
      const manifest: RawManifest = {
        format: 2,
        table,
        week,
        rows: partitions.reduce((sum, { rows }) => sum + rows, 0),
        bytes: partitions.flatMap(({ files }) => files).reduce((sum, { bytes }) => sum + bytes, 0),
        sha256: contentDigest(partitions),
        before: isTimedTable(table) ? weekEnd(week) : null,
        oldest: least(partitions.map(({ oldest }) => oldest)),
        newest: greatest(partitions.map(({ newest }) => newest)),
        source: source.location,
        partitions,
      }
      const manifestKey = storeKeys.rawManifest(table, week, manifest.sha256)
      await store.write(manifestKey, documentText(manifest), { precondition: { absent: true }, contentType: 'application/json' })
      return { table, manifestKey, sha256: manifest.sha256, rows: manifest.rows }
    },
  )
}

/** The whole table as it is now. */
async function snapshot(table: RawTable, week: Week, ports: PartPorts, state: ExtractState): Promise<RawPartition> {
  const read = await readRange({ table, range: {}, partOf: () => week }, ports, state)
  const part = await writePart(table, week, read, ports, state)
  return { ...part, fingerprint: contentDigest([part]) }
}

function contentDigest(partitions: readonly Pick<RawPartition, 'week' | 'files'>[]): string {
  const hash = createHash('sha256')
  for (const { week, files } of partitions) for (const { sha256, bucket } of files) hash.update(`${sha256}  ${week}/${bucket}\n`)
  return hash.digest('hex')
}

const texts = (values: readonly (string | null)[]): string[] => values.filter((value) => value !== null).toSorted()
const least = (values: readonly (string | null)[]): string | null => texts(values)[0] ?? null
const greatest = (values: readonly (string | null)[]): string | null => texts(values).at(-1) ?? null
