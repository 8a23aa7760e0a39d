/**
 * EASE as the head of src/model/ease/ease.ts has it, the plain way: the matrix as rows, inverted by Gauss and Jordan beside the identity, in
 * double precision. For tests alone.
 */
import type { Interactions } from '../model.ts'

/** B, row by row. */
export function referenceEase(
  { userCount, itemCount, offsets, items, weights }: Interactions,
  regularization: number,
  { dropout = 0, user_exponent: exponent = 0 }: { readonly dropout?: number; readonly user_exponent?: number } = {},
): readonly Float64Array[] {
  const counts = Array.from({ length: userCount }, (_, user) => (offsets[user + 1] ?? 0) - (offsets[user] ?? 0))
  const restored = items.length / counts.reduce((sum, count) => sum + (count === 0 ? 0 : count ** (1 - exponent)), 0)
  const rows = Array.from({ length: itemCount }, (_, item) => {
    const row = new Float64Array(2 * itemCount)
    row[itemCount + item] = 1
    return row
  })
  for (let user = 0; user < userCount; user++)
    for (let p = offsets[user] ?? 0; p < (offsets[user + 1] ?? 0); p++)
      for (let q = offsets[user] ?? 0; q < (offsets[user + 1] ?? 0); q++) {
        const row = rows[items[p] ?? 0] ?? new Float64Array(0)
        row[items[q] ?? 0] = (row[items[q] ?? 0] ?? 0) + restored * (counts[user] ?? 0) ** -exponent * (weights[p] ?? 0) * (weights[q] ?? 0)
      }
  for (const [item, row] of rows.entries()) row[item] = (row[item] ?? 0) / (1 - dropout) + regularization
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
