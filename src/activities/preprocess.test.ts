import test, { type TestContext } from 'node:test'
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import { DuckDbEngine } from '../adapters/columns/duckdb.ts'
import { readFeatures } from '../adapters/columns/read-features.ts'
import { connect } from '../adapters/database/connect.ts'
import { KnexSourceDatabase } from '../adapters/database/source.ts'
import { DirectoryObjectStore } from '../adapters/object-store/directory-store.ts'
import { FeaturesReport, parseDocument, RawManifest } from '../contracts/documents.ts'
import type { ObjectStore, Progress, SourceDatabase, SourceValue } from '../contracts/ports.ts'
import type { ExtractedTable, FeaturesRef } from '../contracts/run.ts'
import { sourceTableNames, sourceTables, type SourceTable } from '../contracts/source-tables.ts'
import { storeKeys } from '../contracts/store-keys.ts'
import { readDocument } from '../contracts/stored-documents.ts'
import { parseWeek, weekEnd, type Week } from '../contracts/week.ts'
import { extractTable } from './extract-table.ts'
import { preprocess } from './preprocess.ts'

type Rows = readonly Readonly<Record<string, SourceValue>>[]
type Tables = Readonly<Record<SourceTable, Rows>>

const golden = new URL('../../test/golden/', import.meta.url)
const readCsv = (name: string): Record<string, string>[] => parse(readFileSync(new URL(name, golden)), { columns: true })
const quiet: Progress = { heartbeat: () => {}, signal: new AbortController().signal }

interface Bench {
  readonly folder: string
  readonly store: ObjectStore
  readonly engine: DuckDbEngine
}

function bench(context: TestContext, threads = 2): Bench {
  const folder = mkdtempSync(join(tmpdir(), 'matinee-features-'))
  context.after(() => rmSync(folder, { recursive: true, force: true }))
  return {
    folder,
    store: new DirectoryObjectStore(join(folder, 'store')),
    engine: new DuckDbEngine({ memoryMib: 256, threads, scratchDirectory: join(folder, 'scratch') }),
  }
}

async function makeFeatures({ store, engine }: Bench, source: SourceDatabase, week: Week): Promise<FeaturesRef> {
  const extracts: ExtractedTable[] = []
  for (const table of sourceTableNames) extracts.push(await extractTable({ week, table }, { store, source, columns: engine, progress: quiet }))
  return preprocess({ week, extracts }, { store, columns: engine, progress: quiet })
}

/** Rows of a stored Parquet file, times as text. */
async function readParquet({ store, engine, folder }: Bench, key: string): Promise<Record<string, unknown>[]> {
  const path = join(folder, 'read.parquet')
  await store.download(key, path)
  const database = await engine.open(quiet.signal)
  try {
    const rows: Record<string, unknown>[] = []
    const query = `select columns(* exclude last_dt), last_dt::varchar as last_dt from (select *, null as last_dt from read_parquet('${path}'))`
    const withTime = `select * replace (last_dt::varchar as last_dt) from read_parquet('${path}')`
    const named = key.endsWith('items.parquet') ? query : withTime
    for await (const chunk of database.stream(`${named}`)) {
      const names = key.endsWith('items.parquet') ? itemColumns : key.endsWith('users.parquet') ? userColumns : interactionColumns
      for (const row of chunk.getRows())
        rows.push(Object.fromEntries(names.map((name, index) => [name, typeof row[index] === 'bigint' ? Number(row[index]) : row[index]])))
    }
    return rows
  } finally {
    await database.close()
  }
}

const interactionColumns = [
  'subsr_id',
  'program_id',
  'rating',
  'watched',
  'watch_tms_max',
  'watch_cnt',
  'click_cnt',
  'click_recency',
  'last_dt',
]
const userColumns = ['subsr_id', 'viewings', 'clicks', 'last_dt']
const itemColumns = [
  'program_id',
  'program_name',
  'ct_cl',
  'program_genre',
  'release_date',
  'age_limit',
  'click_users',
  'viewers',
  'recommendable',
]
