import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import type { Knex } from 'knex'
import { DuckDbEngine } from '../adapters/columns/duckdb.ts'
import { connect } from '../adapters/database/connect.ts'
import { KnexSourceDatabase } from '../adapters/database/source.ts'
import { DirectoryObjectStore } from '../adapters/object-store/directory-store.ts'
import type { LateChange } from '../contracts/late-data.ts'
import type { ObjectStore, Progress } from '../contracts/ports.ts'
import type { ExtractedTable, LateRows } from '../contracts/run.ts'
import { logTables } from '../contracts/source-tables.ts'
import { parseWeek } from '../contracts/week.ts'
import { extractTable } from './extract-table.ts'
import { readLedger, recordLateData, recordTrained } from './late-data.ts'

const quiet: Progress = { heartbeat: () => {}, signal: new AbortController().signal }
const nothing: LateRows = { weeks: 0, added: 0, removed: 0 }

interface Bench {
  readonly store: ObjectStore
  readonly source: Knex
  /** What a run for the week extracts, and what it finds changed. */
  readonly find: (week: string) => Promise<LateRows>
  /** The same, and trains: the model's version is the week. */
  readonly train: (week: string) => Promise<readonly LateChange[]>
  readonly changes: () => Promise<readonly LateChange[]>
}

/** Two viewings on each Monday from 2023-12-04 to 2024-01-01, one click on 2023-12-11. */
async function newBench(context: TestContext): Promise<Bench> {
  const folder = mkdtempSync(join(tmpdir(), 'matinee-late-'))
  const location = { kind: 'sqlite', path: join(folder, 'vod.db') } as const
  const source = connect(location)
  await source.raw('create table vods_sumut (subsr_id, program_id, episode_num, log_dt, use_tms, disp_rtm_sec, e_bool)')
  await source.raw('create table contlog (subsr_id, program_id, episode_num, log_dt, e_bool)')
  for (const day of ['2023-12-04', '2023-12-11', '2023-12-18', '2023-12-25', '2024-01-01'])
    for (const user of [1, 2]) await source('vods_sumut').insert(viewing(user, `${day} 20:00:00`))
  await source('contlog').insert({ subsr_id: 1, program_id: 5, episode_num: '1', log_dt: '2023-12-11 19:00:00', e_bool: 0 })

  const store = new DirectoryObjectStore(join(folder, 'store'))
  const columns = new DuckDbEngine({ memoryMib: 128, threads: 1, scratchDirectory: join(folder, 'scratch') })
  const reader = new KnexSourceDatabase(location, 'Asia/Seoul')
  const ports = { store, columns, progress: quiet, clock: { now: () => Date.parse('2024-01-08T00:00:00Z') } }
  context.after(async () => {
    await Promise.all([source.destroy(), reader.close()])
    rmSync(folder, { recursive: true, force: true })
  })
  const extract = (week: string): Promise<ExtractedTable[]> =>
    Promise.all(logTables.map((table) => extractTable({ week: parseWeek(week), table }, { ...ports, source: reader })))
  return {
    store,
    source,
    find: async (week) => recordLateData({ week: parseWeek(week), extracts: await extract(week) }, ports),
    async train(week) {
      const extracts = await extract(week)
      await recordLateData({ week: parseWeek(week), extracts }, ports)
      return recordTrained(store, { week: parseWeek(week), version: week, extracts })
    },
    changes: async () => (await readLedger(store))?.changes ?? [],
  }
}

const viewing = (user: number, time: string): Record<string, string | number> => ({
  subsr_id: user,
  program_id: 7,
  episode_num: '1',
  log_dt: time,
  use_tms: 60,
  disp_rtm_sec: 100,
  e_bool: 0,
})

const shown = (changes: readonly LateChange[]): string[] =>
  changes.map(
    ({ table, week, added, removed, trained_with, found_by, trained_again }) =>
      `${table} ${week} +${added} -${removed} ${trained_with} ${found_by} ${trained_again ?? 'waits'}`,
  )

test('new weeks are not late; late, corrected and deleted rows are, until they are trained', async (context) => {
  const { source, find, train, changes } = await newBench(context)
  assert.deepEqual(await find('2023-W50'), nothing, 'nothing was trained yet')
  await train('2023-W50')
  assert.deepEqual(await train('2023-W52'), [])
  assert.deepEqual(await find('2023-W52'), nothing)
  assert.deepEqual(await changes(), [])

  await source('vods_sumut').insert(viewing(3, '2023-12-12 20:00:00'))
  await source('vods_sumut').insert(viewing(3, '2023-12-12 20:00:00'))
  await source('vods_sumut').where({ subsr_id: 2, log_dt: '2023-12-18 20:00:00' }).update({ e_bool: 1 })
  await source('contlog').delete()
  assert.deepEqual(await find('2024-W01'), { weeks: 2, added: 3, removed: 2 })
  const found = [
    'contlog 2023-W50 +0 -1 2023-W52 2024-W01',
    'vods_sumut 2023-W50 +2 -0 2023-W52 2024-W01',
    'vods_sumut 2023-W51 +1 -1 2023-W52 2024-W01',
  ]
  assert.deepEqual(shown(await changes()).toSorted(), found.map((line) => `${line} waits`)) // prettier-ignore
  await find('2024-W01')
  assert.equal((await changes()).length, 3, 'the same again is the same')

  const taken = await train('2024-W01')
  assert.deepEqual(shown(taken).toSorted(), found.map((line) => `${line} 2024-W01`)) // prettier-ignore
  assert.deepEqual(await find('2024-W01'), nothing)
  assert.deepEqual(shown(await changes()), shown(taken), 'and stays in the ledger')
})

test('a change that is changed once more, or taken back, before a training is told as it is now', async (context) => {
  const { source, find, train, changes } = await newBench(context)
  await train('2024-W01')
  const row = { subsr_id: 1, log_dt: '2023-12-04 20:00:00' }
  await source('vods_sumut').where(row).update({ use_tms: 61 })
  await find('2024-W01')
  await source('vods_sumut').insert(viewing(4, '2023-12-05 20:00:00'))
  await find('2024-W01')
  assert.deepEqual(shown(await changes()), ['vods_sumut 2023-W49 +2 -1 2024-W01 2024-W01 waits'])
  await source('vods_sumut').where({ subsr_id: 4 }).delete()
  await source('vods_sumut').where(row).update({ use_tms: 60 })
  assert.deepEqual(await find('2024-W01'), nothing)
  assert.deepEqual(await changes(), [])
})

test('rows of a week that had none when it was trained are late, those after the newest trained week are not', async (context) => {
  const { source, find, train, changes } = await newBench(context)
  await source('vods_sumut').where('log_dt', '>=', '2023-12-18').where('log_dt', '<', '2023-12-25').delete()
  await train('2023-W52')
  await source('vods_sumut').insert(viewing(1, '2023-12-20 20:00:00'))
  await source('vods_sumut').insert({ ...viewing(1, ''), log_dt: null })
  assert.deepEqual(await find('2024-W01'), { weeks: 2, added: 2, removed: 0 })
  assert.deepEqual(shown(await changes()), [
    'vods_sumut 2023-W51 +1 -0 2023-W52 2024-W01 waits',
    'vods_sumut undated +1 -0 2023-W52 2024-W01 waits',
  ])
})

test('a training of an older week says nothing of those after it', async (context) => {
  const { source, find, train, changes } = await newBench(context)
  await train('2024-W01')
  await source('vods_sumut').insert(viewing(5, '2023-12-06 20:00:00'))
  await source('vods_sumut').insert(viewing(5, '2024-01-02 20:00:00'))
  assert.deepEqual(shown(await train('2023-W50')), ['vods_sumut 2023-W49 +1 -0 2024-W01 2023-W50 2023-W50'])
  assert.deepEqual(await find('2024-W01'), { weeks: 1, added: 1, removed: 0 })
  assert.deepEqual(shown((await changes()).slice(1)), ['vods_sumut 2024-W01 +1 -0 2024-W01 2024-W01 waits'])
})

test('what was trained on and is gone from the store counts as changed, by nobody knows how many rows', async (context) => {
  const { store, source, find, train, changes } = await newBench(context)
  await train('2024-W01')
  for await (const { key } of store.list('raw/vods_sumut/2023-W49/')) if (key.includes('/part-')) await store.remove(key)
  await source('vods_sumut').insert(viewing(6, '2023-12-07 20:00:00'))
  assert.deepEqual(await find('2024-W01'), { weeks: 1, added: 0, removed: 0 })
  assert.deepEqual(shown(await changes()), ['vods_sumut 2023-W49 +null -null 2024-W01 2024-W01 waits'])
})
