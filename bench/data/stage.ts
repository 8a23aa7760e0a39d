/** One stage of the data plane in a process of its own: `extract` or `preprocess`. Prints seconds, peak memory and rows (read of the source, or pairs) as JSON. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Type } from 'typebox'
import { extractTable } from '../../src/activities/extract-table.ts'
import { featureFileNames, featureQueries, featureStatements, rankStatements } from '../../src/activities/features.ts'
import { preprocess } from '../../src/activities/preprocess.ts'
import { DuckDbEngine } from '../../src/adapters/columns/duckdb.ts'
import { KnexSourceDatabase } from '../../src/adapters/database/source.ts'
import { DirectoryObjectStore } from '../../src/adapters/object-store/directory-store.ts'
import { parseDatabaseUrl } from '../../src/config/locations.ts'
import { parseDocument, RawManifest } from '../../src/contracts/documents.ts'
import type { RowLines, SourceDatabase } from '../../src/contracts/ports.ts'
import type { ExtractedTable } from '../../src/contracts/run.ts'
import { sourceTableNames, type RawTable } from '../../src/contracts/source-tables.ts'
import { readDocument } from '../../src/contracts/stored-documents.ts'
import { parseWeek } from '../../src/contracts/week.ts'

const [stage = '', url = '', folder = '', weekText = '', memory = ''] = process.argv.slice(2)
const week = parseWeek(weekText)
const memoryMib = Number(memory)
const store = new DirectoryObjectStore(join(folder, 'store'))
const scratchDirectory = join(folder, 'scratch')
const progress = { heartbeat: () => {}, signal: new AbortController().signal }
const extractsPath = join(folder, 'extracts.json')

const started = performance.now()
const rows = stage === 'extract' ? await extract() : await compute()
const seconds = (performance.now() - started) / 1000
process.stdout.write(`${JSON.stringify({ seconds, peakRssMib: Math.round(process.resourceUsage().maxRSS / 1024), rows })}\n`)
if (stage === 'extract') await writeStatements()

/** The four tables side by side, as a worker does it. Answers how many rows the source sent. */
async function extract(): Promise<number> {
  let rowsRead = 0
  class CountedSource extends KnexSourceDatabase {
    override async *readLines(...args: Parameters<SourceDatabase['readLines']>): AsyncIterable<RowLines> {
      for await (const batch of super.readLines(...args)) {
        rowsRead += batch.lines.length
        yield batch
      }
    }
  }
  const source = new CountedSource(parseDatabaseUrl('the second argument', url), 'Asia/Seoul')
  const columns = new DuckDbEngine({ memoryMib: Math.min(128, memoryMib / 8), threads: 1, scratchDirectory })
  const extracts = await Promise.all(sourceTableNames.map((table) => extractTable({ week, table }, { store, source, columns, progress })))
  await source.close()
  await writeFile(extractsPath, JSON.stringify(extracts))
  return rowsRead
}

async function readExtracts(): Promise<ExtractedTable[]> {
  const Extracts = Type.Array(
    Type.Object({ table: Type.String(), manifestKey: Type.String(), sha256: Type.String(), rows: Type.Integer() }),
  )
  const extracts = parseDocument(Extracts, await readFile(extractsPath), extractsPath)
  return extracts.map((extracted, index) => ({ ...extracted, table: sourceTableNames[index] ?? 'userinfo' }))
}

async function compute(): Promise<number> {
  const columns = new DuckDbEngine({ memoryMib, threads: 2, scratchDirectory })
  return (await preprocess({ week, extracts: await readExtracts() }, { store, columns, progress })).pairs
}

/** The same SQL over the same files, for the peers. */
async function writeStatements(): Promise<void> {
  const paths: Record<RawTable, string[]> = { userinfo: [], vods_sumut: [], contlog: [], vodinfo: [], events: [] }
  for (const { table, manifestKey } of await readExtracts())
    for (const { files } of (await readDocument(store, RawManifest, manifestKey)).partitions)
      paths[table].push(...files.map(({ key }) => join(folder, 'store', key)))
  const integers = { pair_users: true, pair_programs: true, all_users: true, all_programs: true }
  const queries = featureQueries(integers)
  const copies = featureFileNames.map(
    (name) =>
      `copy (${queries[name]}) to '${join(folder, `peer-${name}.parquet`)}' (format parquet, compression snappy, row_group_size 122880)`,
  )
  const statements = [...featureStatements(paths), ...rankStatements(integers), ...copies]
  await writeFile(join(folder, 'peer.json'), JSON.stringify({ statements, paths }))
}
