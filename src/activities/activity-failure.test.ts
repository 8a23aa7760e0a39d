import assert from 'node:assert/strict'
import test from 'node:test'
import { ApplicationFailure } from '@temporalio/common'
import { MatineeError } from '../contracts/errors.ts'
import { toFailure } from './activity-failure.ts'

test('what cannot heal is not tried again, what can is', () => {
  const wrong = toFailure(new MatineeError('source_schema', 'lacks table contlog'), 1)
  assert.ok(wrong instanceof ApplicationFailure)
  assert.deepEqual([wrong.type, wrong.nonRetryable, wrong.message], ['source_schema', true, 'lacks table contlog'])
  const conflict = toFailure(new MatineeError('store_conflict', 'changed'), 1)
  assert.ok(conflict instanceof ApplicationFailure && !conflict.nonRetryable)
})

test('a source that is away is asked five more times, ten minutes apart', () => {
  const away = new MatineeError('source_unreachable', 'db:3306 does not answer')
  for (const attempt of [1, 5]) {
    const failure = toFailure(away, attempt)
    assert.ok(failure instanceof ApplicationFailure && !failure.nonRetryable)
    assert.equal(failure.nextRetryDelay, '10 minutes')
  }
  const last = toFailure(away, 6)
  assert.ok(last instanceof ApplicationFailure && last.nonRetryable)
})

test('other faults stay what they are', () => {
  const fault = new TypeError('x is not a function')
  assert.equal(toFailure(fault, 1), fault)
})
