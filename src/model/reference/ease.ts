/**
 * EASE as the head of src/model/ease/ease.ts has it, the plain way: XᵀX + λ I as rows, inverted by Gauss and Jordan beside the identity, in
 * double precision. For tests alone.
 */
import type { Interactions } from '../model.ts'

/** B, row by row. */
export function referenceEase(
  { userCount, itemCount, offsets, items, weights }: Interactions,
  regularization: number,
): readonly Float64Array[] {
  const rows = Array.from({ length: itemCount }, (_, item) => {
    const row = new Float64Array(2 * itemCount)
    row[item] = regularization
    row[itemCount + item] = 1
    return row
  })
  for (let user = 0; user < userCount; user++)
    for (let p = offsets[user] ?? 0; p < (offsets[user + 1] ?? 0); p++)
      for (let q = offsets[user] ?? 0; q < (offsets[user + 1] ?? 0); q++) {
        const row = rows[items[p] ?? 0] ?? new Float64Array(0)
        row[items[q] ?? 0] = (row[items[q] ?? 0] ?? 0) + (weights[p] ?? 0) * (weights[q] ?? 0)
      }
  for (const [k, pivot] of rows.entries()) {
    const divisor = pivot[k] ?? 0
    for (let n = 0; n < pivot.length; n++) pivot[n] = (pivot[n] ?? 0) / divisor
    for (const [r, row] of rows.entries()) {
      const scale = row[k] ?? 0
      if (r === k) continue
      for (let n = 0; n < row.length; n++) row[n] = (row[n] ?? 0) - scale * (pivot[n] ?? 0)
    }
  }
  const inverse = rows.map((row) => row.subarray(itemCount))
  return inverse.map((row, i) => row.map((value, j) => (i === j ? 0 : -value / (inverse[j]?.[j] ?? NaN))))
}
