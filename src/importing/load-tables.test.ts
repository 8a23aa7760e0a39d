import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { temporaryFolder } from '../../test/support/temporary-folder.ts'
import { connect } from '../adapters/database/connect.ts'
import type { DatabaseLocation } from '../config/locations.ts'
import { MatineeError } from '../contracts/errors.ts'
import { loadTables, type RowBatch } from './load-tables.ts'
import { usualDefinition } from './source-schema.ts'

const definitions = [usualDefinition('vodinfo'), usualDefinition('contlog')]
const title = (id: number | string, name: string): RowBatch => ({
  table: 'vodinfo',
  rows: [[id, name, '영화', '액션', '2020-01-01', 15, 0]],
})
const clicks = (count: number): RowBatch => ({
  table: 'contlog',
  rows: Array.from({ length: count }, (_, index) => [index, 1, null, null, '2023-10-08 23:59:59', 10, 0]),
})

function* failingHalfway(): Generator<RowBatch> {
  yield clicks(5000)
  throw new MatineeError('import_invalid', 'line 5001 is malformed')
}

const newDatabase = async (): Promise<DatabaseLocation> => ({ kind: 'sqlite', path: join(await temporaryFolder('load'), 'vod.db') })

async function read(location: DatabaseLocation, sql: string): Promise<readonly unknown[]> {
  const database = connect(location)
  try {
    const rows: unknown = await database.raw(sql)
    return Array.isArray(rows) ? rows : []
  } finally {
    await database.destroy()
  }
}

test('rows of several tables by turns, more than a statement takes', async () => {
  const location = await newDatabase()
  const counts = await loadTables(location, definitions, [
    title(7, '서울의 봄'),
    clicks(2503),
    title('9007199254740993', '큰 수'),
    clicks(1),
  ])
  assert.deepEqual(counts, { vodinfo: 2, contlog: 2504 })
  assert.deepEqual(await read(location, 'select count(*) as rows, count(distinct subsr_id) as users from contlog'), [
    { rows: 2504, users: 2503 },
  ])
  assert.deepEqual(await read(location, 'select cast(program_id as text) as id, typeof(program_id) as type, program_name from vodinfo'), [
    { id: '7', type: 'integer', program_name: '서울의 봄' },
    { id: '9007199254740993', type: 'integer', program_name: '큰 수' },
  ])
  const [plan] = await read(location, `explain query plan select * from contlog where log_dt < '2023-10-09 00:00:00'`)
  assert.match(JSON.stringify(plan), /USING INDEX contlog_log_dt/)
})

test('tables that hold rows are refused and stay; --replace takes their place', async () => {
  const location = await newDatabase()
  await loadTables(location, definitions, [title(1, '하나')])
  await assert.rejects(loadTables(location, definitions, [title(2, '둘')]), {
    code: 'import_invalid',
    message: /^table vodinfo already holds rows; --replace /,
  })
  assert.deepEqual(await read(location, 'select program_name from vodinfo'), [{ program_name: '하나' }])
  await loadTables(location, definitions, [title(2, '둘')], { replace: true })
  assert.deepEqual(await read(location, 'select program_name from vodinfo'), [{ program_name: '둘' }])
})

test('empty tables are no obstacle', async () => {
  const location = await newDatabase()
  await loadTables(location, definitions, [])
  assert.deepEqual(await loadTables(location, definitions, [title(1, '하나')]), { vodinfo: 1, contlog: 0 })
})

test('an error half-way leaves the database as it was', async () => {
  const location = await newDatabase()
  await loadTables(location, definitions, [title(1, '하나')])
  await assert.rejects(loadTables(location, definitions, failingHalfway(), { replace: true }), { message: 'line 5001 is malformed' })
  assert.deepEqual(await read(location, 'select program_name from vodinfo'), [{ program_name: '하나' }])
  assert.deepEqual(await read(location, 'select count(*) as rows from contlog'), [{ rows: 0 }])
})

test('a row that is too short ends the load, it does not shift the others', async () => {
  const location = await newDatabase()
  await assert.rejects(loadTables(location, definitions, [{ table: 'contlog', rows: [[1, 2], clicks(1).rows[0] ?? []] }]), {
    message: /^a row of contlog does not have its 7 values$/,
  })
})

test('a server that is away is named without the password', async () => {
  const location = { kind: 'mysql', host: '127.0.0.1', port: 1, user: 'u', password: 'secret', database: 'd', tls: 'off' } as const
  await assert.rejects(loadTables(location, definitions, []), (error) => {
    assert.ok(error instanceof MatineeError)
    assert.equal(error.code, 'source_unreachable')
    assert.match(error.message, /^mysql:\/\/u@127\.0\.0\.1:1\/d /)
    assert.doesNotMatch(error.message, /secret/)
    return true
  })
})

test('nothing is created for a load that is refused', async () => {
  const path = join(await temporaryFolder('load'), 'not', 'there.db')
  const { generateInto, demoParameters } = await import('./generate-into.ts')
  await assert.rejects(generateInto({ kind: 'sqlite', path }, { ...demoParameters, weeks: 0 }), { code: 'usage_invalid' })
  assert.equal(existsSync(path), false)
})
