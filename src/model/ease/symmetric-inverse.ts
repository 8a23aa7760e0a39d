/**
 * The inverse of a symmetric positive definite matrix, in place, by blocks: one sweep a block of rows (Gauss and Jordan; Goodnight, "A
 * tutorial on the SWEEP operator", 1979). With K the block's rows and R all others, the sweep of K is
 *
 *   A_RR ← A_RR - A_RK A_KK⁻¹ A_KR      A_RK ← A_RK A_KK⁻¹      A_KK ← -A_KK⁻¹
 *
 * and when every block has been swept, A is -A⁻¹ of what it was. Without pivoting this is as stable as Cholesky's factorisation where the
 * matrix is positive definite, takes as many multiplications (n³ / 2), and all sweeps cost the same, so one can stop between any two.
 *
 * | notation        | array              | shape                                                                               |
 * |-----------------|--------------------|-------------------------------------------------------------------------------------|
 * | A               | `tiles`            | the lower triangle in tiles of `tileSize` rows, as src/kernels/sweep.ts has them      |
 * | A_RK            | `before`, `after`  | a tile a tile row, packed: before the sweep, and times A_KK⁻¹                         |
 * | -A_KK⁻¹         | `pivot`            | a tile, packed                                                                       |
 *
 * Rows past the last are those of the identity and do not mix with the others. Memory 4 n² bytes + 1.3 KiB × n. Double precision, a fixed
 * order of sums, no randomness: any number of threads gives the same bytes.
 */
import { callKernel, type KernelName, type KernelThreads } from '../kernels/kernels.ts'
import { doublesAt, type MemoryPlan, wordsAt } from '../kernels/memory.ts'

export const tileSize = 64
const tileLength = tileSize * tileSize
const tileBytes = 8 * tileLength

export const tileRowsOf = (size: number): number => Math.ceil(size / tileSize)
/** Numbers that the tiles of a matrix of that many rows hold. */
const storageLength = (size: number): number => ((tileRowsOf(size) * (tileRowsOf(size) + 1)) / 2) * tileLength
/** Multiplications of a sweep. */
export const sweepWork = (size: number): number => ((tileRowsOf(size) * (tileRowsOf(size) + 1)) / 2) * tileLength * tileSize

/** Place of the number at (row, column), column <= row, within the tiles. */
export function placeOf(row: number, column: number): number {
  const tileRow = Math.floor(row / tileSize)
  const tileColumn = Math.floor(column / tileSize)
  return ((tileRow * (tileRow + 1)) / 2 + tileColumn) * tileLength + (row % tileSize) * tileSize + (column % tileSize)
}

export interface InverseLayout {
  readonly size: number
  readonly tiles: number
  readonly before: number
  readonly after: number
  readonly pivot: number
  readonly scratch: number
  readonly counter: number
}

export function planInverse(plan: MemoryPlan, size: number, threads: number): InverseLayout {
  const rows = tileRowsOf(size)
  return {
    size,
    tiles: plan.take(8 * storageLength(size)),
    before: plan.take(rows * tileBytes),
    after: plan.take(rows * tileBytes),
    pivot: plan.take(tileBytes),
    scratch: plan.take(threads * tileBytes),
    counter: plan.takeWords(1),
  }
}

/** Sweeps a matrix block by block, a bounded number of multiplications at a time. */
export class SymmetricInverse {
  readonly #memory: WebAssembly.Memory
  readonly #layout: InverseLayout
  readonly #threads: KernelThreads
  #block: number
  /** Tile rows of the block's sweep that are done. */
  #row = 0

  /** @param block the first that has not been swept */
  constructor(memory: WebAssembly.Memory, layout: InverseLayout, threads: KernelThreads, block = 0) {
    this.#memory = memory
    this.#layout = layout
    this.#threads = threads
    this.#block = block
    const { size } = layout
    for (let row = size; row < tileRowsOf(size) * tileSize; row++) this.tiles[placeOf(row, row)] = block * tileSize > row ? -1 : 1
  }

  /** The matrix, in place. */
  get tiles(): Float64Array {
    return doublesAt(this.#memory, this.#layout.tiles, storageLength(this.#layout.size))
  }

  /** Blocks whose sweep is done. */
  get blocksDone(): number {
    return this.#block
  }

  get isBetweenSweeps(): boolean {
    return this.#row === 0
  }

  /** Works on for about that many multiplications, at most to the sweep's end. Returns how many it took, or NaN where the matrix is not positive definite. */
  advance(work: number): number {
    const { size, tiles, before, after, pivot, scratch } = this.#layout
    const rows = tileRowsOf(size)
    if (this.#row === 0) {
      if (callKernel(this.#memory, 'sweepPivot', 0, [tiles, this.#block, pivot]) === 0) return NaN
      this.#run('sweepPanelTasks', rows, tiles, this.#block, pivot, before, after, scratch)
    }
    const first = this.#row
    let done = 0
    for (; this.#row < rows && done < work; this.#row++) done += (this.#row + 1) * tileLength * tileSize
    this.#run('sweepRestTasks', this.#row - first, this.#row, tiles, this.#block, before, after)
    if (this.#row === rows) {
      this.#row = 0
      this.#block++
    }
    return done
  }

  #run(kernel: KernelName, tasks: number, ...args: readonly number[]): void {
    const { counter } = this.#layout
    wordsAt(this.#memory, counter, 1)[0] = 0
    this.#threads.run(this.#memory, kernel, [counter, tasks, ...args])
  }
}
