/**
 * A model that scores by a user's history alone: it keeps the pairs that it was fitted on, so that a user of the fit and a stranger with the
 * same history get the same scores. Strangers without a history get popularity: the number of users an item has.
 *
 * | tensor            | kind, shape             | what                                         |
 * |-------------------|-------------------------|----------------------------------------------|
 * | `item_scores`     | 32-bit float, items     | what strangers get                           |
 * | `history_offsets` | unsigned, users + 1     | the pairs of the fit, as in `Interactions`   |
 * | `history_items`   | unsigned, pairs         |                                              |
 * | `history_weights` | 32-bit float, pairs     |                                              |
 */
import { MatineeError } from '../contracts/errors.ts'
import { readTensor, readTensorOf } from './artifact/tensor-access.ts'
import { vector } from './factor-model.ts'
import type { Interactions, Model, Tensor, Tensors, TrainingInput } from './model.ts'
import { checkInteractions } from './sparse/interactions.ts'
import { watcherCounts } from './sparse/watcher-counts.ts'

export abstract class HistoryModel implements Model {
  readonly algorithm: string
  readonly userCount: number
  readonly itemCount: number
  protected readonly popularity: Float32Array
  readonly #history: Interactions
  readonly #tensors: Tensors

  /** @throws MatineeError `model_incompatible` where tensors are missing, do not fit each other, or hold what is not finite. */
  constructor(algorithm: string, tensors: Tensors) {
    this.algorithm = algorithm
    this.popularity = readTensor(tensors, 'item_scores', Float32Array, 1).data
    this.itemCount = this.popularity.length
    this.#history = readPairs(tensors, 'history', this.itemCount)
    this.userCount = this.#history.userCount
    this.#tensors = tensors
  }

  tensors(): Tensors {
    return this.#tensors
  }

  scoreUser(user: number, scores: Float32Array): void {
    if (!(user >= 0 && user < this.userCount)) throw new MatineeError('internal', `user ${user}, expected below ${this.userCount}`)
    const { items, weights } = this.historyOf(user)
    this.#score(items, weights, scores)
  }

  /** What the model was fitted on of that user. */
  historyOf(user: number): { readonly items: Uint32Array; readonly weights: Float32Array } {
    const { offsets, items, weights } = this.#history
    const [start, end] = [offsets[user], offsets[user + 1]]
    return { items: items.subarray(start, end), weights: weights.subarray(start, end) }
  }

  /** Whether the model has learnt nothing of the user. */
  isStranger(user: number): boolean {
    return !this.historyOf(user).weights.some((weight) => weight > 0)
  }

  scoreStranger(scores: Float32Array): void {
    this.#checkLength(scores)
    scores.set(this.popularity)
  }

  scoreHistory(items: Uint32Array, weights: Float32Array, scores: Float32Array): void {
    checkInteractions({ userCount: 1, itemCount: this.itemCount, offsets: Uint32Array.of(0, items.length), items, weights })
    this.#score(items, weights, scores)
  }

  /** Writes the scores of a history that has been checked and has a weight above 0. */
  protected abstract scoreKnown(items: Uint32Array, weights: Float32Array, scores: Float32Array): void

  #score(items: Uint32Array, weights: Float32Array, scores: Float32Array): void {
    this.#checkLength(scores)
    if (weights.some((weight) => weight > 0)) this.scoreKnown(items, weights, scores)
    else this.scoreStranger(scores)
  }

  #checkLength(scores: Float32Array): void {
    if (scores.length !== this.itemCount)
      throw new MatineeError('internal', `scores for ${scores.length} items, expected ${this.itemCount}`)
  }
}

/** What every history model has of the pairs it was fitted on. */
export const historyTensors = (pairs: TrainingInput): ReadonlyMap<string, Tensor> =>
  new Map([['item_scores', vector(watcherCounts(pairs))], ...pairTensors(pairs, 'history')])

export const pairTensors = ({ offsets, items, weights }: Interactions, name: string): readonly (readonly [string, Tensor])[] => [
  [`${name}_offsets`, vector(offsets.slice())],
  [`${name}_items`, vector(items.slice())],
  [`${name}_weights`, vector(weights.slice())],
]

/** Sparse rows as `pairTensors` names them. @throws MatineeError `model_incompatible`. */
export function readPairs(tensors: Tensors, name: string, itemCount: number): Interactions {
  const offsets = readTensor(tensors, `${name}_offsets`, Uint32Array, 1).data
  const items = readTensor(tensors, `${name}_items`, Uint32Array, 1).data
  const weights = readTensorOf(tensors, `${name}_weights`, Float32Array, [items.length])
  const pairs = { userCount: offsets.length - 1, itemCount, offsets, items, weights }
  try {
    checkInteractions(pairs)
  } catch (cause) {
    const problem = cause instanceof Error ? cause.message : String(cause)
    throw new MatineeError('model_incompatible', `model: tensors ${name}_… do not fit each other: ${problem}`, { cause })
  }
  return pairs
}
