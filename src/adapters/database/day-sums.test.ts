import assert from 'node:assert/strict'
import test from 'node:test'
import { crc32 } from 'node:zlib'
import { DaySums } from './day-sums.ts'

const line = (row: number, flag: number): string => `${String(row).padStart(8, '0')},x41,${flag}`

function sumOf(lines: readonly string[]): string | undefined {
  const sums = new DaySums()
  for (const each of lines) sums.add('2023-12-17', each)
  return sums.days()[0]?.sum
}

test('the same change in two rows is seen, also where their checksums alone would add up to the same', () => {
  const gain = (row: number): number => crc32(line(row, 1)) - crc32(line(row, 0))
  let other = 1
  while (gain(other) !== -gain(0)) other++
  assert.notEqual(sumOf([line(0, 1), line(other, 1)]), sumOf([line(0, 0), line(other, 0)]))
})

test('rows add up in any order, each day by itself', () => {
  const lines = Array.from({ length: 100 }, (_, row) => line(row, row % 2))
  assert.equal(sumOf(lines.toReversed()), sumOf(lines))
  const sums = new DaySums()
  for (const [row, each] of lines.entries()) sums.add(row < 10 ? null : '2023-12-17', each)
  assert.deepEqual(sums.days(), [
    { day: null, rows: 10, sum: sumOf(lines.slice(0, 10)) },
    { day: '2023-12-17', rows: 90, sum: sumOf(lines.slice(10)) },
  ])
})
