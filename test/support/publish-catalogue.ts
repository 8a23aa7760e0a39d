/** A catalogue as the hourly run leaves it in the store. */
import { join } from 'node:path'
import { DuckDbEngine } from '../../src/adapters/columns/duckdb.ts'
import type { CatalogueLatest, ModelItem } from '../../src/contracts/documents.ts'
import type { Cell, ObjectStore } from '../../src/contracts/ports.ts'
import { storeKeys } from '../../src/contracts/store-keys.ts'
import { temporaryFolder } from './temporary-folder.ts'

const columns = ['program_id', 'program_name', 'ct_cl', 'program_genre', 'release_date', 'age_limit', 'recommendable'] as const

/** Answers its digest. */
export async function publishCatalogue(store: ObjectStore, titles: readonly ModelItem[], takenAt: string): Promise<string> {
  const engine = new DuckDbEngine({ memoryMib: 64, threads: 1, scratchDirectory: join(await temporaryFolder('catalogue'), 'scratch') })
  const database = await engine.open(new AbortController().signal)
  try {
    const types = columns.map((name) => `${name} ${name === 'age_limit' ? 'double' : name === 'recommendable' ? 'boolean' : 'varchar'}`)
    await database.run(`create table programs (${types.join(', ')})`)
    await database.append('programs', batch())
    const { path, sha256: digest, sizeBytes: bytes } = await database.writeParquet('select * from programs', 'catalogue.parquet')
    await store.upload(storeKeys.catalogue(digest), path)
    const recommendable = titles.filter((title) => title.recommendable).length
    const latest = {
      format: 1,
      digest,
      bytes,
      titles: titles.length,
      recommendable,
      taken_at: takenAt,
      source: 'test',
    } satisfies CatalogueLatest
    await store.write(storeKeys.catalogueLatest, JSON.stringify(latest))
    return digest
  } finally {
    await database.close()
  }

  /** Column by column. */
  async function* batch(): AsyncIterable<Cell[][]> {
    yield columns.map((name) => titles.map((title) => title[name]))
  }
}
