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
 * Time Σ over users of (their items)², memory at most 16 bytes × neighbours × items + 40 bytes × items + 32 bytes × pairs.
 * Sums in double precision, in the order of the users, and so the same on any number of threads (src/kernels/neighbours.ts). The input is checked (`checkInteractions`) and never written to.
 * No randomness: seeds change nothing. Items without users have no neighbours. Users without a pair of weight above 0 get what strangers get.
 */
import { MatineeError } from '../../contracts/errors.ts'
import { readTensorOf } from '../artifact/tensor-access.ts'
import { vector } from '../factor-model.ts'
import { HistoryModel, historyTensors, pairTensors, readPairs } from '../history-model.ts'
import { callersThread, type KernelThreads } from '../kernels/kernels.ts'
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

const algorithm = 'item-knn'
/** Additions of one `advance`: about a tenth of a second on one thread. */
const batchWork = 2e7
/** And its rows, whose neighbours are to take no more than so many bytes. */
const [mostRows, foundBytes] = [4096, 2 ** 23]
const rowsOfTask = 4
/** A small catalogue is no single batch, so that progress is told at least that often. */
const leastBatches = 16
interface Settings {
  readonly neighbours: number
  readonly shrinkage: number
  readonly userExponent: number
  readonly ownExponent: number
  readonly otherExponent: number
}

interface Layout {
  readonly plan: MemoryPlan
  readonly byUser: PairRows
  readonly byItem: PairRows
  readonly shares: number
  readonly rowWork: number
  readonly ownNorms: number
  readonly otherNorms: number
  readonly counter: number
  readonly scratch: number
  readonly scratchBytes: number
  /** Rows of one `advance` at most, and what is found for them. */
  readonly rows: number
  readonly found: number
  readonly likenesses: number
  readonly sizes: number
}

function planLayout({ userCount, itemCount, pairCount }: DataShape, k: number, threads: number): Layout {
  const plan = new MemoryPlan()
  const scratchBytes = 8 * (itemCount + k + Math.ceil(itemCount / 2))
  const rows = Math.max(1, Math.min(itemCount, mostRows, Math.floor(foundBytes / (8 * Math.max(1, k)))))
  return {
    plan,
    byUser: planPairRows(plan, userCount, pairCount),
    byItem: planPairRows(plan, itemCount, pairCount),
    shares: plan.take(8 * userCount),
    rowWork: plan.take(8 * itemCount),
    ownNorms: plan.take(8 * itemCount),
    otherNorms: plan.take(8 * itemCount),
    counter: plan.takeWords(1),
    scratch: plan.take(threads * scratchBytes),
    scratchBytes,
    rows,
    found: plan.takeWords(rows * k),
    likenesses: plan.takeWords(rows * k),
    sizes: plan.takeWords(rows),
  }
}

/** Neighbours that an item can have. */
const mostNeighbours = ({ neighbours }: Settings, itemCount: number): number => Math.min(neighbours, Math.max(0, itemCount - 1))

class ItemKnnFit implements Fit {
  readonly #input: TrainingInput
  readonly #neighbours: number
  readonly #shrinkage: number
  readonly #threads: KernelThreads
  readonly #layout: Layout
  readonly #memory: WebAssembly.Memory
  /** Additions of each row, and one for itself. */
  readonly #rowWork: Float64Array
  readonly #totalWork: number
  /** Rows that are done, one after the other. */
  readonly #offsets: Uint32Array
  #items: Uint32Array
  #similarities: Float32Array
  #row = 0
  #work = 0

  constructor(input: TrainingInput, settings: Settings, checkpoint: Tensors | undefined, resources: FitResources) {
    const { userCount, itemCount, offsets, items, weights } = input
    this.#input = input
    this.#neighbours = mostNeighbours(settings, itemCount)
    this.#shrinkage = settings.shrinkage
    this.#threads = resources.threads ?? callersThread
    const layout = planLayout({ userCount, itemCount, pairCount: items.length }, this.#neighbours, this.#threads.count)
    this.#layout = layout
    this.#memory = layout.plan.create()
    const byItem = transpose({ userCount, itemCount, offsets, items, weights })
    fillPairRows(this.#memory, layout.byUser, input)
    fillPairRows(this.#memory, layout.byItem, byItem)
    doublesAt(this.#memory, layout.shares, userCount).set(userShares(input, settings.userExponent))
    const squares = squaredNorms(byItem)
    doublesAt(this.#memory, layout.ownNorms, itemCount).set(squares.map((square) => square ** settings.ownExponent))
    doublesAt(this.#memory, layout.otherNorms, itemCount).set(squares.map((square) => square ** settings.otherExponent))
    this.#offsets = new Uint32Array(itemCount + 1)
    this.#items = new Uint32Array(this.#neighbours)
    this.#similarities = new Float32Array(this.#neighbours)
    this.#rowWork = doublesAt(this.#memory, layout.rowWork, itemCount)
    this.#rowWork.set(rowWork(input, byItem))
    this.#totalWork = this.#rowWork.reduce((sum, work) => sum + work, 0)
    if (checkpoint !== undefined) this.#resume(checkpoint)
  }

  advance(): FitProgress {
    const { itemCount } = this.#input
    const first = this.#row
    const batchEnd = this.#work + Math.min(batchWork, this.#totalWork / leastBatches)
    const lastRow = Math.min(itemCount, first + this.#layout.rows)
    for (; this.#row < lastRow && this.#work < batchEnd; this.#row++) this.#work += this.#rowWork[this.#row] as number
    if (this.#neighbours > 0 && this.#row > first) this.#findNeighbours(first, this.#row)
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
    for (; this.#row < rows.userCount; this.#row++) this.#work += this.#rowWork[this.#row] as number
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

  /** Of the items from `first` up to `end`. */
  #findNeighbours(first: number, end: number): void {
    const {
      byUser,
      byItem,
      shares,
      rowWork: work,
      ownNorms,
      otherNorms,
      counter,
      scratch,
      scratchBytes,
      found,
      likenesses,
      sizes,
    } = this.#layout
    const k = this.#neighbours
    wordsAt(this.#memory, counter, 1)[0] = 0
    const tasks = [counter, Math.ceil((end - first) / rowsOfTask), rowsOfTask, first, end, this.#input.itemCount]
    const pairs = [...pairRowsArguments(byUser), ...pairRowsArguments(byItem), shares, work, ownNorms, otherNorms]
    const to = [k, scratch, scratchBytes, found, likenesses, sizes]
    this.#threads.run(this.#memory, 'neighbourTasks', [...tasks, ...pairs, this.#shrinkage, ...to])
    const counts = wordsAt(this.#memory, sizes, end - first)
    let place = this.#offsets[first] as number
    this.#reserve(place + counts.reduce((sum, count) => sum + count, 0))
    for (const [n, count] of counts.entries()) {
      this.#items.set(wordsAt(this.#memory, found + 4 * n * k, count), place)
      this.#similarities.set(floatsAt(this.#memory, likenesses + 4 * n * k, count), place)
      this.#offsets[first + n + 1] = place += count
    }
  }
}

function rowWork(byUser: Interactions, { userCount: itemCount, offsets, items: users }: Interactions): Float64Array {
  return Float64Array.from({ length: itemCount }, (_, row) => {
    let work = 1
    for (let n = offsets[row] as number; n < (offsets[row + 1] as number); n++) {
      const user = users[n] as number
      work += (byUser.offsets[user + 1] as number) - (byUser.offsets[user] as number)
    }
    return work
  })
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

const settingsOf = (parameters: Parameters): Settings => ({
  neighbours: numberParameter(parameters, 'neighbours'),
  shrinkage: numberParameter(parameters, 'shrinkage'),
  userExponent: numberParameter(parameters, 'user_exponent'),
  ownExponent: numberParameter(parameters, 'own_exponent'),
  otherExponent: numberParameter(parameters, 'other_exponent'),
})

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
  memoryNeedMib(shape, parameters, threads) {
    const k = mostNeighbours(settingsOf(parameters), shape.itemCount)
    // Beside the kernels' memory the pairs by item while they are sorted, and neighbours, which are copied as they become more.
    const bytes = 16 * shape.pairCount + 16 * k * shape.itemCount
    return planLayout(shape, k, threads).plan.mib + bytes / 2 ** 20
  },
  start(input: TrainingInput, given: Parameters, _seed: number, checkpoint?: Tensors, resources: FitResources = {}): Fit {
    checkInteractions(input)
    return new ItemKnnFit(input, settingsOf(resolveParameters(itemKnn, given)), checkpoint, resources)
  },
  load: (tensors) => new ItemKnnModel(tensors),
}
