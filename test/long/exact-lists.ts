/** A million lists with random filters during 20 model swaps, each compared with a slow reference. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { checkLists } from '../support/exactness-client.ts'

test('a million lists are the reference’s', { timeout: 4 * 3_600_000 }, async (context) => {
  const { requests, events, swaps, modelsSeen } = await checkLists(1_000_000, 20, (done) => context.diagnostic(`${done} requests`))
  context.diagnostic(`${requests} requests, ${events} of them viewings, ${swaps} swaps`)
  assert.deepEqual([swaps, modelsSeen], [20, 4])
})
