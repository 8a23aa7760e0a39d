/**
 * Sweeps of a symmetric matrix in double precision; what they come to stands at the head of src/model/ease/symmetric-inverse.ts.
 *
 * The lower triangle lies in square tiles of 64 rows, each in one piece, row-major: tile (I, J), J <= I, is number I (I + 1) / 2 + J. A panel
 * is a column of tiles, packed in strips of 4 rows: number (row, column) of a tile is at ((row / 4) × 64 + column) × 4 + row mod 4, so that
 * the innermost loop reads forwards.
 */
import { nextTask } from './vectors'

const tileSize: i32 = 64
const rowBytes: usize = 512
const tileBytes: usize = 32_768
const stripBytes: usize = 2048

function tileAt(tiles: usize, row: i32, column: i32): usize {
  return tiles + ((<usize>row * (<usize>row + 1)) / 2 + <usize>column) * tileBytes
}

/** target -= L Rᵀ for packed tiles L and R, by 4 × 4 numbers: 8 sums, 2 vectors of R and one number of L stay in the 16 registers. */
function subtractProduct(target: usize, left: usize, right: usize): void {
  for (let row: usize = 0; row < tileBytes; row += stripBytes) {
    const first = left + row
    const end = first + stripBytes
    let place = target + row
    let b = right
    for (let column: usize = 0; column < rowBytes; column += 32, place += 32) {
      let s00 = v128.load(place)
      let s01 = v128.load(place, 16)
      let s10 = v128.load(place + rowBytes)
      let s11 = v128.load(place + rowBytes, 16)
      let s20 = v128.load(place + 2 * rowBytes)
      let s21 = v128.load(place + 2 * rowBytes, 16)
      let s30 = v128.load(place + 3 * rowBytes)
      let s31 = v128.load(place + 3 * rowBytes, 16)
      for (let a = first; a < end; a += 32, b += 32) {
        const r0 = v128.load(b)
        const r1 = v128.load(b, 16)
        const l0 = v128.load64_splat(a)
        s00 = f64x2.relaxed_nmadd(l0, r0, s00)
        s01 = f64x2.relaxed_nmadd(l0, r1, s01)
        const l1 = v128.load64_splat(a, 8)
        s10 = f64x2.relaxed_nmadd(l1, r0, s10)
        s11 = f64x2.relaxed_nmadd(l1, r1, s11)
        const l2 = v128.load64_splat(a, 16)
        s20 = f64x2.relaxed_nmadd(l2, r0, s20)
        s21 = f64x2.relaxed_nmadd(l2, r1, s21)
        const l3 = v128.load64_splat(a, 24)
        s30 = f64x2.relaxed_nmadd(l3, r0, s30)
        s31 = f64x2.relaxed_nmadd(l3, r1, s31)
      }
      v128.store(place, s00)
      v128.store(place, s01, 16)
      v128.store(place + rowBytes, s10)
      v128.store(place + rowBytes, s11, 16)
      v128.store(place + 2 * rowBytes, s20)
      v128.store(place + 2 * rowBytes, s21, 16)
      v128.store(place + 3 * rowBytes, s30)
      v128.store(place + 3 * rowBytes, s31, 16)
    }
  }
}

function pack(tile: usize, packed: usize): void {
  for (let row = 0; row < tileSize; row++) {
    const from = tile + <usize>row * rowBytes
    const to = packed + <usize>(row >> 2) * stripBytes + ((<usize>(row & 3)) << 3)
    for (let column: usize = 0; column < <usize>tileSize; column++) store<f64>(to + (column << 5), load<f64>(from + (column << 3)))
  }
}

/** The same of the tile's transpose: rows of 4 numbers change place with strips. */
function packTransposed(tile: usize, packed: usize): void {
  for (let row: usize = 0; row < <usize>tileSize; row++) {
    const from = tile + row * rowBytes
    const to = packed + (row << 5)
    for (let strip: usize = 0; strip < <usize>tileSize / 4; strip++) {
      v128.store(to + strip * stripBytes, v128.load(from + (strip << 5)))
      v128.store(to + strip * stripBytes, v128.load(from + (strip << 5), 16), 16)
    }
  }
}

function transpose(tile: usize, target: usize): void {
  for (let row: usize = 0; row < <usize>tileSize; row++)
    for (let column: usize = 0; column < <usize>tileSize; column++)
      store<f64>(target + column * rowBytes + (row << 3), load<f64>(tile + row * rowBytes + (column << 3)))
}

/** A full symmetric tile ← minus its inverse, row by row. False where it is not positive definite. */
function sweepTile(tile: usize): bool {
  for (let k = 0; k < tileSize; k++) {
    const pivotRow = tile + <usize>k * rowBytes
    const column = (<usize>k) << 3
    const pivot = load<f64>(pivotRow + column)
    if (!(pivot > 0 && pivot < Infinity)) return false
    for (let r = 0; r < tileSize; r++) {
      if (r == k) continue
      const row = tile + <usize>r * rowBytes
      const own = load<f64>(row + column)
      const scale = f64x2.splat(own / pivot)
      for (let at: usize = 0; at < rowBytes; at += 16)
        v128.store(row + at, f64x2.relaxed_nmadd(scale, v128.load(pivotRow + at), v128.load(row + at)))
      store<f64>(row + column, own / pivot)
    }
    for (let at: usize = 0; at < rowBytes; at += 8) store<f64>(pivotRow + at, load<f64>(pivotRow + at) / pivot)
    store<f64>(pivotRow + column, -1 / pivot)
  }
  return true
}

/**
 * A_KK ← -A_KK⁻¹, and that packed into `pivot`. The lower half of the tile counts. Returns whether the matrix is positive definite so far.
 * @param pivot a tile
 */
export function sweepPivot(thread: i32, tiles: usize, block: i32, pivot: usize): bool {
  const tile = tileAt(tiles, block, block)
  for (let row: usize = 0; row < <usize>tileSize; row++)
    for (let column: usize = 0; column < row; column++)
      store<f64>(tile + column * rowBytes + (row << 3), load<f64>(tile + row * rowBytes + (column << 3)))
  if (!sweepTile(tile)) return false
  pack(tile, pivot)
  return true
}

/**
 * Task t: packs A_tK into tile t of `before`, and A_tK A_KK⁻¹ into tile t of `after` and into the matrix.
 * @param pivot as `sweepPivot` leaves it
 * @param scratch a tile a thread
 */
export function sweepPanelTasks(
  thread: i32,
  counter: usize,
  tasks: i32,
  tiles: usize,
  block: i32,
  pivot: usize,
  before: usize,
  after: usize,
  scratch: usize,
): void {
  const product = scratch + <usize>thread * tileBytes
  for (let task = nextTask(counter); task < tasks; task = nextTask(counter)) {
    if (task == block) continue
    const left = before + <usize>task * tileBytes
    const tile = task > block ? tileAt(tiles, task, block) : tileAt(tiles, block, task)
    if (task > block) pack(tile, left)
    else packTransposed(tile, left)
    memory.fill(product, 0, tileBytes)
    subtractProduct(product, left, pivot)
    pack(product, after + <usize>task * tileBytes)
    if (task > block) memory.copy(tile, product, tileBytes)
    else transpose(product, tile)
  }
}

/** Task t: A_RR ← A_RR - after beforeᵀ in tile row `endRow - 1 - t`: long rows first, so that the threads end together. */
export function sweepRestTasks(
  thread: i32,
  counter: usize,
  tasks: i32,
  endRow: i32,
  tiles: usize,
  block: i32,
  before: usize,
  after: usize,
): void {
  for (let task = nextTask(counter); task < tasks; task = nextTask(counter)) {
    const row = endRow - 1 - task
    if (row == block) continue
    for (let column = 0; column <= row; column++)
      if (column != block) subtractProduct(tileAt(tiles, row, column), after + <usize>row * tileBytes, before + <usize>column * tileBytes)
  }
}
