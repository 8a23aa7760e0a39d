import test, { type TestContext } from 'node:test'
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Knex } from 'knex'
import { sourceTableNames, type SourceTable } from '../../contracts/source-tables.ts'
import { rowsOf, type TextRow } from '../../../test/support/source-rows.ts'
import { connect } from './connect.ts'
import { sourceError } from './source-errors.ts'
import { KnexSourceDatabase } from './source.ts'

/** A fresh embedded database, made by `fill`, and the source over it. MySQL has a test of its own, against a real server. */
async function sourceOf(context: TestContext, fill: (database: Knex) => Promise<void>): Promise<KnexSourceDatabase> {
  const folder = mkdtempSync(join(tmpdir(), 'matinee-source-'))
  const location = { kind: 'sqlite', path: join(folder, 'vod.db') } as const
  const database = connect(location)
  await fill(database)
  await database.destroy()
  const source = new KnexSourceDatabase(location, 'Asia/Seoul')
  context.after(async () => {
    await source.close()
    rmSync(folder, { recursive: true, force: true })
  })
  return source
}

const readAll = (source: KnexSourceDatabase, table: SourceTable, columns: readonly string[], before?: string): Promise<TextRow[]> =>
  rowsOf(source, table, { columns, ...(before === undefined ? {} : { before }) })

const CLICKS = 'create table contlog (subsr_id, program_id, program_name text, episode_num, log_dt text, month integer, e_bool integer)'
const VIEWINGS =
  'create table vods_sumut (subsr_id, program_id, episode_num, log_dt text, use_tms integer, disp_rtm_sec integer, e_bool integer)'

test('every missing table and column is named, in one line', async (context) => {
  const source = await sourceOf(context, async (database) => {
    await database.raw(VIEWINGS)
    await database.raw('create table USERINFO (SUBSR_ID integer)')
    await database.raw('create table vodinfo (program_id integer, program_name text, e_bool integer)')
  })
  await source.checkTables(['userinfo', 'vods_sumut'])
  await assert.rejects(source.checkTables(sourceTableNames), (error: unknown) => {
    assert.ok(error instanceof Error && 'code' in error)
    assert.equal(error.code, 'source_schema')
    assert.match(error.message, /lacks table contlog; columns ct_cl, program_genre, release_date, age_limit of vodinfo/)
    assert.doesNotMatch(error.message, /\n/)
    return true
  })
})

test('a file that is not there is named and not created', async () => {
  const path = join(tmpdir(), 'matinee-no-such-folder', 'vod.db')
  const source = new KnexSourceDatabase({ kind: 'sqlite', path }, 'Asia/Seoul')
  await assert.rejects(source.viewingBounds(), { code: 'source_schema', message: /does not exist/ })
  await source.close()
  assert.equal(existsSync(path), false)
})

test('the source refuses to be written', async (context) => {
  const source = await sourceOf(context, async (database) => void (await database.raw(CLICKS)))
  const database = connect({ kind: 'sqlite', path: source.location.slice('sqlite:'.length) }, { readOnly: true })
  await assert.rejects(Promise.resolve(database.raw('insert into contlog (subsr_id) values (1)')), /readonly/i)
  await database.destroy()
})

test('values arrive exactly: large ids, text ids, nulls, columns that the source lacks', async (context) => {
  const source = await sourceOf(context, async (database) => {
    await database.raw(VIEWINGS)
    await database.raw(
      "insert into vods_sumut values (9007199254740993, '007', null, '2023-12-01 10:00:00.5', 12, 34, 0), (1.0, x'ed959c', '', null, null, -1, 1)",
    )
  })
  assert.deepEqual(
    await readAll(source, 'vods_sumut', ['e_bool', 'subsr_id', 'program_id', 'episode_num', 'log_dt', 'use_tms', 'disp_rtm_sec', 'month']),
    [
      ['0', '9007199254740993', '007', null, '2023-12-01 10:00:00.5', '12', '34', null],
      ['1', '1', '한', '', null, null, '-1', null],
    ],
  )
})

test('a log is read up to the bound, over gaps and pages, with rows that have no time', async (context) => {
  const source = await sourceOf(context, async (database) => {
    await database.raw(CLICKS)
    await database.raw(`insert into contlog (rowid, subsr_id, log_dt, e_bool)
      with recursive n(i) as (select 1 union all select i + 1 from n where i < 10000)
      select i * 7 - 30000, i, case when i % 100 = 0 then null when i % 2 = 0 then '2023-12-18 00:00:00' else '2023-12-17 23:59:59' end, 0 from n`)
  })
  const rows = await readAll(source, 'contlog', ['subsr_id', 'log_dt'], '2023-12-18 00:00:00')
  assert.equal(rows.length, 5_000 + 100)
  assert.equal(rows.filter(([, time]) => time === null).length, 100)
  assert.ok(rows.every(([, time]) => time === null || time === '2023-12-17 23:59:59'))
  assert.equal((await readAll(source, 'contlog', ['subsr_id'])).length, 10_000)
})

test('days are counted as they are added up, over pages, also rows that have no day', async (context) => {
  for (const index of ['', 'create index by_time on vods_sumut (log_dt)']) {
    const source = await sourceOf(context, async (database) => {
      await database.raw(VIEWINGS)
      const times = ['2024-02-28 00:00:00', '2024-02-29', null, 20240229, '2024-03-01 00:00:00']
      const rows = Array.from({ length: 5000 }, (_, n) => ({ subsr_id: n, log_dt: times[n % times.length] ?? null }))
      await database.batchInsert('vods_sumut', rows, 100)
      if (index !== '') await database.raw(index)
    })
    const options = { before: '2024-03-01 00:00:00' }
    const added = await source.fingerprint('vods_sumut', { ...options, columns: ['subsr_id'] })
    const counted = await source.fingerprint('vods_sumut', { ...options, columns: [] })
    const inOrder = (days: typeof added) => days.map(({ day, rows }) => `${day} ${rows}`).toSorted()
    assert.deepEqual(inOrder(counted), inOrder(added), index)
    assert.ok(inOrder(counted).includes('2024-02-29 1000'), index)
  }
})

test('while a table is read others have their turn, and an abort ends the reading', async (context) => {
  const source = await sourceOf(context, async (database) => {
    await database.raw(CLICKS)
    await database.raw(`insert into contlog (subsr_id, e_bool)
      with recursive n(i) as (select 1 union all select i + 1 from n where i < 30000) select i, 0 from n`)
  })
  const controller = new AbortController()
  let turns = 0
  const others = (async () => {
    while (!controller.signal.aborted) {
      await delay(0)
      turns++
    }
  })()
  let rows = 0
  await assert.rejects(async () => {
    for await (const { lines } of source.readLines('contlog', { columns: ['subsr_id'], signal: controller.signal })) {
      rows += lines.length
      if (rows > 20_000) controller.abort(new Error('the worker shuts down'))
    }
  }, /the worker shuts down/)
  await others
  assert.ok(rows < 30_000)
  assert.ok(turns > 3, `${turns} turns`)
})

test('bounds are those of usable viewings', async (context) => {
  const source = await sourceOf(context, async (database) => void (await database.raw(VIEWINGS)))
  assert.equal(await source.viewingBounds(), undefined)
  const filled = await sourceOf(context, async (database) => {
    await database.raw(VIEWINGS)
    await database.raw(`insert into vods_sumut (log_dt, e_bool) values
      ('2023-12-03 10:00:00', 0), ('2023-12-01 10:00:00', 1), (null, 0), ('2023-12-05 10:00:00', 0), ('2023-12-09 10:00:00', null)`)
  })
  assert.deepEqual(await filled.viewingBounds(), { oldest: '2023-12-03 10:00:00', newest: '2023-12-05 10:00:00' })
})

const driverError = (code: string): Error => Object.assign(new Error('said the driver'), { code })

test('a source that is away may be asked again; one that refuses may not', () => {
  for (const code of ['ECONNREFUSED', 'ENOTFOUND', 'PROTOCOL_CONNECTION_LOST', 'ER_CON_COUNT_ERROR', 'never heard of']) {
    const error = sourceError(driverError(code), 'mysql://reader@db:3306/vod')
    assert.equal(error.code, 'source_unreachable', code)
    assert.match(error.message, /mysql:\/\/reader@db:3306\/vod/)
    assert.ok(error.kind.retryable)
  }
  for (const code of ['ER_ACCESS_DENIED_ERROR', 'ER_TABLEACCESS_DENIED_ERROR', 'HANDSHAKE_NO_SSL_SUPPORT'])
    assert.equal(sourceError(driverError(code), 'mysql://reader@db:3306/vod').code, 'source_denied', code)
  assert.equal(sourceError(driverError('ER_NO_SUCH_TABLE'), 'mysql://reader@db:3306/vod').code, 'source_schema')
})
