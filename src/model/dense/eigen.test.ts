import assert from 'node:assert/strict'
import test from 'node:test'
import * as fc from 'fast-check'
import { MemoryPlan } from '../kernels/memory.ts'
import { eigenSystem, planEigenSystem } from './eigen.ts'

test('a symmetric matrix times an eigenvector is the vector times its value, and the vectors are a basis of lengths 1', () => {
  const matrices = fc
    .integer({ min: 1, max: 9 })
    .chain((n) => fc.tuple(fc.constant(n), fc.array(fc.integer({ min: -4, max: 4 }), { minLength: n * n, maxLength: n * n })))
  fc.assert(
    fc.property(matrices, ([n, entries]) => {
      const matrix = Float64Array.from({ length: n * n }, (_, at) => {
        const [row, column] = [Math.floor(at / n), at % n]
        return (entries[row * n + column] ?? 0) + (entries[column * n + row] ?? 0)
      })
      const plan = new MemoryPlan()
      const layout = planEigenSystem(plan, n)
      const { values, vectors } = eigenSystem(plan.create(), layout, (row, column) => matrix[row * n + column] ?? NaN)
      const entry = (row: number, column: number): number => vectors[row * layout.stride + column] ?? NaN
      for (let i = 0; i < n; i++) {
        for (let row = 0; row < n; row++) {
          let product = 0
          let inner = 0
          for (let k = 0; k < n; k++) {
            product += (matrix[row * n + k] ?? NaN) * entry(i, k)
            inner += entry(row, k) * entry(i, k)
          }
          assert.ok(Math.abs(product - (values[i] ?? NaN) * entry(i, row)) < 1e-10)
          assert.ok(Math.abs(inner - Number(row === i)) < 1e-12)
        }
      }
    }),
  )
})
