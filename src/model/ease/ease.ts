/**
 * EASE: each item's column of pairs as a weighted sum of the other items' columns, in closed form.
 * Steck: "Embarrassingly shallow autoencoders for sparse data", WWW 2019. Minimised is
 *
 *   |X - X B|² + λ |B|²   with B_ii = 0,   solved by   B_ij = -P_ij / P_jj (i ≠ j),  P = (XᵀX + λ I)⁻¹
 *   score(u, i) = Σ over the user's items j of x_uj × B_ji
 *
 * | notation | variable or parameter  | shape, unit                                                                   |
 * |----------|------------------------|-------------------------------------------------------------------------------|
 * | X        | pairs, `weights`       | users × items, sparse; x_ui is the pair's weight (1 in the paper, else a departure), 0 without a pair |
 * | λ        | `regularization`       | users: so many users with both items are set against the items' own number   |
 * | P        | `matrix`               | items × items, symmetric, 64-bit, in tiles (`symmetric-inverse.ts`)           |
 * | B        | `item_weights`         | items × items, 32-bit, row-major: row j is what having item j does to others  |
 *
 * For catalogues that fit: the fit takes 8 items² bytes, half of it the model, and items³ / 2 + Σ over users of (their items)² / 2
 * multiplications; more than 16,384 items (2 GiB) are refused. A checkpoint takes 4 items² bytes more while it is written.
 * The input is checked (`checkInteractions`) and never written to. No randomness: seeds change nothing.
 *
 * Items without users have weight 0 to and from every other, hence score 0. Users without a pair of weight above 0 get what strangers get.
 * λ above 0 makes the matrix positive definite; where rounding undoes that the fit ends (`training_diverged`).
 */
import { MatineeError } from '../../contracts/errors.ts'
import { readTensorOf } from '../artifact/tensor-access.ts'
import { matrix, vector } from '../factor-model.ts'
import { HistoryModel, historyTensors } from '../history-model.ts'
import type { Fit, FitProgress, Interactions, Model, ModelFamily, Parameters, Tensors } from '../model.ts'
import { numberParameter, resolveParameters } from '../parameters.ts'
import { checkInteractions } from '../sparse/interactions.ts'
import { placeOf, storageLength, Sweep, tileRowsOf, zeroMatrix } from './symmetric-inverse.ts'

const algorithm = 'ease'
/** Multiplications of one `advance`: about a tenth of a second. */
const batchWork = 4e7
const largestItemCount = 16_384

/** What a fit takes, without its input. */
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

/** Epoch 1 sums XᵀX, each further one sweeps a block of its rows. */
class EaseFit implements Fit {
  readonly #input: Interactions
  readonly #matrix: Float64Array
  readonly #epochs: number
  readonly #totalWork: number
  readonly #panels: readonly [Float64Array, Float64Array]
  #sweep: Sweep | undefined
  #epoch = 0
  /** Users of epoch 1 that are done. */
  #user = 0
  #work = 0

  constructor(input: Interactions, regularization: number, checkpoint: Tensors | undefined) {
    const size = input.itemCount
    this.#input = input
    this.#epochs = 1 + tileRowsOf(size)
    this.#totalWork = sumWork(input, input.userCount) + tileRowsOf(size) * Sweep.workOf(size)
    this.#panels = [new Float64Array(Sweep.panelLength(size)), new Float64Array(Sweep.panelLength(size))]
    if (checkpoint === undefined) {
      this.#matrix = zeroMatrix(size)
      for (let item = 0; item < size; item++) this.#matrix[placeOf(item, item)] = regularization
      return
    }
    const itemCount = readTensorOf(checkpoint, 'item_count', Uint32Array, [1])[0]
    if (itemCount !== size) throw new MatineeError('model_incompatible', `ease: the checkpoint is of ${itemCount} items, expected ${size}`)
    this.#matrix = readTensorOf(checkpoint, 'matrix', Float64Array, [storageLength(size)]).slice()
    this.#epoch = readTensorOf(checkpoint, 'epoch', Uint32Array, [1])[0] ?? 0
    if (this.#epoch === 0 || this.#epoch > this.#epochs)
      throw new MatineeError('model_incompatible', `ease: the checkpoint has ${this.#epoch} epochs done, expected 1 to ${this.#epochs}`)
    this.#work = sumWork(input, input.userCount) + (this.#epoch - 1) * Sweep.workOf(size)
  }

  advance(): FitProgress {
    if (this.#epoch === 0) this.#sumUsers()
    else if (this.#epoch < this.#epochs) this.#sweepOn()
    return { epoch: this.#epoch, epochs: this.#epochs, fraction: this.#epoch === this.#epochs ? 1 : this.#work / this.#totalWork }
  }

  checkpoint(): Tensors | undefined {
    if (this.#epoch === 0 || this.#sweep !== undefined) return undefined
    return new Map([
      ['matrix', vector(this.#matrix.slice())],
      ['item_count', vector(Uint32Array.of(this.#input.itemCount))],
      ['epoch', vector(Uint32Array.of(this.#epoch))],
    ])
  }

  finish(): Model {
    if (this.#epoch < this.#epochs)
      throw new MatineeError('internal', `ease: ${this.#epoch} of ${this.#epochs} epochs are done; advance until fraction is 1`)
    const size = this.#input.itemCount
    return new EaseModel(new Map([...historyTensors(this.#input), ['item_weights', matrix(itemWeights(this.#matrix, size), size, size)]]))
  }

  /** Adds the products of users' pairs until a batch's work is done. */
  #sumUsers(): void {
    const { userCount, offsets, items, weights } = this.#input
    const sums = this.#matrix
    const batchEnd = this.#work + batchWork / 8 // scattered over memory, each addition takes several times as long as in a sweep
    for (; this.#user < userCount && this.#work < batchEnd; this.#user++) {
      const start = offsets[this.#user] as number
      const end = offsets[this.#user + 1] as number
      for (let p = start; p < end; p++) {
        const weight = weights[p] as number
        const row = items[p] as number
        if (weight === 0) continue
        for (let q = start; q <= p; q++) {
          const place = placeOf(row, items[q] as number)
          sums[place] = (sums[place] as number) + weight * (weights[q] as number)
        }
      }
      this.#work += userWork(end - start)
    }
    if (this.#user === userCount) this.#epoch = 1
  }

  #sweepOn(): void {
    this.#sweep ??= new Sweep(this.#matrix, this.#input.itemCount, this.#epoch - 1, this.#panels)
    const work = this.#sweep.advance(batchWork)
    if (!Number.isFinite(work))
      throw new MatineeError(
        'training_diverged',
        'ease: the matrix is not positive definite to the precision of numbers; raise regularization',
        { details: { parameter: 'regularization' } },
      )
    this.#work += work
    if (!this.#sweep.isDone) return
    this.#sweep = undefined
    this.#epoch++
  }
}

const userWork = (pairs: number): number => 1 + (pairs * (pairs + 1)) / 2

function sumWork({ offsets }: Interactions, users: number): number {
  let work = 0
  for (let user = 0; user < users; user++) work += userWork((offsets[user + 1] as number) - (offsets[user] as number))
  return work
}

/** B from -P. */
function itemWeights(negativeInverse: Float64Array, size: number): Float32Array {
  const weights = new Float32Array(size * size)
  const diagonal = Float64Array.from({ length: size }, (_, item) => negativeInverse[placeOf(item, item)] as number)
  for (let row = 0; row < size; row++)
    for (let column = 0; column < row; column++) {
      const value = -(negativeInverse[placeOf(row, column)] as number)
      weights[row * size + column] = value / (diagonal[column] as number)
      weights[column * size + row] = value / (diagonal[row] as number)
    }
  return weights
}

class EaseModel extends HistoryModel {
  readonly #itemWeights: Float32Array
  readonly #sums: Float64Array

  constructor(tensors: Tensors) {
    super(algorithm, tensors)
    this.#itemWeights = readTensorOf(tensors, 'item_weights', Float32Array, [this.itemCount, this.itemCount])
    this.#sums = new Float64Array(this.itemCount)
  }

  protected override scoreKnown(items: Uint32Array, weights: Float32Array, scores: Float32Array): void {
    const sums = this.#sums.fill(0)
    for (let n = 0; n < items.length; n++) {
      const weight = weights[n] as number
      const row = (items[n] as number) * sums.length
      for (let item = 0; item < sums.length; item++)
        sums[item] = (sums[item] as number) + weight * (this.#itemWeights[row + item] as number)
    }
    scores.set(sums)
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
  ],
  memoryNeedMib: ({ itemCount }) => Math.ceil(memoryBytes(itemCount) / 2 ** 20),
  start(input: Interactions, given: Parameters, _seed: number, checkpoint?: Tensors): Fit {
    checkInteractions(input)
    const parameters = resolveParameters(ease, given)
    checkMemory(input.itemCount)
    return new EaseFit(input, numberParameter(parameters, 'regularization'), checkpoint)
  },
  load: (tensors) => new EaseModel(tensors),
}
