/** Makes a week's features of its extracts. */
import { createHash } from 'node:crypto'
import { FeaturesReport, parseDocument, RawManifest } from '../contracts/documents.ts'
import { MatineeError } from '../contracts/errors.ts'
import type { Cell, ColumnDatabase, ColumnEngine, ColumnFile, ObjectStore, Progress } from '../contracts/ports.ts'
import type { ExtractedTable, FeaturesRef } from '../contracts/run.ts'
import { sourceTables, type RawTable, type SourceTable } from '../contracts/source-tables.ts'
import { storeKeys } from '../contracts/store-keys.ts'
import { documentText, putDocument, readDocument } from '../contracts/stored-documents.ts'
import type { Week } from '../contracts/week.ts'
import {
  featureFileNames,
  featureQueries,
  featureStatements,
  integerIdsQuery,
  rankStatements,
  type FeatureFile,
  type IntegerIds,
  type LogName,
} from './features.ts'
import { withHeartbeat } from './heartbeat.ts'
import { qualityQuery } from './quality.ts'

/** Files on their way at once. */
const DOWNLOADS = 4

export interface PreprocessPorts {
  readonly store: ObjectStore
  readonly columns: ColumnEngine
  readonly progress: Progress
}

/**
 * The same extracts give the same bytes and so the same digest. `current.json` comes last: whoever follows it finds all.
 * @throws MatineeError `store_missing`, `store_corrupt` where an extract is not what its manifest says; others of the store.
 */
export async function preprocess(
  { week, extracts }: { readonly week: Week; readonly extracts: readonly ExtractedTable[] },
  { store, columns: engine, progress }: PreprocessPorts,
): Promise<FeaturesRef> {
  const state = { phase: 'download' }
  return withHeartbeat(
    progress,
    () => ({ ...state }),
    async () => {
      const database = await engine.open(progress.signal)
      try {
        const files = {
          userinfo: await download('userinfo', database),
          vods_sumut: await download('vods_sumut', database),
          contlog: await download('contlog', database),
          vodinfo: await download('vodinfo', database),
        }
        const paths = {
          userinfo: pathsOf(files.userinfo),
          vods_sumut: pathsOf(files.vods_sumut),
          contlog: pathsOf(files.contlog),
          vodinfo: pathsOf(files.vodinfo),
        }
        const events = extracts.some(({ table }) => table === 'events') ? pathsOf(await download('events', database)) : undefined
        state.phase = 'compute'
        for (const statement of featureStatements(paths, events)) await database.run(statement)
        const integers = integerIds(await database.row(integerIdsQuery))
        for (const statement of rankStatements(integers)) await database.run(statement)
        const qualityOf = async (log: LogName, table: SourceTable, all: readonly LocalFile[]): Promise<unknown> => {
          const ofWeek = pathsOf(all.filter((file) => file.week === week))
          const columns = sourceTables[table].map(({ name }) => name)
          return JSON.parse(String((await database.row(qualityQuery(log, week, ofWeek, columns)))['quality']))
        }
        state.phase = 'write'
        const queries = featureQueries(integers)
        const written: { name: FeatureFile; file: ColumnFile }[] = []
        for (const name of featureFileNames) written.push({ name, file: await database.writeParquet(queries[name], `${name}.parquet`) })
        const counts = {
          ...(await database.row('select * from report')),
          ...(events === undefined ? {} : { events: await database.row('select * from event_counts') }),
        }
        const report = reportOf(week, counts, {
          viewings: await qualityOf('viewings', 'vods_sumut', files.vods_sumut),
          clicks: await qualityOf('clicks', 'contlog', files.contlog),
        })
        const reportText = documentText(report)
        const digest = contentDigest([
          ...written.map(({ name, file }) => [`${name}.parquet`, file.sha256] as const),
          ['report.json', createHash('sha256').update(reportText).digest('hex')],
        ])
        state.phase = 'upload'
        await allEnded(
          written.map(({ name, file }) =>
            store.upload(storeKeys.features(week, digest, `${name}.parquet`), file.path, {
              precondition: { absent: true },
              contentType: 'application/vnd.apache.parquet',
            }),
          ),
        )
        await store.write(storeKeys.features(week, digest, 'report.json'), reportText, {
          precondition: { absent: true },
          contentType: 'application/json',
        })
        await putDocument(store, storeKeys.featuresCurrent(week), { digest })
        return {
          week,
          digest,
          pairs: report.pairs,
          watchedPairs: report.watched_pairs,
          users: report.users,
          programs: report.programs,
        }
      } finally {
        await database.close()
      }
    },
  )

  /** A table's files, each checked against its digest. */
  async function download(table: RawTable, database: ColumnDatabase): Promise<readonly LocalFile[]> {
    const extract = extracts.find((candidate) => candidate.table === table)
    if (extract === undefined) throw new TypeError(`there is no extract of ${table}`)
    const { partitions } = await readDocument(store, RawManifest, extract.manifestKey)
    const files = partitions.flatMap((partition) => partition.files.map((file) => ({ ...file, week: partition.week })))
    const local = files.map((file, index) => ({ ...file, path: database.scratchPath(`${table}.${index}.raw.parquet`) }))
    const queue = local.values()
    const downloadNext = async (): Promise<void> => {
      for (const { key, path, sha256: expected } of queue) {
        progress.signal.throwIfAborted()
        const { sha256 } = await store.download(key, path)
        if (sha256 !== expected)
          throw new MatineeError('store_corrupt', `${key} has digest ${sha256}, its manifest says ${expected}`, { details: { key } })
      }
    }
    await allEnded(Array.from({ length: DOWNLOADS }, downloadNext))
    return local
  }
}

/** All have ended before an error is told: what goes on would use a folder that is about to go. */
async function allEnded(works: readonly Promise<unknown>[]): Promise<void> {
  for (const end of await Promise.allSettled(works)) if (end.status === 'rejected') throw end.reason
}

interface LocalFile {
  readonly path: string
  /** Of the partition that it belongs to. */
  readonly week: string
}
const pathsOf = (files: readonly LocalFile[]): readonly string[] => files.map(({ path }) => path)

/** The first 16 hex digits of SHA-256 over a line `<sha256>  <name>` for each file, in the order given. */
function contentDigest(files: readonly (readonly [name: string, sha256: string])[]): string {
  const lines = files.map(([name, sha256]) => `${sha256}  ${name}\n`).join('')
  return createHash('sha256').update(lines).digest('hex').slice(0, 16)
}

const integerIds = (row: Readonly<Record<string, Cell>>): IntegerIds => ({
  pair_users: row['pair_users'] === true,
  pair_programs: row['pair_programs'] === true,
  all_users: row['all_users'] === true,
  all_programs: row['all_programs'] === true,
})

function reportOf(week: Week, counts: object, quality: Readonly<Record<LogName, unknown>>): FeaturesReport {
  return parseDocument(FeaturesReport, JSON.stringify({ week, ...counts, quality }), 'report.json')
}
