/** Extraction and preprocessing without a worker: a store, an engine, and what came of a week, row by row. */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parse } from 'csv-parse/sync'
import { extractTable } from '../../src/activities/extract-table.ts'
import { preprocess } from '../../src/activities/preprocess.ts'
import { DuckDbEngine, type DuckDbDatabase } from '../../src/adapters/columns/duckdb.ts'
import { DirectoryObjectStore } from '../../src/adapters/object-store/directory-store.ts'
import { FeaturesCurrent, FeaturesReport } from '../../src/contracts/documents.ts'
import type { ObjectStore, Progress, SourceDatabase } from '../../src/contracts/ports.ts'
import type { ExtractedTable, FeaturesRef } from '../../src/contracts/run.ts'
import { sourceTableNames } from '../../src/contracts/source-tables.ts'
import { storeKeys } from '../../src/contracts/store-keys.ts'
import { readDocument } from '../../src/contracts/stored-documents.ts'
import { parseWeek, type Week } from '../../src/contracts/week.ts'

export const golden = fileURLToPath(new URL('../golden/', import.meta.url))
export const goldenWeeks = ['2023-W50', '2023-W52', '2024-W01'].map(parseWeek)
export const quiet: Progress = { heartbeat: () => {}, signal: new AbortController().signal }

export interface FeaturesBench {
  readonly folder: string
  readonly store: ObjectStore
  readonly engine: DuckDbEngine
  /** For what tests read: open until the test ends, since opening takes ten times as long as reading. */
  readonly reader: () => Promise<DuckDbDatabase>
}

export function newBench(context: TestContext, threads = 2): FeaturesBench {
  const folder = mkdtempSync(join(tmpdir(), 'matinee-features-'))
  const engine = new DuckDbEngine({ memoryMib: 256, threads, scratchDirectory: join(folder, 'scratch') })
  let reader: Promise<DuckDbDatabase> | undefined
  context.after(async () => {
    await (await reader)?.close()
    rmSync(folder, { recursive: true, force: true })
  })
  return { folder, store: new DirectoryObjectStore(join(folder, 'store')), engine, reader: () => (reader ??= engine.open(quiet.signal)) }
}

export async function extractAll({ store, engine }: FeaturesBench, source: SourceDatabase, week: Week): Promise<ExtractedTable[]> {
  const ports = { store, source, columns: engine, progress: quiet }
  const extracts: ExtractedTable[] = []
  for (const table of sourceTableNames) extracts.push(await extractTable({ week, table }, ports))
  return extracts
}

export async function makeFeatures(bench: FeaturesBench, source: SourceDatabase, week: Week): Promise<FeaturesRef> {
  const extracts = await extractAll(bench, source, week)
  return preprocess({ week, extracts }, { store: bench.store, columns: bench.engine, progress: quiet })
}

export type Row = Record<string, unknown>

/** Rows of a stored Parquet file, in its order; times as text. */
export async function readParquet({ store, reader, folder }: FeaturesBench, key: string): Promise<Row[]> {
  const path = join(folder, 'to-read.parquet')
  await store.download(key, path)
  const rows: Row[] = []
  for await (const chunk of (await reader()).stream(`select to_json(file)::varchar from read_parquet('${path}') as file`))
    for (const [json] of chunk.getRows()) rows.push(JSON.parse(String(json)))
  return rows
}

/** Equal but for rounding: the golden files have twelve digits. */
export function assertClose(actual: unknown, expected: unknown, where: string): void {
  if (typeof actual === 'number' && typeof expected === 'number')
    assert.ok(Math.abs(actual - expected) <= 1e-8, `${where}: ${actual}, expected ${expected}`)
  else assert.deepEqual(actual, expected, where)
}

const goldenNumbers = ['rating', 'watch_tms_max', 'watch_cnt', 'click_cnt', 'click_recency']

/** The features of each golden week, held against the golden interactions row by row, and against the golden reports. */
export async function assertGolden(bench: FeaturesBench, source: SourceDatabase): Promise<FeaturesRef[]> {
  const references: FeaturesRef[] = []
  for (const week of goldenWeeks) {
    const reference = await makeFeatures(bench, source, week)
    references.push(reference)
    const expected: Record<string, string>[] = parse(readFileSync(join(golden, `interactions-${week}.csv`)), { columns: true })
    const rows = await readParquet(bench, storeKeys.features(week, reference.digest, 'interactions.parquet'))
    assert.equal(rows.length, expected.length)
    for (const [index, row] of rows.entries())
      for (const [column, text] of Object.entries(expected[index] ?? {})) {
        const value = text === '' ? null : goldenNumbers.includes(column) ? Number(text) : column === 'watched' ? text === '1' : text
        assertClose(row[column], value, `${week}, row ${index}, ${column}`)
      }
    const report = await readDocument(bench.store, FeaturesReport, storeKeys.features(week, reference.digest, 'report.json'))
    const expectedReport: Record<string, number> = JSON.parse(readFileSync(join(golden, `report-${week}.json`), 'utf8'))
    for (const [key, value] of Object.entries(expectedReport)) assertClose(report[key as keyof FeaturesReport], value, `${week}, ${key}`)
    const current = await readDocument(bench.store, FeaturesCurrent, storeKeys.featuresCurrent(week))
    assert.equal(current.digest, reference.digest)
  }
  return references
}
