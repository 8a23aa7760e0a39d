import assert from 'node:assert/strict'
import test from 'node:test'
import * as fc from 'fast-check'
import { familyOf } from '../families.ts'
import type { Interactions, Model, Parameters } from '../model.ts'
import { buildInteractions } from '../sparse/interactions.ts'
import { explainerOf } from './contributions.ts'

const itemCount = 12

/** Pairs in two groups of titles, with some noise; deterministic. */
function pairs(): Interactions {
  const users: number[] = []
  const items: number[] = []
  for (let user = 0; user < 40; user++)
    for (let n = 0; n < 5; n++) {
      users.push(user)
      items.push(((user % 2) * 6 + ((user * 3 + n * 5) % 7)) % itemCount)
    }
  return buildInteractions(40, itemCount, { users: Uint32Array.from(users), items: Uint32Array.from(items) })
}

function fitted(algorithm: string, parameters: Parameters): Model {
  const fit = familyOf(algorithm).start(pairs(), parameters, 0)
  while (fit.advance().fraction < 1);
  return fit.finish()
}

const histories = fc
  .uniqueArray(fc.record({ item: fc.nat(itemCount - 1), weight: fc.double({ min: 0.05, max: 1, noNaN: true }) }), {
    selector: ({ item }) => item,
    minLength: 1,
    maxLength: 8,
  })
  .map((entries) => entries.toSorted((a, b) => a.item - b.item))

for (const [algorithm, parameters] of [
  ['ials', { factors: 5, iterations: 6, unobserved_weight: 0.2, regularization: 0.02 }],
  ['ease', { regularization: 3 }],
  ['item-knn', { neighbours: 6, shrinkage: 1 }],
] as const)
  test(`${algorithm}: what a history contributes adds up to the score`, () => {
    const model = fitted(algorithm, parameters)
    const explainer = explainerOf(model)
    assert.ok(explainer !== undefined)
    const scores = new Float32Array(itemCount)
    fc.assert(
      fc.property(histories, (entries) => {
        const items = Uint32Array.from(entries, ({ item }) => item)
        const weights = Float32Array.from(entries, ({ weight }) => weight)
        model.scoreHistory(items, weights, scores)
        const explained = explainer.ofHistory(items, weights)
        for (let item = 0; item < itemCount; item++) {
          const score = scores[item] as number
          if (algorithm === 'item-knn' && score <= 0) continue // no vote: ordered by popularity, which the history has no part in
          const sum = explained.contributionsTo(Uint32Array.of(item)).reduce((total, value) => total + value, 0)
          assert.ok(Math.abs(sum - score) < 1e-4 * (1 + Math.abs(score)), `item ${item}: ${sum} against ${score}`)
        }
      }),
    )
  })

test('warp: the title most like it in factors, weighted, contributes most', () => {
  const model = fitted('warp', { factors: 4, epochs: 5 })
  const explained = explainerOf(model)?.ofHistory(Uint32Array.of(1, 4, 7), Float32Array.of(1, 1, 1))
  assert.ok(explained !== undefined)
  const contributions = explained.contributionsTo(Uint32Array.of(4))
  assert.ok(Math.abs((contributions[1] ?? 0) - 1) < 1e-6, 'itself')
  assert.ok(contributions.every((value) => value <= 1 + 1e-6))
})

test('ials: many items at once have what each has by itself', () => {
  const model = fitted('ials', { factors: 5, iterations: 6, unobserved_weight: 0.2, regularization: 0.02 })
  const explained = explainerOf(model)?.ofHistory(Uint32Array.of(1, 4, 7), Float32Array.of(1, 0.5, 0.25))
  assert.ok(explained !== undefined)
  const targets = Uint32Array.from({ length: 40 }, (_, n) => (n * 5) % itemCount)
  const together = explained.contributionsTo(targets)
  for (const [t, target] of targets.entries())
    assert.deepEqual(together.subarray(3 * t, 3 * t + 3), explained.contributionsTo(Uint32Array.of(target)), `item ${target}`)
})

test('popularity owes nothing to anyone', () => {
  assert.equal(explainerOf(fitted('popularity', {})), undefined)
})
