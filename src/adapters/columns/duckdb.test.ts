import test, { type TestContext } from 'node:test'
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Cell } from '../../contracts/ports.ts'
import { DuckDbEngine, type DuckDbDatabase } from './duckdb.ts'

function scratch(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'matinee-duckdb-'))
  context.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

async function open(
  context: TestContext,
  { memoryMib = 256, threads = 2, signal = new AbortController().signal, folder = scratch(context) } = {},
): Promise<DuckDbDatabase> {
  const database = await new DuckDbEngine({ memoryMib, threads, scratchDirectory: folder }).open(signal)
  context.after(() => database.close())
  return database
}

/** Rows of three columns, a batch each. */
async function* batchesOf(...batches: readonly (readonly (readonly Cell[])[])[]): AsyncIterable<readonly (readonly Cell[])[]> {
  for (const rows of batches) yield [0, 1, 2].map((column) => rows.map((row) => row[column] ?? null))
}

test('appended rows come back as they were: any batch size, nulls, Hangul, exact doubles', async (context) => {
  const database = await open(context)
  await database.run('create table t (id varchar, x double, b boolean)')
  const rows = Array.from({ length: 5_000 }, (_, row): readonly Cell[] => [
    row % 7 === 0 ? null : `사용자 ${row}`,
    row % 5 === 0 ? null : row / 3,
    row % 3 === 0 ? null : row % 2 === 0,
  ])
  assert.equal(await database.append('t', batchesOf(rows.slice(0, 1), [], rows.slice(1, 4_999), rows.slice(4_999))), 5_000)
  const back: unknown[][] = []
  for await (const chunk of database.stream('select * from t')) back.push(...chunk.getRows())
  assert.deepEqual(back, rows)
})

test('a written file has the digest, size and rows that it is said to have, whatever the number of threads', async (context) => {
  const digests = new Set<string>()
  for (const threads of [1, 2, 1]) {
    const database = await open(context, { threads })
    const query = `select hash(i) % 1000 as k, 'text ' || (hash(i) % 5000)::varchar as s, case when i % 9 > 0 then i / 7 end as x from range(300000) t(i)`
    await database.run(`create table t as ${query}`)
    const file = await database.writeParquet('select * from t order by all', 't.parquet')
    const bytes = readFileSync(file.path)
    assert.equal(file.sha256, createHash('sha256').update(bytes).digest('hex'))
    assert.equal(file.sizeBytes, bytes.length)
    assert.equal(file.rows, 300_000)
    digests.add(file.sha256)
  }
  assert.equal(digests.size, 1)
})

test('closing removes the scratch folder', async (context) => {
  const folder = scratch(context)
  const database = await open(context, { folder })
  await database.writeParquet('select 1 as one', 'one.parquet')
  assert.equal(readdirSync(folder).length, 1)
  await database.close()
  assert.deepEqual(readdirSync(folder), [])
})

test('an abort interrupts a query under way, with the reason of the signal', async (context) => {
  const controller = new AbortController()
  const database = await open(context, { signal: controller.signal })
  const endless = database.run('create table t as select count(*) from range(10000000000) a(i) where hash(i) % 7 = 3')
  setTimeout(() => controller.abort(new Error('the worker shuts down')), 50)
  await assert.rejects(endless, /the worker shuts down/)
  await assert.rejects(database.run('select 1'), /the worker shuts down/)
})

test('what does not fit into memory goes to the scratch folder; where that is not possible, the error says what to raise', async (context) => {
  const database = await open(context, { memoryMib: 64 })
  await database.run("create table t as select (hash(i) % 1000003)::varchar || ' and some more text' as s from range(3000000) r(i)")
  assert.deepEqual(await database.row('select count(*) as n from (select * from t order by s)'), { n: 3_000_000 })
  await assert.rejects(database.run('select list(s) from t'), { code: 'training_memory', message: /64 MiB.*MATINEE_MEMORY_MIB/ })
})

test('nothing is downloaded: an extension that is not built in is refused', async (context) => {
  const database = await open(context)
  await assert.rejects(database.run("select * from read_parquet('s3://bucket/key')"), /httpfs|extension/i)
})
