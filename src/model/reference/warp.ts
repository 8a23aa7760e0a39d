/**
 * WARP: factors and item biases that push a user's items above the others, with steps that are the larger the worse an item ranks.
 * Weston, Bengio, Usunier: "WSABIE: scaling up to large vocabulary image annotation", IJCAI 2011, with the choices of LightFM
 * (Kula 2015): Adagrad, one rank estimate from the whole catalogue, sample weights.
 *
 *   score(u, i) = b_i + w_u · h_i
 *   for a pair (u, i) of weight c draw items j that u does not have until score(u, j) > score(u, i) - 1, at most `max_sampled` times;
 *   at the s-th draw the rank of i is estimated as floor((items - 1) / s), and the loss of the pair is
 *     L × (1 - score(u, i) + score(u, j)),  L = min(c × ln(rank), 10)
 *   each number x of b_i, b_j, w_u, h_i, h_j then moves by -learning_rate × g / sqrt(G_x), where g is the loss's derivative
 *   + regularization × x, and G_x is 1 + the squares of all earlier g of x.
 *
 * | notation      | variable                         | shape, unit                                   |
 * |---------------|----------------------------------|-----------------------------------------------|
 * | w_u, h_i, b_i | `userFactors`, `itemFactors`, `itemBiases` | users × factors, items × factors, items; 32-bit |
 * | G             | `…Squares`                       | the same                                      |
 * | c             | `weights`                        | a pair                                        |
 * | L             | `rankLoss[s]` × c                | -                                             |
 *
 * Departures from LightFM: no user bias (it cancels in every comparison of a user's items); regularization acts on the numbers that
 * a pair touches, and only then; negatives are drawn directly from the items that the user lacks, so no draw is thrown away and
 * a user who has all but one item costs no more; steps are computed in double precision.
 *
 * An epoch takes every pair once, in random order. Randomness: stream 0 of the seed gives the first values, (uniform - 1/2) / factors;
 * stream e + 1 gives order and draws of epoch e. So an epoch needs no generator state from the one before it, and a checkpoint holds
 * numbers alone. One epoch costs O(pairs × (max_sampled × (factors + log(items of the user))), memory 8 bytes a factor of users and items
 * + 8 bytes a pair. The input is checked (`checkInteractions`) and never written to.
 *
 * Pairs of weight 0 teach nothing but are never drawn as negatives. Users without a pair of weight above 0 have factors 0 and get what
 * strangers get, the item biases, which WARP makes grow with popularity. Users who have every item teach nothing. Items without users keep
 * being drawn as negatives and sink. A number that is no longer finite ends the fit (`training_diverged`).
 */
import { MatineeError } from '../../contracts/errors.ts'
import { readTensorOf } from '../artifact/tensor-access.ts'
import { FactorModel, matrix, vector } from '../factor-model.ts'
import type { Fit, FitProgress, Interactions, Model, ModelFamily, Parameters, Tensor, Tensors } from '../model.ts'
import { numberParameter, resolveParameters } from '../parameters.ts'
import { permutation, Random, shuffle } from '../random/random.ts'
import { checkInteractions, userOfPairs } from '../sparse/interactions.ts'

const algorithm = 'warp'
/** A violating negative scores above the positive minus this. */
const margin = 1
/** Bounds a step where the catalogue has more than e^10 items or weights are above 1. */
const largestLoss = 10
/** Multiply-adds of one `advance`: about a tenth of a second. */
const batchWork = 4e7

interface Settings {
  readonly factors: number
  readonly epochs: number
  readonly learningRate: number
  readonly maxSampled: number
  readonly regularization: number
}

/** Everything that learning changes. */
interface State {
  readonly userFactors: Float32Array
  readonly userSquares: Float32Array
  readonly itemFactors: Float32Array
  readonly itemSquares: Float32Array
  readonly itemBiases: Float32Array
  readonly itemBiasSquares: Float32Array
}

function firstState(input: Interactions, users: Uint32Array, factors: number, seed: number): State {
  const random = Random.seeded(seed, 0)
  const draw = (rows: number): Float32Array => {
    const numbers = new Float32Array(rows * factors)
    for (let n = 0; n < numbers.length; n++) numbers[n] = (random.unit() - 0.5) / factors
    return numbers
  }
  const itemFactors = draw(input.itemCount)
  const userFactors = draw(input.userCount)
  const taught = new Uint8Array(input.userCount)
  for (let pair = 0; pair < users.length; pair++) if ((input.weights[pair] as number) > 0) taught[users[pair] as number] = 1
  for (let user = 0; user < taught.length; user++) if (taught[user] === 0) userFactors.fill(0, user * factors, (user + 1) * factors)
  return {
    userFactors,
    userSquares: new Float32Array(userFactors.length).fill(1),
    itemFactors,
    itemSquares: new Float32Array(itemFactors.length).fill(1),
    itemBiases: new Float32Array(input.itemCount),
    itemBiasSquares: new Float32Array(input.itemCount).fill(1),
  }
}

/** Copies: the checkpoint stays the caller's. */
function stateFrom(checkpoint: Tensors, input: Interactions, factors: number): State {
  const read = (name: string, shape: readonly number[]): Float32Array => readTensorOf(checkpoint, name, Float32Array, shape).slice()
  return {
    userFactors: read('user_factors', [input.userCount, factors]),
    userSquares: read('user_factor_squares', [input.userCount, factors]),
    itemFactors: read('item_factors', [input.itemCount, factors]),
    itemSquares: read('item_factor_squares', [input.itemCount, factors]),
    itemBiases: read('item_biases', [input.itemCount]),
    itemBiasSquares: read('item_bias_squares', [input.itemCount]),
  }
}

class WarpFit implements Fit {
  readonly #input: Interactions
  readonly #users: Uint32Array
  readonly #settings: Settings
  readonly #seed: number
  readonly #state: State
  /** L of the head comment for c = 1, by s. */
  readonly #rankLoss: Float64Array
  readonly #batchPairs: number
  readonly #order: Uint32Array
  #random: Random
  #epoch = 0
  /** Pairs of the epoch that are done. */
  #done = 0
  #lossSum = 0
  #epochLoss: number | undefined

  constructor(input: Interactions, settings: Settings, seed: number, checkpoint: Tensors | undefined) {
    const { factors, maxSampled } = settings
    this.#input = input
    this.#users = userOfPairs(input)
    this.#settings = settings
    this.#seed = seed
    this.#random = Random.seeded(seed, 1)
    this.#rankLoss = rankLosses(input.itemCount, maxSampled)
    this.#batchPairs = Math.ceil(batchWork / (factors * maxSampled + 100))
    this.#order = new Uint32Array(input.items.length)
    if (checkpoint === undefined) {
      this.#state = firstState(input, this.#users, factors, seed)
    } else {
      this.#state = stateFrom(checkpoint, input, factors)
      this.#epoch = readTensorOf(checkpoint, 'epoch', Uint32Array, [1])[0] ?? 0
      if (this.#epoch > settings.epochs)
        throw new MatineeError(
          'model_incompatible',
          `warp: the checkpoint has ${this.#epoch} epochs done, expected at most ${settings.epochs}`,
        )
      this.#epochLoss = readTensorOf(checkpoint, 'epoch_loss', Float64Array, [1])[0]
    }
  }

  advance(): FitProgress {
    if (this.#epoch < this.#settings.epochs) {
      if (this.#done === 0) this.#beginEpoch()
      const end = Math.min(this.#done + this.#batchPairs, this.#order.length)
      this.#lossSum += this.#learn(this.#done, end)
      this.#done = end
      if (!Number.isFinite(this.#lossSum)) throw this.#diverged()
      if (end === this.#order.length) this.#endEpoch()
    }
    return this.#progress()
  }

  checkpoint(): Tensors | undefined {
    if (this.#epoch === 0 || this.#done > 0) return undefined
    const { factors } = this.#settings
    const { userCount, itemCount } = this.#input
    const state = this.#state
    return new Map([
      ['user_factors', matrix(state.userFactors.slice(), userCount, factors)],
      ['user_factor_squares', matrix(state.userSquares.slice(), userCount, factors)],
      ['item_factors', matrix(state.itemFactors.slice(), itemCount, factors)],
      ['item_factor_squares', matrix(state.itemSquares.slice(), itemCount, factors)],
      ['item_biases', vector(state.itemBiases.slice())],
      ['item_bias_squares', vector(state.itemBiasSquares.slice())],
      ['epoch', vector(Uint32Array.of(this.#epoch))],
      ['epoch_loss', vector(Float64Array.of(this.#epochLoss ?? 0))],
    ])
  }

  finish(): Model {
    const { epochs, factors, learningRate, maxSampled, regularization } = this.#settings
    if (this.#epoch < epochs)
      throw new MatineeError('internal', `warp: ${this.#epoch} of ${epochs} epochs are done; advance until fraction is 1`)
    return new WarpModel(
      new Map<string, Tensor>([
        ['user_factors', matrix(this.#state.userFactors.slice(), this.#input.userCount, factors)],
        ['item_factors', matrix(this.#state.itemFactors.slice(), this.#input.itemCount, factors)],
        ['item_biases', vector(this.#state.itemBiases.slice())],
        ['settings', vector(Float64Array.of(learningRate, maxSampled, regularization))],
      ]),
    )
  }

  #beginEpoch(): void {
    this.#random = Random.seeded(this.#seed, this.#epoch + 1)
    for (let n = 0; n < this.#order.length; n++) this.#order[n] = n
    shuffle(this.#order, this.#random)
    this.#lossSum = 0
  }

  #endEpoch(): void {
    for (const numbers of Object.values(this.#state) as Float32Array[])
      for (let n = 0; n < numbers.length; n++) if (!Number.isFinite(numbers[n])) throw this.#diverged()
    this.#epochLoss = this.#order.length === 0 ? 0 : this.#lossSum / this.#order.length
    this.#epoch++
    this.#done = 0
  }

  #diverged(): MatineeError {
    return new MatineeError(
      'training_diverged',
      `warp: numbers are no longer finite in epoch ${this.#epoch + 1} of ${this.#settings.epochs}; lower learning_rate (now ${this.#settings.learningRate})`,
      { details: { epoch: this.#epoch + 1, parameter: 'learning_rate' } },
    )
  }

  #progress(): FitProgress {
    const { epochs } = this.#settings
    return {
      epoch: this.#epoch,
      epochs,
      fraction: (this.#epoch + this.#done / Math.max(1, this.#order.length)) / epochs,
      ...(this.#epochLoss === undefined ? {} : { loss: this.#epochLoss }),
    }
  }

  /** Takes the pairs `order[from .. to)`. Returns the sum of their losses, which is not finite once a score is not. */
  #learn(from: number, to: number): number {
    const { offsets, items, weights, itemCount } = this.#input
    const { userFactors, userSquares, itemFactors, itemSquares, itemBiases, itemBiasSquares } = this.#state
    const { factors, learningRate, maxSampled, regularization } = this.#settings
    const users = this.#users
    const order = this.#order
    const random = this.#random
    const rankLoss = this.#rankLoss
    let lossSum = 0

    for (let n = from; n < to; n++) {
      const pair = order[n] as number
      const weight = weights[pair] as number
      const user = users[pair] as number
      const start = offsets[user] as number
      const end = offsets[user + 1] as number
      const negativeCount = itemCount - (end - start)
      if (weight === 0 || negativeCount === 0) continue
      const u = user * factors
      const positive = items[pair] as number
      const p = positive * factors

      let positiveScore = itemBiases[positive] as number
      for (let f = 0; f < factors; f++) positiveScore += (userFactors[u + f] as number) * (itemFactors[p + f] as number)
      // Comparisons with what is not a number are false and would pass in silence.
      if (!Number.isFinite(positiveScore)) return NaN

      for (let sampled = 1; sampled <= maxSampled; sampled++) {
        const negative = nthAbsent(items, start, end, random.below(negativeCount))
        const q = negative * factors
        let negativeScore = itemBiases[negative] as number
        for (let f = 0; f < factors; f++) negativeScore += (userFactors[u + f] as number) * (itemFactors[q + f] as number)
        const violation = margin - positiveScore + negativeScore
        if (!(violation > 0)) continue

        const loss = Math.min(weight * (rankLoss[sampled] as number), largestLoss)
        lossSum += loss * violation
        for (let f = 0; f < factors; f++) {
          const userValue = userFactors[u + f] as number
          const positiveValue = itemFactors[p + f] as number
          const negativeValue = itemFactors[q + f] as number
          const userSlope = loss * (negativeValue - positiveValue) + regularization * userValue
          const positiveSlope = -loss * userValue + regularization * positiveValue
          const negativeSlope = loss * userValue + regularization * negativeValue
          const userSquare = userSquares[u + f] as number
          const positiveSquare = itemSquares[p + f] as number
          const negativeSquare = itemSquares[q + f] as number
          userFactors[u + f] = userValue - (learningRate * userSlope) / Math.sqrt(userSquare)
          itemFactors[p + f] = positiveValue - (learningRate * positiveSlope) / Math.sqrt(positiveSquare)
          itemFactors[q + f] = negativeValue - (learningRate * negativeSlope) / Math.sqrt(negativeSquare)
          userSquares[u + f] = userSquare + userSlope * userSlope
          itemSquares[p + f] = positiveSquare + positiveSlope * positiveSlope
          itemSquares[q + f] = negativeSquare + negativeSlope * negativeSlope
        }
        const positiveBias = itemBiases[positive] as number
        const negativeBias = itemBiases[negative] as number
        const positiveSlope = -loss + regularization * positiveBias
        const negativeSlope = loss + regularization * negativeBias
        const positiveSquare = itemBiasSquares[positive] as number
        const negativeSquare = itemBiasSquares[negative] as number
        itemBiases[positive] = positiveBias - (learningRate * positiveSlope) / Math.sqrt(positiveSquare)
        itemBiases[negative] = negativeBias - (learningRate * negativeSlope) / Math.sqrt(negativeSquare)
        itemBiasSquares[positive] = positiveSquare + positiveSlope * positiveSlope
        itemBiasSquares[negative] = negativeSquare + negativeSlope * negativeSlope
        break
      }
    }
    return lossSum
  }
}

/**
 * The n-th (from 0) of the positions that `items[start .. end)`, ascending and distinct, does not have. Before the k-th of those
 * lie items[k] - k absent ones; that many rise with k, so the first k at which they exceed n is found by halving.
 */
export function nthAbsent(items: Uint32Array, start: number, end: number, n: number): number {
  let low = start
  let high = end
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((items[middle] as number) - (middle - start) <= n) low = middle + 1
    else high = middle
  }
  return n + (low - start)
}

/** ln of the estimated rank when the s-th draw is the first to violate, by s. */
const rankLosses = (itemCount: number, maxSampled: number): Float64Array =>
  Float64Array.from({ length: maxSampled + 1 }, (_, s) => (s === 0 ? 0 : Math.log(Math.max(1, Math.floor((itemCount - 1) / s)))))

/**
 * Passes over a history. On MovieLens 100K factors from 10 or 30 passes rank as well as those of the fit itself; after 300 they have
 * learnt the history by heart and rank worse.
 */
const foldInPasses = 10

export class WarpModel extends FactorModel {
  readonly #settings: Omit<Settings, 'factors' | 'epochs'>
  readonly #rankLoss: Float64Array

  /** @throws MatineeError `model_incompatible`. */
  constructor(tensors: Tensors) {
    super(algorithm, tensors)
    const [learningRate = 0, maxSampled = 0, regularization = 0] = readTensorOf(tensors, 'settings', Float64Array, [3])
    this.#settings = { learningRate, maxSampled, regularization }
    this.#rankLoss = rankLosses(this.itemCount, maxSampled)
  }

  /**
   * The factors of someone with that history: the steps of a fit with items and biases left as they are, from factors 0, with draws of
   * their own seed, so that the same history always gives the same.
   */
  foldIn(items: Uint32Array, weights: Float32Array): Float32Array {
    checkInteractions({ userCount: 1, itemCount: this.itemCount, offsets: Uint32Array.of(0, items.length), items, weights })
    const { itemFactors, itemBiases, factorCount } = this
    const { learningRate, maxSampled, regularization } = this.#settings
    const user = new Float32Array(factorCount)
    const squares = new Float32Array(factorCount).fill(1)
    const negativeCount = this.itemCount - items.length
    if (negativeCount === 0) return user
    const random = Random.seeded(0, 0)
    const scoreOf = (item: number): number => {
      let score = itemBiases?.[item] ?? 0
      for (let f = 0; f < factorCount; f++) score += (user[f] as number) * (itemFactors[item * factorCount + f] as number)
      return score
    }
    for (let pass = 0; pass < foldInPasses; pass++) {
      for (const n of permutation(items.length, random)) {
        const positive = items[n] as number
        const positiveScore = scoreOf(positive)
        for (let sampled = 1; sampled <= maxSampled; sampled++) {
          const negative = nthAbsent(items, 0, items.length, random.below(negativeCount))
          if (scoreOf(negative) <= positiveScore - margin) continue
          const loss = Math.min((weights[n] as number) * (this.#rankLoss[sampled] as number), largestLoss)
          for (let f = 0; f < factorCount; f++) {
            const difference = (itemFactors[negative * factorCount + f] as number) - (itemFactors[positive * factorCount + f] as number)
            const slope = loss * difference + regularization * (user[f] as number)
            user[f] = (user[f] as number) - (learningRate * slope) / Math.sqrt(squares[f] as number)
            squares[f] = (squares[f] as number) + slope * slope
          }
          break
        }
      }
    }
    return user
  }

  override scoreHistory(items: Uint32Array, weights: Float32Array, scores: Float32Array): void {
    this.scoreFactors(this.foldIn(items, weights), scores)
  }
}

export const warp: ModelFamily = {
  algorithm,
  parameters: [
    { name: 'factors', description: 'Numbers a user and an item have', type: 'integer', default: 30, minimum: 1, maximum: 1024 },
    { name: 'epochs', description: 'How often every pair is taken', type: 'integer', default: 10, minimum: 1, maximum: 10_000 },
    {
      name: 'learning_rate',
      description: 'Length of the first steps (Adagrad shortens later ones)',
      type: 'number',
      default: 0.05,
      minimum: 1e-9,
      maximum: 100,
    },
    {
      name: 'max_sampled',
      description: 'Negatives drawn for a pair until one ranks too high',
      type: 'integer',
      default: 10,
      minimum: 1,
      maximum: 10_000,
    },
    { name: 'regularization', description: 'L2 penalty on factors and biases', type: 'number', default: 0, minimum: 0, maximum: 1000 },
    {
      name: 'racing',
      description: 'Lets threads write over each other, faster and not repeatable; this fit has one thread, so nothing races',
      type: 'boolean',
      default: false,
    },
  ],
  start(input: Interactions, given: Parameters, seed: number, checkpoint?: Tensors): Fit {
    checkInteractions(input)
    const parameters = resolveParameters(warp, given)
    const settings: Settings = {
      factors: numberParameter(parameters, 'factors'),
      epochs: numberParameter(parameters, 'epochs'),
      learningRate: numberParameter(parameters, 'learning_rate'),
      maxSampled: numberParameter(parameters, 'max_sampled'),
      regularization: numberParameter(parameters, 'regularization'),
    }
    return new WarpFit(input, settings, seed, checkpoint)
  },
  load: (tensors) => new WarpModel(tensors),
}
