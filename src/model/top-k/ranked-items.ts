/**
 * Scores that do not change, sorted once: the best k of them are then found by walking from the best, past what is left out. What `topK`
 * finds in the same scores, in O(k + items left out) in place of O(items).
 */
import type { ScoredItems } from './best-items.ts'
import { includes, valuesAt } from './positions.ts'
import type { TopKOptions } from './top-k.ts'

export class RankedItems {
  readonly #scores: Float32Array
  /** Positions, best first; of equal scores the smaller first. */
  readonly #order: Uint32Array

  /** @param scores kept, not to be written to; numbers */
  constructor(scores: Float32Array) {
    this.#scores = scores
    const order = new Uint32Array(scores.length)
    for (let item = 0; item < order.length; item++) order[item] = item
    this.#order = order.toSorted((a, b) => (scores[b] as number) - (scores[a] as number) || a - b)
  }

  best(k: number, { exclude, allowed }: TopKOptions = {}): ScoredItems {
    const items: number[] = []
    for (let place = 0; place < this.#order.length && items.length < k; place++) {
      const item = this.#order[place] as number
      if ((allowed === undefined || allowed[item] !== 0) && !(exclude !== undefined && includes(exclude, item))) items.push(item)
    }
    return { items: Uint32Array.from(items), scores: valuesAt(this.#scores, items) }
  }
}
