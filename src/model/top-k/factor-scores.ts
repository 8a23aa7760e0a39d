/** Scores of all items for one user factor: b_i + Σ_f w_f h_if, added in the order of f, in single precision (src/kernels/rank.ts). */
import { callKernel } from '../kernels/kernels.ts'
import { floatsAt, MemoryPlan } from '../kernels/memory.ts'

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

  constructor(items: ItemFactors) {
    const plan = new MemoryPlan()
    this.#panels = planPanels(plan, items)
    const user = plan.takeWords(items.factorCount)
    const scores = plan.takeWords(this.#panels.count * panelItems)
    this.#memory = plan.create()
    fillPanels(this.#memory, this.#panels, items)
    this.#factorCount = items.factorCount
    this.#user = floatsAt(this.#memory, user, items.factorCount)
    this.#scores = floatsAt(this.#memory, scores, items.itemCount)
  }

  /** @param scores one an item */
  score(factors: Float32Array, scores: Float32Array): void {
    const { panels, biases, count } = this.#panels
    this.#user.set(factors)
    const places = [this.#user.byteOffset, panels, biases, 0, count, this.#factorCount, this.#scores.byteOffset]
    callKernel(this.#memory, 'scorePanels', 0, places)
    scores.set(this.#scores)
  }
}
