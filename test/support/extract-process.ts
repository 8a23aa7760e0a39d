/** Extracts every table once, as one attempt of a worker would, and tells where it is: for tests that kill it. */
import { DuckDbEngine } from '../../src/adapters/columns/duckdb.ts'
import { KnexSourceDatabase } from '../../src/adapters/database/source.ts'
import { DirectoryObjectStore } from '../../src/adapters/object-store/directory-store.ts'
import { extractTable } from '../../src/activities/extract-table.ts'
import { parseDatabaseUrl } from '../../src/config/locations.ts'
import { logTables } from '../../src/contracts/source-tables.ts'
import { parseWeek } from '../../src/contracts/week.ts'

/** About a week of the tests' logs, so that what is broken off has parts that are finished. */
const rowsAtOnce = 12_000
const [url = '', storePath = '', scratchDirectory = '', weekText = ''] = process.argv.slice(2)
const source = new KnexSourceDatabase(parseDatabaseUrl('the first argument', url), 'Asia/Seoul')
const columns = new DuckDbEngine({ memoryMib: 128, threads: 1, scratchDirectory })
const store = new DirectoryObjectStore(storePath)
const progress = {
  heartbeat: (details: unknown): void => void process.send?.({ progress: details }),
  signal: new AbortController().signal,
}
const results = await Promise.all(
  logTables.map((table) => extractTable({ week: parseWeek(weekText), table }, { store, source, columns, progress, rowsAtOnce })),
)
process.send?.({ results })
await source.close()
process.disconnect()
