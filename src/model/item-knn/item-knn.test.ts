import assert from 'node:assert/strict'
import test from 'node:test'
import type { Interactions, Model, Parameters } from '../model.ts'
import { Random } from '../random/random.ts'
import { buildInteractions } from '../sparse/interactions.ts'
import { itemKnn } from './item-knn.ts'

const pairsOf = (userCount: number, itemCount: number, rows: readonly (readonly [number, number, number?])[]): Interactions =>
  buildInteractions(userCount, itemCount, {
    users: Uint32Array.from(rows, ([user]) => user),
    items: Uint32Array.from(rows, ([, item]) => item),
    weights: Float32Array.from(rows, ([, , weight = 1]) => weight),
  })

function fitted(input: Interactions, parameters: Parameters): Model {
  const fit = itemKnn.start(input, parameters, 0)
  while (fit.advance().fraction < 1);
  return fit.finish()
}

const scoresOfItem = (model: Model, item: number): Float32Array => {
  const scores = new Float32Array(model.itemCount)
  model.scoreHistory(Uint32Array.of(item), Float32Array.of(1), scores)
  return scores
}

const product = (a = new Float64Array(), b = new Float64Array()): number => a.reduce((sum, value, n) => sum + value * (b[n] ?? 0), 0)

test('similarities are those of the formula, written down once more', () => {
  const random = Random.seeded(3)
  const rows = Array.from({ length: 300 }, () => [random.below(40), random.below(25), random.unit()] as const)
  const input = pairsOf(40, 25, rows)
  const columns = Array.from({ length: 25 }, () => new Float64Array(40))
  for (let user = 0; user < 40; user++)
    for (let pair = input.offsets[user] ?? 0; pair < (input.offsets[user + 1] ?? 0); pair++) {
      const column = columns[input.items[pair] ?? 0]
      if (column !== undefined) column[user] = input.weights[pair] ?? 0
    }
  const model = fitted(input, { neighbours: 25, shrinkage: 2 })
  for (let item = 0; item < 25; item++) {
    const scores = scoresOfItem(model, item)
    for (const [other, score] of scores.entries()) {
      const [a, b] = [columns[item], columns[other]]
      const expected = item === other ? 0 : product(a, b) / (Math.sqrt(product(a, a) * product(b, b)) + 2)
      if (expected > 0) assert.ok(Math.abs(score - expected) < 1e-6, `${item}, ${other}: ${score}, expected ${expected}`)
      else assert.ok(score < 0)
    }
  }
})

test('of equal neighbours the smaller positions are kept, and what none votes for follows by popularity', () => {
  const input = pairsOf(4, 5, [
    [0, 0],
    [0, 1],
    [0, 2],
    [0, 3],
    [1, 4],
    [2, 4],
    [3, 3],
  ])
  const scores = scoresOfItem(fitted(input, { neighbours: 2, shrinkage: 0 }), 0)
  const [own = NaN, first, second, third = NaN, fourth = NaN] = scores
  assert.deepEqual([first, second], [1, 1])
  assert.ok(third < 0 && fourth < 0 && own < 0)
  assert.equal(third, fourth, 'two users each')
  assert.ok(own < third, 'one user')
})

test('a row of few common users is found as one is whose products are all looked at', () => {
  const random = Random.seeded(4)
  for (const itemCount of [20, 200]) {
    // Each item has users with more pairs together than there are items of the small catalogue, and fewer than of the large one.
    const rows = Array.from({ length: 20 * itemCount }, () => [random.below(50), random.below(itemCount), random.unit()] as const)
    const small = fitted(pairsOf(50, itemCount, rows), { neighbours: 3, shrinkage: 1 })
    const large = fitted(pairsOf(50, 20_000, rows), { neighbours: 3, shrinkage: 1 })
    for (let item = 0; item < itemCount; item++)
      assert.deepEqual(scoresOfItem(large, item).subarray(0, itemCount), scoresOfItem(small, item))
  }
})
