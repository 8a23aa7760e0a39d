/**
 * iALS as the head of src/model/ials/ials.ts has it, the plain way: each row's equations written out and solved by Gaussian elimination, in
 * double precision. For tests alone.
 */
import type { Interactions } from '../model.ts'
import { transpose } from '../sparse/interactions.ts'

export interface IalsObjective {
  readonly unobservedWeight: number
  readonly regularization: number
  readonly exponent: number
}

type Matrix = readonly Float64Array[]

/** The factors after that many sweeps from those of the items. */
export function referenceIals(
  pairs: Interactions,
  firstItems: Matrix,
  sweeps: number,
  objective: IalsObjective,
): { readonly users: Matrix; readonly items: Matrix } {
  let items = firstItems
  let users: Matrix = []
  for (let sweep = 0; sweep < sweeps; sweep++) {
    users = solveRows(pairs, items, objective)
    items = solveRows(transpose(pairs), users, objective)
  }
  return { users, items }
}

/** For each row the w that solves (a HᵀH + λ I + Σ c h hᵀ) w = Σ c h. */
function solveRows(
  { userCount, itemCount, offsets, items, weights }: Interactions,
  others: Matrix,
  { unobservedWeight, regularization, exponent }: IalsObjective,
): Matrix {
  const factors = others[0]?.length ?? 0
  return Array.from({ length: userCount }, (_, row) => {
    const [start = 0, end = 0] = [offsets[row], offsets[row + 1]]
    const count = weights.subarray(start, end).filter((weight) => weight > 0).length
    if (count === 0) return new Float64Array(factors)
    const penalty = regularization * (count + unobservedWeight * itemCount) ** exponent
    const system = Array.from({ length: factors }, () => new Float64Array(factors + 1))
    const add = (h: Float64Array, weight: number, target: number): void => {
      for (const [f, equation] of system.entries()) {
        for (let g = 0; g < factors; g++) equation[g] = (equation[g] ?? 0) + weight * (h[f] ?? 0) * (h[g] ?? 0)
        equation[factors] = (equation[factors] ?? 0) + weight * target * (h[f] ?? 0)
      }
    }
    for (const h of others) add(h, unobservedWeight, 0)
    for (let pair = start; pair < end; pair++) add(others[items[pair] ?? 0] ?? new Float64Array(factors), weights[pair] ?? 0, 1)
    for (const [f, equation] of system.entries()) equation[f] = (equation[f] ?? 0) + penalty
    return solve(system)
  })
}

/** Gauss and Jordan on equations that are symmetric and positive definite, so without exchanging rows. */
function solve(system: readonly Float64Array[]): Float64Array {
  const size = system.length
  for (const [k, pivot] of system.entries())
    for (const [f, equation] of system.entries()) {
      if (f === k) continue
      const scale = (equation[k] ?? 0) / (pivot[k] ?? 0)
      for (let g = k; g <= size; g++) equation[g] = (equation[g] ?? 0) - scale * (pivot[g] ?? 0)
    }
  return Float64Array.from(system, (equation, f) => (equation[size] ?? 0) / (equation[f] ?? 0))
}
