/**
 * EASE: each item's column of pairs as a weighted sum of the other items' columns, in closed form.
 * Steck: "Embarrassingly shallow autoencoders for sparse data", WWW 2019. Minimised is
 *
 *   |√W (X - X B)|² + Σ_i (λ + p / (1 - p) G_ii) |B_i·|²   with B_ii = 0,   solved by   B_ij = -P_ij / P_jj (i ≠ j)
 *   G = XᵀWX,  P = (G + p / (1 - p) diag G + λ I)⁻¹
 *   score(u, i) = Σ over the user's items j of x_uj × B_ji
 *
 * In the paper W = I and p = 0. The penalty of p is what dropping a share p of the user's items at random comes to in the mean (Steck:
 * "Autoencoders that don't overfit towards the identity", NeurIPS 2020): popular items are not believed by their number alone. W lets
 * users who have watched much say less a pair.
 *
 * | notation | variable or parameter  | shape, unit                                                                   |
 * |----------|------------------------|-------------------------------------------------------------------------------|
 * | X        | pairs, `weights`       | users × items, sparse; x_ui is the pair's weight (1 in the paper, else a departure), 0 without a pair |
 * | λ        | `regularization`       | users: so many users with both items are set against the items' own number   |
 * | p        | `dropout`              | 0 to below 1                                                                  |
 * | W        | `user_exponent` e      | of a user with n pairs n^-e, times what leaves the sum over pairs as it was   |
 * | P        | `matrix`               | items × items, symmetric, 64-bit, in tiles (`symmetric-inverse.ts`)           |
 * | B        | `item_weights`         | items × items, 32-bit, row-major: row j is what having item j does to others  |
 *
 * For catalogues that fit: the fit takes 8 items² bytes, half of it the model, and 16 bytes a pair; items³ / 2 + Σ over users of (their
 * items)² / 2 multiplications. More than 16,384 items (2 GiB) are refused. A checkpoint takes 4 items² bytes more while it is written.
 * Sums are in double precision in an order that does not depend on threads (src/kernels/co-occurrence.ts, src/kernels/sweep.ts).
 * The input is checked (`checkInteractions`) and never written to. No randomness: seeds change nothing.
 *
 * Items without users have weight 0 to and from every other, hence score 0. Users without a pair of weight above 0 get what strangers get.
 * λ above 0 makes the matrix positive definite; where rounding undoes that the fit ends (`training_diverged`).
 */
import { MatineeError } from '../../contracts/errors.ts'
import { readTensorOf } from '../artifact/tensor-access.ts'
import { matrix, vector } from '../factor-model.ts'
import { HistoryModel, historyTensors } from '../history-model.ts'
import { callersThread, type KernelName, type KernelThreads } from '../kernels/kernels.ts'
import { doublesAt, floatsAt, MemoryPlan, wordsAt } from '../kernels/memory.ts'
import { fillPairRows, pairRowsArguments, planPairRows, type PairRows } from '../kernels/pair-rows.ts'
import type {
  DataShape,
  Fit,
  FitProgress,
  FitResources,
  Interactions,
  Model,
  ModelFamily,
  Parameters,
  Tensors,
  TrainingInput,
} from '../model.ts'
import { numberParameter, resolveParameters } from '../parameters.ts'
import { checkInteractions, transpose, userShares } from '../sparse/interactions.ts'
import { type InverseLayout, placeOf, planInverse, sweepWork, SymmetricInverse, tileRowsOf, tileSize } from './symmetric-inverse.ts'

const algorithm = 'ease'
/** Multiplications of one `advance`: about a tenth of a second on one thread. */
const batchWork = 5e8
/** A multiplication of XᵀX, scattered over memory, takes as long as that many of a sweep. */
const scatteredWork = 8
/** Rows of XᵀX of one task. */
const rowsOfTask = 8
const largestItemCount = 16_384

/** What a fit takes, without its pairs. */
const memoryBytes = (itemCount: number): number => 8 * itemCount * itemCount

const gibibytes = (bytes: number): string => (bytes / 2 ** 30).toFixed(1)

function checkMemory(itemCount: number): void {
  if (itemCount <= largestItemCount) return
  throw new MatineeError(
    'training_memory',
    `ease: ${itemCount} items need ${gibibytes(memoryBytes(itemCount))} GiB, at most ${gibibytes(memoryBytes(largestItemCount))} GiB (${largestItemCount} items) are allowed; take ials or item-knn`,
    { details: { algorithm, items: itemCount } },
  )
}

interface Layout {
  readonly plan: MemoryPlan
  readonly inverse: InverseLayout
  readonly byUser: PairRows
  readonly byItem: PairRows
  readonly counter: number
  /** N_cc of each item. */
  readonly diagonal: number
  /** A row of XᵀX for each thread, and later the weights of one tile row. */
  readonly sums: number
  readonly sumBytes: number
  readonly weightRows: number
}

function planLayout({ userCount, itemCount, pairCount }: DataShape, threads: number): Layout {
  const plan = new MemoryPlan()
  const sumBytes = 8 * tileSize * tileRowsOf(itemCount)
  return {
    plan,
    inverse: planInverse(plan, itemCount, threads),
    byUser: planPairRows(plan, userCount, pairCount),
    byItem: planPairRows(plan, itemCount, pairCount),
    counter: plan.takeWords(1),
    diagonal: plan.take(8 * itemCount),
    sums: plan.take(threads * sumBytes),
    sumBytes,
    weightRows: plan.takeWords(tileSize * itemCount),
  }
}

/** Epoch 1 sums XᵀX, each further one sweeps a block of its rows. */
class EaseFit implements Fit {
  readonly #input: TrainingInput
  readonly #regularization: number
  /** p / (1 - p). */
  readonly #ofDiagonal: number
  readonly #threads: KernelThreads
  readonly #layout: Layout
  readonly #memory: WebAssembly.Memory
  readonly #inverse: SymmetricInverse
  readonly #epochs: number
  /** Multiplications of each row of XᵀX, about. */
  readonly #rowWork: Float64Array
  readonly #totalWork: number
  /** Rows of XᵀX that are done. */
  #row = 0
  #work = 0

  constructor(input: TrainingInput, parameters: Parameters, checkpoint: Tensors | undefined, resources: FitResources) {
    const { userCount, itemCount, offsets, items, weights } = input
    const dropout = numberParameter(parameters, 'dropout')
    this.#input = input
    this.#regularization = numberParameter(parameters, 'regularization')
    this.#ofDiagonal = dropout / (1 - dropout)
    this.#threads = resources.threads ?? callersThread
    this.#layout = planLayout({ userCount, itemCount, pairCount: items.length }, this.#threads.count)
    this.#memory = this.#layout.plan.create()
    this.#epochs = 1 + tileRowsOf(itemCount)
    this.#rowWork = rowWork(input)
    const sumWork = this.#rowWork.reduce((sum, work) => sum + work, 0)
    this.#totalWork = sumWork + tileRowsOf(itemCount) * sweepWork(itemCount)
    if (checkpoint === undefined) {
      this.#inverse = new SymmetricInverse(this.#memory, this.#layout.inverse, this.#threads)
      fillPairRows(this.#memory, this.#layout.byUser, input)
      const weighted = weightedByUser({ userCount, itemCount, offsets, items, weights }, numberParameter(parameters, 'user_exponent'))
      fillPairRows(this.#memory, this.#layout.byItem, transpose(weighted))
      return
    }
    const rows = readTensorOf(checkpoint, 'item_count', Uint32Array, [1])[0]
    if (rows !== itemCount) throw new MatineeError('model_incompatible', `ease: the checkpoint is of ${rows} items, expected ${itemCount}`)
    const epoch = readTensorOf(checkpoint, 'epoch', Uint32Array, [1])[0] ?? 0
    if (epoch === 0 || epoch > this.#epochs)
      throw new MatineeError('model_incompatible', `ease: the checkpoint has ${epoch} epochs done, expected 1 to ${this.#epochs}`)
    this.#inverse = new SymmetricInverse(this.#memory, this.#layout.inverse, this.#threads, epoch - 1)
    this.#inverse.tiles.set(readTensorOf(checkpoint, 'matrix', Float64Array, [this.#inverse.tiles.length]))
    this.#row = itemCount
    this.#work = sumWork + (epoch - 1) * sweepWork(itemCount)
  }

  advance(): FitProgress {
    if (this.#row < this.#input.itemCount) this.#sumRows()
    else if (this.#epoch < this.#epochs) this.#sweepOn()
    const epoch = this.#epoch
    return { epoch, epochs: this.#epochs, fraction: epoch === this.#epochs ? 1 : this.#work / this.#totalWork }
  }

  checkpoint(): Tensors | undefined {
    if (this.#epoch === 0 || !this.#inverse.isBetweenSweeps) return undefined
    return new Map([
      ['matrix', vector(new Float64Array(this.#inverse.tiles))],
      ['item_count', vector(Uint32Array.of(this.#input.itemCount))],
      ['epoch', vector(Uint32Array.of(this.#epoch))],
    ])
  }

  finish(): Model {
    if (this.#epoch < this.#epochs)
      throw new MatineeError('internal', `ease: ${this.#epoch} of ${this.#epochs} epochs are done; advance until fraction is 1`)
    const { itemCount } = this.#input
    return new EaseModel(new Map([...historyTensors(this.#input), ['item_weights', matrix(this.#itemWeights(), itemCount, itemCount)]]))
  }

  get #epoch(): number {
    return this.#row < this.#input.itemCount ? 0 : 1 + this.#inverse.blocksDone
  }

  #run(kernel: KernelName, tasks: number, ...args: readonly number[]): void {
    const { counter } = this.#layout
    wordsAt(this.#memory, counter, 1)[0] = 0
    this.#threads.run(this.#memory, kernel, [counter, tasks, ...args])
  }

  /** Sums rows of XᵀX until a batch's work is done. */
  #sumRows(): void {
    const { byUser, byItem, inverse, sums, sumBytes } = this.#layout
    const { itemCount } = this.#input
    const first = this.#row
    for (let work = 0; this.#row < itemCount && work < batchWork; this.#row++) {
      work += this.#rowWork[this.#row] as number
      this.#work += this.#rowWork[this.#row] as number
    }
    const rows = [rowsOfTask, first, this.#row]
    const pairs = [...pairRowsArguments(byUser), ...pairRowsArguments(byItem)]
    const tasks = Math.ceil((this.#row - first) / rowsOfTask)
    this.#run('coOccurrenceTasks', tasks, ...rows, ...pairs, this.#regularization, this.#ofDiagonal, inverse.tiles, sums, sumBytes)
  }

  #sweepOn(): void {
    const work = this.#inverse.advance(batchWork)
    if (!Number.isFinite(work))
      throw new MatineeError(
        'training_diverged',
        'ease: the matrix is not positive definite to the precision of numbers; raise regularization',
        { details: { epoch: this.#epoch + 1, parameter: 'regularization' } },
      )
    this.#work += work
  }

  /** B from -P, a tile row at a time. */
  #itemWeights(): Float32Array {
    const { inverse, diagonal, weightRows } = this.#layout
    const { itemCount } = this.#input
    const { tiles } = this.#inverse
    const ofItems = doublesAt(this.#memory, diagonal, itemCount)
    for (let item = 0; item < itemCount; item++) ofItems[item] = tiles[placeOf(item, item)] as number
    const weights = new Float32Array(itemCount * itemCount)
    for (let tileRow = 0; tileRow < tileRowsOf(itemCount); tileRow++) {
      this.#run('itemWeightTasks', tileRowsOf(itemCount), inverse.tiles, tileRow, itemCount, diagonal, weightRows)
      const first = tileRow * tileSize
      weights.set(floatsAt(this.#memory, weightRows, Math.min(tileSize, itemCount - first) * itemCount), first * itemCount)
    }
    return weights
  }
}

/** W X. */
function weightedByUser(pairs: Interactions, exponent: number): Interactions {
  if (exponent === 0) return pairs
  const { userCount, offsets, weights } = pairs
  const ofUser = userShares(pairs, exponent)
  const total = ofUser.reduce((sum, weight, user) => sum + weight * ((offsets[user + 1] as number) - (offsets[user] as number)), 0)
  const scale = weights.length / total
  const weighted = new Float32Array(weights.length)
  for (let user = 0; user < userCount; user++)
    for (let pair = offsets[user] as number; pair < (offsets[user + 1] as number); pair++)
      weighted[pair] = scale * (ofUser[user] as number) * (weights[pair] as number)
  return { ...pairs, weights: weighted }
}

/** Of a row of XᵀX: half of its users' pairs, whatever their order, and its share of the tiles that are written. */
function rowWork({ userCount, itemCount, offsets, items }: Interactions): Float64Array {
  const work = new Float64Array(itemCount)
  for (let item = 0; item < itemCount; item++) work[item] = 1 + item
  for (let user = 0; user < userCount; user++) {
    const [start, end] = [offsets[user] as number, offsets[user + 1] as number]
    for (let pair = start; pair < end; pair++) {
      const item = items[pair] as number
      work[item] = (work[item] as number) + scatteredWork * (pair - start + 1)
    }
  }
  return work
}

export class EaseModel extends HistoryModel {
  /** B, row-major. */
  readonly itemWeights: Float32Array

  constructor(tensors: Tensors) {
    super(algorithm, tensors)
    this.itemWeights = readTensorOf(tensors, 'item_weights', Float32Array, [this.itemCount, this.itemCount])
  }

  protected override scoreKnown(items: Uint32Array, weights: Float32Array, scores: Float32Array): void {
    // Single precision at every step: the sums of src/kernels/histories.ts, bit for bit.
    scores.fill(0)
    for (let n = 0; n < items.length; n++) {
      const weight = weights[n] as number
      const row = (items[n] as number) * scores.length
      for (let item = 0; item < scores.length; item++)
        scores[item] = (scores[item] as number) + Math.fround(weight * (this.itemWeights[row + item] as number))
    }
  }
}

export const ease: ModelFamily = {
  algorithm,
  parameters: [
    {
      name: 'regularization',
      description: 'Weight λ of the L2 penalty, in users',
      type: 'number',
      default: 300,
      minimum: 0.001,
      maximum: 1e9,
    },
    {
      name: 'dropout',
      description: "Share p of a user's items that are dropped at random, in the mean; below 1",
      type: 'number',
      default: 0,
      minimum: 0,
      maximum: 0.99,
    },
    {
      name: 'user_exponent',
      description: 'A user with n pairs weighs n to the minus this power; 0: all pairs alike, 1: all users',
      type: 'number',
      default: 0,
      minimum: 0,
      maximum: 1,
    },
  ],
  memoryNeedMib(shape, _parameters, threads) {
    // Beside the kernels' memory the pairs by item while they are sorted, and the model, or the matrix once more for a checkpoint.
    const bytes = 16 * shape.pairCount + 4 * shape.itemCount ** 2
    return planLayout(shape, threads).plan.mib + bytes / 2 ** 20
  },
  start(input: TrainingInput, given: Parameters, _seed: number, checkpoint?: Tensors, resources: FitResources = {}): Fit {
    checkInteractions(input)
    const parameters = resolveParameters(ease, given)
    checkMemory(input.itemCount)
    return new EaseFit(input, parameters, checkpoint, resources)
  },
  load: (tensors) => new EaseModel(tensors),
}
