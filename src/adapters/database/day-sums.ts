/** Fingerprints of rows by day, for a database that has no checksum of its own. */
import { crc32 } from 'node:zlib'
import type { DayFingerprint } from '../../contracts/ports.ts'

/**
 * Sums over rows, so that their order does not matter: one of CRC-32, and one of a product of it, which is not linear, so
 * that the same change in two rows does not cancel out.
 */
export class DaySums {
  readonly #days = new Map<string | null, { rows: number; sum: bigint; products: bigint }>()

  /** @param rows the day of each row, and all its values as one text */
  add(rows: readonly (readonly [day: string | null, values: string])[]): void {
    for (const [day, values] of rows) {
      let sums = this.#days.get(day)
      if (sums === undefined) this.#days.set(day, (sums = { rows: 0, sum: 0n, products: 0n }))
      const checksum = BigInt(crc32(values))
      sums.rows++
      sums.sum += checksum
      sums.products += checksum * checksum
    }
  }

  days(): DayFingerprint[] {
    return [...this.#days].map(([day, { rows, sum, products }]) => ({ day, rows, sum: `${sum}-${products}` }))
  }
}
