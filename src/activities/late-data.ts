/** The late-data ledger: what changed in the source after it was trained, and what the last trainings took in. */
import { parseDocument, RawManifest, RawPartition } from '../contracts/documents.ts'
import { MatineeError } from '../contracts/errors.ts'
import { LateDataLedger, type LateChange, type TrainedPart } from '../contracts/late-data.ts'
import type { Clock, ColumnDatabase, ColumnEngine, ObjectStore, Progress } from '../contracts/ports.ts'
import type { ExtractedTable, LateRows } from '../contracts/run.ts'
import { isLogTable, type LogTable } from '../contracts/source-tables.ts'
import { storeKeys } from '../contracts/store-keys.ts'
import { readDocument, updateDocument } from '../contracts/stored-documents.ts'
import { parseWeek, type Week } from '../contracts/week.ts'
import { parquet } from './features.ts'
import { withHeartbeat } from './heartbeat.ts'

export interface LateDataPorts {
  readonly store: ObjectStore
  readonly columns: ColumnEngine
  readonly progress: Progress
  readonly clock: Clock
}

/** A source that rewrites all its past at every run must not make the ledger grow for ever. */
const MOST_CHANGES = 5_000

/** Of each log the parts that hold rows, by week. */
type Parts = ReadonlyMap<LogTable, ReadonlyMap<string, RawPartition>>

interface ChangedWeek {
  readonly table: LogTable
  readonly week: string
  /** Undefined where the week had, or has, no row. */
  readonly before: TrainedPart | undefined
  readonly after: RawPartition | undefined
  readonly trainedWith: string
}

/**
 * Compares a run's extracts with what was last trained, row by row where a week's fingerprint differs, and writes down what it finds.
 * Finding the same again changes nothing.
 */
export async function recordLateData(
  { week, extracts }: { readonly week: Week; readonly extracts: readonly ExtractedTable[] },
  { store, columns, progress, clock }: LateDataPorts,
): Promise<LateRows> {
  const state = { weeks: 0 }
  return withHeartbeat(
    progress,
    () => ({ ...state }),
    async () => {
      const ledger = await readLedger(store)
      if (ledger === undefined) return { weeks: 0, added: 0, removed: 0 }
      const foundAt = new Date(clock.now()).toISOString()
      const changes: LateChange[] = []
      const database = await columns.open(progress.signal)
      try {
        for (const changed of changedWeeks(ledger, week, await partsOf(store, extracts))) {
          const rows = await compareRows(changed, store, database)
          state.weeks++
          if (rows.added === 0 && rows.removed === 0) continue
          changes.push({
            table: changed.table,
            week: changed.week,
            before: changed.before?.fingerprint ?? null,
            after: changed.after?.fingerprint ?? null,
            rows_before: changed.before?.rows ?? 0,
            rows_after: changed.after?.rows ?? 0,
            ...rows,
            trained_with: changed.trainedWith,
            found_by: week,
            found_at: foundAt,
          })
        }
      } finally {
        await database.close()
      }
      await updateDocument(store, LateDataLedger, storeKeys.lateData, (current) => current && withFound(current, week, changes))
      return {
        weeks: new Set(changes.map((change) => change.week)).size,
        added: changes.reduce((sum, { added }) => sum + (added ?? 0), 0),
        removed: changes.reduce((sum, { removed }) => sum + (removed ?? 0), 0),
      }
    },
  )
}

/** Notes what a model was trained on: later extracts are compared with that. Answers which changes this model is the first to have. */
export async function recordTrained(
  store: ObjectStore,
  { week, version, extracts }: { readonly week: Week; readonly version: string; readonly extracts: readonly ExtractedTable[] },
): Promise<readonly LateChange[]> {
  const parts = await partsOf(store, extracts)
  const ledger = await updateDocument(store, LateDataLedger, storeKeys.lateData, (current): LateDataLedger => {
    const trained = { ...current?.trained }
    for (const [table, taken] of parts) {
      const later = Object.entries(trained[table] ?? {}).filter(([of]) => !isWithin(of, week))
      const now = [...taken].map(([of, { fingerprint, rows }]) => [of, { fingerprint, rows, version }] as const)
      trained[table] = Object.fromEntries([...later, ...now].toSorted(([a], [b]) => (a < b ? -1 : 1)))
    }
    const newest = current === undefined || current.newest.week <= week ? { week, version } : current.newest
    const changes = (current?.changes ?? []).map((change) => {
      const isTaken = change.trained_again === undefined && isWithin(change.week, week)
      return isTaken && (trained[change.table]?.[change.week]?.fingerprint ?? null) === change.after
        ? { ...change, trained_again: version }
        : change
    })
    return { format: 1, newest, trained, changes }
  })
  return (ledger?.changes ?? []).filter((change) => change.trained_again === version)
}

/** Undefined before the first training. @throws MatineeError `store_corrupt` and others of the store. */
export async function readLedger(store: ObjectStore): Promise<LateDataLedger | undefined> {
  const stored = await store.read(storeKeys.lateData)
  return stored === undefined ? undefined : parseDocument(LateDataLedger, stored.body, storeKeys.lateData)
}

const isWithin = (of: string, week: Week): boolean => of === 'undated' || of <= week

async function partsOf(store: ObjectStore, extracts: readonly ExtractedTable[]): Promise<Parts> {
  const parts = new Map<LogTable, ReadonlyMap<string, RawPartition>>()
  for (const { table, manifestKey } of extracts) {
    if (!isLogTable(table)) continue
    const { partitions } = await readDocument(store, RawManifest, manifestKey)
    parts.set(table, new Map(partitions.filter(({ rows }) => rows > 0).map((part) => [part.week, part])))
  }
  return parts
}

/** Weeks up to the run's that a training has taken in and whose extract is another now. */
function changedWeeks({ trained, newest }: LateDataLedger, last: Week, parts: Parts): readonly ChangedWeek[] {
  return [...parts].flatMap(([table, now]) => {
    const known = trained[table] ?? {}
    return [...new Set([...Object.keys(known), ...now.keys()])].toSorted().flatMap((week) => {
      const [before, after] = [known[week], now.get(week)]
      const wasTrained = isWithin(week, last) && (week === 'undated' || week <= newest.week)
      if (!wasTrained || before?.fingerprint === after?.fingerprint) return []
      return [{ table, week, before, after, trainedWith: before?.version ?? newest.version }]
    })
  })
}

/** Rows alike in all columns cancel out, as often as they are there. */
async function compareRows(
  { table, before, after }: ChangedWeek,
  store: ObjectStore,
  database: ColumnDatabase,
): Promise<Pick<LateChange, 'added' | 'removed'>> {
  if (before === undefined) return { added: after?.rows ?? 0, removed: 0 }
  if (after === undefined) return { added: 0, removed: before.rows }
  try {
    const week = after.week === 'undated' ? after.week : parseWeek(after.week)
    const partKey = storeKeys.rawPartition(table, week, before.fingerprint)
    const trained = await readDocument(store, RawPartition, partKey)
    const paths = async (side: string, part: RawPartition, other: RawPartition): Promise<string[]> => {
      const shared = new Set(other.files.map(({ sha256 }) => sha256))
      const own = part.files.filter(({ sha256 }) => !shared.has(sha256))
      const local = own.map(({ key }, index) => ({ key, path: database.scratchPath(`${side}.${index}.parquet`) }))
      for (const { key, path } of local) await store.download(key, path)
      return local.map(({ path }) => path)
    }
    const sides = [
      { weight: 1, paths: await paths('after', after, trained) },
      { weight: -1, paths: await paths('before', trained, after) },
    ].filter(({ paths: files }) => files.length > 0)
    if (sides.length === 0) return { added: 0, removed: 0 }
    const rows = sides.map(({ weight, paths: files }) => `select *, ${weight} as weight from ${parquet(files)}`).join(' union all by name ')
    const { added, removed } = await database.row(`select
  coalesce(sum(balance) filter (balance > 0), 0)::bigint as added, coalesce(-sum(balance) filter (balance < 0), 0)::bigint as removed
from (select * exclude (weight), sum(weight) as balance from (${rows}) group by all)`)
    return { added: Number(added), removed: Number(removed) }
  } catch (error) {
    if (error instanceof MatineeError && error.code === 'store_missing') return { added: null, removed: null }
    throw error
  }
}

/** Changes that wait to be trained again are those found last: what changed once more, or back, is not there any more. */
function withFound(ledger: LateDataLedger, last: Week, found: readonly LateChange[]): LateDataLedger | undefined {
  const waits = (change: LateChange): boolean => change.trained_again === undefined && isWithin(change.week, last)
  const kept = ledger.changes.filter((change) => !waits(change) || found.some((one) => isSame(one, change)))
  const fresh = found.filter((one) => !kept.some((change) => waits(change) && isSame(one, change)))
  if (fresh.length === 0 && kept.length === ledger.changes.length) return undefined
  return { ...ledger, changes: [...kept, ...fresh].slice(-MOST_CHANGES) }
}

const isSame = (a: LateChange, b: LateChange): boolean =>
  a.table === b.table && a.week === b.week && a.before === b.before && a.after === b.after
