/**
 * Lists of many users from a model whose scores are weighted sums of rows of one matrix: a stretch of the matrix's columns at a time lies in
 * the kernels' memory, and every user of a batch passes over it (src/kernels/histories.ts). Lists are those of one user after the other.
 */
import type { EaseModel } from '../ease/ease.ts'
import { callersThread, callKernel, type KernelThreads } from '../kernels/kernels.ts'
import { floatsAt, MemoryPlan, wordsAt } from '../kernels/memory.ts'
import type { Interactions } from '../model.ts'

/** Multiply-adds of one batch of users: some tenths of a second on one thread. */
const batchWork = 4e9
/** As in src/kernels/histories.ts. */
const stretch = 64
const usersOfTask = 16

export interface HistoryRanking {
  readonly users: Uint32Array
  readonly k: number
  /** What each user is not to get; absent: nothing. */
  readonly seen?: Interactions | undefined
  /** One entry an item; 0: never in a list. */
  readonly recommendable?: Uint8Array | undefined
  readonly threads?: KernelThreads | undefined
}

/** The lists of the next users, in order; those of a batch together. */
export function* rankByHistories(model: EaseModel, options: HistoryRanking): Generator<readonly Uint32Array[]> {
  const k = Math.max(0, Math.min(options.k, model.itemCount))
  for (let start = 0; start < options.users.length;) {
    let end = start
    for (let work = 0; end < options.users.length && work < batchWork; end++)
      work += model.itemCount * (1 + model.historyOf(options.users[end] as number).items.length)
    yield k === 0
      ? Array.from({ length: end - start }, () => new Uint32Array(0))
      : rankBatch(model, options.users.subarray(start, end), k, options)
    start = end
  }
}

function rankBatch(model: EaseModel, users: Uint32Array, k: number, options: HistoryRanking): readonly Uint32Array[] {
  const { seen, recommendable, threads = callersThread } = options
  const { itemCount, itemWeights } = model
  const histories = Array.from(users, (user) => model.historyOf(user))
  const left = Array.from(users, (user) => seen?.items.subarray(seen.offsets[user], seen.offsets[user + 1]) ?? new Uint32Array(0))
  const plan = new MemoryPlan()
  const rows = planRows(
    plan,
    histories.map(({ items }) => items),
  )
  const weights = plan.takeWords(rows.size)
  const seenRows = planRows(plan, left)
  const columns = plan.takeWords(itemCount * stretch)
  const biases = plan.takeWords(stretch)
  const states = plan.take(8 * users.length)
  const heaps = plan.take(8 * k * users.length)
  const lists = plan.takeWords(k * users.length)
  const scores = plan.takeWords(k * users.length)
  const scratch = plan.take(threads.count * 4 * stretch)
  const counter = plan.takeWords(1)
  const memory = plan.create()
  fillRows(
    memory,
    rows,
    histories.map(({ items }) => items),
  )
  fillRows(memory, seenRows, left)
  let size = 0
  for (const history of histories) {
    floatsAt(memory, weights + 4 * size, history.weights.length).set(history.weights)
    size += history.weights.length
  }

  const ofStretch = floatsAt(memory, columns, itemCount * stretch)
  const biasOf = floatsAt(memory, biases, stretch)
  for (let first = 0; first < itemCount; first += stretch) {
    const end = Math.min(first + stretch, itemCount)
    for (let row = 0; row < itemCount; row++)
      ofStretch.set(itemWeights.subarray(row * itemCount + first, row * itemCount + end), row * stretch)
    for (let n = 0; n < stretch; n++) biasOf[n] = first + n < end && recommendable?.[first + n] !== 0 ? 0 : -Infinity
    wordsAt(memory, counter, 1)[0] = 0
    const tasks = Math.ceil(users.length / usersOfTask)
    const of = [usersOfTask, users.length, first, rows.offsets, rows.items, weights, seenRows.offsets, seenRows.items]
    threads.run(memory, 'rankHistoryTasks', [counter, tasks, ...of, columns, biases, k, states, heaps, scratch])
  }
  callKernel(memory, 'takeHistoryLists', 0, [users.length, k, states, heaps, lists, scores])
  const sizes = wordsAt(memory, states, 2 * users.length)
  return Array.from(users, (_, n) => new Uint32Array(wordsAt(memory, lists + 4 * n * k, sizes[2 * n] as number)))
}

interface Rows {
  readonly offsets: number
  readonly items: number
  readonly size: number
}

function planRows(plan: MemoryPlan, rows: readonly Uint32Array[]): Rows {
  const size = rows.reduce((sum, { length }) => sum + length, 0)
  return { offsets: plan.takeWords(rows.length + 1), items: plan.takeWords(size), size }
}

function fillRows(memory: WebAssembly.Memory, { offsets, items, size }: Rows, rows: readonly Uint32Array[]): void {
  const [ends, numbers] = [wordsAt(memory, offsets, rows.length + 1), wordsAt(memory, items, size)]
  let end = 0
  for (const [n, row] of rows.entries()) {
    numbers.set(row, end)
    end += row.length
    ends[n + 1] = end
  }
}
