/** Any id, any text, any column type, any zone: the same features from MariaDB and from the embedded database. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import test, { after, before, type TestContext } from 'node:test'
import type { Knex } from 'knex'
import { extractTable } from '../src/activities/extract-table.ts'
import { connect } from '../src/adapters/database/connect.ts'
import { KnexSourceDatabase } from '../src/adapters/database/source.ts'
import type { DatabaseLocation } from '../src/config/locations.ts'
import { FeaturesReport, RawManifest } from '../src/contracts/documents.ts'
import { storeKeys } from '../src/contracts/store-keys.ts'
import { readDocument } from '../src/contracts/stored-documents.ts'
import { parseWeek, weekEnd, weekStart, type Week } from '../src/contracts/week.ts'
import { makeFeatures, newBench, quiet, readParquet, type FeaturesBench, type Row } from './support/features-bench.ts'
import { startMariaDb, type MariaDb } from './support/mariadb.ts'

let server: MariaDb
let databases = 0
before(async () => {
  server = await startMariaDb()
})
after(() => server.stop())

type Types = Readonly<Record<'id' | 'text' | 'time' | 'seconds' | 'length' | 'date' | 'flag', string>>
const mysqlTypes: Types = {
  id: 'varchar(60) character set utf8mb4 collate utf8mb4_bin null',
  text: 'varchar(200) null',
  time: 'datetime null',
  seconds: 'decimal(10, 2) null',
  length: 'float null',
  date: 'date null',
  flag: 'tinyint null',
}
const sqliteTypes: Types = { id: 'text', text: 'text', time: 'text', seconds: 'real', length: 'real', date: 'text', flag: 'integer' }

async function createTables(database: Knex, { id, text, time, seconds, length, date, flag }: Types): Promise<void> {
  await database.raw(`create table userinfo (subsr_id ${id})`)
  await database.raw(`create table vods_sumut (subsr_id ${id}, program_id ${id}, program_name ${text}, episode_num ${text}, log_dt ${time},
    use_tms ${seconds}, disp_rtm_sec ${length}, count_watch integer, month integer, e_bool ${flag})`)
  await database.raw(`create table contlog (subsr_id ${id}, program_id ${id}, program_name ${text}, episode_num ${text}, log_dt ${time},
    month integer, e_bool ${flag})`)
  await database.raw(`create table vodinfo (program_id ${id}, program_name ${text}, ct_cl ${text}, program_genre ${text},
    release_date ${date}, age_limit integer, e_bool ${flag})`)
}

async function newLocation(kind: 'mysql' | 'sqlite', { folder }: FeaturesBench): Promise<DatabaseLocation> {
  const name = `types_${++databases}`
  if (kind === 'sqlite') return { kind, path: join(folder, `${name}.db`) }
  const user = { name, password: 's3cret', database: name }
  await server.createDatabase(name)
  await server.createUser({ ...user, privileges: 'ALL' })
  return server.location(user)
}

/** A source of these rows, and a connection that may change them. */
async function newSource(
  context: TestContext,
  location: DatabaseLocation,
  types: Types,
  rows: Readonly<Record<string, readonly Row[]>>,
): Promise<KnexSourceDatabase> {
  const database = connect(location)
  await createTables(database, types)
  for (const [table, all] of Object.entries(rows)) for (const row of all) await database(table).insert(row)
  await database.destroy()
  const source = new KnexSourceDatabase(location, 'Asia/Seoul')
  context.after(() => source.close())
  return source
}

const viewing: Row = {
  subsr_id: 'u1',
  program_id: 'p1',
  program_name: '쇼',
  episode_num: '1',
  log_dt: '2023-12-27 20:00:00',
  use_tms: 12.25,
  disp_rtm_sec: 24.5,
  count_watch: 1,
  month: 12,
  e_bool: 0,
}
const { use_tms: _use, disp_rtm_sec: _length, count_watch: _count, ...click } = viewing
const nullEach = (row: Row): Row[] => Object.keys(row).map((column) => ({ ...row, [column]: null }))
const week = parseWeek('2023-W52')

/** Beyond 2^53, one apart; leading zeros; case; Hangul, quotes, emoji, blanks inside, and what SQL, CSV and JSON have to escape. */
const strangeIds = ['9007199254740993', '9007199254740992', '007', '7', 'abc', 'ABC', '가입자-1', `O'Hara "x"`, '😀', 'a b', '\\,;\n', '￦'] // prettier-ignore

test('ids and texts arrive as they are, and nulls are counted for what they are', async (context) => {
  const bench = newBench(context)
  const rows = {
    userinfo: strangeIds.map((id) => ({ subsr_id: id })),
    vods_sumut: [...strangeIds.map((id) => ({ ...viewing, subsr_id: id, program_id: `p${id}` })), ...nullEach(viewing)],
    contlog: [...strangeIds.map((id) => ({ ...click, subsr_id: id, program_id: `c${id}` })), ...nullEach(click)],
    vodinfo: [
      ...strangeIds.map((id) => ({ program_id: `p${id}`, program_name: `이름 ${id}`, program_genre: "'드라마'", e_bool: 0 })),
      ...nullEach({ program_id: 'p1', program_name: '쇼', ct_cl: 'TV', program_genre: '영화', release_date: '2024-02-29', age_limit: 15, e_bool: 0 }),
    ],
  } // prettier-ignore
  const digests: string[] = []
  for (const kind of ['mysql', 'sqlite'] as const) {
    const source = await newSource(context, await newLocation(kind, bench), kind === 'mysql' ? mysqlTypes : sqliteTypes, rows)
    const { digest } = await makeFeatures(bench, source, week)
    digests.push(digest)
    const pairs = await readParquet(bench, storeKeys.features(week, digest, 'interactions.parquet'))
    const seen = new Set(pairs.map((row) => `${String(row['subsr_id'])} ${String(row['program_id'])}`))
    for (const id of strangeIds) assert.ok(seen.has(`${id} p${id}`) && seen.has(`${id} c${id}`), `${kind}: ${JSON.stringify(id)}`)
    assert.equal(pairs.length, 2 * strangeIds.length + 1)
    const usual = pairs.find((row) => row['program_id'] === 'p1')
    assert.partialDeepStrictEqual(usual, { subsr_id: 'u1', rating: 0.5, watch_tms_max: 0.5, last_dt: '2023-12-27 20:00:00' })

    const report = await readDocument(bench.store, FeaturesReport, storeKeys.features(week, digest, 'report.json'))
    // Without user, title, time or e_bool a row is bad; without its other columns it is not, but for what makes a viewing.
    assert.partialDeepStrictEqual(report, {
      vods_bad_row: 4, vods_bad_duration: 1, vods_bad_use: 1, vods_repeat: 2, conts_bad_row: 4, conts_repeat: 1,
      programs_bad_row: 2, users_in: strangeIds.length,
    }) // prettier-ignore
    const items = await readParquet(bench, storeKeys.features(week, digest, 'items.parquet'))
    for (const id of strangeIds)
      assert.partialDeepStrictEqual(items.find((item) => item['program_id'] === `p${id}`), { program_name: `이름 ${id}`, program_genre: "'드라마'", recommendable: true }) // prettier-ignore
  }
  assert.equal(digests[0], digests[1])
})

test('a text of megabytes arrives whole, and one that is too long is named', async (context) => {
  const bench = newBench(context)
  const title = { program_id: 'p1', program_name: '이름'.repeat(500_000), e_bool: 0 }
  const longer = { program_id: 'p2', program_name: 'x'.repeat(8 * 1024 * 1024), e_bool: 0 }
  const together = { program_id: 'p3', program_name: 'x'.repeat(5 * 1024 * 1024), program_genre: 'x'.repeat(5 * 1024 * 1024), e_bool: 0 }
  for (const kind of ['mysql', 'sqlite'] as const) {
    const types = kind === 'mysql' ? { ...mysqlTypes, text: 'longtext null' } : sqliteTypes
    const rows = { userinfo: [{ subsr_id: 'u1' }], vods_sumut: [viewing], contlog: [click] }
    const source = await newSource(context, await newLocation(kind, bench), types, { ...rows, vodinfo: [title] })
    const { digest } = await makeFeatures(bench, source, week)
    const [item] = await readParquet(bench, storeKeys.features(week, digest, 'items.parquet'))
    assert.equal(item?.['program_name'], title.program_name)

    for (const [row, bytes] of [
      [longer, '16777'],
      [together, '20971'],
    ] as const) {
      const words =
        kind === 'mysql'
          ? /^vodinfo has a row that is longer than the server's max_allowed_packet/
          : new RegExp(`^vodinfo has a row of ${bytes}\\d{3} bytes`)
      const other = await newSource(context, await newLocation(kind, bench), types, { ...rows, vodinfo: [row] })
      await assert.rejects(makeFeatures(bench, other, week), { code: 'source_schema', message: words })
    }
  }
})

test('integer ids beyond 2^53, and a date, a decimal and a float where numbers and times are due', async (context) => {
  const bench = newBench(context)
  const big = ['18446744073709551615', '9223372036854775807', '9007199254740993', '9007199254740992', '10', '9']
  const location = await newLocation('mysql', bench)
  const types = { ...mysqlTypes, id: 'bigint unsigned null', time: 'date null', date: 'datetime null' }
  const source = await newSource(context, location, types, {
    vods_sumut: big.map((id) => ({ ...viewing, subsr_id: id, program_id: id, log_dt: '2023-12-31' })),
    contlog: [{ ...click, subsr_id: '9', program_id: '9', log_dt: '2024-01-01' }],
    vodinfo: [{ program_id: '9', program_name: '쇼', release_date: '2024-02-29 00:00:00', e_bool: 0 }],
  })
  const { digest } = await makeFeatures(bench, source, week)
  const pairs = await readParquet(bench, storeKeys.features(week, digest, 'interactions.parquet'))
  assert.deepEqual(pairs.map((row) => row['subsr_id']), big.toReversed()) // prettier-ignore
  assert.ok(pairs.every((row) => row['last_dt'] === '2023-12-31 00:00:00' && row['rating'] === 0.5 && row['click_cnt'] === null))
  const [item] = await readParquet(bench, storeKeys.features(week, digest, 'items.parquet'))
  assert.equal(item?.['release_date'], '2024-02-29 00:00:00')
})

test('a number that is kept as text counts where it is a finite decimal, and nowhere else', async (context) => {
  const numbers: readonly (readonly [text: string, number: number | null])[] = [
    ['12', 12], [' 12.5 ', 12.5], ['+3', 3], ['-1.5e2', -150], ['.5', 0.5], ['7.', 7], ['007', 7], ['1e999', null],
    ['0x10', null], ['1_000', null], ['1,5', null], ['12abc', null], ['e5', null], ['inf', null], ['nan', null], ['', null],
  ] // prettier-ignore
  for (const kind of ['mysql', 'sqlite'] as const) {
    const bench = newBench(context)
    const types = kind === 'mysql' ? { ...mysqlTypes, seconds: 'varchar(20) null' } : { ...sqliteTypes, seconds: 'text' }
    const rows = numbers.map(([text], n) => ({ ...viewing, subsr_id: `u${n}`, use_tms: text }))
    const source = await newSource(context, await newLocation(kind, bench), types, { vods_sumut: rows })
    const { store, engine: columns } = bench
    const { manifestKey } = await extractTable({ week, table: 'vods_sumut' }, { store, source, columns, progress: quiet })
    const [file] = (await readDocument(store, RawManifest, manifestKey)).partitions.flatMap(({ files }) => files)
    const extracted = await readParquet(bench, file?.key ?? '')
    const found = new Map(extracted.map((row) => [row['subsr_id'], row['use_tms']]))
    for (const [n, [text, number]] of numbers.entries()) assert.equal(found.get(`u${n}`), number, `${kind}: ${JSON.stringify(text)}`)
  }
})

const aSecondBefore = (midnight: string): string =>
  new Date(Date.parse(`${midnight.replace(' ', 'T')}Z`) - 1000).toISOString().slice(0, 19).replace('T', ' ')

/** The times of the rows that a run for the week has of a log, and the week's own part of them. */
async function timesOf(bench: FeaturesBench, source: KnexSourceDatabase, of: Week): Promise<{ all: string[]; own: string[] }> {
  const { store, engine: columns } = bench
  const { manifestKey } = await extractTable({ week: of, table: 'vods_sumut' }, { store, source, columns, progress: quiet })
  const { partitions } = await readDocument(store, RawManifest, manifestKey)
  const found: { week: string; time: string }[] = []
  for (const part of partitions)
    for (const { key } of part.files)
      for (const row of await readParquet(bench, key)) found.push({ week: part.week, time: String(row['log_dt']).slice(0, 19) })
  const times = (rows: typeof found): string[] => rows.map(({ time }) => time).toSorted()
  return { all: times(found), own: times(found.filter((row) => row.week === of)) }
}

const newYears = ['2020-W53', '2021-W01', '2023-W52', '2024-W01'].map(parseWeek)
/** Each end of a week, and the last second before it. */
const edges = [...new Set(newYears.flatMap((of) => [weekStart(of), weekEnd(of)]))].flatMap((midnight) => [
  aSecondBefore(midnight),
  midnight,
])
const zoneOfMachine = process.env['TZ']

for (const time of ['datetime null', 'timestamp null', 'varchar(19) null', 'sqlite'])
  test(`weeks end at midnight over New Year, whatever zone machine and session are in (${time})`, async (context) => {
    context.after(async () => {
      if (zoneOfMachine === undefined) delete process.env['TZ']
      else process.env['TZ'] = zoneOfMachine
      await server.query("set global time_zone = 'SYSTEM'")
    })
    // A TIMESTAMP is written by a session in Seoul: what stands there is Seoul's wall clock.
    await server.query("set global time_zone = '+09:00'")
    const bench = newBench(context)
    const location = await newLocation(time === 'sqlite' ? 'sqlite' : 'mysql', bench)
    const rows = edges.map((log_dt, n) => ({ ...viewing, subsr_id: `u${n}`, log_dt }))
    await newSource(context, location, time === 'sqlite' ? sqliteTypes : { ...mysqlTypes, time }, { vods_sumut: rows })
    for (const [machine, session] of [['UTC', '+00:00'], ['America/New_York', '-05:00'], ['Pacific/Kiritimati', '+13:00']] as const) {
      process.env['TZ'] = machine
      await server.query('set global time_zone = ?', [session])
      const source = new KnexSourceDatabase(location, 'Asia/Seoul')
      for (const of of newYears) {
        const { all, own } = await timesOf({ ...bench, store: newBench(context).store }, source, of)
        const [start, end] = [weekStart(of), weekEnd(of)]
        assert.deepEqual(all, edges.filter((edge) => edge < end).toSorted(), `${of}, ${machine}, ${session}`)
        assert.deepEqual(own, edges.filter((edge) => edge >= start && edge < end).toSorted(), `${of}, ${machine}, ${session}`)
        assert.ok(own.includes(start) && own.includes(aSecondBefore(end)))
      }
      await source.close()
    }
  }) // prettier-ignore
