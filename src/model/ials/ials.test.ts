import assert from 'node:assert/strict'
import test from 'node:test'
import type { Interactions, Parameters } from '../model.ts'
import { Random } from '../random/random.ts'
import { referenceIals } from '../reference/ials.ts'
import { buildInteractions, itemsOfUser } from '../sparse/interactions.ts'
import { ials, IalsModel } from './ials.ts'

const random = (userCount: number, itemCount: number, pairs: number, seed = 5): Interactions => {
  const generator = Random.seeded(seed)
  return buildInteractions(userCount, itemCount, {
    users: Uint32Array.from({ length: pairs }, () => generator.below(userCount)),
    items: Uint32Array.from({ length: pairs }, () => Math.floor(itemCount * generator.unit() ** 2)),
    weights: Float32Array.from({ length: pairs }, () => generator.below(5) / 4),
  })
}

const fit = (input: Interactions, parameters: Parameters, seed = 1): { readonly model: IalsModel; readonly losses: readonly number[] } => {
  const run = ials.start(input, parameters, seed)
  const losses: number[] = []
  for (;;) {
    const { fraction, epoch, loss } = run.advance()
    if (loss !== undefined && losses.length < epoch) losses.push(loss)
    if (fraction === 1) return { model: new IalsModel(run.finish().tensors()), losses }
  }
}

/** The loss as the contract writes it, over every user and item, one after the other. */
function objective(
  input: Interactions,
  users: Float64Array,
  items: Float64Array,
  factors: number,
  { unobserved_weight: a = 0.1, regularization: r = 0.01, regularization_exponent: v = 1 }: Readonly<Record<string, number>>,
): number {
  const counts = { users: new Float64Array(input.userCount), items: new Float64Array(input.itemCount) }
  let loss = 0
  for (let user = 0; user < input.userCount; user++) {
    const weights = new Map(
      Array.from(itemsOfUser(input, user), (item, n) => [item, input.weights[(input.offsets[user] ?? 0) + n] ?? 0] as const),
    )
    for (let item = 0; item < input.itemCount; item++) {
      let y = 0
      for (let f = 0; f < factors; f++) y += (users[user * factors + f] ?? 0) * (items[item * factors + f] ?? 0)
      const weight = weights.get(item) ?? 0
      loss += weight * (1 - y) ** 2 + a * y ** 2
      if (weight > 0) {
        counts.users[user] = (counts.users[user] ?? 0) + 1
        counts.items[item] = (counts.items[item] ?? 0) + 1
      }
    }
  }
  for (const [n, value] of users.entries())
    loss += r * ((counts.users[Math.floor(n / factors)] ?? 0) + a * input.itemCount) ** v * value ** 2
  for (const [n, value] of items.entries())
    loss += r * ((counts.items[Math.floor(n / factors)] ?? 0) + a * input.userCount) ** v * value ** 2
  return loss
}

const settings = [
  { unobserved_weight: 0.1, regularization: 0.02, regularization_exponent: 1 },
  { unobserved_weight: 0.5, regularization: 0.3, regularization_exponent: 0 },
  { unobserved_weight: 0.02, regularization: 0.1, regularization_exponent: 0.5 },
]

for (const parameters of settings) {
  const factors = 3
  const input = random(12, 9, 60)

  test(`no single number of the result can be moved to a smaller loss: ${JSON.stringify(parameters)}`, () => {
    const { model } = fit(input, { ...parameters, factors, iterations: 400 })
    const users = Float64Array.from(model.userFactors)
    const items = Float64Array.from(model.itemFactors)
    assert.ok(
      users.some((value) => Math.abs(value) > 0.1),
      'the minimum is not the one at 0',
    )
    const least = objective(input, users, items, factors, parameters)
    // So short a move finds a penalty that is wrong by a hundredth; single precision alone moves a number by 1e-7.
    for (const values of [users, items])
      for (const [n, value] of values.entries())
        for (const move of [1e-3, -1e-3]) {
          values[n] = value + move
          const moved = objective(input, users, items, factors, parameters)
          values[n] = value
          assert.ok(moved > least, `number ${n} moved by ${move} gives ${moved}, not above ${least}`)
        }
  })

  test(`the reported loss never rises, and at rest it is the objective: ${JSON.stringify(parameters)}`, () => {
    const { model, losses } = fit(input, { ...parameters, factors, iterations: 400 })
    for (const [n, loss] of losses.entries()) assert.ok(loss <= (losses[n - 1] ?? Infinity) * (1 + 1e-6), `sweep ${n + 1}: ${loss}`)
    const least = objective(input, Float64Array.from(model.userFactors), Float64Array.from(model.itemFactors), factors, parameters)
    assert.ok(Math.abs((losses.at(-1) ?? NaN) / least - 1) < 1e-5, `${losses.at(-1)} against ${least}`)
  })

  test(`folding in a user's own history gives the user's own factors: ${JSON.stringify(parameters)}`, () => {
    const { model } = fit(input, { ...parameters, factors, iterations: 400 })
    for (let user = 0; user < input.userCount; user++) {
      const [start, end] = [input.offsets[user], input.offsets[user + 1]]
      const folded = model.foldIn(itemsOfUser(input, user), input.weights.subarray(start, end))
      for (const [f, value] of folded.entries()) assert.ok(Math.abs(value - (model.userFactors[user * factors + f] ?? NaN)) < 1e-3)
    }
  })
}

test('sweeps that solve rows to the end are those of the plain way', () => {
  const input = random(40, 30, 300)
  const factors = 5
  const rows = (numbers: Float32Array): readonly Float64Array[] =>
    Array.from({ length: numbers.length / factors }, (_, row) => Float64Array.from(numbers.subarray(row * factors, (row + 1) * factors)))
  const draws = Random.seeded(1, 0)
  const first = Float32Array.from({ length: 30 * factors }, () => (Math.sqrt(0.12) / Math.sqrt(factors)) * (draws.uint32() / 2 ** 32 - 0.5))
  const expected = referenceIals(input, rows(first), 3, { unobservedWeight: 0.1, regularization: 0.02, exponent: 1 })
  const { model } = fit(input, { factors, iterations: 3, regularization: 0.02, cholesky: true })
  for (const [actual, plain] of [
    [rows(model.userFactors), expected.users],
    [rows(model.itemFactors), expected.items],
  ] as const)
    for (const [row, values] of plain.entries())
      for (const [f, value] of values.entries()) assert.ok(Math.abs((actual[row]?.[f] ?? NaN) - value) < 1e-4, `row ${row}, factor ${f}`)
})

test('a pair of weight 2 is worth two pairs of weight 1 with the penalty of one', () => {
  const parameters = { factors: 1, iterations: 500, unobserved_weight: 0.1, regularization: 0.05, regularization_exponent: 0 }
  const score = (weight: number): number => {
    const scores = new Float32Array(2)
    const pair = { users: Uint32Array.of(0), items: Uint32Array.of(0), weights: Float32Array.of(weight) }
    fit(buildInteractions(1, 2, pair), parameters).model.scoreUser(0, scores)
    return scores[0] ?? NaN
  }
  // With one factor and equal norms: minimise c (1 - y)² + a y² + 2 r |y|, so y = (c - r) / (c + a).
  for (const weight of [1, 2]) assert.ok(Math.abs(score(weight) - (weight - 0.05) / (weight + 0.1)) < 1e-4)
})

/** Rows of 8 as rows of 9. */
const padded = (rows: Float32Array): Float32Array =>
  Float32Array.from({ length: (rows.length / 8) * 9 }, (_, n) => (n % 9 === 8 ? 0 : (rows[Math.floor(n / 9) * 8 + (n % 9)] ?? NaN)))

function assertClose(got: Float32Array, expected: Float32Array): void {
  assert.equal(got.length, expected.length)
  for (const [n, value] of got.entries()) {
    const other = expected[n] ?? NaN
    assert.ok(Math.abs(value - other) <= 1e-5 * Math.abs(value) + 1e-9, `${n}: ${value}, ${other}`)
  }
}

test("a fold-in beside the ranking, with its copy of the factors, is that of a memory of its own; neither is in the other's way", () => {
  const { model } = fit(random(50, 5000, 3000), { factors: 8, iterations: 2 })
  // A factor of zeros more: rows are no longer whole vectors, and the fold-in has a copy of them.
  const alone = new IalsModel(
    new Map([
      ...model.tensors(),
      ['user_factors', { shape: [50, 9], data: padded(model.userFactors) }],
      ['item_factors', { shape: [5000, 9], data: padded(model.itemFactors) }],
    ]),
  )
  const items = Uint32Array.of(3, 70, 4999)
  const weights = Float32Array.of(1, 0.5, 0.25)
  const targets = Uint32Array.of(0, 1, 4998)
  const [first, again] = [model.foldIn(items, weights), alone.foldIn(items, weights)]
  assertClose(first, again.subarray(0, 8))
  const best = model.bestItems(first, 5)
  assertClose(model.explain(items, weights).contributionsTo(targets), alone.explain(items, weights).contributionsTo(targets))
  assert.deepEqual(model.bestItems(first, 5), best)
  assert.deepEqual(model.foldIn(items, weights), first)
})

test('a history that the model cannot read is refused', () => {
  const { model } = fit(random(6, 5, 20), { factors: 2, iterations: 2 })
  assert.throws(() => model.foldIn(Uint32Array.of(5), Float32Array.of(1)), { code: 'internal', message: /item 5 at 0, expected below 5/ })
  assert.throws(() => model.foldIn(Uint32Array.of(1, 0), Float32Array.of(1, 1)), { message: /ascending/ })
  assert.throws(() => model.foldIn(Uint32Array.of(1), Float32Array.of(NaN)), { message: /weight NaN/ })
})

test('factors that too much regularization sends towards 0 come to 0', () => {
  const { itemFactors } = fit(random(40, 30, 200), { factors: 8, iterations: 12, regularization: 1000 }).model
  const smallest = itemFactors.reduce((least, factor) => (factor === 0 ? least : Math.min(least, Math.abs(factor))), Infinity)
  assert.ok(smallest >= 1e-12, `${smallest}`)
})

test('numbers that are no longer finite end the fit, and the message says what to change', () => {
  const input = random(6, 5, 20)
  const huge = { ...input, weights: input.weights.map((weight) => weight * 1e38) }
  assert.throws(() => fit(huge, { factors: 2, iterations: 50, regularization: 0, unobserved_weight: 0 }), {
    code: 'training_diverged',
    message: /^ials: numbers are no longer finite in sweep \d+ of 50; raise regularization \(now 0\)/,
  })
})
