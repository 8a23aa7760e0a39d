import assert from 'node:assert/strict'
import test from 'node:test'
import type { Interactions, Model, Parameters, Tensor } from '../model.ts'
import { Random } from '../random/random.ts'
import { referenceEase } from '../reference/ease.ts'
import { buildInteractions } from '../sparse/interactions.ts'
import { ease } from './ease.ts'

const random = Random.seeded(7)
const rows = Array.from({ length: 400 }, () => [random.below(60), random.below(40), 0.2 + 0.8 * random.unit()] as const)
const input = buildInteractions(60, 40, {
  users: Uint32Array.from(rows, ([user]) => user),
  items: Uint32Array.from(rows, ([, item]) => item),
  weights: Float32Array.from(rows, ([, , weight]) => weight),
})

function fitted(pairs: Interactions, parameters: Parameters): Model {
  const fit = ease.start(pairs, parameters, 0)
  while (fit.advance().fraction < 1);
  return fit.finish()
}

const dense = ({ userCount, itemCount, offsets, items, weights }: Interactions): readonly Float64Array[] =>
  Array.from({ length: userCount }, (_, user) => {
    const row = new Float64Array(itemCount)
    for (let pair = offsets[user] ?? 0; pair < (offsets[user + 1] ?? 0); pair++) row[items[pair] ?? 0] = weights[pair] ?? 0
    return row
  })

/** |X - X B|² + λ |B|², written down once more. */
function loss(x: readonly Float64Array[], b: Float32Array, size: number, regularization: number): number {
  let sum = 0
  for (const row of x)
    for (let item = 0; item < size; item++) {
      let value = row[item] ?? 0
      for (let other = 0; other < size; other++) value -= (row[other] ?? 0) * (b[other * size + item] ?? 0)
      sum += value * value
    }
  return sum + regularization * b.reduce((squares, value) => squares + value * value, 0)
}

test('no weight can be moved to a smaller loss, and none leads an item to itself', () => {
  const weights: Tensor['data'] | undefined = fitted(input, { regularization: 3 }).tensors().get('item_weights')?.data
  assert.ok(weights instanceof Float32Array)
  const x = dense(input)
  const least = loss(x, weights, 40, 3)
  for (let n = 0; n < weights.length; n += 17) {
    const value: number = weights[n] ?? NaN
    if (n % 41 === 0) {
      assert.equal(value, 0)
      continue
    }
    for (const step of [-0.01, 0.01]) {
      weights[n] = value + step
      assert.ok(loss(x, weights, 40, 3) > least, `weight ${n} moved by ${step}`)
    }
    weights[n] = value
  }
})

test('the weights are those of the plain way, over several tiles', () => {
  const generator = Random.seeded(8)
  const size = 3000
  const wide = buildInteractions(90, 150, {
    users: Uint32Array.from({ length: size }, () => generator.below(90)),
    items: Uint32Array.from({ length: size }, () => generator.below(150)),
    weights: Float32Array.from({ length: size }, () => generator.below(5) / 4),
  })
  for (const options of [{}, { dropout: 0.4 }, { user_exponent: 0.5 }, { dropout: 0.2, user_exponent: 1 }]) {
    const weights =
      fitted(wide, { regularization: 5, ...options })
        .tensors()
        .get('item_weights')?.data ?? []
    for (const [row, expected] of referenceEase(wide, 5, options).entries())
      for (const [column, value] of expected.entries()) assert.ok(Math.abs((weights[row * 150 + column] ?? NaN) - value) < 1e-6)
  }
})

test('a catalogue that is too large is refused with the figure', () => {
  const large = { ...input, itemCount: 40_000 }
  assert.throws(() => ease.start(large, {}, 0), { code: 'training_memory', message: /40000 items need 11\.9 GiB, at most 2\.0 GiB/ })
})
