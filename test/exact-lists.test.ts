/** Lists of an API in a process of its own against a slow reference while models change; test/long/exact-lists.ts asks a million times. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { checkLists } from './support/exactness-client.ts'

test('every list is the reference’s, over HTTP, during model swaps', { timeout: 120_000 }, async () => {
  const { swaps, modelsSeen } = await checkLists(4000, 3)
  assert.deepEqual([swaps, modelsSeen], [3, 4])
})
