/** The best items for one user factor at a time: for requests. */
import { MatineeError } from '../../contracts/errors.ts'
import { callersThread } from '../kernels/kernels.ts'
import type { ItemFactors } from './factor-scores.ts'
import { ItemRanking } from './item-ranking.ts'
import { valuesAt, without } from './positions.ts'
import { topK, type TopKOptions } from './top-k.ts'

/** Positions, best first, and the score of each. */
export interface ScoredItems {
  readonly items: Uint32Array
  readonly scores: Float32Array
}

/** Below one in so many items a full score of each, all over the memory, takes less than a look at all, one after the other. */
const fewItems = 20

export class BestItems {
  readonly #itemCount: number
  readonly #ranking: ItemRanking

  /**
   * @param userNorm a typical norm of a user's factors
   * @param memory that of another of the same items, which are then not looked at
   * @param besideBytes see `RankingShape`
   */
  constructor(items: ItemFactors, userNorm: number, memory?: WebAssembly.Memory, besideBytes?: number) {
    const { itemCount } = items
    this.#itemCount = itemCount
    const candidates = Uint32Array.from(Array(itemCount).keys())
    const shape = { items, candidates, userNorm, users: 1, seen: itemCount, k: itemCount, threads: callersThread }
    this.#ranking = new ItemRanking({ ...shape, memory, besideBytes })
  }

  get memory(): WebAssembly.Memory {
    return this.#ranking.memory
  }

  /** See `ItemRanking`. */
  get addresses(): ItemRanking['addresses'] {
    return this.#ranking.addresses
  }

  /** The item's own factors, as a user's. */
  factorsOf(item: number): Float32Array {
    return this.#ranking.itemFactors(item)
  }

  /** What `topK` finds in the scores of all items, best first, with the score of each. */
  best(factors: Float32Array, k: number, { exclude, allowed, listed }: TopKOptions = {}): ScoredItems {
    const ranking = this.#ranking
    if (allowed !== undefined && allowed.length !== this.#itemCount)
      throw new MatineeError('internal', `top-k: got ${allowed.length} marks for ${this.#itemCount} items, expected one each`)
    ranking.users.set(factors)
    if (listed !== undefined && listed.length < this.#itemCount / fewItems) {
      const positions = exclude === undefined ? listed : without(listed, exclude)
      const scores = ranking.scoreListed(positions)
      const places = topK(scores, k)
      return { items: places.map((place) => positions[place] as number), scores: valuesAt(scores, places) }
    }
    ranking.seenOffsets[1] = exclude?.length ?? 0
    if (exclude !== undefined) ranking.seenItems.set(exclude)
    if (allowed !== undefined) ranking.allowed.set(allowed)
    ranking.rank(1, Math.max(0, Math.min(k, this.#itemCount)), allowed !== undefined)
    const size = ranking.sizes[0] as number
    return { items: ranking.lists.slice(0, size), scores: ranking.scores.slice(0, size) }
  }
}
