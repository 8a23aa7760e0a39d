import assert from 'node:assert/strict'
import test from 'node:test'
import * as fc from 'fast-check'
import { Type } from 'typebox'
import { Value } from 'typebox/value'
import { GateThresholds, type DataQuality, type Finding, type LogQuality } from '../contracts/data-gate.ts'
import { FeaturesReport } from '../contracts/documents.ts'
import type { DayFingerprint, SourceDatabase } from '../contracts/ports.ts'
import type { FeaturesRef } from '../contracts/run.ts'
import { storeKeys } from '../contracts/store-keys.ts'
import { parseWeek } from '../contracts/week.ts'
import { temporaryStores } from '../../test/support/test-api.ts'
import { checkData } from './check-data.ts'

const usual = Value.Create(GateThresholds)
const week = parseWeek('2023-W52')
const features: FeaturesRef = { week, digest: 'd', pairs: 0, watchedPairs: 0, users: 0, programs: 0 }

const { week: _week, quality: _quality, ...counts } = FeaturesReport.properties
const emptyReport = Value.Create(Type.Object(counts))

/** A usual week of 1,000 rows, of which 900 are usable. */
const wholeLog: LogQuality = {
  rows: 1000,
  fates: { kept: 900, bad_row: 10, excluded: 50, bad_duration: 30, bad_use: 10 },
  repeats: 20,
  days_without_rows: [],
  unknown_programs: 10,
  unknown_users: 10,
  weeks: [
    { week_start: '2023-12-11', rows: 850 },
    { week_start: '2023-12-18', rows: 950 },
    { week_start: '2023-12-25', rows: 900 },
  ],
  examples: {},
}
const weeks = (...rows: readonly number[]): LogQuality['weeks'] =>
  rows.map((count, n) => ({ week_start: `2023-12-${11 + 7 * n}`, rows: count }))

/** Whether what its fields say is beyond its own limit. */
function isBroken({ code, rows = 0, of, limit = NaN, days = [] }: Finding): boolean {
  if (code === 'days_without_rows') return days.length > limit
  const share = of === undefined ? rows : rows / of
  return code === 'too_few' ? share < limit : share > limit
}

/** Names of what the gate finds. `now` is of the machine, in UTC; the source has so many rows on each day. */
async function find(
  quality: Partial<DataQuality>,
  {
    thresholds = {},
    now = '2024-01-01T00:00:00Z',
    days = [],
  }: { thresholds?: Partial<GateThresholds>; now?: string; days?: readonly DayFingerprint[] } = {},
): Promise<string[]> {
  const { store } = await temporaryStores()
  const report = { ...emptyReport, week, quality: { viewings: wholeLog, clicks: wholeLog, ...quality } }
  await store.write(storeKeys.features(week, 'd', 'report.json'), JSON.stringify(report))
  const asked: (string | undefined)[] = []
  const source: Pick<SourceDatabase, 'fingerprint'> = {
    fingerprint: async (table, { from }) => {
      asked.push(from)
      return table === 'contlog' ? days.filter(({ day }) => day !== null && day >= (from ?? '').slice(0, 10)) : []
    },
  }
  const breaches = await checkData(features, {
    store,
    source: source as SourceDatabase,
    clock: { now: () => Date.parse(now) },
    timeZone: 'Asia/Seoul',
    thresholds: { ...usual, ...thresholds },
  })
  for (const { check, detail, finding } of breaches) {
    assert.match(detail, /\d/, 'each breach has its figures')
    assert.ok(finding !== undefined && isBroken(finding), `${check}: ${JSON.stringify(finding)}`)
    const figures = [finding.rows, ...(finding.days ?? [])].filter((figure) => figure !== undefined)
    for (const figure of figures) assert.ok(detail.includes(String(figure)), 'the sentence and the fields say the same')
  }
  return breaches.map(({ check }) => check)
}

test('a usual week passes', async () => {
  assert.deepEqual(await find({}), [])
})

test('each figure has its threshold, and names its log', async () => {
  const cases: readonly [Partial<LogQuality>, string][] = [
    [{ weeks: weeks(850, 950, 539) }, 'too few'],
    [{ weeks: weeks(850, 950, 2701) }, 'too many'],
    [{ weeks: weeks(850, 950, 0) }, 'too few'],
    [{ days_without_rows: ['2023-12-29'] }, 'days without rows'],
    [{ fates: { kept: 949, bad_row: 51 } }, 'bad rows'],
    [{ fates: { kept: 499, excluded: 501 } }, 'excluded'],
    [{ fates: { kept: 799, bad_duration: 201 } }, 'bad durations'],
    [{ fates: { kept: 799, bad_use: 201 } }, 'bad seconds watched'],
    [{ repeats: 251 }, 'repeats'],
    [{ unknown_programs: 201 }, 'unknown programmes'],
    [{ unknown_users: 301 }, 'unknown users'],
  ]
  for (const [change, check] of cases) {
    assert.deepEqual(await find({ viewings: { ...wholeLog, ...change } }), [`viewings: ${check}`])
    assert.deepEqual(await find({ clicks: { ...wholeLog, ...change } }), [`clicks: ${check}`])
  }
  const everything = cases.reduce((log, [change]) => ({ ...log, ...change }), wholeLog)
  const generous: GateThresholds = { ...usual, least_volume: 0, most_volume: 9, most_days_without_rows: 7, most_bad_row: 1, most_excluded: 1, most_bad_duration: 1, most_bad_use: 1, most_repeats: 1, most_unknown_programs: 1, most_unknown_users: 1 } // prettier-ignore
  assert.deepEqual(await find({ viewings: everything }, { thresholds: generous }), [])
})

test('what is exactly at its threshold passes, and volume is not judged by one week before', async () => {
  const edge: Partial<LogQuality> = { weeks: weeks(850, 950, 540), fates: { kept: 950, bad_row: 50 }, repeats: 250 }
  assert.deepEqual(await find({ viewings: { ...wholeLog, ...edge } }), [])
  assert.deepEqual(await find({ viewings: { ...wholeLog, weeks: weeks(900, 1) } }), [])
  assert.deepEqual(await find({ viewings: { ...wholeLog, weeks: weeks(900, 1) } }, { thresholds: { least_weeks_before: 1 } }), ['viewings: too few']) // prettier-ignore
})

test('rows from the future are those from after tomorrow, on the clock of the configured zone', async () => {
  const days = ['2024-01-01', '2024-01-02', '2024-01-03'].map((day) => ({ day, rows: 5, sum: '' }))
  assert.deepEqual(await find({}, { days }), ['contlog: future rows'])
  assert.deepEqual(await find({}, { days, thresholds: { most_future_rows: 5 } }), [])
  // 15:00 in UTC is the next day in Seoul.
  assert.deepEqual(await find({}, { days, now: '2024-01-01T15:00:00Z' }), [])
  assert.deepEqual(await find({}, { days, now: '2024-01-01T14:59:59Z' }), ['contlog: future rows'])
})

test('fewer rows never pass where more were too few', async () => {
  const volume = fc.integer({ min: 0, max: 2000 })
  await fc.assert(
    fc.asyncProperty(volume, volume, fc.array(volume, { minLength: 2, maxLength: 8 }), async (a, b, before) => {
      const isTooFew = async (rows: number): Promise<boolean> =>
        (await find({ viewings: { ...wholeLog, weeks: weeks(...before, rows) } })).includes('viewings: too few')
      const [fewer, more] = [Math.min(a, b), Math.max(a, b)]
      if (await isTooFew(more)) assert.ok(await isTooFew(fewer))
    }),
    { numRuns: 30 },
  )
})
