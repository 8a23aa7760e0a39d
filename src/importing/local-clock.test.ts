import assert from 'node:assert/strict'
import test from 'node:test'
import * as fc from 'fast-check'
import { localTime } from '../contracts/week.ts'
import { localClock } from './local-clock.ts'

test('the fast clock shows what the slow one does, also around changes of the clocks', () => {
  for (const zone of ['Asia/Seoul', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kathmandu', 'UTC']) {
    const clock = localClock(zone)
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2_000_000_000 }), (seconds) => clock(seconds * 1000) === localTime(seconds * 1000, zone)),
      { numRuns: 50 },
    )
  }
  // New York, 2023-11-05: the hour from one to two comes twice.
  const clock = localClock('America/New_York')
  for (let minute = 0; minute < 24 * 60; minute += 15) {
    const instant = Date.UTC(2023, 10, 5) + minute * 60_000
    assert.equal(clock(instant), localTime(instant, 'America/New_York'))
  }
})
