import assert from 'node:assert/strict'
import test from 'node:test'
import type { Measured, SplitResult } from '../contracts/documents.ts'
import { measureUsers } from '../model/evaluation/rank-users.ts'
import { familyOf } from '../model/families.ts'
import { RankingMetrics } from '../model/metrics/ranking-metrics.ts'
import type { Interactions, Parameters } from '../model/model.ts'
import { resolveParameters } from '../model/parameters.ts'
import { Random, shuffle } from '../model/random/random.ts'
import { buildInteractions } from '../model/sparse/interactions.ts'
import { randomHoldOut, type Split } from '../model/split/split.ts'
import { choose } from './choose-model.ts'

const measured = (candidate: string, value: number, algorithm = candidate): Measured => ({
  candidate,
  algorithm,
  parameters: {},
  seconds: { train: 1, rank: 1 },
  metrics: { 'ndcg@10': value },
})
const split = (kind: 'random' | 'time', users: number, ...candidates: Measured[]): SplitResult => ({
  kind,
  description: '',
  train_pairs: 1,
  test_pairs: 1,
  test_users: users,
  candidates,
})

test('the newest week chooses where it has enough users', () => {
  const random = split('random', 900, measured('warp', 0.5), measured('popularity', 0.2))
  const chosen = choose([random, split('time', 100, measured('warp', 0.1), measured('popularity', 0.2))])
  assert.deepEqual([chosen.candidate.name, chosen.by], ['popularity', 'time'])
  assert.match(chosen.reason, /no personal model is better than popularity this week/)
})

test('a thin week leaves the choice to the hold-out, and says so', () => {
  const random = split('random', 900, measured('warp', 0.5), measured('popularity', 0.2))
  const chosen = choose([random, split('time', 99, measured('warp', 0.1), measured('popularity', 0.2))])
  assert.deepEqual([chosen.candidate.name, chosen.by], ['warp', 'random'])
  assert.match(chosen.reason, /the week itself has only 99 users to test, fewer than 100/)
})

test('of equals the earlier candidate', () => {
  assert.equal(choose([split('random', 10, measured('a', 0.3), measured('b', 0.3))]).candidate.name, 'a')
})

test('nothing measured is an error', () => {
  assert.throws(() => choose([split('random', 0)]), { code: 'no_training_data' })
})

/** Two tastes: a user of each watches titles of it. */
function plantedPairs(users: number, items: number): Interactions {
  const random = Random.seeded(1)
  const pairs = { users: [] as number[], items: [] as number[] }
  for (let user = 0; user < users; user++)
    for (let n = 0; n < 12; n++) {
      pairs.users.push(user)
      pairs.items.push(2 * random.below(items / 2) + (user % 2))
    }
  return buildInteractions(users, items, { users: Uint32Array.from(pairs.users), items: Uint32Array.from(pairs.items) })
}

function measure(name: string, algorithm: string, parameters: Parameters, trainOn: Interactions, { train, test: tested }: Split): Measured {
  const family = familyOf(algorithm)
  const fit = family.start(trainOn, resolveParameters(family, parameters), 0)
  while (fit.advance().fraction < 1);
  const metrics = new RankingMetrics({ cutoffs: [10], itemCount: train.itemCount, catalogueSize: train.itemCount })
  for (const batch of measureUsers({ model: fit.finish(), train, test: tested, metrics })) void batch
  return { ...measured(name, 0, algorithm), metrics: { ...metrics.result() } }
}

test('a candidate that was trained on shuffled data is never chosen over the others', () => {
  const planted = randomHoldOut(plantedPairs(300, 80), 0.25, 0)
  const { train } = planted
  const items = Uint32Array.from(train.items)
  shuffle(items, Random.seeded(2))
  const users = Uint32Array.from(train.items.keys()).map((pair) => train.offsets.findIndex((end, index) => index > 0 && pair < end) - 1)
  const shuffled = buildInteractions(train.userCount, train.itemCount, { users, items })
  for (const algorithm of ['warp', 'ials']) {
    const honest = measure('honest', algorithm, {}, train, planted)
    const wrong = measure('shuffled', algorithm, {}, shuffled, planted)
    const chosen = choose([split('random', 300, wrong, honest, measure('popularity', 'popularity', {}, train, planted))])
    assert.equal(chosen.candidate.name, 'honest', algorithm)
  }
})
