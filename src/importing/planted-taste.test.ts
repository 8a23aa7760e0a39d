/** Whether generated logs can tell a good recommender from a bad one: the point of planting tastes. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { addWeeks, weekStart } from '../contracts/week.ts'
import { catalogueSizeOf, measureUsers } from '../model/evaluation/rank-users.ts'
import { familyOf } from '../model/families.ts'
import { RankingMetrics } from '../model/metrics/ranking-metrics.ts'
import type { Interactions, Model } from '../model/model.ts'
import { buildInteractions } from '../model/sparse/interactions.ts'
import { randomHoldOut, timeSplit, type Split } from '../model/split/split.ts'
import { demoParameters } from './generate-into.ts'
import { generate, makeWorld, type World } from './generate.ts'

/** Usable viewings as pairs with their greatest share watched and their newest time. */
function interactionsOf(world: World): Interactions {
  const userOf = new Map([...world.userIds].map((id, user) => [id, user]))
  const titleOf = new Map(world.catalogue.titles.map(({ id }, title) => [id, title]))
  const pairs = new Map<string, { user: number; item: number; weight: number; time: number }>()
  for (const { table, rows } of generate(world.parameters)) {
    if (table !== 'vods_sumut') continue
    for (const [userId, programId, , , time, use, duration, , , excluded] of rows) {
      const user = userOf.get(Number(userId))
      const item = titleOf.get(Number(programId))
      const share = Number(use) / Number(duration)
      if (user === undefined || item === undefined || time === null || excluded !== 0 || !(share > 0 && share < Infinity)) continue
      const seconds = Date.parse(`${String(time).replace(' ', 'T')}Z`) / 1000
      const pair = pairs.get(`${user} ${item}`)
      if (pair === undefined) pairs.set(`${user} ${item}`, { user, item, weight: Math.min(1, share), time: seconds })
      else {
        pair.weight = Math.min(1, Math.max(pair.weight, share))
        pair.time = Math.max(pair.time, seconds)
      }
    }
  }
  const all = [...pairs.values()]
  return buildInteractions(userOf.size, titleOf.size, {
    users: Uint32Array.from(all, ({ user }) => user),
    items: Uint32Array.from(all, ({ item }) => item),
    weights: Float32Array.from(all, ({ weight }) => weight),
    times: Float64Array.from(all, ({ time }) => time),
  })
}

/** Knows what was planted. */
function oracle(world: World, week: number): Model {
  return {
    algorithm: 'oracle',
    userCount: world.userIds.length,
    itemCount: world.catalogue.titles.length,
    tensors: () => new Map(),
    scoreUser: (user, scores) => scores.set(world.preference(user, week)),
    scoreStranger: (scores) => void scores.fill(0),
    scoreHistory: () => assert.fail('nobody asks the oracle about a history'),
  }
}

function train(split: Split, algorithm: string): Model {
  const fit = familyOf(algorithm).start(split.train, {}, 0)
  while (fit.advance().fraction < 1);
  return fit.finish()
}

function precisionAt10(split: Split, model: Model): number {
  const metrics = new RankingMetrics({ cutoffs: [10], itemCount: split.train.itemCount, catalogueSize: catalogueSizeOf(split.train) })
  for (const batch of measureUsers({ model, train: split.train, test: split.test, metrics })) void batch
  return metrics.result()['precision@10'] ?? NaN
}

const world = makeWorld(demoParameters)
const interactions = interactionsOf(world)
const lastWeek = demoParameters.weeks - 1

test('a random quarter of the pairs: personal models find much more of it than popularity does', async (t) => {
  const split = randomHoldOut(interactions, 0.25, 0)
  const popularity = precisionAt10(split, train(split, 'popularity'))
  for (const algorithm of ['warp', 'ials']) {
    await t.test(algorithm, (context) => {
      const precision = precisionAt10(split, train(split, algorithm))
      context.diagnostic(`${algorithm} ${precision.toFixed(3)}, popularity ${popularity.toFixed(3)}`)
      assert.ok(precision >= 1.5 * popularity, `${algorithm} ${precision}, popularity ${popularity}`)
    })
  }
  await t.test('what was planted, known exactly, is better still', () => {
    const ceiling = precisionAt10(split, oracle(world, lastWeek >> 1))
    assert.ok(ceiling >= 2 * popularity, `oracle ${ceiling}, popularity ${popularity}`)
  })
})

test('the last week, from the weeks before: tastes carry over, although they drift and titles are new', () => {
  const cut = weekStart(addWeeks(demoParameters.end, 0))
  const split = timeSplit(interactions, Date.parse(`${cut.replace(' ', 'T')}Z`) / 1000)
  const popularity = precisionAt10(split, train(split, 'popularity'))
  const personal = precisionAt10(split, train(split, 'ials'))
  assert.ok(personal >= 1.2 * popularity, `ials ${personal}, popularity ${popularity}`)
  assert.ok(precisionAt10(split, oracle(world, lastWeek)) > personal)
})
