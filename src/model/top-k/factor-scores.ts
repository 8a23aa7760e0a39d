/** Scores of all items for user factors, of one or a few at once: b_i + Σ_f w_f h_if, added in the order of f, in single precision (src/kernels/rank.ts). */
import { callKernel } from '../kernels/kernels.ts'
import { floatsAt, MemoryPlan } from '../kernels/memory.ts'

/** Items of a panel, see src/kernels/rank.ts. */
export const panelItems = 16
/** Users that go through a stretch of the panels together, while it is near: a multiple of what one user after the other can do. */
const usersAtOnce = 16
const panelsAtOnce = 16

export interface ItemFactors {
  readonly itemCount: number
  readonly factorCount: number
  /** items × factors, row-major */
  readonly itemFactors: Float32Array
  readonly itemBiases?: Float32Array | undefined
}

export class FactorScores {
  readonly memory: WebAssembly.Memory
  readonly #users: Float32Array
  readonly #scores: Float32Array
  readonly #scoresOfUser: number
  readonly #itemCount: number
  readonly #panelCount: number
  readonly #factorCount: number
  readonly #places: { readonly users: number; readonly panels: number; readonly biases: number; readonly scores: number }

  /** @param memory that of another of the same items, which are then not looked at */
  constructor({ itemCount, factorCount, itemFactors, itemBiases }: ItemFactors, memory?: WebAssembly.Memory) {
    const plan = new MemoryPlan()
    const panelCount = Math.ceil(itemCount / panelItems)
    const panels = plan.takeWords(panelCount * panelItems * factorCount)
    const biases = plan.takeWords(panelCount * panelItems)
    const rows = plan.takeWords(itemCount * factorCount)
    const users = plan.takeWords(usersAtOnce * factorCount)
    const scores = plan.takeWords(usersAtOnce * panelCount * panelItems)
    this.memory = memory ?? plan.create()
    if (memory === undefined) {
      floatsAt(this.memory, rows, itemFactors.length).set(itemFactors)
      callKernel(this.memory, 'packPanels', 0, [rows, itemCount, factorCount, panels])
      if (itemBiases !== undefined) floatsAt(this.memory, biases, itemCount).set(itemBiases)
    }
    this.#users = floatsAt(this.memory, users, usersAtOnce * factorCount)
    this.#scores = floatsAt(this.memory, scores, usersAtOnce * panelCount * panelItems)
    this.#scoresOfUser = panelCount * panelItems
    this.#itemCount = itemCount
    this.#panelCount = panelCount
    this.#factorCount = factorCount
    this.#places = { users, panels, biases, scores }
  }

  /**
   * @param factors of users, row by row
   * @param scores users × items, row by row
   */
  score(factors: Float32Array, scores: Float32Array): void {
    const users = factors.length / this.#factorCount
    for (let first = 0; first < users; first += usersAtOnce) {
      const count = Math.min(usersAtOnce, users - first)
      this.#users.set(factors.subarray(first * this.#factorCount, (first + count) * this.#factorCount))
      this.#scoreFew(count)
      for (let user = 0; user < count; user++) {
        const start = user * this.#scoresOfUser
        scores.set(this.#scores.subarray(start, start + this.#itemCount), (first + user) * this.#itemCount)
      }
    }
  }

  #scoreFew(count: number): void {
    const { users, panels, biases, scores } = this.#places
    const stretch = count === 1 ? Math.max(1, this.#panelCount) : panelsAtOnce
    for (let panel = 0; panel < this.#panelCount; panel += stretch) {
      const end = Math.min(this.#panelCount, panel + stretch)
      for (let user = 0; user < count; user++) {
        const [from, to] = [users + 4 * user * this.#factorCount, scores + 4 * user * this.#scoresOfUser]
        callKernel(this.memory, 'scorePanels', 0, [from, panels, biases, panel, end, this.#factorCount, to])
      }
    }
  }
}
