/**
 * Items laid out for src/kernels/rank.ts, which finds the best k of a user without scoring all of them in full. What it finds is what a full
 * score of every item would give, bit for bit.
 */
import { callKernel, type KernelThreads } from '../kernels/kernels.ts'
import { floatsAt, MemoryPlan, wordsAt } from '../kernels/memory.ts'
import { type ItemFactors, panelItems } from './factor-scores.ts'

/** As in src/kernels/rank.ts: users of a task, bytes of a user's state, items that wait, and an item in no panel. */
const usersOfTask = 16
const stateBytes = 32
const mostWaiting = 512
const noPlace = 0xffffffff

/**
 * What a score or a bound may be apart from what it would be without rounding, as a share of |b| + |u| |h|: each addition of either loses at
 * most 2^-24 of it (Higham, "Accuracy and stability of numerical algorithms", chapter 3), norms and bounds a few more; and twice that.
 */
const singleSlack = (factors: number): number => (factors + 16) * 2 ** -22

interface Layout {
  readonly panelCount: number
  readonly rows: number
  readonly biases: number
  readonly panels: number
  readonly scales: number
  readonly slips: number
  readonly highs: number
  readonly order: number
  readonly places: number
  readonly bounds: number
  readonly listed: number
  readonly fullScores: number
  readonly counter: number
  readonly users: number
  readonly seenOffsets: number
  readonly seenItems: number
  readonly allowed: number
  readonly lists: number
  readonly scores: number
  readonly sizes: number
  readonly scratch: number
  readonly beside: number
}

/** What is ranked, and for how many users at most at a time. */
export interface RankingShape {
  readonly items: ItemFactors
  /** The items that may come into a list. */
  readonly candidates: Uint32Array
  /** A typical norm of a user's factors, which items are ordered for. */
  readonly userNorm: number
  readonly users: number
  /** Pairs to leave out. */
  readonly seen: number
  readonly k: number
  readonly threads: KernelThreads
  /** Bytes for others that need the items' factors, in the same memory. */
  readonly besideBytes?: number | undefined
  /** Of a ranking of the same shape: taken in place of filling another. */
  readonly memory?: WebAssembly.Memory | undefined
}

/** Bytes that the kernel has for each user of a task. */
const userBytes = (factors: number, k: number, panelCount: number): number =>
  stateBytes + 8 * Math.ceil(factors / 8) + 16 * k + 8 * mostWaiting + 8 * Math.ceil(panelCount / 4)

function planRanking(plan: MemoryPlan, shape: RankingShape): Layout {
  const { items: { itemCount, factorCount }, candidates, users, seen, k, threads, besideBytes = 0 } = shape // prettier-ignore
  const panelCount = Math.ceil(candidates.length / panelItems)
  const places = panelCount * panelItems
  const panelBytes = 8 * panelItems * Math.ceil(factorCount / 8)
  return {
    panelCount,
    rows: plan.takeWords(itemCount * factorCount),
    biases: plan.takeWords(itemCount),
    panels: plan.take(panelCount * panelBytes),
    scales: plan.takeWords(places),
    slips: plan.takeWords(places),
    highs: plan.takeWords(places),
    order: plan.takeWords(places),
    places: plan.takeWords(itemCount),
    bounds: plan.takeWords(4 * panelCount),
    listed: plan.takeWords(places),
    fullScores: plan.takeWords(places),
    counter: plan.takeWords(1),
    users: plan.takeWords(users * factorCount),
    seenOffsets: plan.takeWords(users + 1),
    seenItems: plan.takeWords(seen),
    allowed: plan.take(itemCount),
    lists: plan.takeWords(users * k),
    scores: plan.takeWords(users * k),
    sizes: plan.takeWords(users),
    scratch: plan.take(threads.count * (4 * panelItems + usersOfTask * userBytes(factorCount, k, panelCount))),
    beside: plan.take(besideBytes),
  }
}

function fillItems(memory: WebAssembly.Memory, layout: Layout, { items, candidates, userNorm }: RankingShape): void {
  const { itemCount, factorCount, itemFactors, itemBiases } = items
  const { rows, biases, panels, scales, slips, highs, order, places, bounds } = layout
  floatsAt(memory, rows, itemCount * factorCount).set(itemFactors)
  const biasOf = floatsAt(memory, biases, itemCount)
  if (itemBiases !== undefined) biasOf.set(itemBiases)
  // Where each item's place will stand is its norm until all are sorted.
  callKernel(memory, 'rowNorms', 0, [rows, itemCount, factorCount, places])
  const reach = floatsAt(memory, places, itemCount).map((norm, item) => (biasOf[item] as number) + userNorm * norm)
  const sorted = candidates.toSorted((a, b) => (reach[b] as number) - (reach[a] as number) || a - b)
  wordsAt(memory, order, sorted.length).set(sorted)
  wordsAt(memory, places, itemCount).fill(noPlace)
  const to = [panels, scales, slips, highs, order, places, bounds, sorted.length]
  callKernel(memory, 'packRounded', 0, [rows, biases, factorCount, singleSlack(factorCount), ...to])
}

/** Ranks users in batches: factors and what is left out are written first, then `rank` is called. */
export class ItemRanking {
  readonly memory: WebAssembly.Memory
  readonly #layout: Layout
  // Not the whole shape: the factors are in the kernel's memory, and whoever made them may let go of them.
  readonly #factorCount: number
  readonly #threads: KernelThreads
  /** Factors of a batch's users, row by row. */
  readonly users: Float32Array
  /** What they are not to get: rows of positions. */
  readonly seenOffsets: Uint32Array
  readonly seenItems: Uint32Array
  /** A mark an item, which count where `rank` is told so. */
  readonly allowed: Uint8Array
  /** What `rank` finds, k entries a user: positions, best first, and their scores. */
  readonly lists: Uint32Array
  readonly scores: Float32Array
  /** How many entries of the k there are, by user. */
  readonly sizes: Uint32Array

  constructor(shape: RankingShape) {
    const plan = new MemoryPlan()
    const layout = planRanking(plan, shape)
    const memory = shape.memory ?? plan.create()
    if (shape.memory === undefined) fillItems(memory, layout, shape)
    const { users, seen, k, items, threads } = shape
    this.memory = memory
    this.#layout = layout
    this.#factorCount = items.factorCount
    this.#threads = threads
    this.users = floatsAt(memory, layout.users, users * items.factorCount)
    this.seenOffsets = wordsAt(memory, layout.seenOffsets, users + 1)
    this.seenItems = wordsAt(memory, layout.seenItems, seen)
    this.allowed = new Uint8Array(memory.buffer, layout.allowed, items.itemCount)
    this.lists = wordsAt(memory, layout.lists, users * k)
    this.scores = floatsAt(memory, layout.scores, users * k)
    this.sizes = wordsAt(memory, layout.sizes, users)
  }

  /** Where the items' factors are, row by row, and the room beside them. */
  get addresses(): { readonly rows: number; readonly beside: number } {
    return this.#layout
  }

  /** A row of the items' factors, in the kernel's memory: not to be written to. */
  itemFactors(item: number): Float32Array {
    return floatsAt(this.memory, this.#layout.rows + 4 * item * this.#factorCount, this.#factorCount)
  }

  /** Scores in full of the items at these positions, for the batch's first user. Valid until the next call. */
  scoreListed(positions: Uint32Array): Float32Array {
    const { users, rows, biases, listed, fullScores } = this.#layout
    const filled = Math.ceil(positions.length / panelItems) * panelItems
    const places = wordsAt(this.memory, listed, filled)
    places.set(positions)
    places.fill(0, positions.length)
    const from = [users, rows, biases, this.#factorCount]
    callKernel(this.memory, 'scoreListed', 0, [...from, listed, filled, fullScores])
    return floatsAt(this.memory, fullScores, positions.length)
  }

  /** @param k at most that of the shape */
  rank(users: number, k: number, withMarks = false): void {
    if (k === 0) {
      this.sizes.fill(0, 0, users)
      return
    }
    const layout = this.#layout
    const factorCount = this.#factorCount
    wordsAt(this.memory, layout.counter, 1)[0] = 0
    const of = [users, layout.users, layout.rows, layout.biases, factorCount]
    const panels = [layout.panels, layout.scales, layout.slips, layout.highs, layout.order, layout.places, layout.bounds, layout.panelCount]
    const left = [layout.seenOffsets, layout.seenItems, withMarks ? layout.allowed : 0]
    const to = [k, layout.lists, layout.scores, layout.sizes, layout.scratch, userBytes(factorCount, k, layout.panelCount)]
    this.#threads.run(this.memory, 'rankTasks', [layout.counter, Math.ceil(users / usersOfTask), ...of, ...panels, ...left, ...to])
  }
}
