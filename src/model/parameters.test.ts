import assert from 'node:assert/strict'
import test from 'node:test'
import { families, familyOf } from './families.ts'
import type { ParameterSpec } from './model.ts'
import { numberParameter, parseParameter, resolveParameters } from './parameters.ts'

const parameters: readonly ParameterSpec[] = [
  { name: 'factors', description: '', type: 'integer', default: 30, minimum: 1, maximum: 64 },
  { name: 'rate', description: '', type: 'number', default: 0.5, minimum: 0 },
  { name: 'racing', description: '', type: 'boolean', default: false },
]
const family = { algorithm: 'sample', parameters }

test('what is not given is the default', () => {
  assert.deepEqual(resolveParameters(family, {}), { factors: 30, rate: 0.5, racing: false })
  assert.deepEqual(resolveParameters(family, { rate: 0, racing: true }), { factors: 30, rate: 0, racing: true })
})

test('what is wrong is named with what is allowed', () => {
  const refusals: readonly [RegExp, Readonly<Record<string, unknown>>][] = [
    [/^sample: factors is 0, allowed is integer from 1 to 64$/, { factors: 0 }],
    [/factors is 65, allowed/, { factors: 65 }],
    [/factors is 1.5, allowed/, { factors: 1.5 }],
    [/factors is 3, allowed/, { factors: '3' }],
    [/rate is NaN, allowed is number from 0$/, { rate: NaN }],
    [/rate is Infinity, allowed/, { rate: Infinity }],
    [/racing is 1, allowed is true or false/, { racing: 1 }],
    [/there is no parameter factor \(given 3\); allowed are factors, rate, racing/, { factor: 3 }],
  ]
  for (const [message, given] of refusals) assert.throws(() => resolveParameters(family, given), { code: 'parameter_invalid', message })
  assert.throws(() => numberParameter({ racing: true }, 'racing'), { code: 'internal' })
})

test('text becomes the type of its parameter', () => {
  assert.deepEqual(parseParameter(family, 'factors=12'), ['factors', 12])
  assert.deepEqual(parseParameter(family, 'rate=1e-3'), ['rate', 0.001])
  assert.deepEqual(parseParameter(family, 'racing=true'), ['racing', true])
  for (const [text, message] of [
    ['factors=', /factors is , allowed is integer/],
    ['factors=twelve', /factors is twelve, allowed/],
    ['racing=1', /racing is 1, allowed is true or false/],
    ['factors', /factors is , allowed/],
    ['depth=3', /no parameter depth \(given 3\)/],
  ] as const)
    assert.throws(() => parseParameter(family, text), { code: 'parameter_invalid', message })
})

test('every family is found by its name and accepts its own defaults', () => {
  for (const one of families) {
    assert.equal(familyOf(one.algorithm), one)
    assert.deepEqual(
      Object.keys(resolveParameters(one, {})),
      one.parameters.map((spec) => spec.name),
    )
  }
  assert.throws(() => familyOf('magic'), { code: 'parameter_invalid', message: /no algorithm magic; allowed are warp/ })
})
