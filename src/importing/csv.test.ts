import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { cp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'node:test'
import { fileURLToPath } from 'node:url'
import { parse } from 'csv-parse/sync'
import { temporaryFolder } from '../../test/support/temporary-folder.ts'
import { connect } from '../adapters/database/connect.ts'
import type { DatabaseLocation } from '../config/locations.ts'
import type { SourceValue } from '../contracts/ports.ts'
import { sourceTableNames, type SourceTable } from '../contracts/source-tables.ts'
import { importCsv } from './csv.ts'

const golden = fileURLToPath(new URL('../../test/golden/logs/', import.meta.url))
const newDatabase = async (): Promise<DatabaseLocation> => ({ kind: 'sqlite', path: join(await temporaryFolder('csv'), 'vod.db') })

type Rows = readonly Readonly<Record<string, SourceValue>>[]

async function read(location: DatabaseLocation, sql: string): Promise<Rows> {
  const database = connect(location)
  try {
    return (await database.raw(sql)) as Rows
  } finally {
    await database.destroy()
  }
}

/** A folder with four small files, some of them replaced. */
async function folderWith(files: Partial<Record<SourceTable, string | Buffer>>): Promise<string> {
  const directory = await temporaryFolder('csv')
  const all: Record<SourceTable, string | Buffer> = {
    userinfo: 'subsr_id\n1\n',
    vods_sumut: 'subsr_id,program_id,episode_num,log_dt,use_tms,disp_rtm_sec,e_bool\n1,2,,2023-10-08 23:59:59,60,120,0\n',
    contlog: 'subsr_id,program_id,episode_num,log_dt,e_bool\n1,2,3,2023-10-08 23:59:00,0\n',
    vodinfo: 'program_id,program_name,ct_cl,program_genre,release_date,age_limit,e_bool\n2,밤,영화,공포,2020-01-01,15,0\n',
    ...files,
  }
  for (const table of sourceTableNames) await writeFile(join(directory, `${table}.csv`), all[table])
  return directory
}

test('the golden logs arrive as they stand in the files', async () => {
  const location = await newDatabase()
  const counts = await importCsv(location, golden)
  for (const table of sourceTableNames) {
    const records = parse<Record<string, string>>(readFileSync(join(golden, `${table}.csv`)), { columns: true, bom: true })
    assert.equal(counts[table], records.length)
    const stored = await read(location, `select * from ${table} order by rowid`)
    assert.deepEqual(
      stored.map((row) => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, value === null ? '' : String(value)]))),
      records,
    )
  }
})

test('ids with leading zeros stay text, in every table; others are integers', async () => {
  const location = await newDatabase()
  await importCsv(location, await folderWith({ userinfo: 'subsr_id,zip,tier\n0012,04512,3\n1,85711,4\n' }))
  assert.deepEqual(await read(location, 'select subsr_id, zip, typeof(tier) as tier from userinfo'), [
    { subsr_id: '0012', zip: '04512', tier: 'integer' },
    { subsr_id: '1', zip: '85711', tier: 'integer' },
  ])
  assert.deepEqual(
    await read(location, 'select typeof(subsr_id) as user, typeof(program_id) as program, typeof(episode_num) as episode from contlog'),
    [{ user: 'text', program: 'integer', episode: 'text' }],
  )
})

test('a byte order mark, Windows line ends, quoted values, a missing end of line', async () => {
  const location = await newDatabase()
  const vodinfo =
    '\uFEFFprogram_id,program_name,ct_cl,program_genre,release_date,age_limit,e_bool\r\n2,"쇼 ""2"",\n특집",영화,,2020년,12.5,0\r\n\r\n3,,,,,,'
  await importCsv(location, await folderWith({ vodinfo }))
  assert.deepEqual(await read(location, 'select * from vodinfo order by program_id'), [
    {
      program_id: 2,
      program_name: '쇼 "2",\n특집',
      ct_cl: '영화',
      program_genre: null,
      release_date: '2020년',
      age_limit: 12.5,
      e_bool: 0,
    },
    { program_id: 3, program_name: null, ct_cl: null, program_genre: null, release_date: null, age_limit: null, e_bool: null },
  ])
})

test('what is wrong is named with file and line, and nothing is imported', async () => {
  const clicks = 'subsr_id,program_id,episode_num,log_dt,e_bool\n1,2,3,2023-10-08 23:59:00,0\n'
  const cases: readonly (readonly [Partial<Record<SourceTable, string | Buffer>>, RegExp])[] = [
    [
      { contlog: 'subsr_id,program_id,episode,log_dt,e_bool\n' },
      /contlog\.csv line 1 lacks the column episode_num; it has subsr_id, program_id, episode, log_dt, e_bool$/,
    ],
    [{ contlog: '' }, /contlog\.csv is empty; its first line must name the columns$/],
    [{ contlog: `${clicks}1,2\n` }, /contlog\.csv line 3: it has more or fewer values than the header has names$/],
    [{ contlog: `${clicks}1,2,"3,2023-10-08 23:59:00,0\n` }, /contlog\.csv line \d: a quote is opened and never closed$/],
    [{ contlog: `${clicks}1,2,a"b,2023-10-08 23:59:00,0\n` }, /contlog\.csv line 3: a quote stands inside a value/],
    [
      { contlog: `${clicks}1,2,3,2023-10-08T23:59:00,0\n` },
      /contlog\.csv line 3: log_dt "2023-10-08T23:59:00" is not a local time such as /,
    ],
    [{ contlog: `${clicks}1,2,3,2023-10-08 23:59:00,no\n` }, /contlog\.csv line 3: e_bool "no" is not a number$/],
    [{ contlog: Buffer.from([...Buffer.from(clicks), 0xc7, 0xd1, 0x0a]) }, /contlog\.csv is not UTF-8; /],
    [{ userinfo: 'subsr_id,a,A\n' }, /userinfo\.csv line 1 names the column A twice$/],
  ]
  for (const [files, message] of cases) {
    const location = await newDatabase()
    await assert.rejects(importCsv(location, await folderWith(files)), { code: 'import_invalid', message })
    assert.deepEqual(await read(location, 'select name from sqlite_master'), [], String(message))
  }
})

test('a missing file is named', async () => {
  const directory = await temporaryFolder('csv')
  await cp(join(golden, 'userinfo.csv'), join(directory, 'userinfo.csv'))
  await assert.rejects(importCsv(await newDatabase(), directory), { code: 'import_invalid', message: /vods_sumut\.csv is missing$/ })
  assert.ok((await readFile(join(directory, 'userinfo.csv'))).length > 0)
})
