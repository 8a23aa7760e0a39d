/**
 * Lists by title, as they were asked for: the titles most like it, best first, its own not among them. All lie in one table, since a pair of
 * small arrays for each would take three times what is in them.
 */
import type { ScoredItems } from '../model/top-k/best-items.ts'

export class KeptLists {
  readonly #length: number
  readonly #items: Uint32Array
  readonly #scores: Float32Array
  /** Of each list its length and one; 0: not kept. */
  readonly #sizes: Uint32Array

  /** @param length of the longest list. Memory is taken up where lists come in. */
  constructor(titles: number, length: number) {
    this.#length = length
    this.#items = new Uint32Array(titles * length)
    this.#scores = new Float32Array(titles * length)
    this.#sizes = new Uint32Array(titles)
  }

  /** Views, not to be written to. */
  of(position: number): ScoredItems | undefined {
    const size = this.#sizes[position] ?? 0
    if (size === 0) return undefined
    const start = position * this.#length
    return { items: this.#items.subarray(start, start + size - 1), scores: this.#scores.subarray(start, start + size - 1) }
  }

  keep(position: number, list: ScoredItems): ScoredItems {
    this.#items.set(list.items, position * this.#length)
    this.#scores.set(list.scores, position * this.#length)
    this.#sizes[position] = list.items.length + 1
    return list
  }
}
