/**
 * The inverse of a symmetric positive definite matrix, in place, by blocks: one sweep a block of rows (Gauss and Jordan; Goodnight, "A
 * tutorial on the SWEEP operator", 1979). With K the block's rows and R all others, the sweep of K is
 *
 *   A_RR ← A_RR - A_RK A_KK⁻¹ A_KR      A_RK ← A_RK A_KK⁻¹      A_KK ← -A_KK⁻¹
 *
 * and when every block has been swept, A is -A⁻¹ of what it was. Without pivoting this is as stable as Cholesky's factorisation where the
 * matrix is positive definite, takes as many multiplications (n³ / 2), and all sweeps cost the same, so one can stop between any two.
 *
 * The lower triangle is stored in square tiles of `tileSize` rows, each in one piece, row-major: tile (I, J), J <= I, is number
 * I (I + 1) / 2 + J. Three tiles fit in a first-level cache. Rows past the last are those of the identity and do not mix with the others.
 * Memory 4 n² bytes + 1 KiB × n. Double precision, a fixed order of sums, no randomness.
 */

export const tileSize = 32
const tileLength = tileSize * tileSize

export const tileRowsOf = (size: number): number => Math.ceil(size / tileSize)
/** Numbers that the tiles of a matrix of that many rows hold. */
export const storageLength = (size: number): number => ((tileRowsOf(size) * (tileRowsOf(size) + 1)) / 2) * tileLength

/** Place of the tile's first number. */
const tilePlace = (row: number, column: number): number => ((row * (row + 1)) / 2 + column) * tileLength

/** Place of the number at (row, column), column <= row. */
export function placeOf(row: number, column: number): number {
  const tileRow = (row / tileSize) | 0
  const tileColumn = (column / tileSize) | 0
  return tilePlace(tileRow, tileColumn) + (row % tileSize) * tileSize + (column % tileSize)
}

/** A matrix of zeros, but for ones in the diagonal past the last row. */
export function zeroMatrix(size: number): Float64Array {
  const tiles = new Float64Array(storageLength(size))
  for (let row = size; row < tileRowsOf(size) * tileSize; row++) tiles[placeOf(row, row)] = 1
  return tiles
}

/** Sweeps one block of rows, a bounded number of multiplications at a time. */
export class Sweep {
  readonly #tiles: Float64Array
  readonly #tileRows: number
  /** The block that is swept: its number, the inverse of its diagonal tile, and A_RK before and after, a tile for each tile row. */
  readonly #block: number
  readonly #pivot = new Float64Array(tileLength)
  readonly #before: Float64Array
  readonly #after: Float64Array
  #row = 0

  /** @param panels scratch of `panelLength`, which may be used again for the next sweep. */
  constructor(tiles: Float64Array, size: number, block: number, panels: readonly [Float64Array, Float64Array]) {
    this.#tiles = tiles
    this.#tileRows = tileRowsOf(size)
    this.#block = block
    const [before, after] = panels
    this.#before = before
    this.#after = after
  }

  static panelLength(size: number): number {
    return tileRowsOf(size) * tileLength
  }

  /** Multiplications of a sweep. */
  static workOf(size: number): number {
    const rows = tileRowsOf(size)
    return ((rows * (rows + 1)) / 2) * tileLength * tileSize
  }

  get isDone(): boolean {
    return this.#row === this.#tileRows
  }

  /** Works on for about that many multiplications. Returns how many it took, or NaN where the matrix is not positive definite. */
  advance(work: number): number {
    if (this.#row === 0 && !this.#begin()) return NaN
    let done = 0
    for (; this.#row < this.#tileRows && done < work; this.#row++) {
      if (this.#row !== this.#block)
        for (let column = 0; column <= this.#row; column++)
          if (column !== this.#block)
            subtractProduct(
              this.#tiles,
              tilePlace(this.#row, column),
              this.#after,
              this.#row * tileLength,
              this.#before,
              column * tileLength,
            )
      done += (this.#row + 1) * tileLength * tileSize
    }
    if (this.isDone) this.#end()
    return done
  }

  /** Copies A_RK, inverts A_KK, and multiplies the two. */
  #begin(): boolean {
    const block = this.#block
    const tiles = this.#tiles
    const diagonal = tilePlace(block, block)
    // Of the diagonal tile the lower half is kept up to date; the upper is made from it.
    for (let r = 0; r < tileSize; r++)
      for (let c = 0; c < tileSize; c++) {
        const [low, high] = r < c ? [c, r] : [r, c]
        this.#pivot[r * tileSize + c] = tiles[diagonal + low * tileSize + high] as number
      }
    if (!invertTile(this.#pivot)) return false
    for (let row = 0; row < this.#tileRows; row++) {
      const target = row * tileLength
      if (row >= block) {
        const source = tilePlace(row, block)
        this.#before.set(tiles.subarray(source, source + tileLength), target)
      } else transposeTile(tiles, tilePlace(block, row), this.#before, target)
    }
    this.#after.fill(0)
    // A_RK A_KK⁻¹, as 0 - (-A_KK⁻¹ is symmetric): the kernel subtracts.
    const negative = this.#pivot.map((value) => -value)
    for (let row = 0; row < this.#tileRows; row++)
      if (row !== block) subtractProduct(this.#after, row * tileLength, this.#before, row * tileLength, negative, 0)
    return true
  }

  #end(): void {
    const block = this.#block
    for (let row = 0; row < this.#tileRows; row++) {
      const source = row * tileLength
      if (row > block) this.#tiles.set(this.#after.subarray(source, source + tileLength), tilePlace(row, block))
      else if (row < block) transposeTile(this.#after, source, this.#tiles, tilePlace(block, row))
    }
    const diagonal = tilePlace(block, block)
    for (let n = 0; n < tileLength; n++) this.#tiles[diagonal + n] = -(this.#pivot[n] as number)
  }
}

function transposeTile(source: Float64Array, from: number, target: Float64Array, to: number): void {
  for (let r = 0; r < tileSize; r++)
    for (let c = 0; c < tileSize; c++) target[to + c * tileSize + r] = source[from + r * tileSize + c] as number
}

/** Inverts a full symmetric tile in place by sweeping its rows one by one. False where it is not positive definite. */
function invertTile(tile: Float64Array): boolean {
  for (let k = 0; k < tileSize; k++) {
    const pivot = tile[k * tileSize + k] as number
    if (!(pivot > 0 && pivot < Infinity)) return false
    for (let r = 0; r < tileSize; r++) {
      if (r === k) continue
      const scale = (tile[r * tileSize + k] as number) / pivot
      for (let c = 0; c < tileSize; c++)
        if (c !== k) tile[r * tileSize + c] = (tile[r * tileSize + c] as number) - scale * (tile[k * tileSize + c] as number)
    }
    for (let r = 0; r < tileSize; r++) {
      if (r === k) continue
      tile[r * tileSize + k] = (tile[r * tileSize + k] as number) / pivot
      tile[k * tileSize + r] = (tile[k * tileSize + r] as number) / pivot
    }
    tile[k * tileSize + k] = -1 / pivot
  }
  for (let n = 0; n < tileLength; n++) tile[n] = -(tile[n] as number)
  return true
}

/**
 * C -= L × Rᵀ for tiles that begin at the places `c`, `l`, `r`. Four rows by four columns at a time, so that each number that is loaded is
 * used four times.
 */
function subtractProduct(target: Float64Array, c: number, left: Float64Array, l: number, right: Float64Array, r: number): void {
  for (let row = 0; row < tileSize; row += 4) {
    const l0 = l + row * tileSize
    for (let column = 0; column < tileSize; column += 4) {
      const r0 = r + column * tileSize
      let s00 = 0
      let s01 = 0
      let s02 = 0
      let s03 = 0
      let s10 = 0
      let s11 = 0
      let s12 = 0
      let s13 = 0
      let s20 = 0
      let s21 = 0
      let s22 = 0
      let s23 = 0
      let s30 = 0
      let s31 = 0
      let s32 = 0
      let s33 = 0
      for (let n = 0; n < tileSize; n++) {
        const a0 = left[l0 + n] as number
        const a1 = left[l0 + n + tileSize] as number
        const a2 = left[l0 + n + 2 * tileSize] as number
        const a3 = left[l0 + n + 3 * tileSize] as number
        const b0 = right[r0 + n] as number
        const b1 = right[r0 + n + tileSize] as number
        const b2 = right[r0 + n + 2 * tileSize] as number
        const b3 = right[r0 + n + 3 * tileSize] as number
        s00 += a0 * b0
        s01 += a0 * b1
        s02 += a0 * b2
        s03 += a0 * b3
        s10 += a1 * b0
        s11 += a1 * b1
        s12 += a1 * b2
        s13 += a1 * b3
        s20 += a2 * b0
        s21 += a2 * b1
        s22 += a2 * b2
        s23 += a2 * b3
        s30 += a3 * b0
        s31 += a3 * b1
        s32 += a3 * b2
        s33 += a3 * b3
      }
      const place = c + row * tileSize + column
      subtractFour(target, place, s00, s01, s02, s03)
      subtractFour(target, place + tileSize, s10, s11, s12, s13)
      subtractFour(target, place + 2 * tileSize, s20, s21, s22, s23)
      subtractFour(target, place + 3 * tileSize, s30, s31, s32, s33)
    }
  }
}

function subtractFour(target: Float64Array, place: number, a: number, b: number, c: number, d: number): void {
  target[place] = (target[place] as number) - a
  target[place + 1] = (target[place + 1] as number) - b
  target[place + 2] = (target[place + 2] as number) - c
  target[place + 3] = (target[place + 3] as number) - d
}
