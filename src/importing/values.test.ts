import assert from 'node:assert/strict'
import test from 'node:test'
import * as fc from 'fast-check'
import { checkColumnNames, isCanonicalInteger, isDate, isLocalTime, isNumber } from './values.ts'

test('an integer is canonical when writing it again gives the same text', () => {
  fc.assert(
    fc.property(fc.oneof(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.bigInt({ min: -9n, max: 9n })), (value) =>
      isCanonicalInteger(String(value)),
    ),
  )
  fc.assert(
    fc.property(fc.stringMatching(/^-?\d{1,20}$/), (text) => {
      const fits = BigInt(text) === BigInt.asIntN(64, BigInt(text))
      assert.equal(isCanonicalInteger(text), fits && String(BigInt(text)) === text)
    }),
  )
  for (const text of ['', '007', '-0', '+1', '1.0', ' 1', '1e3', '9223372036854775808', '１'])
    assert.equal(isCanonicalInteger(text), false, text)
})

test('numbers, dates and local times', () => {
  for (const text of ['0', '-1.5', '007', '.5', '2.', '1e-3', '+4']) assert.ok(isNumber(text), text)
  for (const text of ['', '.', 'NaN', 'Infinity', '0x10', '1e999', '1 2', '1,5']) assert.equal(isNumber(text), false, text)
  for (const text of ['2024-02-29', '1993-05-15']) assert.ok(isDate(text), text)
  for (const text of ['2023-02-29', '2023-13-01', '2023-1-1', '0000-00-00', '20230101']) assert.equal(isDate(text), false, text)
  assert.ok(isLocalTime('2023-12-31 23:59:59'))
  for (const text of ['2023-12-31', '2023-12-31T23:59:59', '2023-12-31 24:00:00', '2023-02-30 00:00:00', '2023-12-31 23:59:59.5'])
    assert.equal(isLocalTime(text), false, text)
})

test('column names that no database takes are refused', () => {
  checkColumnNames(['subsr_id', '가입일', 'zip code'], 'a.csv')
  for (const name of ['', 'a.b', 'a`b', ' a', 'a\n', 'x'.repeat(65)])
    assert.throws(() => checkColumnNames([name], 'a.csv'), { code: 'import_invalid', message: /^a\.csv line 1: / }, JSON.stringify(name))
  assert.throws(() => checkColumnNames(['Age', 'age'], 'a.csv'), {
    code: 'import_invalid',
    message: 'a.csv line 1 names the column age twice',
  })
})
