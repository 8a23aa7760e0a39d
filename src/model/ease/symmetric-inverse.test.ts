import assert from 'node:assert/strict'
import test, { after } from 'node:test'
import { WorkerKernelThreads } from '../../adapters/kernel-threads.ts'
import { callersThread, type KernelThreads } from '../kernels/kernels.ts'
import { MemoryPlan } from '../kernels/memory.ts'
import { Random } from '../random/random.ts'
import { placeOf, planInverse, sweepWork, SymmetricInverse, tileRowsOf, tileSize } from './symmetric-inverse.ts'

/** Full rows of GᵀG + I / 4 for a random G: symmetric and positive definite. */
function randomMatrix(size: number): readonly Float64Array[] {
  const random = Random.seeded(size)
  const factors = Array.from({ length: size }, () => Float64Array.from({ length: size }, () => random.normal()))
  return factors.map((_, row) =>
    Float64Array.from({ length: size }, (__, column) =>
      factors.reduce((sum, factor) => sum + (factor[row] ?? 0) * (factor[column] ?? 0), row === column ? 0.25 : 0),
    ),
  )
}

function inverseOf(matrix: readonly Float64Array[], threads: KernelThreads = callersThread): SymmetricInverse {
  const plan = new MemoryPlan()
  const layout = planInverse(plan, matrix.length, threads.count)
  const inverse = new SymmetricInverse(plan.create(), layout, threads)
  for (const [row, values] of matrix.entries())
    for (let column = 0; column <= row; column++) inverse.tiles[placeOf(row, column)] = values[column] ?? NaN
  return inverse
}

function inverted(matrix: readonly Float64Array[], work: number, threads?: KernelThreads): Float64Array {
  const inverse = inverseOf(matrix, threads)
  while (inverse.blocksDone < tileRowsOf(matrix.length)) {
    let done = 0
    do done += inverse.advance(work)
    while (!inverse.isBetweenSweeps)
    assert.equal(done, sweepWork(matrix.length))
  }
  return inverse.tiles
}

const twoThreads = new WorkerKernelThreads(2)
await twoThreads.ready()
after(() => twoThreads.close())

for (const size of [1, tileSize - 1, tileSize, 3 * tileSize + 5]) {
  test(`a matrix of ${size} rows times its inverse is the identity`, () => {
    const matrix = randomMatrix(size)
    const tiles = inverted(matrix, Infinity)
    const inverse = (row: number, column: number): number => -(tiles[placeOf(Math.max(row, column), Math.min(row, column))] ?? NaN)
    for (let row = 0; row < size; row++)
      for (let column = 0; column < size; column++) {
        const product = matrix.reduce((sum, _, n) => sum + (matrix[row]?.[n] ?? NaN) * inverse(n, column), 0)
        assert.ok(Math.abs(product - Number(row === column)) < 1e-9, `(${row}, ${column}) is ${product}`)
      }
  })
}

test('where a sweep stops, and how many threads take part, changes nothing', () => {
  const matrix = randomMatrix(2 * tileSize + 1)
  const whole = inverted(matrix, Infinity)
  assert.deepEqual(inverted(matrix, 1), whole)
  assert.deepEqual(inverted(matrix, 1, twoThreads), whole)
})

test('a matrix that is not positive definite is told', () => {
  assert.ok(Number.isNaN(inverseOf([Float64Array.of(1, 2), Float64Array.of(2, 1)]).advance(Infinity)))
})
