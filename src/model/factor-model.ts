/**
 * A model of factors: score(u, i) = b_i + w_u · h_i, in single precision, added in the order of the factors (src/kernels/rank.ts).
 *
 * | notation | variable       | shape             |
 * |----------|----------------|-------------------|
 * | w_u      | `userFactors`  | users × factors   |
 * | h_i      | `itemFactors`  | items × factors   |
 * | b_i      | `itemBiases`   | items; absent: 0  |
 *
 * A user whose factors are all 0 has taught the model nothing and gets what strangers get: `item_scores` where there are any,
 * else the biases, else 0 for every item.
 */
import { MatineeError } from '../contracts/errors.ts'
import { readTensor, readTensorOf } from './artifact/tensor-access.ts'
import type { KernelMemories, Model, Tensor, Tensors } from './model.ts'
import { BestItems, type ScoredItems } from './top-k/best-items.ts'
import { FactorScores } from './top-k/factor-scores.ts'
import { valuesAt } from './top-k/positions.ts'
import { topK, type TopKOptions } from './top-k/top-k.ts'

export abstract class FactorModel implements Model {
  readonly algorithm: string
  readonly userCount: number
  readonly itemCount: number
  readonly factorCount: number
  readonly userFactors: Float32Array
  readonly itemFactors: Float32Array
  readonly itemBiases: Float32Array | undefined
  readonly #strangerScores: Float32Array
  readonly #tensors: Tensors
  protected readonly memories: KernelMemories
  #scores: FactorScores | undefined
  #best: BestItems | undefined

  /** @throws MatineeError `model_incompatible` where tensors are missing, do not fit each other, or hold what is not finite. */
  constructor(algorithm: string, tensors: Tensors, memories: KernelMemories = new Map()) {
    const users = readTensor(tensors, 'user_factors', Float32Array, 2)
    const [userCount = 0, factorCount = 0] = users.shape
    const [itemCount = 0] = readTensor(tensors, 'item_factors', Float32Array, 2).shape
    this.algorithm = algorithm
    this.userCount = userCount
    this.itemCount = itemCount
    this.factorCount = factorCount
    this.userFactors = users.data
    this.itemFactors = readTensorOf(tensors, 'item_factors', Float32Array, [itemCount, factorCount])
    this.itemBiases = tensors.has('item_biases') ? readTensorOf(tensors, 'item_biases', Float32Array, [itemCount]) : undefined
    const itemScores = tensors.has('item_scores') ? readTensorOf(tensors, 'item_scores', Float32Array, [itemCount]) : undefined
    this.#strangerScores = itemScores ?? this.itemBiases ?? new Float32Array(itemCount)
    this.#tensors = tensors
    this.memories = memories
  }

  tensors(): Tensors {
    return this.#tensors
  }

  scoreUser(user: number, scores: Float32Array): void {
    this.scoreFactors(this.factorsOf(user), scores)
  }

  /** A row of `userFactors`. */
  factorsOf(user: number): Float32Array {
    if (!(user >= 0 && user < this.userCount)) throw new MatineeError('internal', `user ${user}, expected below ${this.userCount}`)
    return this.userFactors.subarray(user * this.factorCount, (user + 1) * this.factorCount)
  }

  scoreUsers(users: Uint32Array, rows: Float32Array): void {
    const { factorCount, itemCount } = this
    const factors = new Float32Array(users.length * factorCount)
    for (const [n, user] of users.entries())
      factors.set(this.userFactors.subarray(user * factorCount, (user + 1) * factorCount), n * factorCount)
    this.#factorScores().score(factors, rows)
    for (const [n, user] of users.entries())
      if (this.isStranger(user)) this.scoreStranger(rows.subarray(n * itemCount, (n + 1) * itemCount))
  }

  scoreStranger(scores: Float32Array): void {
    scores.set(this.#strangerScores)
  }

  /**
   * The factors of someone with that history.
   * @param items positions, ascending and distinct
   * @param weights one an item, finite, at least 0
   */
  abstract foldIn(items: Uint32Array, weights: Float32Array): Float32Array

  scoreHistory(items: Uint32Array, weights: Float32Array, scores: Float32Array): void {
    this.scoreFactors(this.foldIn(items, weights), scores)
  }

  /** Scores for a user factor of any origin, such as a fold-in. All 0 is a stranger. */
  scoreFactors(factors: Float32Array, scores: Float32Array): void {
    if (scores.length !== this.itemCount)
      throw new MatineeError('internal', `scores for ${scores.length} items, expected ${this.itemCount}`)
    if (isZero(factors)) {
      this.scoreStranger(scores)
      return
    }
    this.#factorScores().score(factors, scores)
  }

  /**
   * The best k of what `scoreFactors` gives, in one go: for requests, one at a time.
   * @throws MatineeError `internal` where `allowed` has not one entry an item.
   */
  bestItems(factors: Float32Array, k: number, options: TopKOptions = {}): ScoredItems {
    if (isZero(factors)) {
      const items = topK(this.#strangerScores, k, options)
      return { items, scores: valuesAt(this.#strangerScores, items) }
    }
    return this.ranking().best(factors, k, options)
  }

  /** Made when first needed. */
  protected ranking(): BestItems {
    return (this.#best ??= withMemory(
      this.memories,
      `${this.algorithm}.best`,
      (memory) => new BestItems(this, typicalNorm(this), memory, this.bytesBesideRanking()),
    ))
  }

  /** What a family has in the memory of the ranking, to use the items' factors there. */
  protected bytesBesideRanking(): number {
    return 0
  }

  #factorScores(): FactorScores {
    return (this.#scores ??= withMemory(this.memories, `${this.algorithm}.scores`, (memory) => new FactorScores(this, memory)))
  }

  /** Whether the user has taught the model nothing. */
  isStranger(user: number): boolean {
    return isZero(this.factorsOf(user))
  }
}

/** Made with the memory of that name where there is one; else its own is put there. */
export function withMemory<Made extends { readonly memory: WebAssembly.Memory }>(
  memories: KernelMemories,
  name: string,
  make: (memory: WebAssembly.Memory | undefined) => Made,
): Made {
  const made = make(memories.get(name))
  memories.set(name, made.memory)
  return made
}

/** Users whose norm stands for that of all: enough to order items by. */
const usersOfNorm = 256

/** Mean norm of some of the users' factors. */
export function typicalNorm({ userFactors, userCount, factorCount }: FactorModel): number {
  const step = Math.max(1, Math.floor(userCount / usersOfNorm))
  let sum = 0
  for (let user = 0; user < userCount; user += step) sum += norm(userFactors, user * factorCount, (user + 1) * factorCount)
  return sum / Math.max(1, Math.ceil(userCount / step))
}

function norm(values: Float32Array, from: number, end: number): number {
  let sum = 0
  for (let n = from; n < end; n++) sum += (values[n] as number) ** 2
  return Math.sqrt(sum)
}

function isZero(values: Float32Array): boolean {
  for (let n = 0; n < values.length; n++) if (values[n] !== 0) return false
  return true
}

/** A named matrix in rows. */
export const matrix = (data: Float32Array, rows: number, columns: number): Tensor => ({ shape: [rows, columns], data })
/** A named vector. */
export const vector = (data: Tensor['data']): Tensor => ({ shape: [data.length], data })
