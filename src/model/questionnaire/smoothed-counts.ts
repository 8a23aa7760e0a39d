/**
 * A learner that takes answers for what they are, one of a few. It counts how often each label came with each form, and lets
 * forms lend their counts to each other:
 *
 *   s(f, y) = sum over forms g of count(g, y) × product over questions q of K_q(f_q, g_q)
 *   p(y | f) = (s(f, y) + a × p(y)) / (sum over y' of s(f, y') + a)
 *
 * This is the kernel estimator of Aitchison and Aitken (Biometrika 63, 1976) with a kernel a question, drawn towards the shares
 * p(y) of the labels overall by `a` rows. Departures: K(v, v) = 1, so that s counts rows; and a question's kernel is one of two
 * kinds, with one width w: `same` (another answer lends w, whichever it is: answers are names) or `near` (w^(d^2) for answers d
 * apart: answers are amounts; with all questions so, rows count by their Euclidean distance). w = 0 lends nothing; `same` with
 * w = 1 lends everything, so that a question that tells nothing drops out.
 *
 * Kernels and `a` are chosen by leave-one-out likelihood: a row's own count is 1 of s(f, y), so
 *   sum over rows of log((s(f, y) - 1 + a p(y)) / (s(f) - 1 + a))
 * costs one pass over the pairs of form and label that occur (of very many, over each so-manieth). Search: the best kernel in common to all questions, then question by
 * question while that gains, at most `sweeps` times. Deterministic.
 *
 * Notation: F forms, L labels, S answers to a question. Tables are F × L, row-major, doubles. Applying a kernel costs F × L × S;
 * a fit some hundred of these. Memory 4 × 8 × F × L bytes, and does not depend on the number of rows. A form without rows gets what
 * its neighbours lend, or, where nothing reaches it, the shares overall.
 */
import { formsOf, type Forms } from './forms.ts'
import type { FormTable } from './table.ts'

export interface Kernel {
  readonly kind: 'same' | 'near'
  /** What an answer one apart lends, 0 to 1. */
  readonly width: number
}

export interface Smoothing {
  /** One a question. */
  readonly kernels: readonly Kernel[]
  /** Rows of the shares overall that each form is given. */
  readonly prior: number
}

const kernels: readonly Kernel[] = [
  ...[0, 0.02, 0.1, 0.3, 1].map((width) => ({ kind: 'same', width }) as const),
  ...[0.1, 0.5, 0.85].map((width) => ({ kind: 'near', width }) as const),
]
/** Lends nothing. */
const alone: Kernel = { kind: 'same', width: 0 }
const priors = [0.1, 1, 10, 100] as const
const sweeps = 2
/** So many pairs of form and label tell kernels apart; more only take longer. */
const judgedCells = 50_000

/** Rows by form and label, F × L: what the learner needs of its data. */
export type Counts = Float64Array

export function countRows(forms: Forms, labelCount: number, numbers: Uint32Array, labels: Uint8Array): Counts {
  const counts = new Float64Array(forms.count * labelCount)
  for (let row = 0; row < numbers.length; row++) {
    const cell = (numbers[row] as number) * labelCount + (labels[row] as number)
    counts[cell] = (counts[cell] as number) + 1
  }
  return counts
}

/** Chooses kernels and prior by what rows say of each other. Gives way after each trial, telling how many were made. */
export function* chooseSmoothing(allForms: Forms, labelCount: number, allCounts: Counts): Generator<number, Smoothing> {
  const { forms, counts } = upToLargestAnswers(allForms, labelCount, allCounts)
  const judge = new LeaveOneOut(labelCount, counts)
  const smoother = new Smoother(forms, labelCount)
  const questions = forms.sizes.map((_, question) => question)
  let trials = 0
  let best: { likelihood: number; smoothing: Smoothing } = {
    likelihood: Number.NEGATIVE_INFINITY,
    smoothing: { kernels: questions.map(() => ({ kind: 'same', width: 1 })), prior: 1 },
  }
  const judgeOne = (smoothing: Smoothing): number => {
    const likelihood = judge.likelihood(smoothing.prior)
    if (likelihood > best.likelihood) best = { likelihood, smoothing }
    return ++trials
  }

  for (const kernel of kernels) {
    const common = questions.map(() => kernel)
    judge.take(smoother.smooth(counts, common))
    yield judgeOne({ ...best.smoothing, kernels: common })
  }
  for (let sweep = 0; sweep < sweeps; sweep++) {
    const before = best.likelihood
    for (const question of questions) {
      const held = best.smoothing
      const byOthers = smoother.smooth(counts, held.kernels.with(question, alone)).slice()
      for (const kernel of kernels) {
        judge.take(smoother.smooth(byOthers, questions.map((other) => (other === question ? kernel : alone)))) // prettier-ignore
        yield judgeOne({ ...held, kernels: held.kernels.with(question, kernel) })
      }
    }
    judge.take(smoother.smooth(counts, best.smoothing.kernels))
    for (const prior of priors) judgeOne({ ...best.smoothing, prior })
    yield trials
    if (best.likelihood === before) break
  }
  return best.smoothing
}

/** The same counts without the answers that nobody gave above those that somebody gave: they lend nothing and are asked nothing. */
function upToLargestAnswers(forms: Forms, labelCount: number, counts: Counts): { readonly forms: Forms; readonly counts: Counts } {
  const largest = forms.sizes.map(() => 0)
  const answerOf = (form: number, question: number): number =>
    Math.floor(form / (forms.strides[question] as number)) % (forms.sizes[question] as number)
  const given = Uint32Array.from({ length: forms.count }, (_, form) => form).filter((form) => {
    for (let label = 0; label < labelCount; label++) if (counts[form * labelCount + label] !== 0) return true
    return false
  })
  for (const form of given)
    for (let question = 0; question < largest.length; question++)
      largest[question] = Math.max(largest[question] as number, answerOf(form, question))
  const fewer = formsOf(largest.map((answer) => answer + 1))
  const moved = new Float64Array(fewer.count * labelCount)
  for (const form of given) {
    const to = fewer.strides.reduce((sum, stride, question) => sum + stride * answerOf(form, question), 0)
    for (let label = 0; label < labelCount; label++) moved[to * labelCount + label] = counts[form * labelCount + label] as number
  }
  return { forms: fewer, counts: moved }
}

/** The table of all forms. Of equally probable labels the smaller one. */
export function smoothCounts(forms: Forms, labelCount: number, counts: Counts, { kernels: chosen, prior }: Smoothing): FormTable {
  const smoothed = new Smoother(forms, labelCount).smooth(counts, chosen)
  const shares = labelShares(labelCount, counts)
  const labels = new Uint8Array(forms.count)
  const probabilities = new Float32Array(counts.length)
  for (let form = 0; form < forms.count; form++) {
    const start = form * labelCount
    let total = prior
    for (let label = 0; label < labelCount; label++) total += smoothed[start + label] as number
    let best = -1
    for (let label = 0; label < labelCount; label++) {
      const probability = ((smoothed[start + label] as number) + prior * (shares[label] as number)) / total
      probabilities[start + label] = probability
      if (probability <= best) continue
      best = probability
      labels[form] = label
    }
  }
  return { forms, labelCount, labels, probabilities }
}

/** With one row of each label added, so that no share is 0. */
function labelShares(labelCount: number, counts: Counts): Float64Array {
  const rows = new Float64Array(labelCount).fill(1)
  for (let cell = 0; cell < counts.length; cell++) {
    const label = cell % labelCount
    rows[label] = (rows[label] as number) + (counts[cell] as number)
  }
  const total = rows.reduce((sum, count) => sum + count, 0)
  return rows.map((count) => count / total)
}

/** How well the rows foretell each other under one smoothing after the other. */
class LeaveOneOut {
  readonly #labelCount: number
  readonly #shares: Float64Array
  /** Cells that have rows, and how many. */
  readonly #cells: Uint32Array
  readonly #rows: Float64Array
  /** Of each such cell: what others lend it, and what others lend its form. */
  readonly #lent: Float64Array
  readonly #lentToForm: Float64Array

  constructor(labelCount: number, counts: Counts) {
    this.#labelCount = labelCount
    this.#shares = labelShares(labelCount, counts)
    const cells = Uint32Array.from(counts.keys()).filter((cell) => (counts[cell] as number) > 0)
    const every = Math.ceil(cells.length / judgedCells)
    this.#cells = cells.filter((_, n) => n % every === 0)
    this.#rows = Float64Array.from(this.#cells, (cell) => counts[cell] as number)
    this.#lent = new Float64Array(this.#cells.length)
    this.#lentToForm = new Float64Array(this.#cells.length)
  }

  take(smoothed: Float64Array): void {
    let form = -1
    let total = 0
    for (let n = 0; n < this.#cells.length; n++) {
      const cell = this.#cells[n] as number
      const own = Math.floor(cell / this.#labelCount)
      if (own !== form) {
        form = own
        total = 0
        for (let label = 0; label < this.#labelCount; label++) total += smoothed[form * this.#labelCount + label] as number
      }
      // Rounding may leave a row slightly less than its own count.
      this.#lent[n] = Math.max(0, (smoothed[cell] as number) - 1)
      this.#lentToForm[n] = Math.max(0, total - 1)
    }
  }

  likelihood(prior: number): number {
    let sum = 0
    for (let n = 0; n < this.#cells.length; n++) {
      const share = this.#shares[(this.#cells[n] as number) % this.#labelCount] as number
      const probability = ((this.#lent[n] as number) + prior * share) / ((this.#lentToForm[n] as number) + prior)
      sum += (this.#rows[n] as number) * Math.log(probability)
    }
    return sum
  }
}

/** Applies kernels to tables of one size; its answer holds until the next one. */
class Smoother {
  readonly #forms: Forms
  readonly #labelCount: number
  readonly #smoothed: Float64Array
  readonly #scratch: Float64Array

  constructor(forms: Forms, labelCount: number) {
    this.#forms = forms
    this.#labelCount = labelCount
    this.#smoothed = new Float64Array(forms.count * labelCount)
    this.#scratch = new Float64Array(forms.count * labelCount)
  }

  /** One kernel a question. */
  smooth(table: Float64Array, chosen: readonly Kernel[]): Float64Array {
    this.#smoothed.set(table)
    for (const [question, kernel] of chosen.entries()) this.#mix(question, kernel)
    return this.#smoothed
  }

  /** Mixes the table along one question: `t(f) = sum over v of K(f_q, v) × t(f with v)`. */
  #mix(question: number, { kind, width }: Kernel): void {
    if (width === 0) return
    const table = this.#smoothed
    const scratch = this.#scratch
    const size = this.#forms.sizes[question] as number
    const run = (this.#forms.strides[question] as number) * this.#labelCount // neighbours in memory that share the answer
    const block = size * run
    if (kind === 'same') {
      for (let start = 0; start < table.length; start += block)
        for (let n = start; n < start + run; n++) {
          let sum = 0
          for (let at = n; at < start + block; at += run) sum += table[at] as number
          sum *= width
          for (let at = n; at < start + block; at += run) table[at] = sum + (1 - width) * (table[at] as number)
        }
      return
    }
    const weights = Float64Array.from({ length: size }, (_, distance) => width ** (distance * distance))
    scratch.set(table)
    for (let start = 0; start < table.length; start += block)
      for (let answer = 0; answer < size; answer++) {
        const to = start + answer * run
        for (let other = 0; other < size; other++) {
          if (other === answer) continue
          const weight = weights[Math.abs(answer - other)] as number
          const from = start + other * run
          for (let n = 0; n < run; n++) table[to + n] = (table[to + n] as number) + weight * (scratch[from + n] as number)
        }
      }
  }
}
