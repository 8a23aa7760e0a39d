import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import type { Knex } from 'knex'
import { Value } from 'typebox/value'
import { DuckDbEngine } from '../adapters/columns/duckdb.ts'
import { connect } from '../adapters/database/connect.ts'
import { KnexSourceDatabase } from '../adapters/database/source.ts'
import { DirectoryObjectStore } from '../adapters/object-store/directory-store.ts'
import { GateThresholds } from '../contracts/data-gate.ts'
import { CatalogueLatest } from '../contracts/documents.ts'
import type { ObjectStore } from '../contracts/ports.ts'
import type { CatalogueSnapshot } from '../contracts/run.ts'
import { storeKeys } from '../contracts/store-keys.ts'
import { readDocument } from '../contracts/stored-documents.ts'
import { snapshotCatalogue } from './snapshot-catalogue.ts'

const usual = Value.Create(GateThresholds)
const start = Date.parse('2024-01-08T10:00:00Z')

interface Bench {
  readonly store: ObjectStore
  readonly source: Knex
  /** Takes one so many minutes after the start. */
  readonly take: (minutes: number, thresholds?: Partial<GateThresholds>) => Promise<CatalogueSnapshot>
  readonly latest: () => Promise<CatalogueLatest>
}

/** Ten titles, of which the tenth is excluded. */
async function newBench(context: TestContext): Promise<Bench> {
  const folder = mkdtempSync(join(tmpdir(), 'matinee-catalogue-'))
  const location = { kind: 'sqlite', path: join(folder, 'vod.db') } as const
  const source = connect(location)
  await source.raw('create table vodinfo (program_id, program_name, ct_cl, program_genre, release_date, age_limit, e_bool)')
  for (let id = 1; id <= 10; id++) await source('vodinfo').insert({ program_id: id, program_name: `쇼 ${id}`, e_bool: id === 10 ? 1 : 0 })
  const store = new DirectoryObjectStore(join(folder, 'store'))
  const columns = new DuckDbEngine({ memoryMib: 128, threads: 1, scratchDirectory: join(folder, 'scratch') })
  const reader = new KnexSourceDatabase(location, 'Asia/Seoul')
  context.after(async () => {
    await Promise.all([source.destroy(), reader.close()])
    rmSync(folder, { recursive: true, force: true })
  })
  const progress = { heartbeat: () => {}, signal: new AbortController().signal }
  return {
    store,
    source,
    take: (minutes, thresholds = {}) =>
      snapshotCatalogue({
        store, source: reader, columns, progress,
        clock: { now: () => start + minutes * 60_000 }, thresholds: { ...usual, ...thresholds },
      }), // prettier-ignore
    latest: () => readDocument(store, CatalogueLatest, storeKeys.catalogueLatest),
  }
}

test('titles that are alike give the same file, whatever their order; a change gives another', async (context) => {
  const { store, source, take, latest } = await newBench(context)
  const first = await take(0)
  assert.deepEqual(first, { digest: first.digest, titles: 10, recommendable: 9, changed: true })
  assert.equal((await store.stat(storeKeys.catalogue(first.digest)))?.sizeBytes, (await latest()).bytes)

  await source('vodinfo').where({ program_id: 3 }).delete()
  await source('vodinfo').insert({ program_id: 3, program_name: '쇼 3', e_bool: 0 })
  assert.deepEqual(await take(60), { ...first, changed: false })
  assert.equal((await latest()).taken_at, '2024-01-08T11:00:00.000Z')

  await source('vodinfo').where({ program_id: 4 }).delete()
  await source('vodinfo').insert({ program_id: 11, program_name: '새 쇼', e_bool: 0 })
  const changed = await take(120)
  assert.deepEqual(changed, { digest: changed.digest, titles: 10, recommendable: 9, changed: true })
  assert.notEqual(changed.digest, first.digest)
  assert.equal((await latest()).digest, changed.digest)
})

test('catalogues that nobody reads any more are removed', async (context) => {
  const { store, source, take } = await newBench(context)
  const digests: string[] = []
  for (let hour = 0; hour < 4; hour++) {
    await source('vodinfo')
      .where({ program_id: 1 })
      .update({ program_name: `hour ${hour}` })
    digests.push((await take(60 * hour)).digest)
  }
  await take(240)
  const keys: string[] = []
  for await (const { key } of store.list('catalogue/')) keys.push(key)
  assert.deepEqual(keys.toSorted(), [storeKeys.catalogueLatest, storeKeys.catalogue(digests[3] ?? '')].toSorted())
})

test('of two that are taken at once the later one stays', async (context) => {
  const { source, take, latest } = await newBench(context)
  const later = await take(10)
  await source('vodinfo').insert({ program_id: 11, e_bool: 0 })
  await take(5)
  assert.equal((await latest()).digest, later.digest)
})

test('a table that is empty, or being filled, is refused, and the last catalogue stays', async (context) => {
  const { source, take, latest } = await newBench(context)
  const { digest } = await take(0)
  await source('vodinfo').where('program_id', '>', 4).delete()
  await assert.rejects(take(60), { code: 'catalogue_refused', message: /4 titles .* 5 fewer than at 2024-01-08T10:00:00.000Z/ })
  await source('vodinfo').delete()
  await assert.rejects(take(120), { code: 'catalogue_refused', message: /no title that may be recommended/ })
  assert.equal((await latest()).digest, digest)
  await source('vodinfo').insert({ program_id: 1, e_bool: 0 })
  assert.equal((await take(180, { most_delisted: 1 })).titles, 1)
})
