/** Rows of pairs in a kernel's memory. */
import type { Interactions } from '../model.ts'
import { floatsAt, type MemoryPlan, wordsAt } from './memory.ts'

/** Where they lie. */
export interface PairRows {
  readonly offsets: number
  readonly positions: number
  readonly weights: number
}

export const planPairRows = (plan: MemoryPlan, rows: number, pairs: number): PairRows => ({
  offsets: plan.takeWords(rows + 1),
  positions: plan.takeWords(pairs),
  weights: plan.takeWords(pairs),
})

export function fillPairRows(memory: WebAssembly.Memory, rows: PairRows, { offsets, items, weights }: Interactions): void {
  wordsAt(memory, rows.offsets, offsets.length).set(offsets)
  wordsAt(memory, rows.positions, items.length).set(items)
  floatsAt(memory, rows.weights, weights.length).set(weights)
}

/** As kernels take them. */
export const pairRowsArguments = ({ offsets, positions, weights }: PairRows): readonly number[] => [offsets, positions, weights]
