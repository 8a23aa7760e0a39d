/**
 * Lists of many users from a model of factors: a few users at a time, a heap each, and of most items only a bound of their score (see
 * src/kernels/rank.ts). On any number of threads the lists are those of one user after the other.
 */
import { type FactorModel, typicalNorm } from '../factor-model.ts'
import { callersThread, type KernelThreads } from '../kernels/kernels.ts'
import type { Interactions } from '../model.ts'
import { ItemRanking } from '../top-k/item-ranking.ts'

/** Multiply-adds of one batch: about a tenth of a second on one thread. */
const batchWork = 1e9
export interface FactorRanking {
  readonly users: Uint32Array
  readonly k: number
  /** What each user is not to get; absent: nothing. */
  readonly seen?: Interactions | undefined
  /** One entry an item; 0: never in a list. */
  readonly recommendable?: Uint8Array | undefined
  readonly threads?: KernelThreads | undefined
}

/** The lists of the next users, in order; those of a batch together. */
export function* rankByFactors(model: FactorModel, options: FactorRanking): Generator<readonly Uint32Array[]> {
  const { users, seen, recommendable, threads = callersThread } = options
  const { itemCount, factorCount, userFactors } = model
  const k = Math.max(0, Math.min(options.k, itemCount))
  const perUser = Math.max(1, itemCount * factorCount)
  const batchUsers = Math.min(users.length, Math.ceil(batchWork / perUser))
  if (batchUsers === 0) return
  const ranking = new ItemRanking({
    items: model,
    candidates: Uint32Array.from(Array(itemCount).keys()).filter((item) => recommendable?.[item] !== 0),
    userNorm: typicalNorm(model),
    users: batchUsers,
    seen: seen === undefined ? 0 : mostSeen(seen, users, batchUsers),
    k,
    threads,
  })

  for (let start = 0; start < users.length; start += batchUsers) {
    const batch = users.subarray(start, start + batchUsers)
    let size = 0
    for (const [n, user] of batch.entries()) {
      ranking.users.set(userFactors.subarray(user * factorCount, (user + 1) * factorCount), n * factorCount)
      ranking.seenOffsets[n] = size
      if (seen === undefined) continue
      const items = seen.items.subarray(seen.offsets[user], seen.offsets[user + 1])
      ranking.seenItems.set(items, size)
      size += items.length
    }
    ranking.seenOffsets[batch.length] = size
    ranking.rank(batch.length, k)
    yield Array.from(batch, (_, n) => new Uint32Array(ranking.lists.subarray(n * k, n * k + (ranking.sizes[n] as number))))
  }
}

/** The most seen pairs that one batch has. */
function mostSeen({ offsets }: Interactions, users: Uint32Array, batchUsers: number): number {
  let most = 0
  for (let start = 0; start < users.length; start += batchUsers) {
    let size = 0
    for (const user of users.subarray(start, start + batchUsers)) size += (offsets[user + 1] as number) - (offsets[user] as number)
    most = Math.max(most, size)
  }
  return most
}
