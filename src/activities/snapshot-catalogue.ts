/** Writes the catalogue as the source has it now: a delisted title goes, and a new one comes, before the next training. */
import type { GateThresholds } from '../contracts/data-gate.ts'
import { CatalogueLatest } from '../contracts/documents.ts'
import { MatineeError } from '../contracts/errors.ts'
import type { Clock, ColumnEngine, ObjectStore, Progress, SourceDatabase } from '../contracts/ports.ts'
import type { CatalogueSnapshot } from '../contracts/run.ts'
import { storeKeys } from '../contracts/store-keys.ts'
import { updateDocument } from '../contracts/stored-documents.ts'
import { listedPrograms } from './features.ts'
import { withHeartbeat } from './heartbeat.ts'
import { loadPart, readRange } from './read-part.ts'

export interface SnapshotCataloguePorts {
  readonly store: ObjectStore
  readonly source: SourceDatabase
  readonly columns: ColumnEngine
  readonly progress: Progress
  readonly clock: Clock
  readonly thresholds: GateThresholds
}

const CATALOGUE = `
select program_id, program_name, ct_cl, program_genre, release_date, age_limit, e_bool, recommendable
from programs order by program_id`

/**
 * Alike rows give the same file, whose name is its digest. Of two that are taken at once the later one stays.
 * @throws MatineeError `catalogue_refused` where it is empty, or lost too many titles since the last: a table that is being filled
 * must not empty every list. Those of source and store.
 */
export async function snapshotCatalogue(ports: SnapshotCataloguePorts): Promise<CatalogueSnapshot> {
  const { store, source, columns, progress, clock, thresholds } = ports
  const state = { phase: 'read', rows: 0 }
  return withHeartbeat(
    progress,
    () => ({ ...state }),
    async () => {
      const takenAt = new Date(clock.now()).toISOString()
      const database = await columns.open(progress.signal)
      try {
        const read = await readRange({ table: 'vodinfo', range: {}, partOf: () => 'undated' }, { source, database, progress }, state)
        await loadPart('vodinfo', 'undated', read, database)
        await database.run(`create table programs as ${listedPrograms('part')}`)
        const { recommendable } = await database.row('select count(*) filter (recommendable) as recommendable from programs')
        state.phase = 'write'
        const file = await database.writeParquet(CATALOGUE, 'catalogue.parquet')
        const latest: CatalogueLatest = {
          format: 1,
          digest: file.sha256,
          bytes: file.sizeBytes,
          titles: file.rows,
          recommendable: Number(recommendable),
          taken_at: takenAt,
          source: source.location,
        }
        await store.upload(storeKeys.catalogue(latest.digest), file.path, {
          precondition: { absent: true },
          contentType: 'application/vnd.apache.parquet',
        })
        let before: CatalogueLatest | undefined
        await updateDocument(store, CatalogueLatest, storeKeys.catalogueLatest, (current) => {
          before = current
          if (current !== undefined && current.taken_at > takenAt) return undefined
          refuseLoss(latest, current, thresholds)
          return latest
        })
        const { digest, titles } = latest
        await removeOthers(store, [digest, before?.digest])
        return { digest, titles, recommendable: latest.recommendable, changed: before?.digest !== digest }
      } finally {
        await database.close()
      }
    },
  )
}

/** Whoever reads the one before at this moment can end; older ones nobody asks for. */
async function removeOthers(store: ObjectStore, digests: readonly (string | undefined)[]): Promise<void> {
  const kept = [storeKeys.catalogueLatest, ...digests.map((digest) => storeKeys.catalogue(digest ?? ''))]
  for await (const { key } of store.list(storeKeys.cataloguePrefix)) if (!kept.includes(key)) await store.remove(key)
}

function refuseLoss(
  { recommendable, source }: CatalogueLatest,
  before: CatalogueLatest | undefined,
  { most_delisted }: GateThresholds,
): void {
  if (recommendable === 0)
    throw new MatineeError('catalogue_refused', `vodinfo of ${source} has no title that may be recommended; the last catalogue stays`)
  if (before === undefined) return
  const lost = before.recommendable - recommendable
  if (lost > most_delisted * before.recommendable)
    throw new MatineeError(
      'catalogue_refused',
      `vodinfo of ${source} has ${recommendable} titles that may be recommended, ${lost} fewer than at ${before.taken_at}; the last catalogue ` +
        'stays. Where they are really gone, raise most_delisted in MATINEE_DATA_GATE for one run',
    )
}
