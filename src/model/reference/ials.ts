/**
 * iALS: factors whose products are near 1 for observed pairs and near 0 for all others, by alternating least squares.
 * Hu, Koren, Volinsky: "Collaborative filtering for implicit feedback datasets", ICDM 2008, in the form of Rendle, Krichene, Zhang, Koren:
 * "Revisiting the performance of iALS on item recommendation benchmarks", RecSys 2022. Minimised, with y_ui = w_u · h_i, is
 *
 *   Σ_observed c_ui (1 - y_ui)²  +  a Σ_all y_ui²  +  r [ Σ_u (n_u + a × items)^v |w_u|²  +  Σ_i (n_i + a × users)^v |h_i|² ]
 *
 * | notation | variable or parameter                | shape, unit                              |
 * |----------|--------------------------------------|------------------------------------------|
 * | w_u, h_i | `userFactors`, `itemFactors`         | users × factors, items × factors; 32-bit |
 * | c_ui     | `weights`                            | a pair; 1 in the papers                  |
 * | n_u, n_i | pairs of weight above 0 of a row     | count                                    |
 * | a, r, v  | `unobserved_weight`, `regularization`, `regularization_exponent` | -            |
 *
 * Departures: an observed pair's weight multiplies its term, n counts pairs and not weights; rows are solved by three steps of conjugate
 * gradients from their last value (Takács, Pilászy, Tikk 2011), which reaches the same minimum over the sweeps.
 *
 * A sweep solves all users against the items, then all items against the users. First values: users 0, items normal with standard deviation
 * 0.1 / sqrt(factors), from stream 0 of the seed; the only randomness. Sums are in double precision in a fixed order.
 * A sweep costs O(pairs × factors × 8 + (users + items) × factors² × 5) and memory 4 bytes a factor, 16 bytes a pair.
 * The input is checked (`checkInteractions`) and never written to.
 *
 * The reported loss is that between the two halves of a sweep, where all its sums come by anyway.
 * Rows without a pair of weight above 0 are 0, which is their minimum. Strangers get popularity: the number of users an item has.
 */
import { MatineeError } from '../../contracts/errors.ts'
import { readTensorOf } from '../artifact/tensor-access.ts'
import { FactorModel, matrix, vector } from '../factor-model.ts'
import type { Fit, FitProgress, Interactions, Model, ModelFamily, Parameters, Tensors } from '../model.ts'
import { numberParameter, resolveParameters } from '../parameters.ts'
import { Random } from '../random/random.ts'
import { checkInteractions, transpose } from '../sparse/interactions.ts'
import { addGram, RowSolver } from './row-solver.ts'

const algorithm = 'ials'
const stepsOfRow = 3
/** Multiply-adds of one `advance`: about a tenth of a second. */
const batchWork = 4e7

interface Objective {
  readonly unobservedWeight: number
  readonly regularization: number
  readonly exponent: number
}

/** λ of a row with that many pairs, where the other side has `otherCount` rows. */
const penaltyOf = ({ unobservedWeight, regularization, exponent }: Objective, pairs: number, otherCount: number): number =>
  regularization * (pairs + unobservedWeight * otherCount) ** exponent

/** One side of the matrix: its factors, its rows of pairs, and how many of them weigh anything. */
interface Side {
  readonly factors: Float32Array
  readonly pairs: Interactions
  readonly pairCounts: Uint32Array
}

function sideOf(pairs: Interactions, factors: Float32Array): Side {
  const pairCounts = new Uint32Array(pairs.userCount)
  for (let row = 0; row < pairs.userCount; row++) {
    let count = 0
    for (let pair = pairs.offsets[row] as number; pair < (pairs.offsets[row + 1] as number); pair++)
      count += Number((pairs.weights[pair] as number) > 0)
    pairCounts[row] = count
  }
  return { factors, pairs, pairCounts }
}

/** A sweep's four parts, and the share of the sweep at which each begins. */
const stages = [
  { solves: 'users', doing: 'gram', begin: 0 },
  { solves: 'users', doing: 'rows', begin: 0.05 },
  { solves: 'items', doing: 'gram', begin: 0.5 },
  { solves: 'items', doing: 'rows', begin: 0.55 },
] as const

class IalsFit implements Fit {
  readonly #users: Side
  readonly #items: Side
  readonly #factors: number
  readonly #iterations: number
  readonly #objective: Objective
  readonly #solver: RowSolver
  /** a × HᵀH of the side that stands still; that of the items is kept for the loss. */
  readonly #gramOfItems: Float64Array
  readonly #gramOfUsers: Float64Array
  #sweep = 0
  #stage = 0
  /** Rows of the stage that are done. */
  #row = 0
  #loss = 0
  #sweepLoss: number | undefined

  constructor(
    input: Interactions,
    factors: number,
    iterations: number,
    objective: Objective,
    seed: number,
    checkpoint: Tensors | undefined,
  ) {
    this.#factors = factors
    this.#iterations = iterations
    this.#objective = objective
    this.#solver = new RowSolver(factors)
    this.#gramOfItems = new Float64Array(factors * factors)
    this.#gramOfUsers = new Float64Array(factors * factors)
    const read = (name: string, rows: number): Float32Array | undefined =>
      checkpoint && readTensorOf(checkpoint, name, Float32Array, [rows, factors]).slice()
    this.#users = sideOf(input, read('user_factors', input.userCount) ?? new Float32Array(input.userCount * factors))
    this.#items = sideOf(transpose(input), read('item_factors', input.itemCount) ?? firstItemFactors(input.itemCount, factors, seed))
    if (checkpoint === undefined) return
    this.#sweep = readTensorOf(checkpoint, 'epoch', Uint32Array, [1])[0] ?? 0
    this.#sweepLoss = readTensorOf(checkpoint, 'epoch_loss', Float64Array, [1])[0]
    if (this.#sweep > iterations)
      throw new MatineeError('model_incompatible', `ials: the checkpoint has ${this.#sweep} sweeps done, expected at most ${iterations}`)
  }

  advance(): FitProgress {
    if (this.#sweep < this.#iterations) this.#advanceStage()
    return this.#progress()
  }

  checkpoint(): Tensors | undefined {
    if (this.#sweep === 0 || this.#stage > 0 || this.#row > 0) return undefined
    return new Map([
      ...this.#factorTensors(),
      ['epoch', vector(Uint32Array.of(this.#sweep))],
      ['epoch_loss', vector(Float64Array.of(this.#sweepLoss ?? 0))],
    ])
  }

  finish(): Model {
    if (this.#sweep < this.#iterations)
      throw new MatineeError('internal', `ials: ${this.#sweep} of ${this.#iterations} sweeps are done; advance until fraction is 1`)
    const { unobservedWeight, regularization, exponent } = this.#objective
    return new IalsModel(
      new Map([
        ...this.#factorTensors(),
        ['item_scores', vector(Float32Array.from(this.#items.pairCounts))],
        ['objective', vector(Float64Array.of(unobservedWeight, regularization, exponent))],
      ]),
    )
  }

  /** One batch of one stage; at its end the next stage, and after the last the next sweep. */
  #advanceStage(): void {
    if (this.#stage === 0 && this.#row === 0) this.#loss = 0
    const rows = this.#rowsOfStage()
    this.#row = this.#current().doing === 'gram' ? this.#sumRows(this.#row, rows) : this.#solveRows(this.#row, rows)
    if (this.#row < rows) return
    this.#row = 0
    this.#stage++
    if (this.#stage < stages.length) return
    this.#stage = 0
    this.#endSweep()
  }

  #current(): (typeof stages)[number] {
    return stages[this.#stage] ?? stages[0]
  }

  #rowsOfStage(): number {
    const { solves, doing } = this.#current()
    return ((solves === 'users') === (doing === 'rows') ? this.#users : this.#items).pairs.userCount
  }

  /** Adds rows of the side that stands still to its Gram matrix and their penalties to the loss. Returns where it stopped. */
  #sumRows(from: number, rows: number): number {
    const factors = this.#factors
    const [fixed, gram] = this.#current().solves === 'users' ? [this.#items, this.#gramOfItems] : [this.#users, this.#gramOfUsers]
    if (from === 0) gram.fill(0)
    const to = Math.min(rows, from + Math.ceil(batchWork / (factors * factors)))
    addGram(gram, fixed.factors, factors, from, to, this.#objective.unobservedWeight)
    for (let row = from; row < to; row++) {
      let square = 0
      for (let f = row * factors; f < (row + 1) * factors; f++) square += (fixed.factors[f] as number) ** 2
      this.#loss += penaltyOf(this.#objective, fixed.pairCounts[row] as number, fixed.pairs.itemCount) * square
    }
    return to
  }

  /** Solves rows until a batch's work is done. Returns where it stopped. */
  #solveRows(from: number, rows: number): number {
    const factors = this.#factors
    const solvesUsers = this.#current().solves === 'users'
    const [solved, fixed] = solvesUsers ? [this.#users, this.#items] : [this.#items, this.#users]
    const gram = solvesUsers ? this.#gramOfItems : this.#gramOfUsers
    const { offsets, items: others, weights, itemCount: otherCount } = solved.pairs
    let work = 0
    let row = from
    for (; row < rows && work < batchWork; row++) {
      const start = offsets[row] as number
      const end = offsets[row + 1] as number
      const pairCount = solved.pairCounts[row] as number
      work += (stepsOfRow + 1) * factors * (2 * (end - start) + factors)
      if (pairCount === 0) {
        solved.factors.fill(0, row * factors, (row + 1) * factors)
        continue
      }
      const penalty = penaltyOf(this.#objective, pairCount, otherCount)
      const observedLoss = this.#solver.solve(
        { factors: solved.factors, row, others, weights, start, end },
        { factors: fixed.factors, gram, penalty },
        stepsOfRow,
      )
      if (!solvesUsers) this.#loss += observedLoss
    }
    return row
  }

  #endSweep(): void {
    this.#sweep++
    const { unobservedWeight, regularization } = this.#objective
    // Both matrices carry a factor a, and Σ_all y² is the sum of the products of their entries.
    const products = this.#gramOfUsers.reduce((sum, value, n) => sum + value * (this.#gramOfItems[n] as number), 0)
    this.#sweepLoss = this.#loss + (unobservedWeight === 0 ? 0 : products / unobservedWeight)
    if (Number.isFinite(this.#sweepLoss) && this.#items.factors.every(Number.isFinite)) return
    throw new MatineeError(
      'training_diverged',
      `ials: numbers are no longer finite in sweep ${this.#sweep} of ${this.#iterations}; raise regularization (now ${regularization}) or lower the weights of pairs`,
      { details: { epoch: this.#sweep, parameter: 'regularization' } },
    )
  }

  #factorTensors(): Tensors {
    return new Map([
      ['user_factors', matrix(this.#users.factors.slice(), this.#users.pairs.userCount, this.#factors)],
      ['item_factors', matrix(this.#items.factors.slice(), this.#items.pairs.userCount, this.#factors)],
    ])
  }

  #progress(): FitProgress {
    const { begin } = this.#current()
    const end = stages[this.#stage + 1]?.begin ?? 1
    const ofSweep = begin + ((end - begin) * this.#row) / Math.max(1, this.#rowsOfStage())
    return {
      epoch: this.#sweep,
      epochs: this.#iterations,
      fraction: (this.#sweep + ofSweep) / this.#iterations,
      ...(this.#sweepLoss === undefined ? {} : { loss: this.#sweepLoss }),
    }
  }
}

function firstItemFactors(itemCount: number, factors: number, seed: number): Float32Array {
  const random = Random.seeded(seed, 0)
  const deviation = 0.1 / Math.sqrt(factors)
  const numbers = new Float32Array(itemCount * factors)
  for (let n = 0; n < numbers.length; n++) numbers[n] = deviation * random.normal()
  return numbers
}

/** A relative residual that single precision no longer shows. */
const foldInTolerance = 1e-9

export class IalsModel extends FactorModel {
  readonly #objective: Objective
  #gram: Float64Array | undefined

  constructor(tensors: Tensors) {
    super(algorithm, tensors)
    const [unobservedWeight = 0, regularization = 0, exponent = 0] = readTensorOf(tensors, 'objective', Float64Array, [3])
    this.#objective = { unobservedWeight, regularization, exponent }
  }

  /**
   * The factors of someone with that history: the minimum of that row's part of the loss, as if it were solved to the end in a sweep.
   * @param items positions, ascending and distinct
   * @param weights one an item, finite, at least 0
   */
  foldIn(items: Uint32Array, weights: Float32Array): Float32Array {
    checkInteractions({ userCount: 1, itemCount: this.itemCount, offsets: Uint32Array.of(0, items.length), items, weights })
    const factors = new Float32Array(this.factorCount)
    const pairs = weights.reduce((count, weight) => count + Number(weight > 0), 0)
    if (pairs === 0) return factors
    if (this.#gram === undefined) {
      this.#gram = new Float64Array(this.factorCount ** 2)
      addGram(this.#gram, this.itemFactors, this.factorCount, 0, this.itemCount, this.#objective.unobservedWeight)
    }
    const penalty = penaltyOf(this.#objective, pairs, this.itemCount)
    new RowSolver(this.factorCount).solve(
      { factors, row: 0, others: items, weights, start: 0, end: items.length },
      { factors: this.itemFactors, gram: this.#gram, penalty },
      4 * this.factorCount,
      foldInTolerance,
    )
    return factors
  }

  override scoreHistory(items: Uint32Array, weights: Float32Array, scores: Float32Array): void {
    this.scoreFactors(this.foldIn(items, weights), scores)
  }
}

export const ials: ModelFamily = {
  algorithm,
  parameters: [
    { name: 'factors', description: 'Numbers a user and an item have', type: 'integer', default: 64, minimum: 1, maximum: 1024 },
    { name: 'iterations', description: 'Sweeps over users and items', type: 'integer', default: 16, minimum: 1, maximum: 10_000 },
    {
      name: 'unobserved_weight',
      description: 'Weight a of each pair, observed or not, towards 0',
      type: 'number',
      default: 0.1,
      minimum: 0,
      maximum: 1000,
    },
    { name: 'regularization', description: 'Weight r of the L2 penalty', type: 'number', default: 0.01, minimum: 0, maximum: 1000 },
    {
      name: 'regularization_exponent',
      description: 'Exponent v: 1 lets the penalty of a row grow with its pairs, 0 is the plain form',
      type: 'number',
      default: 1,
      minimum: 0,
      maximum: 2,
    },
  ],
  start(input: Interactions, given: Parameters, seed: number, checkpoint?: Tensors): Fit {
    checkInteractions(input)
    const parameters = resolveParameters(ials, given)
    const objective: Objective = {
      unobservedWeight: numberParameter(parameters, 'unobserved_weight'),
      regularization: numberParameter(parameters, 'regularization'),
      exponent: numberParameter(parameters, 'regularization_exponent'),
    }
    return new IalsFit(
      input,
      numberParameter(parameters, 'factors'),
      numberParameter(parameters, 'iterations'),
      objective,
      seed,
      checkpoint,
    )
  },
  load: (tensors) => new IalsModel(tensors),
}
