/** Scores of all items for one user factor: b_i + Σ_f w_f h_if, added in the order of f, in single precision (src/kernels/rank.ts). */
import { MatineeError } from '../../contracts/errors.ts'
import { callKernel } from '../kernels/kernels.ts'
import { floatsAt, MemoryPlan, wordsAt } from '../kernels/memory.ts'
import type { TopKOptions } from './top-k.ts'

/** Items of a panel, see src/kernels/rank.ts. */
const panelItems = 16

export interface ItemFactors {
  readonly itemCount: number
  readonly factorCount: number
  /** items × factors, row-major */
  readonly itemFactors: Float32Array
  readonly itemBiases?: Float32Array | undefined
}

export interface Panels {
  /** How many; the last is filled up with items of score -infinity. */
  readonly count: number
  readonly panels: number
  readonly biases: number
  /** Where rows are packed from, once. */
  readonly rows: number
}

export function planPanels(plan: MemoryPlan, { itemCount, factorCount }: ItemFactors): Panels {
  const count = Math.ceil(itemCount / panelItems)
  return {
    count,
    panels: plan.takeWords(count * panelItems * factorCount),
    biases: plan.takeWords(count * panelItems),
    rows: plan.takeWords(itemCount * factorCount),
  }
}

/** @param allowed one entry an item; 0: its score is -infinity */
export function fillPanels(memory: WebAssembly.Memory, to: Panels, from: ItemFactors, allowed?: Uint8Array): void {
  const { itemCount, factorCount, itemFactors, itemBiases } = from
  floatsAt(memory, to.rows, itemFactors.length).set(itemFactors)
  callKernel(memory, 'packPanels', 0, [to.rows, itemCount, factorCount, to.panels])
  const biases = floatsAt(memory, to.biases, to.count * panelItems).fill(-Infinity)
  if (itemBiases === undefined) biases.fill(0, 0, itemCount)
  else biases.set(itemBiases)
  if (allowed !== undefined) for (let item = 0; item < itemCount; item++) if (allowed[item] === 0) biases[item] = -Infinity
}

export class FactorScores {
  readonly #memory: WebAssembly.Memory
  readonly #panels: Panels
  readonly #factorCount: number
  readonly #user: Float32Array
  readonly #scores: Float32Array
  readonly #exclude: Uint32Array
  readonly #allowed: Uint8Array
  readonly #list: Uint32Array
  readonly #heap: number

  constructor(items: ItemFactors) {
    const plan = new MemoryPlan()
    this.#panels = planPanels(plan, items)
    const user = plan.takeWords(items.factorCount)
    const scores = plan.takeWords(this.#panels.count * panelItems)
    const exclude = plan.takeWords(items.itemCount)
    const allowed = plan.take(this.#panels.count * panelItems)
    const list = plan.takeWords(items.itemCount)
    this.#heap = plan.take(8 * items.itemCount)
    this.#memory = plan.create()
    this.#exclude = wordsAt(this.#memory, exclude, items.itemCount)
    this.#allowed = new Uint8Array(this.#memory.buffer, allowed, items.itemCount)
    this.#list = wordsAt(this.#memory, list, items.itemCount)
    fillPanels(this.#memory, this.#panels, items)
    this.#factorCount = items.factorCount
    this.#user = floatsAt(this.#memory, user, items.factorCount)
    this.#scores = floatsAt(this.#memory, scores, items.itemCount)
  }

  /** @param scores one an item */
  score(factors: Float32Array, scores: Float32Array): void {
    this.#score(factors)
    scores.set(this.#scores)
  }

  /** What `topK` finds in these scores, best first, with the score of each. */
  best(factors: Float32Array, k: number, { exclude, allowed }: TopKOptions = {}): ScoredItems {
    const { itemCount } = this
    if (allowed !== undefined && allowed.length !== itemCount)
      throw new MatineeError('internal', `top-k: got ${allowed.length} marks for ${itemCount} items, expected one each`)
    this.#score(factors)
    const excluded = exclude?.length ?? 0
    if (exclude !== undefined) this.#exclude.set(exclude)
    if (allowed !== undefined) this.#allowed.set(allowed)
    const left = [this.#exclude.byteOffset, excluded, allowed === undefined ? 0 : this.#allowed.byteOffset]
    const most = Math.max(0, Math.min(k, itemCount))
    const places = [this.#scores.byteOffset, this.#panels.count, ...left, most, this.#heap, this.#list.byteOffset]
    const size = callKernel(this.#memory, 'selectBest', 0, places)
    const items = new Uint32Array(this.#list.subarray(0, size))
    return { items, scores: Float32Array.from(items, (item) => this.#scores[item] as number) }
  }

  get itemCount(): number {
    return this.#scores.length
  }

  #score(factors: Float32Array): void {
    const { panels, biases, count } = this.#panels
    this.#user.set(factors)
    const places = [this.#user.byteOffset, panels, biases, 0, count, this.#factorCount, this.#scores.byteOffset]
    callKernel(this.#memory, 'scorePanels', 0, places)
  }
}

/** Positions, best first, and the score of each. */
export interface ScoredItems {
  readonly items: Uint32Array
  readonly scores: Float32Array
}
