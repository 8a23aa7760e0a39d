import assert from 'node:assert/strict'
import test from 'node:test'
import type { Interactions, Model, Parameters } from '../model.ts'
import { familyOf } from '../families.ts'
import { Random } from '../random/random.ts'
import { buildInteractions } from '../sparse/interactions.ts'
import { explainerOf } from '../explanation/contributions.ts'
import { BlendModel } from './blend.ts'

const random = Random.seeded(5)
const pairs: Interactions = buildInteractions(40, 12, {
  users: Uint32Array.from({ length: 240 }, (_, n) => n % 39),
  items: Uint32Array.from({ length: 240 }, () => Math.floor(12 * random.unit() ** 1.5)),
})

function fitted(algorithm: string, parameters: Parameters): Model {
  const fit = familyOf(algorithm).start(pairs, parameters, 0)
  while (fit.advance().fraction < 1);
  return fit.finish()
}

function standardised(model: Model, user: number): Float64Array {
  const scores = new Float32Array(model.itemCount)
  model.scoreUser(user, scores)
  const mean = scores.reduce((sum, score) => sum + score, 0) / scores.length
  const deviation = Math.sqrt(scores.reduce((sum, score) => sum + (score - mean) ** 2, 0) / scores.length)
  return Float64Array.from(scores, (score) => (score - mean) / deviation)
}

const parameters = { 'ials.weight': 0, 'ease.weight': 2, 'ease.regularization': 3, 'item-knn.weight': 0.5, 'popularity.weight': 1 }

test('scores are the standardised scores of the families, added by weight', () => {
  const blend = fitted('blend', parameters)
  const [ease, knn, popular] = [fitted('ease', { regularization: 3 }), fitted('item-knn', {}), fitted('popularity', {})]
  const scores = new Float32Array(12)
  for (const user of [0, 7, 38]) {
    blend.scoreUser(user, scores)
    const [a, b, c] = [ease, knn, popular].map((model) => standardised(model, user))
    for (let item = 0; item < 12; item++) {
      const expected = 2 * (a?.[item] ?? 0) + 0.5 * (b?.[item] ?? 0) + (c?.[item] ?? 0)
      assert.ok(Math.abs((scores[item] ?? 0) - expected) < 1e-5)
    }
  }
})

test('strangers get what is popular, reasons are those of the family that says most', () => {
  const blend = fitted('blend', parameters)
  const [scores, popular] = [new Float32Array(12), new Float32Array(12)]
  fitted('popularity', {}).scoreStranger(popular)
  blend.scoreUser(39, scores)
  assert.deepEqual(scores, popular)
  assert.ok(blend instanceof BlendModel)
  assert.equal(blend.leading.algorithm, 'ease')
  const [items, weights] = [Uint32Array.of(1, 4), Float32Array.of(1, 1)]
  const ofEase = explainerOf(fitted('ease', { regularization: 3 }))
    ?.ofHistory(items, weights)
    .contributionsTo(Uint32Array.of(6))
  assert.deepEqual(explainerOf(blend)?.ofHistory(items, weights).contributionsTo(Uint32Array.of(6)), ofEase)
})

test('a blend of nothing is refused', () => {
  assert.throws(() => fitted('blend', { 'ials.weight': 0 }), { code: 'parameter_invalid', message: /every weight is 0/ })
})
