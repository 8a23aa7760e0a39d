import assert from 'node:assert/strict'
import test from 'node:test'
import * as fc from 'fast-check'
import type { Fit, Interactions } from '../model.ts'
import { Random } from '../random/random.ts'
import { referenceWarp } from '../reference/warp.ts'
import { buildInteractions } from '../sparse/interactions.ts'
import { nthAbsent, warp } from './warp.ts'

test('the n-th absent item is what counting finds', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 30 }), fc.uniqueArray(fc.nat(29)), fc.nat(3), (itemCount, drawn, before) => {
      const present = drawn.filter((item) => item < itemCount)
      const items = Uint32Array.from([...Array(before).fill(7), ...present.toSorted((a, b) => a - b), 7])
      const absent = Array.from(Array(itemCount).keys()).filter((item) => !present.includes(item))
      for (const [n, item] of absent.entries()) assert.equal(nthAbsent(items, before, before + present.length, n), item)
    }),
  )
})

const random = (userCount: number, itemCount: number, pairs: number): Interactions => {
  const generator = Random.seeded(9)
  return buildInteractions(userCount, itemCount, {
    users: Uint32Array.from({ length: pairs }, () => generator.below(userCount)),
    items: Uint32Array.from({ length: pairs }, () => Math.floor(itemCount * generator.unit() ** 2)),
  })
}

const lossesOf = (fit: Fit): number[] => {
  const losses: number[] = []
  for (;;) {
    const { fraction, epoch, loss } = fit.advance()
    if (loss !== undefined && losses.length < epoch) losses.push(loss)
    if (fraction === 1) return losses
  }
}

test('each epoch has an order and draws of its own', () => {
  const input = random(20, 15, 100)
  const first = warp.start(input, { factors: 4, epochs: 2 }, 0)
  first.advance()
  const checkpoint = first.checkpoint() ?? new Map()
  // The same numbers to go on from, once as the second epoch and once as the third.
  const after = (epoch: number): Fit => {
    const fit = warp.start(
      input,
      { factors: 4, epochs: epoch + 1 },
      0,
      new Map(checkpoint).set('epoch', { shape: [1], data: Uint32Array.of(epoch) }),
    )
    fit.advance()
    return fit
  }
  assert.notDeepEqual(after(1).finish().tensors(), after(2).finish().tensors())
})

test('the loss falls', () => {
  const losses = lossesOf(warp.start(random(80, 60, 900), { factors: 10, epochs: 12 }, 0))
  assert.equal(losses.length, 12)
  assert.ok((losses[11] ?? NaN) < 0.8 * (losses[0] ?? NaN), losses.join(', '))
})

const near = (actual: number, expected: number): void => assert.ok(Math.abs(actual - expected) < 1e-6, `${actual}, not ${expected}`)

test('a pair moves each number by learning rate times slope over root of squares', () => {
  // One user, three items, one pair: at the first draw the rank estimate is 2. Where the first draw is the positive itself, nothing moves:
  // at a later one the estimate is 1, whose logarithm is 0.
  const input = buildInteractions(1, 3, { users: Uint32Array.of(0), items: Uint32Array.of(1), weights: Float32Array.of(0.5) })
  const settings = { factors: 1, learning_rate: 0.1, regularization: 0.25 }
  let moved = 0
  for (let seed = 0; seed < 20; seed++) {
    const first = warp.start(input, { ...settings, epochs: 2 }, seed)
    first.advance()
    const after = first.checkpoint()
    const read = (name: string, n: number): number => after?.get(name)?.data[n] ?? NaN
    const draws = Random.seeded(seed, 0)
    const [h0 = 0, h1 = 0, h2 = 0, w = 0] = Array.from({ length: 4 }, () => draws.uint32() / 2 ** 32 - 0.5)
    const negative = [0, 2].find((item) => read('item_bias_squares', item) > 1.07)
    if (negative === undefined) continue
    moved++
    const h = [h0, h1, h2]
    const loss = 0.5 * Math.log(2)
    const difference = (h[negative] ?? 0) - h1
    const slope = loss * difference + 0.25 * w
    near(read('user_factors', 0), w - 0.1 * slope)
    near(read('user_factor_squares', 0), 1 + slope * slope)
    near(read('item_factors', 1), h1 - 0.1 * (-loss * w + 0.25 * h1))
    near(read('item_factors', negative), (h[negative] ?? 0) - 0.1 * (loss * w + 0.25 * (h[negative] ?? 0)))
    near(read('item_biases', 1), 0.1 * loss)
    near(read('item_biases', negative), -0.1 * loss)
    near(read('item_bias_squares', 1), 1 + loss * loss)
    near(read('item_factors', 2 - negative), h[2 - negative] ?? NaN)
    near(read('epoch_loss', 0), loss * (1 + w * difference))
  }
  assert.ok(moved >= 8, `${moved} of 20 seeds draw a negative first`)
})

test('a fit is that of the plain way', () => {
  const input = random(30, 200, 600)
  const parameters = { factors: 5, epochs: 3, learning_rate: 0.1, max_sampled: 10, regularization: 0.01 }
  const fit = warp.start(input, parameters, 4)
  while (fit.advance().fraction < 1);
  const tensors = fit.finish().tensors()
  const settings = { factors: 5, epochs: 3, learningRate: 0.1, maxSampled: 10, regularization: 0.01 }
  const { users, items } = referenceWarp(input, settings, 4)
  const values = (rows: typeof users, from: number, to: number): readonly number[] =>
    rows.flatMap((row) => row.slice(from, to).map(({ value }) => value))
  for (const [name, expected] of [
    ['user_factors', values(users, 0, 5)],
    ['item_factors', values(items, 0, 5)],
    ['item_biases', values(items, 5, 6)],
  ] as const)
    for (const [n, value] of expected.entries()) near(tensors.get(name)?.data[n] ?? NaN, value)
})

test('steps that are too long end the fit, and the message says what to lower', () => {
  const input = random(30, 20, 200)
  const fit = warp.start(
    { ...input, weights: input.weights.map(() => 1e30) },
    { factors: 4, epochs: 200, learning_rate: 100, regularization: 1000 },
    0,
  )
  assert.throws(() => lossesOf(fit), {
    code: 'training_diverged',
    message: /^warp: numbers are no longer finite in epoch \d+ of 200; lower learning_rate \(now 100\)$/,
  })
})
