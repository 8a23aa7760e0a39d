/** Fingerprints of rows by day: of what was read, or of a database that cannot add up itself. */
import { crc32 } from 'node:zlib'
import type { DayFingerprint } from '../../contracts/ports.ts'

/** A day's sum is a number, which stays exact for so many checksums of 32 bits; then it goes over into the total. */
const EXACT_ROWS = 2 ** 20

interface Sums {
  rows: number
  sum: number
  total: bigint
}

/**
 * Adds up a checksum of each row, so that their order does not matter: CRC-32 of the digits of the line's CRC-32. The inner one alone would
 * not do: the same change in two rows flips the same bits of it in both, and what one sum gains the other may lose. In digits it flips
 * different ones.
 */
export class DaySums {
  readonly #days = new Map<string | null, Sums>()

  /** @param line of a row, see `RowLines` */
  add(day: string | null, line: string): void {
    let sums = this.#days.get(day)
    if (sums === undefined) {
      sums = { rows: 0, sum: 0, total: 0n }
      this.#days.set(day, sums)
    }
    sums.rows++
    sums.sum += crc32(String(crc32(line)))
    if (sums.rows % EXACT_ROWS === 0) carry(sums)
  }

  days(): DayFingerprint[] {
    return [...this.#days].map(([day, sums]) => {
      carry(sums)
      return { day, rows: sums.rows, sum: String(sums.total) }
    })
  }
}

function carry(sums: Sums): void {
  sums.total += BigInt(sums.sum)
  sums.sum = 0
}
