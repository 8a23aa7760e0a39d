/** What EASE needs beside the sweeps (src/kernels/sweep.ts, which also says how the matrix lies in tiles). */
import { nextTask } from './vectors'

const tileSize: i32 = 64
const rowBytes: usize = 512
const tileBytes: usize = 32_768

/**
 * Task t: rows `firstRow + t × rowsOfTask` and on of XᵀY + r diag XᵀY + λ I, up to their diagonal. A row's sums run over its users in order, in double.
 * @param offsets, items, weights rows of pairs by user, items ascending: Y
 * @param byItemOffsets, byItemUsers, byItemWeights the same pairs by item, users ascending, of other weights: X
 * @param ofDiagonal r
 * @param scratch a double an item for each thread; `scratchBytes` each, whole rows of tiles
 */
export function coOccurrenceTasks(
  thread: i32,
  counter: usize,
  tasks: i32,
  rowsOfTask: i32,
  firstRow: i32,
  endRow: i32,
  offsets: usize,
  items: usize,
  weights: usize,
  byItemOffsets: usize,
  byItemUsers: usize,
  byItemWeights: usize,
  regularization: f64,
  ofDiagonal: f64,
  tiles: usize,
  scratch: usize,
  scratchBytes: i32,
): void {
  const sums = scratch + <usize>thread * <usize>scratchBytes
  for (let task = nextTask(counter); task < tasks; task = nextTask(counter)) {
    const begin = firstRow + task * rowsOfTask
    const end = min(begin + rowsOfTask, endRow)
    for (let row = begin; row < end; row++) {
      const tileRow = row / tileSize
      memory.fill(sums, 0, <usize>(tileRow + 1) * rowBytes)
      const last = load<u32>(byItemOffsets + ((<usize>row) << 2), 4)
      for (let pair = load<u32>(byItemOffsets + ((<usize>row) << 2)); pair < last; pair++) {
        const weight = <f64>load<f32>(byItemWeights + ((<usize>pair) << 2))
        if (weight == 0) continue
        const user = load<u32>(byItemUsers + ((<usize>pair) << 2))
        // The user has the item of this row: there the pairs up to the diagonal end.
        let at = (<usize>load<u32>(offsets + ((<usize>user) << 2))) << 2
        for (;;) {
          const item = load<u32>(items + at)
          const place = sums + ((<usize>item) << 3)
          store<f64>(place, load<f64>(place) + weight * <f64>load<f32>(weights + at))
          if (item == row) break
          at += 4
        }
      }
      const diagonal = sums + ((<usize>row) << 3)
      store<f64>(diagonal, load<f64>(diagonal) * (1 + ofDiagonal) + regularization)
      const firstTile = tiles + ((<usize>tileRow * (<usize>tileRow + 1)) / 2) * tileBytes + <usize>(row % tileSize) * rowBytes
      for (let column = 0; column <= tileRow; column++)
        memory.copy(firstTile + <usize>column * tileBytes, sums + <usize>column * rowBytes, rowBytes)
    }
  }
}

/**
 * Task t: item weights from items of tile row `tileRow` to those of tile column t, in single precision:
 * out[r × itemCount + c] = -N_rc / N_cc off the diagonal, with the matrix N = -P in tiles.
 * @param diagonal N_cc, a double an item
 */
export function itemWeightTasks(
  thread: i32,
  counter: usize,
  tasks: i32,
  tiles: usize,
  tileRow: i32,
  itemCount: i32,
  diagonal: usize,
  out: usize,
): void {
  const firstRow = tileRow * tileSize
  const rows = min(tileSize, itemCount - firstRow)
  for (let task = nextTask(counter); task < tasks; task = nextTask(counter)) {
    const firstColumn = task * tileSize
    const columns = min(tileSize, itemCount - firstColumn)
    const high = <usize>max(tileRow, task)
    const tile = tiles + ((high * (high + 1)) / 2 + <usize>min(tileRow, task)) * tileBytes
    for (let r = 0; r < rows; r++) {
      const target = out + ((<usize>r * <usize>itemCount + <usize>firstColumn) << 2)
      for (let c = 0; c < columns; c++) {
        // Above the diagonal the number is that of the mirrored place.
        const isBelow = task < tileRow || (task == tileRow && c < r)
        const place = isBelow ? <usize>r * rowBytes + ((<usize>c) << 3) : <usize>c * rowBytes + ((<usize>r) << 3)
        const value = -load<f64>(tile + place) / load<f64>(diagonal + ((<usize>(firstColumn + c)) << 3))
        store<f32>(target + ((<usize>c) << 2), firstRow + r == firstColumn + c ? 0 : <f32>value)
      }
    }
  }
}
