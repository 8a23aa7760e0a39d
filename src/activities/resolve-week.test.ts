import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { DirectoryObjectStore } from '../adapters/object-store/directory-store.ts'
import { WeekInfo } from '../contracts/documents.ts'
import type { ObjectStore, SourceDatabase } from '../contracts/ports.ts'
import { storeKeys } from '../contracts/store-keys.ts'
import { readDocument } from '../contracts/stored-documents.ts'
import { instantOfLocal, parseWeek } from '../contracts/week.ts'
import { resolveWeek } from './resolve-week.ts'
import { advanceCounter } from './week-counter.ts'

const timeZone = 'Asia/Seoul'

async function emptyStore(t: TestContext): Promise<ObjectStore> {
  const directory = await mkdtemp(join(tmpdir(), 'matinee-counter-'))
  t.after(() => rm(directory, { recursive: true, force: true }))
  return new DirectoryObjectStore(directory)
}

/** Viewings from one time to another; nothing else of a source is asked here. */
const sourceOf = (bounds: { oldest: string; newest: string } | undefined): SourceDatabase => ({
  location: 'test',
  checkTables: () => Promise.reject(new Error('not asked')),
  readLines: () => {
    throw new Error('not asked')
  },
  fingerprint: () => Promise.reject(new Error('not asked')),
  viewingBounds: () => Promise.resolve(bounds),
  close: () => Promise.resolve(),
})
const source = sourceOf({ oldest: '2023-06-01 08:00:00', newest: '2024-01-03 22:10:00' })
const now = instantOfLocal('2024-01-08 04:00:07', timeZone)

test('without a record: the first week of the configuration, else that of the newest viewing', async (t) => {
  const store = await emptyStore(t)
  const ports = { store, source, timeZone, firstWeek: undefined }
  assert.equal((await resolveWeek({ startTimeMs: now }, ports)).week, '2024-W01')
  assert.equal((await resolveWeek({ startTimeMs: now }, { ...ports, firstWeek: parseWeek('2023-W30') })).week, '2023-W30')
})

test('with a record: the week after it, over New Year', async (t) => {
  const store = await emptyStore(t)
  await advanceCounter(store, parseWeek('2023-W52'), '2023-W52-00000000')
  assert.deepEqual(await resolveWeek({ startTimeMs: now }, { store, source, timeZone, firstWeek: parseWeek('2023-W30') }), {
    week: '2024-W01',
    because: 'counter',
    backfill: false,
  })
})

test('a scheduled run is for the week that had ended at its nominal time, however late it starts', async (t) => {
  const ports = { store: await emptyStore(t), source, timeZone, firstWeek: undefined }
  const nominalTimeMs = instantOfLocal('2024-01-01 04:00:00', timeZone)
  for (const [hours, backfill] of [
    [0, false],
    [30, false],
    [24 * 30, true],
  ] as const)
    assert.deepEqual(await resolveWeek({ nominalTimeMs, startTimeMs: nominalTimeMs + hours * 3_600_000 }, ports), {
      week: '2023-W52',
      because: 'scheduled',
      backfill,
    })
})

test('weeks with nothing to train are refused', async (t) => {
  const ports = { store: await emptyStore(t), source, timeZone, firstWeek: undefined }
  await assert.rejects(resolveWeek({ week: '2024-W02', startTimeMs: now }, ports), {
    code: 'week_refused',
    message: /2024-W02 is after the newest usable viewing/,
  })
  await assert.rejects(resolveWeek({ week: '2023-W21', startTimeMs: now }, ports), {
    code: 'week_refused',
    message: /no viewing of its own or before/,
  })
  assert.equal((await resolveWeek({ week: '2023-W22', startTimeMs: now }, ports)).week, '2023-W22')
  await assert.rejects(resolveWeek({ week: '2023-W53', startTimeMs: now }, ports), { code: 'week_invalid' })
  await assert.rejects(resolveWeek({ startTimeMs: now }, { ...ports, source: sourceOf(undefined) }), { code: 'week_refused' })
})

test("the old system's bare number is the latest such week up to the newest viewing, and is named once", async (t) => {
  const store = await emptyStore(t)
  await store.write(storeKeys.weekInfo, '{"columns":["week_info"],"values":[40]}')
  assert.equal((await resolveWeek({ startTimeMs: now }, { store, source, timeZone, firstWeek: undefined })).week, '2023-W41')
  assert.deepEqual(await readDocument(store, WeekInfo, storeKeys.weekInfo), { columns: ['week_info'], values: [40], week: '2023-W40' })
  // A backfill of an older week leaves it where it is.
  assert.equal(await advanceCounter(store, parseWeek('2023-W30'), 'x'), '2023-W40')
})

test('the counter only moves forward, whoever writes at once', async (t) => {
  const store = await emptyStore(t)
  const weeks = ['2023-W50', '2024-W01', '2023-W51', '2023-W52'].map(parseWeek)
  await Promise.all(weeks.map((week) => advanceCounter(store, week, `${week}-00000000`)))
  const info = await readDocument(store, WeekInfo, storeKeys.weekInfo)
  assert.deepEqual([info.week, info.values], ['2024-W01', [1]])
  assert.equal(await advanceCounter(store, parseWeek('2024-W01'), 'again'), '2024-W01')
})

test('a counter that no year has is an error with the way out', async (t) => {
  const store = await emptyStore(t)
  await store.write(storeKeys.weekInfo, '{"columns":["week_info"],"values":[77]}')
  await assert.rejects(resolveWeek({ startTimeMs: now }, { store, source, timeZone, firstWeek: undefined }), {
    code: 'store_corrupt',
    message: /week_info\/week_info\.json says week 77, which no recent year has; mend or remove it/,
  })
})
