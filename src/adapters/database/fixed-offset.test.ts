import test from 'node:test'
import assert from 'node:assert/strict'
import { fixedOffset } from './fixed-offset.ts'

const between = (zone: string, from: string, to: string): string | undefined => fixedOffset(zone, Date.parse(from), Date.parse(to))

test('a zone that kept its clocks has one offset', () => {
  assert.equal(between('Asia/Seoul', '1990-01-01T00:00:00Z', '2026-01-01T00:00:00Z'), '+09:00')
  assert.equal(between('Asia/Kolkata', '1990-01-01T00:00:00Z', '2026-01-01T00:00:00Z'), '+05:30')
  assert.equal(between('UTC', '1990-01-01T00:00:00Z', '2026-01-01T00:00:00Z'), '+00:00')
  assert.equal(between('America/New_York', '2023-12-01T00:00:00Z', '2024-03-01T00:00:00Z'), '-05:00')
})

test('a change between the two instants leaves no offset', () => {
  assert.equal(between('Asia/Seoul', '1987-01-01T00:00:00Z', '2026-01-01T00:00:00Z'), undefined, 'Korea had summer time in 1987 and 1988')
  assert.equal(between('America/New_York', '2023-12-01T00:00:00Z', '2024-12-01T00:00:00Z'), undefined, 'there and back')
  assert.equal(between('America/New_York', '2024-03-10T06:00:00Z', '2024-03-10T08:00:00Z'), undefined, 'within one day')
})

test('an offset with seconds cannot be given to MySQL', () => {
  assert.equal(between('Asia/Seoul', '1900-01-01T00:00:00Z', '1900-01-02T00:00:00Z'), undefined)
})
