/** The imports into a real MySQL-compatible server: the same rows as in the embedded database, whole or not at all. */
import assert from 'node:assert/strict'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import test, { after, before } from 'node:test'
import { fileURLToPath } from 'node:url'
import { connect } from '../src/adapters/database/connect.ts'
import type { DatabaseLocation } from '../src/config/locations.ts'
import type { SourceValue } from '../src/contracts/ports.ts'
import { sourceTableNames } from '../src/contracts/source-tables.ts'
import { importCsv } from '../src/importing/csv.ts'
import { demoParameters, generateInto } from '../src/importing/generate-into.ts'
import { loadTables, type RowBatch } from '../src/importing/load-tables.ts'
import { usualDefinition } from '../src/importing/source-schema.ts'
import { startMariaDb, type MariaDb } from './support/mariadb.ts'
import { temporaryFolder } from './support/temporary-folder.ts'

const goldenLogs = fileURLToPath(new URL('golden/logs', import.meta.url))
const script = (name: string): Promise<string> => readFile(new URL(`../scripts/sql/${name}`, import.meta.url), 'utf8')

let server: MariaDb
let databases = 0

before(async () => {
  server = await startMariaDb()
})
after(() => server.stop())

async function newDatabase(privileges = 'ALL'): Promise<DatabaseLocation & { kind: 'mysql' }> {
  const user = { name: `importer${++databases}`, password: "it's secret", database: `vod_${databases}` }
  await server.createDatabase(user.database)
  await server.createUser({ ...user, privileges })
  return server.location(user)
}

type Rows = readonly Readonly<Record<string, SourceValue>>[]

/** All rows of a table as texts, in an order that does not depend on the database. */
async function textsOf(location: DatabaseLocation, table: string): Promise<readonly string[]> {
  const database = connect(location)
  try {
    const rows = (await database(table).select('*')) as Rows
    return rows
      .map((row) => JSON.stringify(Object.entries(row).map(([name, value]) => [name, value === null ? null : String(value)])))
      .toSorted()
  } finally {
    await database.destroy()
  }
}

async function namesOfTables({ database }: { readonly database: string }): Promise<readonly unknown[]> {
  const rows = await server.query('select table_name as name from information_schema.tables where table_schema = ? order by 1', [database])
  return rows.map(({ name }) => name)
}

const definitions = [usualDefinition('vodinfo'), usualDefinition('contlog')]
const title = (name: string): RowBatch => ({ table: 'vodinfo', rows: [[1, name, '영화', '액션', '2020-01-01', 15, 0]] })

test('golden and generated logs: row by row what the embedded database has', async () => {
  const folder = await temporaryFolder('import')
  const embedded: DatabaseLocation = { kind: 'sqlite', path: join(folder, 'vod.db') }
  const location = await newDatabase()
  const imports = [
    (into: DatabaseLocation) => importCsv(into, goldenLogs),
    (into: DatabaseLocation) => generateInto(into, { ...demoParameters, rows: 6000 }, { replace: true }),
  ]
  for (const load of imports) {
    assert.deepEqual(await load(location), await load(embedded))
    for (const table of sourceTableNames) assert.deepEqual(await textsOf(location, table), await textsOf(embedded, table))
    assert.deepEqual(await namesOfTables(location), [...sourceTableNames].toSorted())
  }
  await rm(folder, { recursive: true })
})

test('text is utf8mb4, log_dt is DATETIME with an index', async () => {
  const location = await newDatabase()
  await loadTables(location, definitions, [
    title('봄날 🌸'),
    { table: 'contlog', rows: [[1, 1, null, null, '2023-10-08 23:59:59', 10, 0]] },
  ])
  const [[row], [column], [index]] = await Promise.all([
    server.query(`select program_name from ${location.database}.vodinfo`),
    server.query(`show columns from ${location.database}.contlog like 'log_dt'`),
    server.query(`show index from ${location.database}.contlog`),
  ])
  assert.equal(row?.['program_name'], '봄날 🌸')
  assert.equal(column?.['Type'], 'datetime')
  assert.equal(index?.['Column_name'], 'log_dt')
})

test('an import that fails half-way leaves the old tables and nothing beside them', async () => {
  const location = await newDatabase()
  await loadTables(location, definitions, [title('하나')])
  const old = await textsOf(location, 'vodinfo')
  const wrongDate: RowBatch = { table: 'vodinfo', rows: [[2, '둘', '영화', '액션', 'not a date', 15, 0]] }
  await assert.rejects(loadTables(location, definitions, [title('새것'), wrongDate], { replace: true }), {
    code: 'import_invalid',
    message: /does not take the rows: Incorrect date value/,
  })
  assert.deepEqual(await textsOf(location, 'vodinfo'), old)
  assert.deepEqual(await namesOfTables(location), ['contlog', 'vodinfo'])
})

test('tables that hold rows are refused without --replace', async () => {
  const location = await newDatabase()
  await loadTables(location, definitions, [title('하나')])
  await assert.rejects(loadTables(location, definitions, [title('둘')]), {
    code: 'import_invalid',
    message: /^table vodinfo already holds rows/,
  })
})

test('of two imports at once the second is refused', async () => {
  const location = await newDatabase()
  const { promise: mayEnd, resolve: end } = Promise.withResolvers<void>()
  const { promise: hasBegun, resolve: begun } = Promise.withResolvers<void>()
  const slow = async function* (): AsyncGenerator<RowBatch> {
    begun()
    yield title('하나')
    await mayEnd
  }
  const first = loadTables(location, definitions, slow())
  await hasBegun
  await assert.rejects(loadTables(location, definitions, [title('둘')]), {
    code: 'import_invalid',
    message: /^another import into this database/,
  })
  end()
  assert.deepEqual(await first, { vodinfo: 1, contlog: 0 })
})

test('a user that may only read is told so', async () => {
  const location = await newDatabase('SELECT')
  await assert.rejects(loadTables(location, definitions, [title('하나')]), (error: Error & { code?: string }) => {
    assert.equal(error.code, 'source_denied')
    assert.match(error.message, /command denied/)
    assert.doesNotMatch(error.message, /secret/)
    return true
  })
})

test('schema.sql and grants.sql: a reader that only reads, an events user with its own schema', async () => {
  const schema = await script('schema.sql')
  await server.query(schema)
  await server.query(schema) // again is no error
  await server.query(`set @reader_password = 'read''er', @events_password = 'e'; ${await script('grants.sql')}`)
  const asUser = async (name: string, password: string, database: string, sql: string): Promise<unknown> => {
    const connection = connect(server.location({ name, password, database }))
    try {
      return await connection.raw(sql)
    } finally {
      await connection.destroy()
    }
  }
  await asUser('matinee_reader', "read'er", 'vod_rec', 'select * from vods_sumut')
  await assert.rejects(asUser('matinee_reader', "read'er", 'vod_rec', 'insert into userinfo values (1)'), /denied/)
  await assert.rejects(asUser('matinee_reader', "read'er", 'matinee_events', 'select 1'), /denied/)
  await asUser('matinee_events', 'e', 'matinee_events', 'create table t (id int primary key)')
  await assert.rejects(asUser('matinee_events', 'e', 'vod_rec', 'select * from userinfo'), /denied/)
})
