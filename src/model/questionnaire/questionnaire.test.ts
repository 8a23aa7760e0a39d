import assert from 'node:assert/strict'
import test from 'node:test'
import * as fc from 'fast-check'
import { learnerNames } from '../../contracts/questionnaire.ts'
import { decodeSafetensors, encodeSafetensors } from '../artifact/safetensors.ts'
import { Random } from '../random/random.ts'
import { confusionOf, majorityRight, quantile, rightOf, verdictOf, wilsonInterval } from './evaluation.ts'
import { formNumber, formNumbers, formsOf, type Forms } from './forms.ts'
import { crossValidate, learners } from './learners.ts'
import { nearestRows, voteOf } from './nearest-neighbours.ts'
import { firstRows, mostSampleRows, pick, splitRows, type Rows } from './rows.ts'
import { chooseSmoothing, countRows, smoothCounts, type Kernel } from './smoothed-counts.ts'
import { accuracyOf, tableOf, tableTensors, type FormTable } from './table.ts'

function endOf<T>(steps: Generator<unknown, T>): T {
  let step = steps.next()
  while (step.done !== true) step = steps.next()
  return step.value
}

const answersOf = ({ sizes, strides }: Forms, form: number): number[] =>
  sizes.map((size, question) => Math.floor(form / (strides[question] ?? 1)) % size)

const smallForms = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 }).map(formsOf)

/** Some rows over small forms, so that distances and votes are often equal. */
const arbitraryRows = smallForms.chain((forms) =>
  fc.record({
    forms: fc.constant(forms),
    labelCount: fc.integer({ min: 1, max: 4 }),
    rows: fc.array(fc.tuple(fc.nat(forms.count - 1), fc.nat(1000)), { minLength: 1, maxLength: 30 }),
  }),
)
const rowsOf = (rows: readonly (readonly [number, number])[], labelCount: number): Rows => ({
  numbers: Uint32Array.from(rows, ([form]) => form),
  labels: Uint8Array.from(rows, ([, label]) => label % labelCount),
})

test('forms are numbered as answers in mixed radix, and back', () => {
  const forms = formsOf([9, 9, 9, 9, 9])
  assert.equal(forms.count, 59_049)
  assert.equal(formNumber(forms, [8, 8, 8, 8, 8]), 59_048)
  for (const form of [0, 1, 8, 9, 12_345, 59_048]) assert.equal(formNumber(forms, answersOf(forms, form)), form)
  assert.deepEqual([...formNumbers(formsOf([2, 3]), Uint8Array.of(0, 2, 1, 0))], [2, 3])
  assert.throws(() => formNumbers(formsOf([2, 3]), Uint8Array.of(0, 2, 2, 0)), /row 1: answer 2 to question 0, which has 2 answers/)
})

/** Contract section 11, word for word, for one form. */
function neighbourRule(forms: Forms, { numbers, labels }: Rows, k: number, form: number): { label: number; votes: Map<number, number> } {
  const asked = answersOf(forms, form)
  const nearest = Array.from(numbers, (number, position) => {
    const answers = answersOf(forms, number)
    return { position, distance: asked.reduce((sum, answer, question) => sum + (answer - (answers[question] ?? 0)) ** 2, 0) }
  })
    .toSorted((a, b) => a.distance - b.distance || a.position - b.position)
    .slice(0, k)
    .map(({ position, distance }) => ({ distance, label: labels[position] ?? 0 }))
  const votes = new Map<number, number>()
  for (const { label } of nearest) votes.set(label, (votes.get(label) ?? 0) + 1)
  const first = (label: number): number => nearest.find((one) => one.label === label)?.distance ?? 0
  const [winner] = [...votes].toSorted(([a, ofA], [b, ofB]) => ofB - ofA || first(a) - first(b) || a - b)
  return { label: winner?.[0] ?? 0, votes }
}

test('the neighbours of all forms are those of the rule, ties and all', () => {
  fc.assert(
    fc.property(arbitraryRows, fc.integer({ min: 1, max: 12 }), ({ forms, labelCount, rows }, k) => {
      const sample = rowsOf(rows, labelCount)
      const table = voteOf(forms, endOf(nearestRows(forms, sample.numbers, k)), sample.labels, labelCount)
      for (let form = 0; form < forms.count; form++) {
        const { label, votes } = neighbourRule(forms, sample, k, form)
        assert.equal(table.labels[form], label)
        for (let of = 0; of < labelCount; of++)
          assert.equal(table.probabilities[form * labelCount + of], Math.fround((votes.get(of) ?? 0) / Math.min(k, rows.length)))
      }
    }),
    { numRuns: 300 },
  )
})

test('without rows there are no neighbours', () => {
  assert.throws(() => endOf(nearestRows(formsOf([2]), new Uint32Array(), 10)), { code: 'no_training_data' })
})

const lent = ({ kind, width }: Kernel, a: number, b: number): number => (a === b ? 1 : kind === 'same' ? width : width ** ((a - b) ** 2))

/** The formula of smoothed-counts.ts, over all pairs of forms. */
function smoothedByHand(forms: Forms, labelCount: number, counts: Float64Array, kernels: readonly Kernel[]): Float64Array {
  const result = new Float64Array(counts.length)
  for (let to = 0; to < forms.count; to++)
    for (let from = 0; from < forms.count; from++) {
      const other = answersOf(forms, from)
      const weight = answersOf(forms, to).reduce((product, answer, question) => {
        const kernel = kernels[question]
        return kernel === undefined ? product : product * lent(kernel, answer, other[question] ?? 0)
      }, 1)
      for (let label = 0; label < labelCount; label++)
        result[to * labelCount + label] = (result[to * labelCount + label] ?? 0) + weight * (counts[from * labelCount + label] ?? 0)
    }
  return result
}

test('smoothing is the formula, and probabilities add up to 1', () => {
  const kernel = fc.record({ kind: fc.constantFrom('same' as const, 'near' as const), width: fc.constantFrom(0, 0.1, 0.5, 1) })
  fc.assert(
    fc.property(arbitraryRows, fc.array(kernel, { minLength: 4, maxLength: 4 }), ({ forms, labelCount, rows }, kernels) => {
      const { numbers, labels } = rowsOf(rows, labelCount)
      const counts = countRows(forms, labelCount, numbers, labels)
      const used = kernels.slice(0, forms.sizes.length)
      const prior = 3
      const table = smoothCounts(forms, labelCount, counts, { kernels: used, prior })
      const smoothed = smoothedByHand(forms, labelCount, counts, used)
      const share = (label: number): number =>
        (1 + labels.reduce((sum, one) => sum + Number(one === label), 0)) / (rows.length + labelCount)
      for (let form = 0; form < forms.count; form++) {
        const own = [...smoothed.subarray(form * labelCount, (form + 1) * labelCount)]
        const total = own.reduce((sum, value) => sum + value, prior)
        const expected = own.map((value, label) => (value + prior * share(label)) / total)
        const given = [...table.probabilities.subarray(form * labelCount, (form + 1) * labelCount)]
        for (const [label, value] of expected.entries()) assert.ok(Math.abs((given[label] ?? 0) - value) < 1e-6)
        assert.ok(Math.abs(given.reduce((sum, value) => sum + value, 0) - 1) < 1e-5)
        assert.ok((expected[table.labels[form] ?? 0] ?? 0) >= Math.max(...expected) - 1e-12)
      }
    }),
    { numRuns: 100 },
  )
})

/** Answers 0 to 7; the label follows `rule` but for a share of noise. */
function planted(count: number, seed: number, noise: number, rule: (answers: readonly number[]) => number): { forms: Forms; rows: Rows } {
  const random = Random.seeded(seed)
  const forms = formsOf([9, 9, 9, 9, 9])
  const numbers = new Uint32Array(count)
  const labels = new Uint8Array(count)
  for (let row = 0; row < count; row++) {
    const answers = forms.sizes.map(() => random.below(8))
    numbers[row] = formNumber(forms, answers)
    labels[row] = random.unit() < noise ? random.below(12) : rule(answers)
  }
  return { forms, rows: { numbers, labels } }
}

test('questions that tell nothing drop out, answers that are names stay apart, answers that are amounts lend to their neighbours', () => {
  const names = [5, 2, 7, 0, 3, 6, 1, 4]
  const byName = planted(6000, 1, 0.2, ([a = 0]) => names[a] ?? 0)
  const byAmount = planted(6000, 2, 0.2, ([a = 0, b = 0, c = 0, d = 0]) => Math.floor((a + b + c + d) / 3))
  const chosen = ({ forms, rows }: typeof byName): readonly Kernel[] =>
    endOf(chooseSmoothing(forms, 12, countRows(forms, 12, rows.numbers, rows.labels))).kernels
  const [first, ...others] = chosen(byName)
  assert.deepEqual(first, { kind: 'same', width: 0 })
  assert.ok(others.filter(({ kind, width }) => width === 1 || (kind === 'near' && width === 0.85)).length >= 3, JSON.stringify(others))
  assert.ok(chosen(byAmount).slice(0, 4).every(({ kind, width }) => kind === 'near' && width > 0), JSON.stringify(chosen(byAmount))) // prettier-ignore
})

function accuracyOn(name: (typeof learnerNames)[number], { forms, rows }: ReturnType<typeof planted>): number {
  const { train, test: held } = splitRows(rows.labels.length, 0)
  const { table } = endOf(learners[name](forms, 12, pick(rows, train)))
  const testRows = pick(rows, held)
  return accuracyOf(table, testRows.numbers, testRows.labels)
}

test('smoothed counts are at least as accurate as neighbours where something is planted, and find nothing in noise', () => {
  for (const [what, rule] of [
    ['names', ([a = 0, b = 0, c = 0]: readonly number[]) => (a * 3 + b * 5 + c) % 12],
    ['amounts', ([a = 0, b = 0, c = 0, d = 0]: readonly number[]) => Math.floor((a + b + c + d) / 3)],
    ['prototypes', ([a = 0, b = 0, c = 0, d = 0, e = 0]: readonly number[]) => Number(a > 3) + 2 * Number(b > 3) + 4 * Number(c > d)  + 2 * Number(e > 5)], // prettier-ignore
  ] as const) {
    const data = planted(60_000, 3, 0.3, rule)
    const [neighbours, counts] = learnerNames.map((name) => accuracyOn(name, data))
    assert.ok((counts ?? 0) >= (neighbours ?? 1), `${what}: ${counts} against ${neighbours}`)
    assert.ok((counts ?? 0) > 0.65, `${what}: ${counts} of at most 0.725`)
  }
  const noise = planted(20_000, 4, 1, () => 0)
  for (const name of learnerNames) {
    const accuracy = accuracyOn(name, noise)
    const { better, sentence } = verdictOf(accuracy, wilsonInterval(Math.round(accuracy * 2000), 2000), 1 / 12, 1 / 12, 2000)
    assert.equal(better, false, sentence)
    assert.match(sentence, /^no better than chance: accuracy /)
  }
})

test('the same rows give the same bytes; a table comes back as it was', () => {
  const { forms, rows } = planted(500, 5, 0.3, ([a = 0]) => a)
  for (const name of learnerNames) {
    const bytes = (): Uint8Array => {
      const { table, tensors } = endOf(learners[name](forms, 12, rows))
      return encodeSafetensors(new Map([...tableTensors(table), ...tensors]))
    }
    const first = bytes()
    assert.deepEqual(bytes(), first)
    const back = tableOf(decodeSafetensors(first).tensors)
    assert.deepEqual(back, endOf(learners[name](forms, 12, rows)).table)
  }
})

test('a table that is not whole is refused', () => {
  const table: FormTable = { forms: formsOf([2, 2]), labelCount: 2, labels: new Uint8Array(4), probabilities: new Float32Array(8) }
  for (const change of [{ labels: Uint8Array.of(0, 1, 2, 0) }, { probabilities: new Float32Array(8).fill(Number.NaN) }])
    assert.throws(() => tableOf(tableTensors({ ...table, ...change })), { code: 'model_incompatible' })
  const tensors = new Map([...tableTensors(table), ['sizes', { shape: [2], data: Uint32Array.of(2, 3) }] as const])
  assert.throws(() => tableOf(tensors), { code: 'model_incompatible' })
})

test('the test is the last tenth of the shuffled rows, rounded up; the sample the first of the rest', () => {
  for (const [count, expected] of [
    [2, 1],
    [10, 1],
    [11, 2],
    [100, 10],
    [101, 11],
    [1_000_000, 100_000],
  ] as const) {
    // prettier-ignore
    const { train, sample, test: held } = splitRows(count, 0)
    assert.equal(held.length, expected)
    assert.equal(train.length, count - expected)
    assert.deepEqual(sample, train.subarray(0, mostSampleRows))
    assert.equal(new Set([...train, ...held]).size, count)
  }
  assert.deepEqual(splitRows(1000, 0), splitRows(1000, 0))
  assert.notDeepEqual(splitRows(1000, 0), splitRows(1000, 1))
  assert.throws(() => splitRows(1, 0), { code: 'no_training_data' })
})

test('cross-validation measures on rows that the fit has not seen', () => {
  // Labels that follow the form exactly, each form once: what was not seen cannot be known.
  const forms = formsOf([9, 9, 9])
  const numbers = Uint32Array.from({ length: forms.count }, (_, form) => form)
  const random = Random.seeded(6)
  const rows = { numbers, labels: Uint8Array.from(numbers, () => random.below(12)) }
  for (const name of learnerNames) assert.ok(endOf(crossValidate(learners[name], forms, 12, rows)) < 0.16, name)
  assert.equal(endOf(crossValidate(learners['smoothed-counts'], forms, 12, firstRows(rows, 1))), 0)
})

test('Wilson’s bounds are the shares from which what was seen lies just so many deviations away', () => {
  const deviations = 2.5758293035489004 // the normal distribution leaves 0.5 % beyond
  assert.deepEqual(wilsonInterval(0, 0), { low: 0, high: 1 })
  fc.assert(
    fc.property(fc.nat(1000), fc.integer({ min: 1, max: 1000 }), (a, count) => {
      const right = Math.min(a, count)
      const share = right / count
      const { low, high } = wilsonInterval(right, count)
      assert.ok(low >= 0 && low <= share + 1e-12 && share <= high + 1e-12 && high <= 1)
      for (const bound of [low, high])
        if (bound > 1e-9 && bound < 1 - 1e-9)
          assert.ok(Math.abs(Math.abs(share - bound) - deviations * Math.sqrt((bound * (1 - bound)) / count)) < 1e-9)
    }),
  )
})

test('confusion, majority and quantiles', () => {
  const table: FormTable = { forms: formsOf([3]), labelCount: 2, labels: Uint8Array.of(0, 1, 1), probabilities: new Float32Array(6) }
  const rows = { numbers: Uint32Array.of(0, 1, 2, 2), labels: Uint8Array.of(0, 0, 1, 0) }
  const confusion = confusionOf(table, rows)
  assert.deepEqual(confusion, [
    [1, 2],
    [0, 1],
  ])
  assert.equal(rightOf(confusion), 2)
  assert.equal(majorityRight(2, rows, rows), 3)
  assert.equal(majorityRight(2, { ...rows, labels: Uint8Array.of(0, 1, 1, 0) }, rows), 3, 'of equals the smaller')
  assert.deepEqual([quantile([1, 2, 3, 4], 0.5), quantile([1, 2, 3, 4], 0.99), quantile([1], 0.5), quantile([], 0.5)], [2, 4, 1, 0])
})
