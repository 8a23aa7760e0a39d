/** Operators whose tables and columns have other names: the same bytes as from the usual ones, and one line where a name is wrong. */
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test, { after, before } from 'node:test'
import type { Knex } from 'knex'
import { extractTable } from '../src/activities/extract-table.ts'
import { DuckDbEngine } from '../src/adapters/columns/duckdb.ts'
import { connect } from '../src/adapters/database/connect.ts'
import { KnexSourceDatabase } from '../src/adapters/database/source.ts'
import { DirectoryObjectStore } from '../src/adapters/object-store/directory-store.ts'
import { readConfig } from '../src/config/environment.ts'
import type { DatabaseLocation } from '../src/config/locations.ts'
import { sourceTableNames, type TableNames } from '../src/contracts/source-tables.ts'
import { parseWeek } from '../src/contracts/week.ts'
import { importCsv } from '../src/importing/csv.ts'
import { startMariaDb, type MariaDb } from './support/mariadb.ts'
import { goldenLogs, runMatinee, type CommandResult } from './support/pipeline.ts'
import { temporaryFolder } from './support/temporary-folder.ts'

const user = { name: 'operator', password: 's3cret', database: 'operator' }
/** Reserved words, capitals, blanks, Hangul: whatever a database allows. */
const names = {
  userinfo: { table: 'Subscribers', columns: { subsr_id: '가입자' } },
  vods_sumut: {
    table: 'select',
    columns: { subsr_id: 'user', program_id: 'Title Id', log_dt: 'from', use_tms: 'watched_s', disp_rtm_sec: 'length', e_bool: 'deleted' },
  },
  contlog: { columns: { log_dt: 'clicked_at', episode_num: 'group' } },
  vodinfo: { table: 'catalogue', columns: { program_name: '제목' } },
} as const satisfies TableNames

let server: MariaDb
let folder = ''
before(async () => {
  server = await startMariaDb()
  await server.createDatabase(user.database)
  await server.createUser({ ...user, privileges: 'ALL' })
  folder = await temporaryFolder('mapping')
})
after(() => server.stop())

async function rename(database: Knex): Promise<void> {
  for (const [table, { columns, ...other }] of Object.entries(names)) {
    for (const [column, name] of Object.entries(columns)) await database.raw('alter table ?? rename column ?? to ??', [table, column, name])
    if ('table' in other) await database.raw('alter table ?? rename to ??', [table, other.table])
  }
}

async function digests(location: DatabaseLocation, mapping: TableNames): Promise<string[]> {
  const source = new KnexSourceDatabase(location, 'Asia/Seoul', { names: mapping })
  const columns = new DuckDbEngine({ memoryMib: 128, threads: 1, scratchDirectory: join(folder, 'scratch') })
  const store = new DirectoryObjectStore(join(folder, 'store'))
  const progress = { heartbeat: () => {}, signal: new AbortController().signal }
  try {
    const extracts = []
    for (const table of sourceTableNames)
      extracts.push(await extractTable({ week: parseWeek('2023-W52'), table }, { store, source, columns, progress }))
    return [...extracts.map(({ table, rows, sha256 }) => `${table} ${rows} ${sha256}`), JSON.stringify(await source.viewingBounds())]
  } finally {
    await source.close()
  }
}

type Wrong = readonly [mapping: object | string, message: RegExp]

/** `matinee check-data` with this mapping. */
async function check(url: string, mapping: object | string): Promise<CommandResult> {
  const path = join(folder, 'mapping.json')
  await writeFile(path, typeof mapping === 'string' ? mapping : JSON.stringify(mapping))
  return runMatinee(['check-data', '--week', '2023-W52'], {
    PATH: process.env['PATH'],
    MATINEE_DATABASE_URL: url,
    MATINEE_STORE_URL: `file:${join(folder, 'checked')}`,
    MATINEE_COLUMN_MAPPING: path,
  })
}

async function assertRefused(url: string, exitCode: number, wrong: readonly Wrong[]): Promise<void> {
  for (const [mapping, message] of wrong) {
    const result = await check(url, mapping)
    const told = JSON.stringify(mapping)
    assert.equal(result.exitCode, exitCode, `${told}: ${result.stderr}`)
    assert.match(result.stderr.trim(), message, told)
    assert.equal(result.stderr.trim().split('\n').length, 1, result.stderr)
  }
}

for (const kind of ['sqlite', 'mysql'] as const)
  test(`renamed tables and columns give the same bytes; a wrong name gives one line (${kind})`, async () => {
    const url = kind === 'sqlite' ? `sqlite:${join(folder, 'vod.db')}` : server.url(user)
    const location = readConfig({ MATINEE_DATABASE_URL: url }).database
    await importCsv(location, goldenLogs)
    const usual = await digests(location, {})
    const database = connect(location)
    await rename(database)
    await database.destroy()
    assert.deepEqual(await digests(location, names), usual)

    const right = await check(url, names)
    assert.match(right.stdout, /2023-W52: nothing found/, right.stderr)
    const wrong: readonly Wrong[] = [
      [{}, /lacks table userinfo/],
      [{ ...names, vods_sumut: { ...names.vods_sumut, table: 'views' } }, /lacks table views/],
      [{ ...names, contlog: { columns: { ...names.contlog.columns, log_dt: 'clickedAt' } } }, /lacks column clickedAt \(log_dt\) of contlog/],
    ] // prettier-ignore
    await assertRefused(url, 1, wrong)
  })

test('a file that is not of its form is refused before any work', async () => {
  await assertRefused('sqlite:nowhere.db', 2, [
    [{ ...names, viewings: {} }, /^matinee: MATINEE_COLUMN_MAPPING: .*mapping.json is wrong at \/viewings: there is no such name; known are userinfo, vods_sumut, contlog, vodinfo$/],
    [{ contlog: { columns: { logdt: 'clicked_at' } } }, /^matinee: MATINEE_COLUMN_MAPPING: .* is wrong at \/contlog\/columns\/logdt: there is no such name; known are .*log_dt/],
    [{ contlog: { columns: { log_dt: 5 } } }, /^matinee: MATINEE_COLUMN_MAPPING: .* is wrong at \/contlog\/columns\/log_dt: must be string$/],
    [{ contlog: { columns: { log_dt: 'at', subsr_id: 'AT' } } }, /^matinee: MATINEE_COLUMN_MAPPING: .* gives subsr_id and log_dt of contlog the same column, "at"/],
    ['{', /^matinee: MATINEE_COLUMN_MAPPING: .*mapping.json cannot be read as JSON/],
  ]) // prettier-ignore
})
