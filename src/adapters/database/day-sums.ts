/** Fingerprints of rows by day, from a CRC-32 of each row: of what was read, or of a database that cannot add up itself. */
import type { DayFingerprint } from '../../contracts/ports.ts'

/** A day's sums are numbers, which stay exact for so many rows; then they go over into the totals. */
const EXACT_ROWS = 2 ** 20

interface Sums {
  rows: number
  /** Of the checksums' upper and lower 16 bits, and of their products. */
  high: number
  low: number
  highHigh: number
  highLow: number
  lowLow: number
  sum: bigint
  squares: bigint
}

/**
 * Sums over rows, so that their order does not matter: one of CRC-32, and one of its square, which is not linear, so that
 * the same change in two rows does not cancel out.
 */
export class DaySums {
  readonly #days = new Map<string | null, Sums>()

  add(day: string | null, checksum: number): void {
    let sums = this.#days.get(day)
    if (sums === undefined) {
      sums = { rows: 0, high: 0, low: 0, highHigh: 0, highLow: 0, lowLow: 0, sum: 0n, squares: 0n }
      this.#days.set(day, sums)
    }
    const high = checksum >>> 16
    const low = checksum & 0xffff
    sums.rows++
    sums.high += high
    sums.low += low
    sums.highHigh += high * high
    sums.highLow += high * low
    sums.lowLow += low * low
    if (sums.rows % EXACT_ROWS === 0) carry(sums)
  }

  days(): DayFingerprint[] {
    return [...this.#days].map(([day, sums]) => {
      carry(sums)
      return { day, rows: sums.rows, sum: `${sums.sum}-${sums.squares}` }
    })
  }
}

function carry(sums: Sums): void {
  sums.sum += (BigInt(sums.high) << 16n) + BigInt(sums.low)
  sums.squares += (BigInt(sums.highHigh) << 32n) + (BigInt(sums.highLow) << 17n) + BigInt(sums.lowLow)
  sums.high = sums.low = sums.highHigh = sums.highLow = sums.lowLow = 0
}
