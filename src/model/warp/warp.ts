/**
 * WARP: factors and item biases that push a user's items above the others, with steps that are the larger the worse an item ranks.
 * Weston, Bengio, Usunier: "WSABIE: scaling up to large vocabulary image annotation", IJCAI 2011, with the choices of LightFM
 * (Kula 2015): uniform negatives, Adagrad, one rank estimate from the whole catalogue, sample weights.
 *
 *   score(u, i) = b_i + w_u · h_i
 *   for a pair (u, i) of weight c draw items j until score(u, j) > score(u, i) - 1 and u does not have j, at most `max_sampled` times;
 *   at the s-th draw the rank of i is estimated as floor((items - 1) / s), and the loss of the pair is
 *     L × (1 - score(u, i) + score(u, j)),  L = min(c × ln(rank), 10)
 *   each number x of b_i, b_j, w_u, h_i, h_j then moves by -learning_rate × g / sqrt(G_x), where g is the loss's derivative
 *   + regularization × x, and G_x is 1 + the squares of all earlier g of x.
 *
 * | notation      | variable                         | shape, unit                                   |
 * |---------------|----------------------------------|-----------------------------------------------|
 * | w_u, h_i, b_i | `user_factors`, `item_factors`, `item_biases` | users × factors, items × factors, items; 32-bit |
 * | G             | `…_squares`                      | the same                                      |
 * | c             | `weights`                        | a pair                                        |
 * | L             | `rankLosses[s]` × c              | -                                             |
 *
 * Departures from LightFM: no user bias (it cancels in every comparison of a user's items); regularization acts on the numbers that
 * a pair touches, and only then.
 *
 * The schedule (Gemulla, Haas, Nijkamp, Sismanis: "Large-scale matrix factorization with distributed stochastic gradient descent", KDD
 * 2011): an epoch is the pairs in random order, in 32 slices. Users lie in up to 8 blocks, items in as many, cut anew at random for every
 * slice, each with its share of items of every popularity. A slice has as many rounds as blocks; in round s user block p takes its pairs
 * with the items of block p + s and draws negatives from that block. No two blocks of a round share a row, so any number of threads gives
 * the same bytes. Any two items meet equally often, but for the few of like popularity that a cut sets apart. Cutting once an epoch cost
 * 6 % of nDCG@20 on MovieLens 100K. With `racing` there is one block of items and threads write over each other, as LightFM's do.
 *
 * An epoch takes every pair once. Randomness: stream 0 of the seed gives the first values, (uniform - 1/2) / factors; 16 streams an epoch
 * give the cuts of the items, and order and draws of each user block. So an epoch needs no generator state from the one before it, and a
 * checkpoint holds numbers alone. One epoch costs O(pairs × max_sampled × factors), memory 8 bytes a factor of users and items + 20 bytes a
 * pair. Numbers are in single precision. The input is checked (`checkInteractions`) and never written to.
 *
 * Pairs of weight 0 teach nothing but are never taken as negatives. Users without a pair of weight above 0 have factors 0 and get what
 * strangers get, the item biases, which WARP makes grow with popularity. Users who have every item teach nothing. Items without users keep
 * being drawn as negatives and sink. A number that is no longer finite ends the fit (`training_diverged`).
 */
import { MatineeError } from '../../contracts/errors.ts'
import { readTensorOf } from '../artifact/tensor-access.ts'
import { FactorModel, matrix, vector } from '../factor-model.ts'
import { callersThread, callKernel, type KernelName, type KernelThreads } from '../kernels/kernels.ts'
import { doublesAt, floatsAt, MemoryPlan, strideOf, wordsAt } from '../kernels/memory.ts'
import type {
  DataShape,
  Fit,
  FitProgress,
  FitResources,
  Interactions,
  KernelMemories,
  Model,
  ModelFamily,
  Parameters,
  Tensor,
  Tensors,
} from '../model.ts'
import { numberParameter, resolveParameters } from '../parameters.ts'
import { permutation, Random } from '../random/random.ts'
import { checkInteractions, userOfPairs } from '../sparse/interactions.ts'

const algorithm = 'warp'
/** A violating negative scores above the positive minus this. */
const margin = 1
/** Bounds a step where the catalogue has more than e^10 items or weights are above 1. */
const largestLoss = 10
/** Blocks of users and of items; threads beyond that many have nothing to do. */
const mostBlocks = 8
/** Negatives come from one block of items at a time: with fewer there are fewer blocks. */
const leastBlockItems = 128
/**
 * An epoch's pairs are taken in that many slices, the items cut anew for each: with few slices blocks drift apart, and ranking suffers.
 */
const slicesOfEpoch = 32
/** Streams of the seed that an epoch has to itself. */
const streamsOfEpoch = 16
/** Bytes of a user block's entry: four words of its generator, its sum of losses in double, 8 unused. */
const blockBytes = 32
/** Multiply-adds of one `advance`: about a tenth of a second on one thread. */
const batchWork = 2e8

interface Settings {
  readonly factors: number
  readonly epochs: number
  readonly learningRate: number
  readonly maxSampled: number
  readonly regularization: number
  readonly racing: boolean
}

interface Layout {
  readonly plan: MemoryPlan
  /** Floats of a row's values; as many squares follow. A bias is value number `factors`. */
  readonly stride: number
  readonly userRows: number
  readonly itemRows: number
  readonly offsets: number
  readonly items: number
  readonly weights: number
  readonly users: number
  readonly order: number
  readonly buckets: number
  readonly pairStarts: number
  readonly orderEnds: number
  readonly bucketStarts: number
  readonly cursors: number
  readonly itemBlockOf: number
  readonly blockItems: number
  readonly blockBounds: number
  readonly rankLosses: number
  readonly generators: number
  readonly counter: number
}

function planLayout({ userCount, itemCount, pairCount }: DataShape, factors: number, maxSampled: number): Layout {
  const plan = new MemoryPlan()
  const stride = strideOf(factors + 1)
  return {
    plan,
    stride,
    userRows: plan.takeWords(2 * userCount * stride),
    itemRows: plan.takeWords(2 * itemCount * stride),
    offsets: plan.takeWords(userCount + 1),
    items: plan.takeWords(pairCount),
    weights: plan.takeWords(pairCount),
    users: plan.takeWords(pairCount),
    order: plan.takeWords(pairCount),
    buckets: plan.takeWords(pairCount),
    pairStarts: plan.takeWords(mostBlocks + 1),
    orderEnds: plan.takeWords(mostBlocks),
    bucketStarts: plan.takeWords(mostBlocks * (mostBlocks + 1)),
    cursors: plan.takeWords(mostBlocks * mostBlocks),
    itemBlockOf: plan.take(itemCount),
    blockItems: plan.takeWords(itemCount + mostBlocks * mostBlocks),
    blockBounds: plan.takeWords(2 * mostBlocks),
    rankLosses: plan.takeWords(maxSampled + 1),
    generators: plan.take(mostBlocks * blockBytes),
    counter: plan.takeWords(1),
  }
}

class WarpFit implements Fit {
  readonly #input: Interactions
  readonly #settings: Settings
  readonly #seed: number
  readonly #threads: KernelThreads
  readonly #layout: Layout
  readonly #memory: WebAssembly.Memory
  readonly #userBlocks: number
  readonly #itemBlocks: number
  readonly #slices: number
  /** Items by descending number of users, equal ones by position. */
  readonly #itemsByPopularity: Uint32Array
  /** Pairs that teach: those of weight above 0. */
  readonly #taught: number
  readonly #batchPairs: number
  #epoch = 0
  /** Slices of the epoch that are done, rounds of the slice, and pairs of each of the round's buckets. */
  #slice = 0
  #round = 0
  #done = 0
  #taken = 0
  #epochLoss: number | undefined
  /** Draws the cuts of the epoch's items. */
  #cuts: Random

  constructor(input: Interactions, settings: Settings, seed: number, checkpoint: Tensors | undefined, resources: FitResources) {
    const { factors, epochs, maxSampled, racing } = settings
    const { userCount, itemCount, items, weights } = input
    this.#input = input
    this.#settings = settings
    this.#seed = seed
    this.#cuts = Random.seeded(seed, 0)
    this.#threads = resources.threads ?? callersThread
    this.#userBlocks = Math.max(1, Math.min(mostBlocks, Math.floor(itemCount / leastBlockItems)))
    this.#itemBlocks = racing ? 1 : this.#userBlocks
    this.#slices = this.#itemBlocks === 1 ? 1 : slicesOfEpoch
    this.#batchPairs = Math.ceil(batchWork / (factors * maxSampled + 100) / this.#userBlocks)
    this.#taught = weights.reduce((count, weight) => count + Number(weight > 0), 0)
    this.#itemsByPopularity = byPopularity(input)
    this.#layout = planLayout({ userCount, itemCount, pairCount: items.length }, factors, maxSampled)
    this.#memory = this.#layout.plan.create()
    this.#fill()
    if (checkpoint === undefined) {
      this.#drawFirstValues()
      return
    }
    for (const [rows, count, name] of this.#sides()) {
      this.#writeRows(rows, 0, factors, readTensorOf(checkpoint, `${name}_factors`, Float32Array, [count, factors]))
      this.#writeRows(rows, 1, factors, readTensorOf(checkpoint, `${name}_factor_squares`, Float32Array, [count, factors]))
    }
    this.#writeBiases(0, readTensorOf(checkpoint, 'item_biases', Float32Array, [itemCount]))
    this.#writeBiases(1, readTensorOf(checkpoint, 'item_bias_squares', Float32Array, [itemCount]))
    this.#epoch = readTensorOf(checkpoint, 'epoch', Uint32Array, [1])[0] ?? 0
    this.#epochLoss = readTensorOf(checkpoint, 'epoch_loss', Float64Array, [1])[0]
    if (this.#epoch > epochs)
      throw new MatineeError('model_incompatible', `warp: the checkpoint has ${this.#epoch} epochs done, expected at most ${epochs}`)
  }

  advance(): FitProgress {
    if (this.#epoch < this.#settings.epochs) {
      this.#learnBatch()
      if (this.#slice === this.#slices) this.#endEpoch()
    }
    return this.#progress()
  }

  checkpoint(): Tensors | undefined {
    if (this.#epoch === 0 || this.#isWithinEpoch()) return undefined
    const { factors } = this.#settings
    return new Map([
      ...this.#sides().flatMap(
        ([rows, count, name]) =>
          [
            [`${name}_factors`, matrix(this.#readRows(rows, count, 0), count, factors)],
            [`${name}_factor_squares`, matrix(this.#readRows(rows, count, 1), count, factors)],
          ] as const,
      ),
      ['item_biases', vector(this.#readBiases(0))],
      ['item_bias_squares', vector(this.#readBiases(1))],
      ['epoch', vector(Uint32Array.of(this.#epoch))],
      ['epoch_loss', vector(Float64Array.of(this.#epochLoss ?? 0))],
    ])
  }

  finish(): Model {
    const { epochs } = this.#settings
    if (this.#epoch < epochs)
      throw new MatineeError('internal', `warp: ${this.#epoch} of ${epochs} epochs are done; advance until fraction is 1`)
    return this.#model()
  }

  preview(): Model | undefined {
    return this.#epoch === 0 || this.#isWithinEpoch() ? undefined : this.#model()
  }

  #model(): Model {
    const { factors, learningRate, maxSampled, regularization } = this.#settings
    return new WarpModel(
      new Map<string, Tensor>([
        ...this.#sides().map(([rows, count, name]) => [`${name}_factors`, matrix(this.#readRows(rows, count, 0), count, factors)] as const),
        ['item_biases', vector(this.#readBiases(0))],
        ['settings', vector(Float64Array.of(learningRate, maxSampled, regularization))],
      ]),
    )
  }

  #sides(): readonly (readonly [rows: number, count: number, name: string])[] {
    const { userRows, itemRows } = this.#layout
    return [
      [userRows, this.#input.userCount, 'user'],
      [itemRows, this.#input.itemCount, 'item'],
    ]
  }

  /** What no epoch changes. */
  #fill(): void {
    const { offsets, items, weights, users, pairStarts, rankLosses: losses } = this.#layout
    const input = this.#input
    const pairs = input.items.length
    wordsAt(this.#memory, offsets, input.offsets.length).set(input.offsets)
    wordsAt(this.#memory, items, pairs).set(input.items)
    floatsAt(this.#memory, weights, pairs).set(input.weights)
    wordsAt(this.#memory, users, pairs).set(userOfPairs(input))
    const rank = rankLosses(input.itemCount, this.#settings.maxSampled)
    floatsAt(this.#memory, losses, rank.length).set(rank)
    // A user block ends with the first user that fills it, so blocks have about as many pairs each.
    const starts = wordsAt(this.#memory, pairStarts, this.#userBlocks + 1)
    let block = 1
    for (let user = 0; user < input.userCount && block < this.#userBlocks; user++) {
      const end = input.offsets[user + 1] as number
      for (; block < this.#userBlocks && end >= (pairs * block) / this.#userBlocks; block++) starts[block] = end
    }
    starts.fill(pairs, block)
  }

  #drawFirstValues(): void {
    const { factors } = this.#settings
    const { userCount, itemCount, offsets, weights } = this.#input
    const random = Random.seeded(this.#seed, 0)
    const draw = (rows: number): Float32Array => {
      const numbers = new Float32Array(rows * factors)
      for (let n = 0; n < numbers.length; n++) numbers[n] = (random.uint32() / 2 ** 32 - 0.5) / factors
      return numbers
    }
    const itemFactors = draw(itemCount)
    const userFactors = draw(userCount)
    for (let user = 0; user < userCount; user++)
      if (!weights.subarray(offsets[user], offsets[user + 1]).some((weight) => weight > 0))
        userFactors.fill(0, user * factors, (user + 1) * factors)
    const { itemRows, userRows } = this.#layout
    this.#writeRows(itemRows, 0, factors, itemFactors)
    this.#writeRows(userRows, 0, factors, userFactors)
    this.#writeRows(itemRows, 1, factors, new Float32Array(itemFactors.length).fill(1))
    this.#writeRows(userRows, 1, factors, new Float32Array(userFactors.length).fill(1))
    this.#writeBiases(0, new Float32Array(itemCount))
    this.#writeBiases(1, new Float32Array(itemCount).fill(1))
  }

  /** @param part 0: values, 1: squares. Beyond the factors squares are 1, a user's bias is 1, all else is 0. */
  #writeRows(address: number, part: 0 | 1, factors: number, values: Float32Array): void {
    const { stride, userRows } = this.#layout
    const rows = values.length / factors
    const target = floatsAt(this.#memory, address, 2 * rows * stride)
    for (let row = 0, to = part * stride; row < rows; row++, to += 2 * stride) {
      for (let f = 0, from = row * factors; f < factors; f++) target[to + f] = values[from + f] as number
      target.fill(part, to + factors, to + stride)
      if (part === 0 && address === userRows) target[to + factors] = 1
    }
  }

  #readRows(address: number, rows: number, part: 0 | 1): Float32Array {
    const { stride } = this.#layout
    const { factors } = this.#settings
    const source = floatsAt(this.#memory, address, 2 * rows * stride)
    const values = new Float32Array(rows * factors)
    for (let row = 0, from = part * stride; row < rows; row++, from += 2 * stride)
      for (let f = 0, to = row * factors; f < factors; f++) values[to + f] = source[from + f] as number
    return values
  }

  #writeBiases(part: 0 | 1, biases: Float32Array): void {
    const { stride, itemRows } = this.#layout
    const target = floatsAt(this.#memory, itemRows, 2 * biases.length * stride)
    for (let item = 0; item < biases.length; item++) target[(2 * item + part) * stride + this.#settings.factors] = biases[item] as number
  }

  #readBiases(part: 0 | 1): Float32Array {
    const { stride, itemRows } = this.#layout
    const { itemCount } = this.#input
    const source = floatsAt(this.#memory, itemRows, 2 * itemCount * stride)
    const biases = new Float32Array(itemCount)
    for (let item = 0; item < itemCount; item++) biases[item] = source[(2 * item + part) * stride + this.#settings.factors] as number
    return biases
  }

  #run(kernel: KernelName, ...args: readonly number[]): void {
    const { counter } = this.#layout
    wordsAt(this.#memory, counter, 1)[0] = 0
    this.#threads.run(this.#memory, kernel, [counter, this.#userBlocks, ...args])
  }

  #isWithinEpoch(): boolean {
    return this.#slice > 0 || this.#round > 0 || this.#done > 0
  }

  #beginEpoch(): void {
    const { generators, pairStarts, weights, order, orderEnds } = this.#layout
    const stream = 1 + this.#epoch * streamsOfEpoch
    for (let block = 0; block < this.#userBlocks; block++) {
      const entry = generators + block * blockBytes
      wordsAt(this.#memory, entry, 4).set(Random.seeded(this.#seed, stream + block).state())
      doublesAt(this.#memory, entry + 16, 1)[0] = 0
    }
    this.#cuts = Random.seeded(this.#seed, stream + mostBlocks)
    this.#run('warpShuffleTasks', pairStarts, weights, order, orderEnds, generators)
    this.#taken = 0
  }

  #beginSlice(): void {
    const { pairStarts, orderEnds, order, items, itemBlockOf, buckets, bucketStarts, cursors } = this.#layout
    this.#cutItems()
    const slice = [this.#slice, this.#slices]
    const sorted = [items, itemBlockOf, this.#itemBlocks, buckets, bucketStarts, cursors]
    this.#run('warpSortTasks', pairStarts, orderEnds, order, ...slice, ...sorted)
  }

  /** Of as many items of like popularity as there are blocks each goes into another block, by a random turn of the group. */
  #cutItems(): void {
    const { itemBlockOf, blockItems, blockBounds } = this.#layout
    const { itemCount } = this.#input
    const blocks = this.#itemBlocks
    const byItem = new Uint8Array(this.#memory.buffer, itemBlockOf, itemCount)
    const drawn = wordsAt(this.#memory, blockItems, itemCount + blocks * blocks)
    const starts = wordsAt(this.#memory, blockBounds, 2 * blocks)
    const most = Math.ceil(itemCount / blocks) + 1
    for (let block = 0; block < blocks; block++) starts[2 * block] = starts[2 * block + 1] = block * most
    // Where the groups begin differs from cut to cut, so that their members meet in others.
    let place = this.#cuts.below(blocks)
    let turn = this.#cuts.below(blocks)
    const ordered = this.#itemsByPopularity
    for (let n = 0; n < ordered.length; n++) {
      const item = ordered[n] as number
      const block = place + turn < blocks ? place + turn : place + turn - blocks
      const end = 2 * block + 1
      const at = starts[end] as number
      byItem[item] = block
      drawn[at] = item
      starts[end] = at + 1
      if (++place < blocks) continue
      place = 0
      turn = this.#cuts.below(blocks)
    }
  }

  /** Takes the next pairs of each bucket of the round. */
  #learnBatch(): void {
    if (!this.#isWithinEpoch()) this.#beginEpoch()
    if (this.#round === 0 && this.#done === 0) this.#beginSlice()
    const layout = this.#layout
    const { factors, maxSampled, learningRate, regularization } = this.#settings
    const batch = [this.#round, this.#done, this.#batchPairs, layout.buckets, layout.bucketStarts, this.#itemBlocks]
    const pairs = [layout.blockItems, layout.blockBounds, layout.offsets, layout.users, layout.items, layout.weights]
    const rows = [layout.userRows, layout.itemRows, layout.stride, factors]
    const steps = [maxSampled, layout.rankLosses, learningRate, regularization, layout.generators]
    this.#run('warpTasks', ...batch, ...pairs, ...rows, ...steps)
    if (!Number.isFinite(this.#lossSum())) throw this.#diverged()
    const starts = wordsAt(this.#memory, layout.bucketStarts, this.#userBlocks * (this.#itemBlocks + 1))
    let isRoundDone = true
    for (let block = 0; block < this.#userBlocks; block++) {
      const bucket = block * (this.#itemBlocks + 1) + ((block + this.#round) % this.#itemBlocks)
      const size = (starts[bucket + 1] as number) - (starts[bucket] as number)
      this.#taken += Math.max(0, Math.min(this.#batchPairs, size - this.#done))
      if (size > this.#done + this.#batchPairs) isRoundDone = false
    }
    this.#done = isRoundDone ? 0 : this.#done + this.#batchPairs
    if (!isRoundDone) return
    this.#round = (this.#round + 1) % this.#itemBlocks
    if (this.#round === 0) this.#slice++
  }

  #lossSum(): number {
    const entries = doublesAt(this.#memory, this.#layout.generators, (mostBlocks * blockBytes) / 8)
    let sum = 0
    for (let block = 0; block < this.#userBlocks; block++) sum += entries[(block * blockBytes + 16) / 8] as number
    return sum
  }

  #endEpoch(): void {
    const { stride } = this.#layout
    for (const [rows, count] of this.#sides())
      if (callKernel(this.#memory, 'allFinite', 0, [rows, 2 * count * stride]) === 0) throw this.#diverged()
    this.#epochLoss = this.#taught === 0 ? 0 : this.#lossSum() / this.#taught
    this.#epoch++
    this.#slice = 0
    this.#taken = 0
  }

  #diverged(): MatineeError {
    const { epochs, learningRate } = this.#settings
    return new MatineeError(
      'training_diverged',
      `warp: numbers are no longer finite in epoch ${this.#epoch + 1} of ${epochs}; lower learning_rate (now ${learningRate})`,
      { details: { epoch: this.#epoch + 1, parameter: 'learning_rate' } },
    )
  }

  #progress(): FitProgress {
    const { epochs } = this.#settings
    return {
      epoch: this.#epoch,
      epochs,
      fraction: (this.#epoch + this.#share()) / epochs,
      ...(this.#epochLoss === undefined ? {} : { loss: this.#epochLoss }),
    }
  }

  /** Of the epoch under way; below 1, and larger with each batch even where the batch had no pair. */
  #share(): number {
    if (!this.#isWithinEpoch()) return 0
    const ofRounds = (this.#slice + this.#round / this.#itemBlocks) / this.#slices
    const ofPairs = this.#taught === 0 ? ofRounds : this.#taken / this.#taught
    return 0.99 * ofPairs + 0.01 * ofRounds
  }
}

function byPopularity({ items, itemCount }: Interactions): Uint32Array {
  const counts = new Uint32Array(itemCount)
  for (const item of items) counts[item] = (counts[item] as number) + 1
  return Uint32Array.from(counts.keys()).toSorted((a, b) => (counts[b] as number) - (counts[a] as number) || a - b)
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
  readonly #settings: Pick<Settings, 'learningRate' | 'maxSampled' | 'regularization'>
  readonly #rankLoss: Float64Array

  /** @throws MatineeError `model_incompatible`. */
  constructor(tensors: Tensors, memories?: KernelMemories) {
    super(algorithm, tensors, memories)
    const [learningRate = 0, maxSampled = 0, regularization = 0] = readTensorOf(tensors, 'settings', Float64Array, [3])
    this.#settings = { learningRate, maxSampled, regularization }
    this.#rankLoss = rankLosses(this.itemCount, maxSampled)
  }

  /**
   * The factors of someone with that history: the steps of a fit with items and biases left as they are, from factors 0, with draws of
   * their own seed, so that the same history always gives the same.
   */
  override foldIn(items: Uint32Array, weights: Float32Array): Float32Array {
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
      description: 'Lets threads write over each other, as those of LightFM do: not repeatable on more than one',
      type: 'boolean',
      default: false,
    },
  ],
  memoryNeedMib(shape, parameters) {
    const factors = numberParameter(parameters, 'factors')
    // Beside the kernels' memory values and squares once more for a checkpoint.
    const bytes = 4 * shape.pairCount + 8 * (factors + 1) * (shape.userCount + shape.itemCount)
    return planLayout(shape, factors, numberParameter(parameters, 'max_sampled')).plan.mib + bytes / 1_048_576
  },
  start(input: Interactions, given: Parameters, seed: number, checkpoint?: Tensors, resources: FitResources = {}): Fit {
    checkInteractions(input)
    const parameters = resolveParameters(warp, given)
    const settings: Settings = {
      factors: numberParameter(parameters, 'factors'),
      epochs: numberParameter(parameters, 'epochs'),
      learningRate: numberParameter(parameters, 'learning_rate'),
      maxSampled: numberParameter(parameters, 'max_sampled'),
      regularization: numberParameter(parameters, 'regularization'),
      racing: parameters['racing'] === true,
    }
    return new WarpFit(input, settings, seed, checkpoint, resources)
  },
  load: (tensors, memories) => new WarpModel(tensors, memories),
}
