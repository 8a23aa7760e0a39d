import assert from 'node:assert/strict'
import test from 'node:test'
import { Random } from '../random/random.ts'
import { placeOf, Sweep, tileRowsOf, tileSize, zeroMatrix } from './symmetric-inverse.ts'

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

const panelsOf = (size: number): readonly [Float64Array, Float64Array] => [
  new Float64Array(Sweep.panelLength(size)),
  new Float64Array(Sweep.panelLength(size)),
]

function inverted(matrix: readonly Float64Array[], work: number): Float64Array {
  const size = matrix.length
  const tiles = zeroMatrix(size)
  for (const [row, values] of matrix.entries())
    for (let column = 0; column <= row; column++) tiles[placeOf(row, column)] = values[column] ?? NaN
  const panels = panelsOf(size)
  for (let block = 0; block < tileRowsOf(size); block++) {
    const sweep = new Sweep(tiles, size, block, panels)
    let done = 0
    while (!sweep.isDone) done += sweep.advance(work)
    assert.equal(done, Sweep.workOf(size))
  }
  return tiles
}

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

test('where a sweep stops changes nothing', () => {
  const matrix = randomMatrix(2 * tileSize + 1)
  assert.deepEqual(inverted(matrix, 1), inverted(matrix, Infinity))
})

test('a matrix that is not positive definite is told', () => {
  const tiles = zeroMatrix(2)
  tiles[placeOf(0, 0)] = 1
  tiles[placeOf(1, 0)] = 2
  tiles[placeOf(1, 1)] = 1
  assert.ok(Number.isNaN(new Sweep(tiles, 2, 0, panelsOf(2)).advance(Infinity)))
})
