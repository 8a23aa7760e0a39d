/**
 * Eigenvalues and eigenvectors of a symmetric matrix: Householder's reduction to three diagonals, then QL steps with implicit shifts
 * (Bowdler, Martin, Reinsch, Wilkinson, "The QR and QL algorithms for symmetric matrices", 1968), in double precision, O(n³), on the
 * caller's thread (src/kernels/eigen.ts).
 */
import { callKernel } from '../kernels/kernels.ts'
import { doublesAt, type MemoryPlan } from '../kernels/memory.ts'

/** Where a matrix of n rows lies, and what comes of it. */
export interface EigenLayout {
  readonly size: number
  /** Doubles from row to row. */
  readonly stride: number
  readonly vectors: number
  readonly values: number
  readonly beside: number
}

export interface EigenSystem {
  /** n of them, in no order. */
  readonly values: Float64Array
  /** n rows of `stride`: row i begins with the eigenvector of value i, of length 1. */
  readonly vectors: Float64Array
}

export function planEigenSystem(plan: MemoryPlan, size: number): EigenLayout {
  const stride = 2 * Math.ceil(size / 2)
  return {
    size,
    stride,
    vectors: plan.take(8 * size * stride),
    values: plan.take(8 * size),
    beside: plan.take(8 * size),
  }
}

/** @param entry of the matrix, symmetric and finite: the caller's to check. What comes back is overwritten by the next call. */
export function eigenSystem(memory: WebAssembly.Memory, layout: EigenLayout, entry: (row: number, column: number) => number): EigenSystem {
  const { size, stride } = layout
  const vectors = doublesAt(memory, layout.vectors, size * stride).fill(0)
  for (let row = 0; row < size; row++) for (let column = 0; column < size; column++) vectors[row * stride + column] = entry(row, column)
  if (size > 0) callKernel(memory, 'eigenSystem', 0, [layout.vectors, layout.values, layout.beside, size, 8 * stride])
  return { values: doublesAt(memory, layout.values, size), vectors }
}
