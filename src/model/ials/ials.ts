/**
 * iALS: factors whose products are near 1 for observed pairs and near 0 for all others, by alternating least squares.
 * Hu, Koren, Volinsky: "Collaborative filtering for implicit feedback datasets", ICDM 2008, in the form of Rendle, Krichene, Zhang, Koren:
 * "Revisiting the performance of iALS on item recommendation benchmarks", RecSys 2022. Minimised, with y_ui = w_u · h_i, is
 *
 *   Σ_observed c_ui (1 - y_ui)²  +  a Σ_all y_ui²  +  r [ Σ_u (n_u + a × items)^v |w_u|²  +  Σ_i (n_i + a × users)^v |h_i|² ]
 *
 * | notation | variable or parameter                | shape, unit                              |
 * |----------|--------------------------------------|------------------------------------------|
 * | w_u, h_i | `user_factors`, `item_factors`       | users × factors, items × factors; 32-bit |
 * | c_ui     | `weights`                            | a pair; 1 in the papers                  |
 * | n_u, n_i | pairs of weight above 0 of a row     | count                                    |
 * | a, r, v  | `unobserved_weight`, `regularization`, `regularization_exponent` | -            |
 *
 * Departures: an observed pair's weight multiplies its term, n counts pairs and not weights; rows are solved by a few steps of conjugate
 * gradients from their last value (Takács, Pilászy, Tikk 2011), which reaches the same minimum over the sweeps, or, with `cholesky`, to
 * the end. Conjugate gradients run in the basis in which the Gram matrix of the side that stands still is diagonal: both sides are turned
 * into it before each half of a sweep. Products of factors do not see that, and the loss is the same.
 *
 * A sweep solves all users against the items, then all items against the users. First values: users 0, items uniform with standard
 * deviation 0.1 / sqrt(factors), from stream 0 of the seed; the only randomness. Rows are in single precision; the Gram matrix is summed in
 * blocks that do not depend on the number of threads, and each row is solved by itself, so any number of threads gives the same bytes.
 * A sweep costs O(pairs × factors × 12 + (users + items) × factors² × 3 + factors³), memory 4 bytes a factor of users and items + 16 bytes a
 * pair. The input is checked (`checkInteractions`) and never written to.
 *
 * The reported loss is that between the two halves of a sweep, where all its sums come by anyway.
 * Rows without a pair of weight above 0 are 0, which is their minimum. Strangers get popularity: the number of users an item has.
 * A number that is no longer finite ends the fit (`training_diverged`).
 */
import { MatineeError } from '../../contracts/errors.ts'
import { readTensorOf } from '../artifact/tensor-access.ts'
import { eigenSystem, planEigenSystem, type EigenLayout } from '../dense/eigen.ts'
import { withFeatureFactors, type ItemFeatures } from '../features/feature-factors.ts'
import { FactorModel, matrix, vector, withMemory } from '../factor-model.ts'
import { callersThread, callKernel, type KernelName, type KernelThreads } from '../kernels/kernels.ts'
import { doublesAt, floatsAt, gathered, MemoryPlan, spread, strideOf, wordsAt } from '../kernels/memory.ts'
import { fillPairRows, pairRowsArguments, planPairRows, type PairRows } from '../kernels/pair-rows.ts'
import type {
  DataShape,
  Fit,
  FitProgress,
  FitResources,
  HistoryExplainer,
  Interactions,
  KernelMemories,
  Model,
  ModelFamily,
  Parameters,
  Tensors,
  TrainingInput,
} from '../model.ts'
import { numberParameter, resolveParameters } from '../parameters.ts'
import { Random } from '../random/random.ts'
import { checkInteractions, transpose } from '../sparse/interactions.ts'
import { watcherCounts } from '../sparse/watcher-counts.ts'
import { FoldIn, gramBlocks, scratchRows } from './fold-in.ts'

const algorithm = 'ials'
/** Steps of conjugate gradients a row takes in a sweep. */
const stepsOfRow = 2
/** Multiply-adds of one `advance`: about a tenth of a second on one thread. */
const batchWork = 4e8
/** Rows of one task of a kernel. */
const blockRows = 32

interface Objective {
  readonly unobservedWeight: number
  readonly regularization: number
  readonly exponent: number
}

interface Settings extends Objective {
  readonly factors: number
  readonly iterations: number
  readonly cholesky: boolean
  readonly featurePairs: number
}

/** λ of a row with that many pairs, where the other side has `otherCount` rows. */
const penaltyOf = ({ unobservedWeight, regularization, exponent }: Objective, pairs: number, otherCount: number): number =>
  regularization * (pairs + unobservedWeight * otherCount) ** exponent

/** Where one side of the matrix lies in memory: its factors, its rows of pairs, and what each row weighs. */
interface Side extends PairRows {
  readonly rows: number
  readonly factors: number
  readonly penalties: number
  readonly weightSums: number
}

const planSide = (plan: MemoryPlan, rows: number, pairs: number, stride: number): Side => ({
  rows,
  factors: plan.takeWords(rows * stride),
  ...planPairRows(plan, rows, pairs),
  penalties: plan.takeWords(rows),
  weightSums: plan.takeWords(rows),
})

interface Layout {
  readonly plan: MemoryPlan
  readonly stride: number
  readonly users: Side
  readonly items: Side
  readonly counter: number
  /** Of each block: a Gram matrix, or what `squareTasks` leaves. */
  readonly blocks: number
  readonly basis: number
  readonly eigen: EigenLayout
  readonly diagonal: number
  readonly meanSquares: number
  readonly losses: number
  readonly scratch: number
}

function planLayout({ userCount, itemCount, pairCount }: DataShape, factors: number, threads: number): Layout {
  const plan = new MemoryPlan()
  const stride = strideOf(factors)
  return {
    plan,
    stride,
    users: planSide(plan, userCount, pairCount, stride),
    items: planSide(plan, itemCount, pairCount, stride),
    counter: plan.takeWords(1),
    blocks: plan.take(gramBlocks * 8 * stride * stride),
    basis: plan.takeWords(stride * stride),
    eigen: planEigenSystem(plan, factors),
    diagonal: plan.takeWords(stride),
    meanSquares: plan.takeWords(stride),
    losses: plan.take(8 * Math.ceil(Math.max(userCount, itemCount) / blockRows)),
    scratch: plan.takeWords(threads * stride * (stride + scratchRows)),
  }
}

/** Copies the pairs in and weighs the rows. Returns how many pairs of weight above 0 each row has. */
function fillSide(memory: WebAssembly.Memory, side: Side, pairs: Interactions, objective: Objective): Uint32Array {
  fillPairRows(memory, side, pairs)
  const penalties = floatsAt(memory, side.penalties, side.rows)
  const weightSums = floatsAt(memory, side.weightSums, side.rows)
  const counts = new Uint32Array(side.rows)
  const { offsets, weights } = pairs
  for (let row = 0; row < side.rows; row++) {
    let count = 0
    let sum = 0
    const end = offsets[row + 1] as number
    for (let pair = offsets[row] as number; pair < end; pair++) {
      const weight = weights[pair] as number
      sum += weight
      if (weight > 0) count++
    }
    counts[row] = count
    weightSums[row] = sum
    // A row without anything to learn from is told by a penalty below 0.
    penalties[row] = count === 0 ? -1 : penaltyOf(objective, count, pairs.itemCount)
  }
  return counts
}

class IalsFit implements Fit {
  readonly #settings: Settings
  readonly #threads: KernelThreads
  readonly #memory: WebAssembly.Memory
  readonly #layout: Layout
  readonly #itemPairCounts: Uint32Array
  readonly #watchers: Float32Array
  readonly #itemFeatures: ItemFeatures | undefined
  /** HᵀH of the items in the basis that factors are in now: those of the last first half of a sweep. */
  #gramOfItems: Float64Array = new Float64Array(0)
  /** The sweep's loss but for its observed pairs. */
  #otherLoss = 0
  #sweep = 0
  /** Whose rows are being solved, and how many are done. */
  #half: 'users' | 'items' = 'users'
  #row = 0
  #observedLoss = 0
  #sweepLoss: number | undefined

  constructor(input: TrainingInput, settings: Settings, seed: number, checkpoint: Tensors | undefined, resources: FitResources) {
    const { factors, iterations } = settings
    const { userCount, itemCount } = input
    this.#settings = settings
    this.#itemFeatures = input.itemFeatures
    this.#watchers = watcherCounts(input)
    this.#threads = resources.threads ?? callersThread
    this.#layout = planLayout({ userCount, itemCount, pairCount: input.items.length }, factors, this.#threads.count)
    const { users, items, stride } = this.#layout
    this.#memory = this.#layout.plan.create()
    fillSide(this.#memory, users, input, settings)
    this.#itemPairCounts = fillSide(this.#memory, items, transpose(input), settings)
    if (checkpoint === undefined) {
      spread(firstItemFactors(itemCount, factors, seed), factors, this.#factorsOf(items), stride)
      return
    }
    spread(readTensorOf(checkpoint, 'user_factors', Float32Array, [userCount, factors]), factors, this.#factorsOf(users), stride)
    spread(readTensorOf(checkpoint, 'item_factors', Float32Array, [itemCount, factors]), factors, this.#factorsOf(items), stride)
    this.#sweep = readTensorOf(checkpoint, 'epoch', Uint32Array, [1])[0] ?? 0
    this.#sweepLoss = readTensorOf(checkpoint, 'epoch_loss', Float64Array, [1])[0]
    if (this.#sweep > iterations)
      throw new MatineeError('model_incompatible', `ials: the checkpoint has ${this.#sweep} sweeps done, expected at most ${iterations}`)
  }

  advance(): FitProgress {
    if (this.#sweep < this.#settings.iterations) {
      if (this.#row === 0) this.#beginHalf()
      this.#solveRows()
      if (this.#row === this.#solved().rows) this.#endHalf()
    }
    return this.#progress()
  }

  checkpoint(): Tensors | undefined {
    if (!this.#isBetweenSweeps()) return undefined
    return new Map([
      ...this.#factorTensors(),
      ['epoch', vector(Uint32Array.of(this.#sweep))],
      ['epoch_loss', vector(Float64Array.of(this.#sweepLoss ?? 0))],
    ])
  }

  finish(): Model {
    const { iterations } = this.#settings
    if (this.#sweep < iterations)
      throw new MatineeError('internal', `ials: ${this.#sweep} of ${iterations} sweeps are done; advance until fraction is 1`)
    return this.#model()
  }

  preview(): Model | undefined {
    return this.#isBetweenSweeps() ? this.#model() : undefined
  }

  #model(): Model {
    const { factors, unobservedWeight, regularization, exponent, featurePairs } = this.#settings
    const tensors = new Map(this.#factorTensors())
    const items = tensors.get('item_factors')?.data
    if (this.#itemFeatures !== undefined && featurePairs > 0 && items instanceof Float32Array) {
      const mixed = withFeatureFactors(items, this.#itemPairCounts, this.#itemFeatures, featurePairs)
      tensors.set('item_factors', matrix(mixed, this.#itemPairCounts.length, factors))
    }
    return new IalsModel(
      new Map([
        ...tensors,
        ['item_scores', vector(this.#watchers)],
        ['objective', vector(Float64Array.of(unobservedWeight, regularization, exponent))],
      ]),
    )
  }

  #isBetweenSweeps(): boolean {
    return this.#sweep > 0 && this.#half === 'users' && this.#row === 0
  }

  #solved(): Side {
    return this.#half === 'users' ? this.#layout.users : this.#layout.items
  }

  #fixed(): Side {
    return this.#half === 'users' ? this.#layout.items : this.#layout.users
  }

  #factorsOf(side: Side): Float32Array {
    return floatsAt(this.#memory, side.factors, side.rows * this.#layout.stride)
  }

  #run(kernel: KernelName, tasks: number, ...args: readonly number[]): void {
    const { counter } = this.#layout
    wordsAt(this.#memory, counter, 1)[0] = 0
    this.#threads.run(this.#memory, kernel, [counter, tasks, ...args])
  }

  /** All that the rows of a half have in common. */
  #beginHalf(): void {
    const { stride, basis, eigen, blocks, diagonal, meanSquares, scratch } = this.#layout
    const { cholesky, factors, unobservedWeight } = this.#settings
    const fixed = this.#fixed()
    const gram = this.#sumGram(fixed)
    // Σ_all y² is the sum of the products of the two Gram matrices' entries.
    if (this.#half === 'items')
      this.#otherLoss += unobservedWeight * this.#gramOfItems.reduce((sum, value, n) => sum + value * (gram[n] as number), 0)
    if (cholesky) {
      const matrixOfRows = floatsAt(this.#memory, basis, stride * stride)
      for (let n = 0; n < gram.length; n++) matrixOfRows[n] = unobservedWeight * (gram[n] as number)
      for (let f = factors; f < stride; f++) matrixOfRows[f * (stride + 1)] = 1
    } else {
      const { values, vectors } = eigenSystem(this.#memory, eigen, (row, column) => gram[row * stride + column] as number)
      const columns = floatsAt(this.#memory, basis, stride * stride).fill(0)
      const eigenvalues = floatsAt(this.#memory, diagonal, stride).fill(0)
      gram.fill(0)
      // The factors that tell most come first: whoever ranks can leave out most items after a look at those.
      const descending = Uint32Array.from(values.keys()).toSorted((a, b) => (values[b] as number) - (values[a] as number) || a - b)
      for (const [f, n] of descending.entries()) {
        const value = Math.max(0, values[n] as number)
        eigenvalues[f] = unobservedWeight * value
        gram[f * (stride + 1)] = value
        for (let g = 0; g < factors; g++) columns[g * stride + f] = vectors[n * eigen.stride + g] as number
      }
      for (const side of [fixed, this.#solved()])
        this.#run('rotateTasks', Math.ceil(side.rows / 128), side.factors, side.rows, stride, basis, scratch)
    }
    this.#run('squareTasks', gramBlocks, fixed.factors, fixed.rows, stride, fixed.weightSums, fixed.penalties, blocks)
    const squares = new Float64Array(factors)
    let penalty = 0
    for (let block = 0; block < gramBlocks; block++) {
      const address = blocks + block * (4 * stride + 16)
      penalty += doublesAt(this.#memory, address, 1)[0] as number
      const sums = floatsAt(this.#memory, address + 16, factors)
      for (let f = 0; f < factors; f++) squares[f] = (squares[f] as number) + (sums[f] as number)
    }
    const weightSum = floatsAt(this.#memory, fixed.weightSums, fixed.rows).reduce((sum, weight) => sum + weight, 0)
    floatsAt(this.#memory, meanSquares, stride).set(squares.map((square) => (weightSum === 0 ? 0 : square / weightSum)))
    if (this.#half === 'users') {
      this.#gramOfItems = gram
      this.#otherLoss = penalty
    } else this.#otherLoss += penalty
    this.#observedLoss = 0
  }

  /** HᵀH in double, stride × stride, whole. */
  #sumGram(side: Side): Float64Array {
    const { stride, blocks, scratch } = this.#layout
    this.#run('gramTasks', gramBlocks, side.factors, side.rows, stride, blocks, scratch)
    const square = stride * stride
    const gram = new Float64Array(square)
    for (let block = 0; block < gramBlocks; block++) {
      const sums = doublesAt(this.#memory, blocks + 8 * block * square, square)
      for (let n = 0; n < square; n++) gram[n] = (gram[n] as number) + (sums[n] as number)
    }
    for (let f = 0; f < stride; f++) for (let g = 0; g < f; g++) gram[f * stride + g] = gram[g * stride + f] as number
    if (!gram.every(Number.isFinite)) throw this.#diverged()
    return gram
  }

  /** Solves rows until a batch's work is done. */
  #solveRows(): void {
    const { stride, diagonal, meanSquares, basis, losses, scratch } = this.#layout
    const { cholesky } = this.#settings
    const [solved, fixed] = [this.#solved(), this.#fixed()]
    const offsets = wordsAt(this.#memory, solved.offsets, solved.rows + 1)
    const perPair = cholesky ? stride * stride * 0.6 : 2 * (stepsOfRow + 1) * stride
    const perRow = cholesky ? stride ** 3 : 10 * stride
    const from = this.#row
    let to = from
    for (let work = 0; to < solved.rows && work < batchWork; to++)
      work += perRow + perPair * ((offsets[to + 1] as number) - (offsets[to] as number))
    const tasks = Math.ceil((to - from) / blockRows)
    const rows = [blockRows, from, to, solved.factors, fixed.factors, ...pairRowsArguments(solved), solved.penalties]
    if (cholesky) this.#run('choleskyTasks', tasks, ...rows, basis, stride, losses, scratch)
    else this.#run('conjugateGradientTasks', tasks, ...rows, diagonal, meanSquares, stride, stepsOfRow, losses, scratch)
    for (const loss of doublesAt(this.#memory, losses, tasks)) this.#observedLoss += loss
    this.#row = to
  }

  #endHalf(): void {
    const { factors, rows } = this.#solved()
    const numbers = [factors, rows * this.#layout.stride]
    const isFinite = callKernel(this.#memory, 'allFinite', 0, numbers) !== 0
    if (!isFinite || !Number.isFinite(this.#observedLoss)) throw this.#diverged()
    // Too much regularization sends factors towards 0, through numbers so small that processors take a hundred times as long for each. What
    // is that small says nothing in a score of the order of 1.
    callKernel(this.#memory, 'dropNegligible', 0, numbers)
    this.#row = 0
    this.#half = this.#half === 'users' ? 'items' : 'users'
    if (this.#half === 'items') return
    this.#sweep++
    this.#sweepLoss = this.#observedLoss + this.#otherLoss
  }

  #diverged(): MatineeError {
    const sweep = this.#sweep + 1
    const { iterations, regularization } = this.#settings
    return new MatineeError(
      'training_diverged',
      `ials: numbers are no longer finite in sweep ${sweep} of ${iterations}; raise regularization (now ${regularization}) or lower the weights of pairs`,
      { details: { epoch: sweep, parameter: 'regularization' } },
    )
  }

  #factorTensors(): Tensors {
    const { users, items, stride } = this.#layout
    const { factors } = this.#settings
    return new Map([
      ['user_factors', matrix(gathered(this.#factorsOf(users), stride, factors), users.rows, factors)],
      ['item_factors', matrix(gathered(this.#factorsOf(items), stride, factors), items.rows, factors)],
    ])
  }

  #progress(): FitProgress {
    const { iterations } = this.#settings
    const ofSweep = (this.#half === 'users' ? 0 : 0.5) + (0.5 * this.#row) / Math.max(1, this.#solved().rows)
    return {
      epoch: this.#sweep,
      epochs: iterations,
      fraction: (this.#sweep + ofSweep) / iterations,
      ...(this.#sweepLoss === undefined ? {} : { loss: this.#sweepLoss }),
    }
  }
}

function firstItemFactors(itemCount: number, factors: number, seed: number): Float32Array {
  const random = Random.seeded(seed, 0)
  // A uniform number from -1/2 to 1/2 has variance 1/12.
  const width = (0.1 * Math.sqrt(12)) / Math.sqrt(factors)
  const numbers = new Float32Array(itemCount * factors)
  for (let n = 0; n < numbers.length; n++) numbers[n] = width * (random.uint32() / 2 ** 32 - 0.5)
  return numbers
}

export class IalsModel extends FactorModel {
  readonly #objective: Objective
  #foldIn: FoldIn | undefined

  constructor(tensors: Tensors, memories?: KernelMemories) {
    super(algorithm, tensors, memories)
    const [unobservedWeight = 0, regularization = 0, exponent = 0] = readTensorOf(tensors, 'objective', Float64Array, [3])
    this.#objective = { unobservedWeight, regularization, exponent }
  }

  /**
   * The factors of someone with that history: the minimum of that row's part of the loss, solved to the end at once.
   * @param items positions, ascending and distinct
   * @param weights one an item, finite, at least 0
   */
  override foldIn(items: Uint32Array, weights: Float32Array): Float32Array {
    checkInteractions({ userCount: 1, itemCount: this.itemCount, offsets: Uint32Array.of(0, items.length), items, weights })
    return this.#solve(items, weights)?.solution() ?? new Float32Array(this.factorCount)
  }

  /** What each item of a history adds to a score of its fold-in: see src/model/explanation. @param items, weights as of `foldIn`, unchecked */
  explain(items: Uint32Array, weights: Float32Array): HistoryExplainer {
    const row = this.#solve(items, weights)
    return {
      contributionsTo: (targets) => row?.contributionsTo(targets, items.length) ?? new Float32Array(targets.length * items.length),
    }
  }

  /** Of whole vectors, so that one copy serves the ranking and the fold-in. */
  get #sharesFactors(): boolean {
    return strideOf(this.factorCount) === this.factorCount
  }

  protected override bytesBesideRanking(): number {
    return this.#sharesFactors ? FoldIn.bytesBeside(this) : 0
  }

  #row(): FoldIn {
    return (this.#foldIn ??= withMemory(
      this.memories,
      `${algorithm}.fold-in`,
      (memory) => new FoldIn(this, this.#objective.unobservedWeight, this.#sharesFactors ? this.ranking() : undefined, memory),
    ))
  }

  /** Undefined where no weight is above 0. */
  #solve(items: Uint32Array, weights: Float32Array): FoldIn | undefined {
    let pairs = 0
    for (let n = 0; n < weights.length; n++) if ((weights[n] as number) > 0) pairs++
    if (pairs === 0) return undefined
    const row = this.#row()
    row.solve(items, weights, penaltyOf(this.#objective, pairs, this.itemCount))
    return row
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
    {
      name: 'cholesky',
      description: 'Solves each row to the end in every sweep, instead of a few steps of conjugate gradients',
      type: 'boolean',
      default: false,
    },
    {
      name: 'feature_pairs',
      description: 'Pairs that what the catalogue says of an item is worth in its factors; 0: nothing',
      type: 'number',
      default: 0,
      minimum: 0,
      maximum: 1e6,
    },
  ],
  memoryNeedMib(shape, parameters, threads) {
    const factors = numberParameter(parameters, 'factors')
    // Beside the kernels' memory the pairs by item while they are sorted, and the factors once more for a checkpoint.
    return (
      planLayout(shape, factors, threads).plan.mib + (16 * shape.pairCount + 4 * factors * (shape.userCount + shape.itemCount)) / 2 ** 20
    )
  },
  start(input: TrainingInput, given: Parameters, seed: number, checkpoint?: Tensors, resources: FitResources = {}): Fit {
    checkInteractions(input)
    const parameters = resolveParameters(ials, given)
    const settings: Settings = {
      factors: numberParameter(parameters, 'factors'),
      iterations: numberParameter(parameters, 'iterations'),
      unobservedWeight: numberParameter(parameters, 'unobserved_weight'),
      regularization: numberParameter(parameters, 'regularization'),
      exponent: numberParameter(parameters, 'regularization_exponent'),
      cholesky: parameters['cholesky'] === true,
      featurePairs: numberParameter(parameters, 'feature_pairs'),
    }
    return new IalsFit(input, settings, seed, checkpoint, resources)
  },
  load: (tensors, memories) => new IalsModel(tensors, memories),
}
