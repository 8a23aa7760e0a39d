/** The source over a real MySQL-compatible server, as a user that may only read. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import test, { after, before, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { connect } from '../src/adapters/database/connect.ts'
import { KnexSourceDatabase } from '../src/adapters/database/source.ts'
import type { DatabaseLocation } from '../src/config/locations.ts'
import type { DayFingerprint, SourceDatabase } from '../src/contracts/ports.ts'
import { sourceTableNames, type SourceTable } from '../src/contracts/source-tables.ts'
import { parseWeek } from '../src/contracts/week.ts'
import { importCsv } from '../src/importing/csv.ts'
import { assertGolden, makeFeatures, newBench } from './support/features-bench.ts'
import { startMariaDb, type MariaDb } from './support/mariadb.ts'
import { rowsOf, type TextRow } from './support/source-rows.ts'

const goldenLogs = fileURLToPath(new URL('golden/logs', import.meta.url))
const password = 's3cret'
type MysqlLocation = DatabaseLocation & { kind: 'mysql' }

let server: MariaDb
let databases = 0

before(async () => {
  server = await startMariaDb()
})
after(() => server.stop())

/** A database that `sql` fills, and a user of its own that may only read it. */
async function newDatabase(sql: string, on = server): Promise<MysqlLocation> {
  const user = { name: `reader${++databases}`, password, database: `vod_${databases}` }
  await on.createDatabase(user.database)
  await on.createUser({ ...user, privileges: 'SELECT' })
  if (sql !== '') await on.query(`USE ${user.database}; ${sql}`)
  return on.location(user)
}

function open(context: TestContext, location: MysqlLocation, timeZone = 'Asia/Seoul'): KnexSourceDatabase {
  const source = new KnexSourceDatabase(location, timeZone)
  context.after(() => source.close())
  return source
}

const readAll = (source: SourceDatabase, table: SourceTable, columns: readonly string[], until?: string): Promise<TextRow[]> =>
  rowsOf(source, table, { columns, ...(until === undefined ? {} : { before: until }) })

const viewings = (logType: string): string => `CREATE TABLE vods_sumut (subsr_id BIGINT UNSIGNED, program_id VARBINARY(30),
  episode_num VARCHAR(9), log_dt ${logType} NULL, use_tms DECIMAL(10, 2), disp_rtm_sec INT, e_bool BIT(1));`
const manyClicks = `CREATE TABLE contlog (subsr_id INT, program_id INT, program_name VARCHAR(200), episode_num INT, log_dt DATETIME, e_bool INT);
  INSERT INTO contlog SELECT seq, seq % 100, REPEAT('x', 200), 1, '2023-12-01 00:00:00', 0 FROM seq_1_to_100000;`

test('the golden logs give the golden features, row by row, and the same bytes as from the embedded database', async (context) => {
  const reader = await newDatabase('')
  await server.createUser({ name: 'importer', password, database: reader.database, privileges: 'ALL' })
  await importCsv(server.location({ name: 'importer', password, database: reader.database }), goldenLogs)
  const bench = newBench(context)
  const embedded = { kind: 'sqlite', path: join(bench.folder, 'vod.db') } as const
  await importCsv(embedded, goldenLogs)
  const source = open(context, reader)
  await source.checkTables(sourceTableNames)
  const features = await assertGolden(bench, source)
  const other = new KnexSourceDatabase(embedded, 'Asia/Seoul')
  context.after(() => other.close())
  assert.deepEqual(await makeFeatures(bench, other, parseWeek('2024-W01')), features.at(-1))
  assert.deepEqual(await source.viewingBounds(), await other.viewingBounds())
})

test('a limit of rows a second is kept', async (context) => {
  const location = await newDatabase(manyClicks)
  const limited = open(context, { ...location, rowsPerSecond: 80_000 })
  const started = performance.now()
  assert.equal((await readAll(limited, 'contlog', ['subsr_id'])).length, 100_000)
  const seconds = (performance.now() - started) / 1000
  assert.ok(seconds >= 1.25, `100,000 rows in ${seconds} s`)
})

test('missing tables and columns are named, those that the user may not see too', async (context) => {
  const location = await newDatabase(`${viewings('DATETIME')} CREATE TABLE vodinfo (program_id INT, program_name TEXT, e_bool INT);`)
  await server.query('CREATE TABLE ??.contlog (subsr_id INT)'.replace('??', location.database))
  await assert.rejects(open(context, location).checkTables(sourceTableNames), {
    code: 'source_schema',
    message: /lacks table userinfo; columns program_id, episode_num, log_dt, e_bool of contlog; columns ct_cl, .* of vodinfo/,
  })
})

test('the session cannot write, even where the user may', async () => {
  const location = await newDatabase('CREATE TABLE userinfo (subsr_id INT)')
  await server.createUser({ name: location.user, password, database: location.database, privileges: 'ALL' })
  const database = connect(location, { readOnly: true })
  await assert.rejects(Promise.resolve(database.raw('INSERT INTO userinfo VALUES (1)')), /READ ONLY/)
  await database.destroy()
})

test('values arrive exactly: large ids, bytes, decimals, bits, fractions of a second, zero dates', async (context) => {
  const location = await newDatabase(`${viewings('DATETIME(3)')} SET sql_mode = ''; INSERT INTO vods_sumut VALUES
    (18446744073709551615, '한', NULL, '2023-12-17 23:59:59.5', 12.5, 100, b'0'), (1, 'a', '', '0000-00-00', NULL, -1, b'1'),
    (2, 'A', '1', NULL, 1, 1, NULL), (3, 'late', '1', '2023-12-18', 1, 1, b'0')`)
  assert.deepEqual(
    await readAll(
      open(context, location),
      'vods_sumut',
      ['subsr_id', 'program_id', 'episode_num', 'log_dt', 'use_tms', 'disp_rtm_sec', 'e_bool', 'month'],
      '2023-12-18 00:00:00',
    ),
    [
      ['18446744073709551615', '한', null, '2023-12-17 23:59:59.500', '12.50', '100', '0', null],
      ['1', 'a', '', '0000-00-00 00:00:00.000', null, '-1', '1', null],
      ['2', 'A', '1', null, '1.00', '1', null, null],
    ],
  )
})

test('the server adds up what was read, and counts the same days, also those that no calendar has', async (context) => {
  for (const logType of ['DATETIME(3)', 'DATETIME', 'DATE', 'TIMESTAMP', 'VARCHAR(30)']) {
    const location = await newDatabase(`${viewings(logType)} SET sql_mode = 'ALLOW_INVALID_DATES'; SET time_zone = '+00:00';
      INSERT INTO vods_sumut (subsr_id, log_dt, e_bool) VALUES (1, '2024-02-29 23:59:59', 0), (2, '2024-02-29', 0), (3, NULL, 0), (4, '0000-00-00', 0),
        (5, '1987-07-01 15:00:00', 0), (6, NULL, 0), (7, '2024-03-01', 0), (8, '2023-02-31 12:00:00', 0), (9, '2023-03-03 12:00:00', 0),
        (10, '2023-11-00', 0), (11, '0000-01-01', 0), (12, '2023-12-31 15:00:00', 0)`)
    const source = open(context, location)
    const options = { before: '2024-03-01 00:00:00' }
    const read = await sumsOfRead(source, { ...options, columns: ['subsr_id', 'log_dt', 'use_tms'] })
    assert.deepEqual(
      inOrder(await source.fingerprint('vods_sumut', { ...options, columns: ['subsr_id', 'log_dt', 'use_tms'] })),
      read,
      logType,
    )
    const counted = await source.fingerprint('vods_sumut', { ...options, columns: [] })
    assert.deepEqual(inOrder(counted), inOrder(read.map((day) => ({ ...day, sum: '0' }))), logType)
    assert.ok(read.length >= (logType === 'TIMESTAMP' ? 6 : 9), `${read.length} days of ${logType}`)
  }
})

/** What the rows of a reading add up to. */
async function sumsOfRead(
  source: SourceDatabase,
  options: { readonly before: string; readonly columns: string[] },
): Promise<DayFingerprint[]> {
  const told: DayFingerprint[] = []
  for await (const _ of source.readLines('vods_sumut', { ...options, onFingerprint: (days) => told.push(...days) }));
  return inOrder(told)
}

const inOrder = (days: readonly DayFingerprint[]): DayFingerprint[] => days.toSorted((a, b) => (String(a.day) < String(b.day) ? -1 : 1))

// 14:59:59 in UTC is a second before Monday in Seoul.
const instants = `SET time_zone = '+00:00'; INSERT INTO vods_sumut (subsr_id, log_dt, e_bool) VALUES
  (1, '2023-12-17 14:59:59', b'0'), (2, '2023-12-17 15:00:00', b'0');`
const inSummer1987 = "SET time_zone = '+00:00'; INSERT INTO vods_sumut (subsr_id, log_dt, e_bool) VALUES (3, '1987-07-01 00:00:00', b'0');"
const bound = '2023-12-18 00:00:00'

test('a TIMESTAMP is read in the configured zone, where the server has no zones by name', async (context) => {
  const location = await newDatabase(viewings('TIMESTAMP') + instants)
  const seoul = open(context, location)
  assert.deepEqual(await readAll(seoul, 'vods_sumut', ['subsr_id', 'log_dt'], bound), [['1', '2023-12-17 23:59:59']])
  assert.deepEqual(await seoul.viewingBounds(), { oldest: '2023-12-17 23:59:59', newest: '2023-12-18 00:00:00' })
  assert.equal((await readAll(open(context, location, 'UTC'), 'vods_sumut', ['subsr_id'], bound)).length, 2)
})

test('a zone that changed its clocks within the data cannot be had from such a server; a DATETIME needs none', async (context) => {
  const timestamps = open(context, await newDatabase(viewings('TIMESTAMP') + instants + inSummer1987))
  await assert.rejects(readAll(timestamps, 'vods_sumut', ['log_dt'], bound), { code: 'source_zone', message: /Asia\/Seoul.*log_dt/ })
  await assert.rejects(timestamps.viewingBounds(), { code: 'source_zone' })
  const wallClock = open(context, await newDatabase(viewings('DATETIME') + instants + inSummer1987))
  assert.equal((await readAll(wallClock, 'vods_sumut', ['log_dt'], bound)).length, 3)
})

test('a server that has zones by name is asked for the zone by name', async (context) => {
  const zoned = await startMariaDb({ timeZones: true })
  context.after(() => zoned.stop())
  const source = open(context, await newDatabase(viewings('TIMESTAMP') + instants + inSummer1987, zoned))
  assert.deepEqual(await readAll(source, 'vods_sumut', ['log_dt'], bound), [['2023-12-17 23:59:59'], ['1987-07-01 10:00:00']])
  await source.close()
})

test('a reader that stops early, or is aborted, leaves nothing running and no connection taken', async (context) => {
  const location = await newDatabase(manyClicks)
  const source = open(context, location)
  for (let round = 0; round < 6; round++) {
    // More rounds than the pool has connections.
    for await (const { lines } of source.readLines('contlog', { columns: ['program_name'] })) {
      assert.ok(lines.length > 0)
      break
    }
    const controller = new AbortController()
    await assert.rejects(async () => {
      for await (const { lines } of source.readLines('contlog', { columns: ['program_name'], signal: controller.signal }))
        if (lines.length > 0) controller.abort(new Error('the worker shuts down'))
    }, /the worker shuts down/)
  }
  assert.equal((await readAll(source, 'contlog', ['subsr_id'])).length, 100_000)
})

test('long rows come fewer at a time', async (context) => {
  const longClicks = `CREATE TABLE contlog (subsr_id INT, program_id INT, program_name LONGTEXT, episode_num INT, log_dt DATETIME, e_bool INT);
    INSERT INTO contlog SELECT seq, 1, REPEAT('x', 1000000), 1, '2023-12-01 00:00:00', 0 FROM seq_1_to_12;`
  const source = open(context, await newDatabase(longClicks))
  const batches: number[] = []
  for await (const { lines } of source.readLines('contlog', { columns: ['program_name'] })) batches.push(lines.length)
  assert.deepEqual(batches, [5, 5, 2])
})

test('a connection that is lost in the middle is an error, not an end', async (context) => {
  const location = await newDatabase(manyClicks)
  const source = open(context, location)
  let rows = 0
  await assert.rejects(
    async () => {
      for await (const { lines } of source.readLines('contlog', { columns: ['subsr_id', 'program_name'] })) {
        if (rows === 0)
          for (const { id } of await server.query('SELECT id FROM information_schema.processlist WHERE user = ?', [location.user]))
            await server.query(`KILL CONNECTION ${String(id)}`)
        rows += lines.length
      }
    },
    { code: 'source_unreachable' },
  )
  assert.ok(rows > 0 && rows < 100_000)
  assert.equal((await readAll(source, 'contlog', ['subsr_id'])).length, 100_000)
})

test('who cannot connect learns where and why, and no password', async (context) => {
  const location = await newDatabase('CREATE TABLE userinfo (subsr_id INT)')
  const refused: readonly [MysqlLocation, string, RegExp][] = [
    [{ ...location, port: 1 }, 'source_unreachable', /127\.0\.0\.1:1/],
    [{ ...location, host: 'no-such-host.invalid' }, 'source_unreachable', /no-such-host\.invalid:/],
    [{ ...location, password: 'wr0ng' }, 'source_denied', new RegExp(location.user)],
    [{ ...location, database: 'mysql' }, 'source_denied', /mysql/],
    [{ ...location, tls: 'verify' }, 'source_denied', /tls/],
  ]
  for (const [where, code, message] of refused)
    await assert.rejects(open(context, where).checkTables(['userinfo']), (error: unknown) => {
      assert.ok(error instanceof Error && 'code' in error)
      assert.equal(error.code, code)
      assert.match(error.message, message)
      assert.doesNotMatch(`${error.message} ${JSON.stringify(error)}`, /s3cret|wr0ng/)
      return true
    })
})
