/**
 * Item neighbours: each item of a user's history votes for the items most like it.
 * Deshpande, Karypis: "Item-based top-N recommendation algorithms", ACM TOIS 2004. With c_ui the weight of a pair, 0 without one,
 *
 *   s_ij = Σ_u c_ui c_uj n_u^-e / (|c_i|^2p |c_j|^2q + shrinkage),   |c_i|² = Σ_u c_ui²,   kept for the `neighbours` largest s_ij > 0 of each i
 *   score(u, j) = Σ over the user's items i of c_ui × s_ij
 *
 * e = 0, p = q = ½ is the cosine; e = 1, p = 1, q below 1 is a random walk of three steps with popularity held down (RP3β: Paudel,
 * Christoffel, Newell, Bernstein: "Updatable, accurate, diverse, and scalable recommendations", ACM TiiS 2016).
 *
 * | notation  | variable or parameter | shape, unit                                                             |
 * |-----------|-----------------------|-------------------------------------------------------------------------|
 * | c_ui      | `weights`             | a pair; 1 in the paper                                                  |
 * | |c_i|     | `norms`               | items                                                                   |
 * | n_u       | items of a user       | count                                                                   |
 * | e, p, q   | `user_exponent`, `own_exponent`, `other_exponent` | -                                           |
 * | s_ij      | `neighbour_…`         | sparse rows of items over items, positions ascending, 32-bit            |
 * | shrinkage | `shrinkage`           | users with weight 1: what few common users show is believed the less    |
 *
 * Of equal similarities the smaller position is kept. Departures: similarities are not made to sum to 1; items that no vote reaches do not
 * tie at 0 but follow after all others, by popularity, as -1 / (1 + users of the item).
 *
 * Time Σ over users of (their items)², memory at most 16 bytes × neighbours × items + 16 bytes × items + 8 bytes × pairs.
 * Sums in double precision, in the order of the users. The input is checked (`checkInteractions`) and never written to.
 * No randomness: seeds change nothing. Items without users have no neighbours. Users without a pair of weight above 0 get what strangers get.
 */
import { MatineeError } from '../../contracts/errors.ts'
import { readTensorOf } from '../artifact/tensor-access.ts'
import { vector } from '../factor-model.ts'
import { HistoryModel, historyTensors, pairTensors, readPairs } from '../history-model.ts'
import type { Fit, FitProgress, Interactions, Model, ModelFamily, Parameters, Tensors, TrainingInput } from '../model.ts'
import { numberParameter, resolveParameters } from '../parameters.ts'
import { checkInteractions, itemsOfUser, transpose } from '../sparse/interactions.ts'
import { topK } from '../top-k/top-k.ts'

const algorithm = 'item-knn'
/** Additions of one `advance`: about a tenth of a second. */
const batchWork = 2e7
/** A small catalogue is no single batch, so that progress is told at least that often. */
const leastBatches = 16
/** Where more than one in so many items share a user, looking at all is faster than sorting those. */
const denseShare = 16

interface Settings {
  readonly neighbours: number
  readonly shrinkage: number
  readonly userExponent: number
  readonly ownExponent: number
  readonly otherExponent: number
}

class ItemKnnFit implements Fit {
  readonly #input: TrainingInput
  readonly #usersOfItems: Interactions
  readonly #neighbours: number
  readonly #shrinkage: number
  /** n_u^-e. */
  readonly #userShares: Float64Array
  /** |c_i|^2p and |c_j|^2q. */
  readonly #ownNorms: Float64Array
  readonly #otherNorms: Float64Array
  readonly #totalWork: number
  /** Σ_u c_ui c_uj of the row in hand, by j; 0 between rows. */
  readonly #products: Float64Array
  readonly #touched: Uint32Array
  /** Rows that are done, one after the other. */
  readonly #offsets: Uint32Array
  #items: Uint32Array
  #similarities: Float32Array
  #row = 0
  #work = 0

  constructor(input: TrainingInput, settings: Settings, checkpoint: Tensors | undefined) {
    const { itemCount } = input
    this.#input = input
    this.#usersOfItems = transpose(input)
    this.#neighbours = Math.min(settings.neighbours, Math.max(0, itemCount - 1))
    this.#shrinkage = settings.shrinkage
    this.#userShares = Float64Array.from(
      { length: input.userCount },
      (_, user) => itemsOfUser(input, user).length ** -settings.userExponent,
    )
    const squares = squaredNorms(this.#usersOfItems)
    this.#ownNorms = squares.map((square) => square ** settings.ownExponent)
    this.#otherNorms = squares.map((square) => square ** settings.otherExponent)
    this.#products = new Float64Array(itemCount)
    this.#touched = new Uint32Array(itemCount)
    this.#offsets = new Uint32Array(itemCount + 1)
    this.#items = new Uint32Array(this.#neighbours)
    this.#similarities = new Float32Array(this.#neighbours)
    let total = 0
    for (let row = 0; row < itemCount; row++) total += this.#rowWork(row)
    this.#totalWork = total
    if (checkpoint !== undefined) this.#resume(checkpoint)
  }

  advance(): FitProgress {
    const { itemCount } = this.#input
    const batchEnd = this.#work + Math.min(batchWork, this.#totalWork / leastBatches)
    for (; this.#row < itemCount && this.#work < batchEnd; this.#row++) {
      this.#work += this.#rowWork(this.#row)
      this.#findNeighbours(this.#row)
    }
    const isDone = this.#row === itemCount
    return { epoch: isDone ? 1 : 0, epochs: 1, fraction: isDone ? 1 : this.#work / this.#totalWork }
  }

  checkpoint(): Tensors | undefined {
    if (this.#row === 0) return undefined
    return new Map([
      ...pairTensors(this.#rows(), 'neighbour'),
      ['item_count', vector(Uint32Array.of(this.#input.itemCount))],
      ['epoch', vector(Uint32Array.of(this.#row))],
    ])
  }

  finish(): Model {
    const { itemCount } = this.#input
    if (this.#row < itemCount)
      throw new MatineeError('internal', `item-knn: ${this.#row} of ${itemCount} items are done; advance until fraction is 1`)
    return new ItemKnnModel(new Map([...historyTensors(this.#input), ...pairTensors(this.#rows(), 'neighbour')]))
  }

  #resume(checkpoint: Tensors): void {
    const { itemCount } = this.#input
    const written = readTensorOf(checkpoint, 'item_count', Uint32Array, [1])[0]
    if (written !== itemCount)
      throw new MatineeError('model_incompatible', `item-knn: the checkpoint is of ${written} items, expected ${itemCount}`)
    const rows = readPairs(checkpoint, 'neighbour', itemCount)
    if (rows.userCount > itemCount)
      throw new MatineeError('model_incompatible', `item-knn: the checkpoint has ${rows.userCount} rows, expected at most ${itemCount}`)
    this.#reserve(rows.items.length)
    this.#offsets.set(rows.offsets)
    this.#items.set(rows.items)
    this.#similarities.set(rows.weights)
    for (; this.#row < rows.userCount; this.#row++) this.#work += this.#rowWork(this.#row)
  }

  /** Makes room for that many neighbours in all; at least doubles, so that a fit copies each only a few times. */
  #reserve(size: number): void {
    if (size <= this.#items.length) return
    const [items, similarities] = [this.#items, this.#similarities]
    this.#items = new Uint32Array(Math.max(size, 2 * items.length))
    this.#similarities = new Float32Array(this.#items.length)
    this.#items.set(items)
    this.#similarities.set(similarities)
  }

  /** The rows that are done; views. */
  #rows(): Interactions {
    const size = this.#offsets[this.#row] as number
    return {
      userCount: this.#row,
      itemCount: this.#input.itemCount,
      offsets: this.#offsets.subarray(0, this.#row + 1),
      items: this.#items.subarray(0, size),
      weights: this.#similarities.subarray(0, size),
    }
  }

  /** Additions that a row takes, and one for itself. */
  #rowWork(row: number): number {
    const { offsets, items: users } = this.#usersOfItems
    let work = 1
    for (let n = offsets[row] as number; n < (offsets[row + 1] as number); n++) {
      const user = users[n] as number
      work += (this.#input.offsets[user + 1] as number) - (this.#input.offsets[user] as number)
    }
    return work
  }

  #findNeighbours(row: number): void {
    const others = this.#sumProducts(row)
    const similarities = new Float32Array(others.length)
    const norm = this.#ownNorms[row] as number
    for (let n = 0; n < others.length; n++) {
      const other = others[n] as number
      similarities[n] = (this.#products[other] as number) / (norm * (this.#otherNorms[other] as number) + this.#shrinkage)
      this.#products[other] = 0
    }
    let place = this.#offsets[row] as number
    this.#reserve(place + this.#neighbours)
    for (const n of topK(similarities, this.#neighbours).toSorted()) {
      this.#items[place] = others[n] as number
      this.#similarities[place++] = similarities[n] as number
    }
    this.#offsets[row + 1] = place
  }

  /** Fills `#products` and returns the items other than the row's own where it is above 0, ascending. */
  #sumProducts(row: number): Uint32Array {
    const { offsets, items, weights, itemCount } = this.#input
    const { offsets: rowOffsets, items: users, weights: rowWeights } = this.#usersOfItems
    const products = this.#products
    const touched = this.#touched
    let size = 0
    for (let n = rowOffsets[row] as number; n < (rowOffsets[row + 1] as number); n++) {
      const user = users[n] as number
      const weight = (rowWeights[n] as number) * (this.#userShares[user] as number)
      if (weight === 0) continue
      const end = offsets[user + 1] as number
      for (let pair = offsets[user] as number; pair < end; pair++) {
        const item = items[pair] as number
        const before = products[item] as number
        const after = before + weight * (weights[pair] as number)
        if (before === 0 && after > 0) touched[size++] = item
        products[item] = after
      }
    }
    if (size * denseShare > itemCount) {
      size = 0
      for (let item = 0; item < itemCount; item++) if ((products[item] as number) > 0) touched[size++] = item
    } else touched.subarray(0, size).sort()
    products[row] = 0
    return touched.subarray(0, size).filter((item) => item !== row)
  }
}

function squaredNorms({ userCount: itemCount, offsets, weights }: Interactions): Float64Array {
  return Float64Array.from({ length: itemCount }, (_, item) => {
    let square = 0
    for (let n = offsets[item] as number; n < (offsets[item + 1] as number); n++) square += (weights[n] as number) ** 2
    return square
  })
}

class ItemKnnModel extends HistoryModel {
  readonly #neighbours: Interactions
  readonly #votes: Float64Array

  constructor(tensors: Tensors) {
    super(algorithm, tensors)
    this.#neighbours = readPairs(tensors, 'neighbour', this.itemCount)
    if (this.#neighbours.userCount !== this.itemCount)
      throw new MatineeError(
        'model_incompatible',
        `model: tensor neighbour_offsets has ${this.#neighbours.userCount} rows, expected ${this.itemCount}`,
      )
    this.#votes = new Float64Array(this.itemCount)
  }

  protected override scoreKnown(items: Uint32Array, weights: Float32Array, scores: Float32Array): void {
    const { offsets, items: neighbours, weights: similarities } = this.#neighbours
    const votes = this.#votes.fill(0)
    for (let n = 0; n < items.length; n++) {
      const item = items[n] as number
      const weight = weights[n] as number
      for (let place = offsets[item] as number; place < (offsets[item + 1] as number); place++) {
        const neighbour = neighbours[place] as number
        votes[neighbour] = (votes[neighbour] as number) + weight * (similarities[place] as number)
      }
    }
    for (let item = 0; item < votes.length; item++) {
      const vote = votes[item] as number
      scores[item] = vote > 0 ? vote : -1 / (1 + (this.popularity[item] as number))
    }
  }
}

export const itemKnn: ModelFamily = {
  algorithm,
  parameters: [
    { name: 'neighbours', description: 'Items that an item votes for', type: 'integer', default: 20, minimum: 1, maximum: 100_000 },
    {
      name: 'shrinkage',
      description: 'Added to the product of the norms, against chance likeness of rare items',
      type: 'number',
      default: 5,
      minimum: 0,
      maximum: 1e9,
    },
    {
      name: 'user_exponent',
      description: 'Exponent e: above 0 users with many items say less of what is alike',
      type: 'number',
      default: 0,
      minimum: 0,
      maximum: 2,
    },
    {
      name: 'own_exponent',
      description: 'Exponent p of the item that votes; 0.5: cosine',
      type: 'number',
      default: 0.5,
      minimum: 0,
      maximum: 2,
    },
    {
      name: 'other_exponent',
      description: 'Exponent q of the item that is voted for; 0.5: cosine, less favours what is popular',
      type: 'number',
      default: 0.5,
      minimum: 0,
      maximum: 2,
    },
  ],
  start(input: TrainingInput, given: Parameters, _seed: number, checkpoint?: Tensors): Fit {
    checkInteractions(input)
    const parameters = resolveParameters(itemKnn, given)
    const settings: Settings = {
      neighbours: numberParameter(parameters, 'neighbours'),
      shrinkage: numberParameter(parameters, 'shrinkage'),
      userExponent: numberParameter(parameters, 'user_exponent'),
      ownExponent: numberParameter(parameters, 'own_exponent'),
      otherExponent: numberParameter(parameters, 'other_exponent'),
    }
    return new ItemKnnFit(input, settings, checkpoint)
  },
  load: (tensors) => new ItemKnnModel(tensors),
}
