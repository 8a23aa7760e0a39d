/**
 * Lists of many users from a model of factors: scores of a few users at a time for as many items as the cache holds, and a heap a user, so
 * that no score is written to memory. On any number of threads the lists are those of one user after the other.
 */
import type { FactorModel } from '../factor-model.ts'
import { callersThread, type KernelThreads } from '../kernels/kernels.ts'
import { floatsAt, MemoryPlan, wordsAt } from '../kernels/memory.ts'
import type { Interactions } from '../model.ts'
import { fillPanels, planPanels } from '../top-k/factor-scores.ts'

/** Multiply-adds of one batch: about a tenth of a second on one thread. */
const batchWork = 1e9
/** As in src/kernels/rank.ts: users whose scores lie side by side, and items of one stretch. */
const usersOfTask = 16
const itemsOfStretch = 256

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
export function* rankByFactors(model: FactorModel, ranking: FactorRanking): Generator<readonly Uint32Array[]> {
  const { users, seen, recommendable, threads = callersThread } = ranking
  const { itemCount, factorCount, userFactors } = model
  const k = Math.max(0, Math.min(ranking.k, itemCount))
  const perUser = Math.max(1, itemCount * factorCount)
  const batchUsers = Math.min(users.length, usersOfTask * Math.max(1, Math.ceil(batchWork / perUser / usersOfTask)))
  if (batchUsers === 0) return

  const plan = new MemoryPlan()
  const panels = planPanels(plan, model)
  const scratchBytes = usersOfTask * (4 * itemsOfStretch + 8 + 8 * k)
  const counter = plan.takeWords(1)
  const numbers = plan.takeWords(batchUsers)
  const rows = plan.takeWords(batchUsers * factorCount)
  const seenOffsets = plan.takeWords(batchUsers + 1)
  const seenItems = plan.takeWords(seen === undefined ? 0 : mostSeen(seen, users, batchUsers))
  const lists = plan.takeWords(batchUsers * k)
  const sizes = plan.takeWords(batchUsers)
  const scratch = plan.take(threads.count * scratchBytes)
  const memory = plan.create()
  fillPanels(memory, panels, model, recommendable)
  wordsAt(memory, numbers, batchUsers).set(Uint32Array.from({ length: batchUsers }, (_, n) => n))

  for (let start = 0; start < users.length; start += batchUsers) {
    const batch = users.subarray(start, start + batchUsers)
    const factors = floatsAt(memory, rows, batch.length * factorCount)
    const offsets = wordsAt(memory, seenOffsets, batch.length + 1)
    let size = 0
    for (const [n, user] of batch.entries()) {
      factors.set(userFactors.subarray(user * factorCount, (user + 1) * factorCount), n * factorCount)
      offsets[n] = size
      if (seen === undefined) continue
      const items = seen.items.subarray(seen.offsets[user], seen.offsets[user + 1])
      wordsAt(memory, seenItems + 4 * size, items.length).set(items)
      size += items.length
    }
    offsets[batch.length] = size
    wordsAt(memory, counter, 1)[0] = 0
    const tasks = Math.ceil(batch.length / usersOfTask)
    const scored = [numbers, batch.length, rows, factorCount, panels.panels, panels.biases, panels.count]
    const left = [seen === undefined ? 0 : seenOffsets, seenItems]
    threads.run(memory, 'rankTasks', [counter, tasks, ...scored, ...left, k, lists, sizes, scratch, scratchBytes])
    const listSizes = wordsAt(memory, sizes, batch.length)
    yield Array.from(batch, (_, n) => new Uint32Array(wordsAt(memory, lists + 4 * n * k, listSizes[n] as number)))
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
