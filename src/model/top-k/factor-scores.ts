/** Scores of all items for one user factor: b_i + Σ_f w_f h_if, added in the order of f, in single precision (src/kernels/rank.ts). */
import { callKernel } from '../kernels/kernels.ts'
import { floatsAt, MemoryPlan } from '../kernels/memory.ts'

/** Items of a panel, see src/kernels/rank.ts. */
export const panelItems = 16

export interface ItemFactors {
  readonly itemCount: number
  readonly factorCount: number
  /** items × factors, row-major */
  readonly itemFactors: Float32Array
  readonly itemBiases?: Float32Array | undefined
}

export class FactorScores {
  readonly #memory: WebAssembly.Memory
  readonly #user: Float32Array
  readonly #scores: Float32Array
  readonly #arguments: readonly number[]

  constructor({ itemCount, factorCount, itemFactors, itemBiases }: ItemFactors) {
    const plan = new MemoryPlan()
    const panelCount = Math.ceil(itemCount / panelItems)
    const panels = plan.takeWords(panelCount * panelItems * factorCount)
    const biases = plan.takeWords(panelCount * panelItems)
    const rows = plan.takeWords(itemCount * factorCount)
    const user = plan.takeWords(factorCount)
    const scores = plan.takeWords(panelCount * panelItems)
    this.#memory = plan.create()
    floatsAt(this.#memory, rows, itemFactors.length).set(itemFactors)
    callKernel(this.#memory, 'packPanels', 0, [rows, itemCount, factorCount, panels])
    if (itemBiases !== undefined) floatsAt(this.#memory, biases, itemCount).set(itemBiases)
    this.#user = floatsAt(this.#memory, user, factorCount)
    this.#scores = floatsAt(this.#memory, scores, itemCount)
    this.#arguments = [user, panels, biases, 0, panelCount, factorCount, scores]
  }

  /** @param scores one an item */
  score(factors: Float32Array, scores: Float32Array): void {
    this.#user.set(factors)
    callKernel(this.#memory, 'scorePanels', 0, this.#arguments)
    scores.set(this.#scores)
  }
}
