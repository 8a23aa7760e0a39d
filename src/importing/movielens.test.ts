import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'node:test'
import { fileURLToPath } from 'node:url'
import { temporaryFolder } from '../../test/support/temporary-folder.ts'
import { connect } from '../adapters/database/connect.ts'
import type { DatabaseLocation } from '../config/locations.ts'
import { durationSeconds, importMovielens } from './movielens.ts'

type Rows = readonly Readonly<Record<string, unknown>>[]

const newDatabase = async (): Promise<DatabaseLocation> => ({ kind: 'sqlite', path: join(await temporaryFolder('ml'), 'vod.db') })
const options = { timeZone: 'Asia/Seoul' }

async function read(location: DatabaseLocation, sql: string): Promise<Rows> {
  const database = connect(location)
  try {
    return (await database.raw(sql)) as Rows
  } finally {
    await database.destroy()
  }
}

const sample = {
  inter: 'user_id:token\titem_id:token\trating:float\ttimestamp:float\n1\t10\t3\t881250949\n1\t11\t4.5\t881250950\n2\t10\t5.0\t0\n',
  item: "item_id:token\tmovie_title:token_seq\trelease_year:token\tclass:token_seq\n10\tToy Story\t1995\tAnimation Children's Comedy\n11\tunkonwn\tunkonwn\tunknown\n",
  user: 'user_id:token\tage:token\tgender:token\toccupation:token\tzip_code:token\n1\t24\tM\ttechnician\t05711\n2\t53\tF\tother\t94043\n',
} as const

async function folderWith(files: Partial<Record<keyof typeof sample, string>>): Promise<string> {
  const directory = await temporaryFolder('ml')
  for (const [ending, text] of Object.entries({ ...sample, ...files })) await writeFile(join(directory, `tiny.${ending}`), text)
  return directory
}

test('a rating is a viewing whose share watched is rating / 5, at its own time on the wall clock', async () => {
  const location = await newDatabase()
  const counts = await importMovielens(location, await folderWith({}), options)
  assert.deepEqual(counts, { userinfo: 2, vodinfo: 2, vods_sumut: 3, contlog: 0 })
  const viewings = await read(location, 'select *, cast(use_tms as real) / disp_rtm_sec as share from vods_sumut order by rowid')
  assert.deepEqual(
    viewings.map(({ share }) => share),
    [3 / 5, 4.5 / 5, 1],
  )
  assert.deepEqual(
    viewings.map(({ log_dt }) => log_dt),
    ['1997-12-05 00:55:49', '1997-12-05 00:55:50', '1970-01-01 09:00:00'],
  )
  assert.deepEqual(viewings[0], {
    subsr_id: 1,
    program_id: 10,
    program_name: 'Toy Story',
    episode_num: null,
    log_dt: '1997-12-05 00:55:49',
    use_tms: (durationSeconds('10') * 3) / 5,
    disp_rtm_sec: durationSeconds('10'),
    count_watch: 1,
    month: 12,
    e_bool: 0,
    share: 0.6,
  })
  assert.deepEqual(await read(location, 'select * from vodinfo order by program_id'), [
    {
      program_id: 10,
      program_name: 'Toy Story',
      ct_cl: '영화',
      program_genre: 'Animation',
      release_date: '1995-01-01',
      age_limit: null,
      e_bool: 0,
      class: "Animation Children's Comedy",
    },
    {
      program_id: 11,
      program_name: 'unkonwn',
      ct_cl: '영화',
      program_genre: 'unknown',
      release_date: null,
      age_limit: null,
      e_bool: 0,
      class: 'unknown',
    },
  ])
  assert.deepEqual(await read(location, 'select * from userinfo order by subsr_id'), [
    { subsr_id: 1, age: 24, gender: 'M', occupation: 'technician', zip_code: '05711' },
    { subsr_id: 2, age: 53, gender: 'F', occupation: 'other', zip_code: '94043' },
  ])
})

test('ids that are no integers in one file are text in all', async () => {
  const location = await newDatabase()
  await importMovielens(location, await folderWith({ inter: `${sample.inter}u3\t10\t1\t5\n` }), options)
  assert.deepEqual(await read(location, 'select typeof(subsr_id) as user, typeof(program_id) as program from vods_sumut group by 1, 2'), [
    { user: 'text', program: 'integer' },
  ])
  assert.deepEqual(await read(location, 'select distinct typeof(subsr_id) as user from userinfo'), [{ user: 'text' }])
})

test('half a star is a whole number of seconds of every title', () => {
  for (let id = 0; id < 2000; id++) {
    const seconds = durationSeconds(String(id))
    assert.ok(seconds % 10 === 0 && seconds >= 80 * 60 && seconds <= 150 * 60, `title ${id}: ${seconds} s`)
  }
})

test('a malformed line is named with file, number and reason, and nothing is imported', async () => {
  const header = sample.inter.split('\n')[0] ?? ''
  const cases: readonly (readonly [Partial<Record<keyof typeof sample, string>>, RegExp])[] = [
    [{ inter: `${sample.inter}1\t10\t4\n` }, /tiny\.inter line 5: it has 3 values where the header names 4$/],
    [{ inter: `${sample.inter}\t10\t4\t5\n` }, /tiny\.inter line 5: user_id is empty$/],
    [{ inter: `${sample.inter}1\t10\tgood\t5\n` }, /tiny\.inter line 5: rating "good" is not a number from 0 to 5$/],
    [{ inter: `${sample.inter}1\t10\t7\t5\n` }, /tiny\.inter line 5: rating "7" is not a number from 0 to 5$/],
    [{ inter: `${sample.inter}1\t10\t4\t1997-12-04\n` }, /tiny\.inter line 5: timestamp "1997-12-04" is not a time in seconds since 1970$/],
    [
      { inter: `${header.replace('rating', 'stars')}\n` },
      /tiny\.inter line 1: it lacks the column rating; it has user_id, item_id, stars, timestamp$/,
    ],
    [{ inter: '' }, /tiny\.inter is empty; its first line must name the columns$/],
    [{ item: `${sample.item}10\tAgain\t1996\tDrama\n` }, /tiny\.item line 4: item_id 10 stands in an earlier line too$/],
  ]
  for (const [files, message] of cases) {
    const location = await newDatabase()
    await assert.rejects(importMovielens(location, await folderWith(files), options), { code: 'import_invalid', message })
    assert.deepEqual(await read(location, 'select name from sqlite_master'), [], String(message))
  }
})

test('a folder without the files says what it must have', async () => {
  const directory = await temporaryFolder('ml')
  const location = await newDatabase()
  await assert.rejects(importMovielens(location, directory, options), {
    code: 'import_invalid',
    message: /has 0 \.inter files; it must have one/,
  })
  await assert.rejects(importMovielens(location, join(directory, 'nowhere'), options), {
    code: 'import_invalid',
    message: /^cannot read the folder /,
  })
})

const ml100k = fileURLToPath(new URL('../../../shared/data/ml-100k', import.meta.url))
const skip = existsSync(ml100k) ? false : 'ml-100k is not there: put it beside the project as ../shared/data/ml-100k'

test('MovieLens 100K, whole', { skip }, async () => {
  const location = await newDatabase()
  assert.deepEqual(await importMovielens(location, ml100k, options), { userinfo: 943, vodinfo: 1682, vods_sumut: 100_000, contlog: 0 })
  const [totals] = await read(
    location,
    'select round(5 * sum(cast(use_tms as real) / disp_rtm_sec)) as stars, min(log_dt) as oldest, max(log_dt) as newest from vods_sumut',
  )
  assert.deepEqual(totals, { stars: 352_986, oldest: '1997-09-20 12:05:10', newest: '1998-04-23 08:10:38' })
})
