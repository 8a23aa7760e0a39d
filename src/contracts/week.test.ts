import assert from 'node:assert/strict'
import test from 'node:test'
import * as fc from 'fast-check'
import {
  addWeeks,
  instantOfLocal,
  isWeek,
  latestWeekNumbered,
  localTime,
  mondayWithDots,
  newestWeekEndedAt,
  parseWeek,
  weekEnd,
  weekOfLocal,
  weeksBetween,
  weeksInIsoYear,
  weekStart,
} from './week.ts'

const SEOUL = 'Asia/Seoul'
/** Any day from 1970 to 2100. */
const days = fc.integer({ min: 0, max: 47_000 }).map((day) => new Date(day * 86_400_000).toISOString().slice(0, 10))

test('years of 53 weeks', () => {
  assert.deepEqual([2015, 2020, 2026, 2032].map(weeksInIsoYear), [53, 53, 53, 53])
  assert.deepEqual([2019, 2021, 2023, 2024].map(weeksInIsoYear), [52, 52, 52, 52])
})

test('a week that does not exist is refused by name', () => {
  for (const text of ['2023-W53', '2023-W00', '2023-W54', '2023-40', 'W40', '2023-W4', '2023-w40', ''])
    assert.throws(() => parseWeek(text), { code: 'week_invalid' }, text)
  assert.equal(parseWeek('2020-W53'), '2020-W53')
  assert.ok(isWeek('2020-W53') && !isWeek('2021-W53'))
})

test('New Year', () => {
  assert.equal(addWeeks(parseWeek('2020-W53'), 1), '2021-W01')
  assert.equal(addWeeks(parseWeek('2024-W01'), -1), '2023-W52')
  assert.equal(weekOfLocal('2021-01-03 23:59:59'), '2020-W53')
  assert.equal(weekOfLocal('2021-01-04 00:00:00'), '2021-W01')
  assert.equal(weekOfLocal('2024-12-30 00:00:00'), '2025-W01')
  assert.equal(weekStart(parseWeek('2024-W01')), '2024-01-01 00:00:00')
  assert.equal(weekEnd(parseWeek('2023-W40')), '2023-10-09 00:00:00')
  assert.equal(mondayWithDots(parseWeek('2023-W40')), '2023.10.02')
})

test('each day lies in the week whose bounds hold it', () => {
  fc.assert(
    fc.property(days, (day) => {
      const week = weekOfLocal(`${day} 12:00:00`)
      assert.equal(parseWeek(week), week)
      assert.ok(weekStart(week) <= `${day} 00:00:00` && `${day} 23:59:59` < weekEnd(week))
      assert.equal(weekEnd(week), weekStart(addWeeks(week, 1)))
      assert.equal(addWeeks(addWeeks(week, 17), -17), week)
    }),
  )
})

test('weeks between count each once, in order', () => {
  assert.deepEqual(weeksBetween(parseWeek('2020-W52'), parseWeek('2021-W02')), ['2020-W52', '2020-W53', '2021-W01', '2021-W02'])
  assert.deepEqual(weeksBetween(parseWeek('2021-W02'), parseWeek('2021-W01')), [])
})

test('a bare number of the old counter is the latest such week that is not in the future', () => {
  assert.equal(latestWeekNumbered(40, parseWeek('2024-W02')), '2023-W40')
  assert.equal(latestWeekNumbered(2, parseWeek('2024-W02')), '2024-W02')
  assert.equal(latestWeekNumbered(53, parseWeek('2024-W02')), '2020-W53')
  assert.equal(latestWeekNumbered(54, parseWeek('2024-W02')), undefined)
})

test('the nominal time of a schedule names the week that had ended', () => {
  const at = (text: string): number => instantOfLocal(text, SEOUL)
  assert.equal(newestWeekEndedAt(at('2024-01-01 04:00:00'), SEOUL), '2023-W52')
  assert.equal(newestWeekEndedAt(at('2024-01-01 00:00:00'), SEOUL), '2023-W52')
  assert.equal(newestWeekEndedAt(at('2023-12-31 23:59:59'), SEOUL), '2023-W51')
  assert.equal(newestWeekEndedAt(Date.UTC(2023, 11, 31, 19), SEOUL), '2023-W52', 'Sunday in UTC is Monday in Seoul')
})

test('instants and wall clocks turn into each other, in zones with and without summer time', () => {
  const zones = fc.constantFrom(SEOUL, 'UTC', 'America/New_York', 'Europe/Berlin', 'Australia/Lord_Howe')
  fc.assert(
    fc.property(zones, fc.integer({ min: 0, max: 4_000_000_000 }), (zone, second) => {
      const wall = localTime(second * 1000, zone)
      assert.equal(localTime(instantOfLocal(wall, zone), zone), wall)
    }),
  )
  assert.equal(instantOfLocal('2024-01-01 04:00:00', SEOUL), Date.UTC(2023, 11, 31, 19))
  assert.equal(
    localTime(instantOfLocal('2024-03-31 02:30:00', 'Europe/Berlin'), 'Europe/Berlin'),
    '2024-03-31 03:30:00',
    'a time that is skipped',
  )
})
