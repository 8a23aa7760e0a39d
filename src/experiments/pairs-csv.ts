/**
 * Pairs from a CSV file: `user,item[,rating[,timestamp]]`, with a header row or without. Read in chunks, byte by byte, into typed arrays:
 * tens of millions of rows without text in between.
 *
 * Values are separated by commas; one that holds a comma, a quote or a line break stands in quotes, with its own quotes doubled (RFC 4180).
 * Lines end in LF or CR LF; blank lines are skipped. Ids are taken byte for byte, blanks included. All lines have as many values as the first.
 * The first line is a header where its first two values are names of users and items (`user`, `userId`, `user_id`, `subsr_id`; `item`,
 * `item_id`, `program_id`, …) or its third is not a number.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { MatineeError } from '../contracts/errors.ts'
import type { IdIndex } from '../model/sparse/id-index.ts'

export interface PairRows {
  /** Positions in the indexes; one entry a row, repeated pairs and all. */
  readonly users: Uint32Array
  readonly items: Uint32Array
  /** Where the file has the column. Finite. */
  readonly ratings?: Float32Array
  /** Where the file has the column: the timestamps as they stand there, finite. */
  readonly times?: Float64Array
}

const comma = 44
const quote = 34
const lineFeed = 10
const carriageReturn = 13
const longestLine = 1 << 20
const chunkBytes = 1 << 22
const mostColumns = 4
const rowsBetweenReports = 1_000_000

/**
 * @param users is asked for the position of each user, and learns those that are new; `items` the same
 * @param report is told the rows so far now and then
 * @throws MatineeError `import_invalid` naming file, line and reason.
 */
export function readPairsCsv(path: string, users: IdIndex, items: IdIndex, report: (rows: number) => void = () => undefined): PairRows {
  const file = open(path)
  try {
    return new PairsReader(path, users, items, report).read(file)
  } finally {
    closeSync(file)
  }
}

function open(path: string): number {
  try {
    return openSync(path, 'r')
  } catch (cause) {
    const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause)
    throw new MatineeError('import_invalid', `${path} cannot be opened (${reason})`, { cause })
  }
}

class PairsReader {
  readonly #path: string
  readonly #userIndex: IdIndex
  readonly #itemIndex: IdIndex
  readonly #report: (rows: number) => void
  /** What is read and not yet taken. */
  readonly #bytes = new Uint8Array(chunkBytes + longestLine)
  /** Where the values of the line in hand begin and end in `#bytes`; of a quoted value without the quotes. */
  readonly #starts = new Uint32Array(mostColumns)
  readonly #ends = new Uint32Array(mostColumns)
  /** As many as the first line has; 0 before it. */
  #columns = 0
  /** Number of the line in hand, from 1. */
  #line = 0
  #rows = 0
  #users = new Uint32Array(0)
  #items = new Uint32Array(0)
  #ratings = new Float32Array(0)
  #times = new Float64Array(0)

  constructor(path: string, users: IdIndex, items: IdIndex, report: (rows: number) => void) {
    this.#path = path
    this.#userIndex = users
    this.#itemIndex = items
    this.#report = report
  }

  read(file: number): PairRows {
    const { size } = fstatSync(file)
    let kept = 0
    let total = 0
    for (;;) {
      const count = readSync(file, this.#bytes, kept, chunkBytes, null)
      const isFirst = total === 0
      total += count
      const end = kept + count
      const from = isFirst && this.#startsWithMark(end) ? 3 : 0
      const place = this.#takeLines(from, end, count === 0)
      if (count === 0) break
      if (isFirst) this.#reserve(Math.ceil(((this.#rows + 1) * size) / Math.max(1, place)) + 1024)
      kept = end - place
      if (kept > longestLine) throw this.#fault(this.#line + 1, `it is longer than ${longestLine} bytes; a quote may be open`)
      this.#bytes.copyWithin(0, place, end)
    }
    return {
      users: this.#users.subarray(0, this.#rows),
      items: this.#items.subarray(0, this.#rows),
      ...(this.#columns > 2 ? { ratings: this.#ratings.subarray(0, this.#rows) } : {}),
      ...(this.#columns > 3 ? { times: this.#times.subarray(0, this.#rows) } : {}),
    }
  }

  /** UTF-8 files of some programs begin with a byte order mark. */
  #startsWithMark(end: number): boolean {
    return end >= 3 && this.#bytes[0] === 0xef && this.#bytes[1] === 0xbb && this.#bytes[2] === 0xbf
  }

  /** Takes all lines that are whole; at the end of the file the last one too. Returns where what is left begins. */
  #takeLines(from: number, end: number, isLast: boolean): number {
    let place = from
    while (place < end) {
      const next = this.#splitLine(place, end, isLast)
      if (next === undefined) break
      place = next
    }
    return place
  }

  /** Splits and takes the line at `place`. Returns where the next begins, or undefined where the line goes on beyond `end`. */
  #splitLine(place: number, end: number, isLast: boolean): number | undefined {
    const bytes = this.#bytes
    const lineNumber = this.#line + 1
    let columns = 0
    let lineBreaks = 1
    let isQuoted = false
    let n = place
    for (;;) {
      let start = n
      let stop: number
      if (n < end && bytes[n] === quote) {
        start = n + 1
        stop = this.#endOfQuoted(start, end)
        if (stop === -1) {
          if (isLast) throw this.#fault(lineNumber, 'a quote is opened and never closed')
          return undefined
        }
        for (let b = start; b < stop; b++) if (bytes[b] === lineFeed) lineBreaks++
        n = stop + 1
        isQuoted = true
        if (n < end && bytes[n] === carriageReturn && (n + 1 === end || bytes[n + 1] === lineFeed)) n++
        if (n < end && bytes[n] !== comma && bytes[n] !== lineFeed) throw this.#fault(lineNumber, 'a quoted value goes on after its quote')
      } else {
        while (n < end && bytes[n] !== comma && bytes[n] !== lineFeed) n++
        stop = n
        if (stop > start && bytes[stop - 1] === carriageReturn && bytes[n] !== comma) stop--
      }
      if (n === end && !isLast) return undefined
      if (columns === mostColumns)
        throw this.#fault(lineNumber, `it has more than ${mostColumns} values, expected user,item[,rating[,timestamp]]`)
      this.#starts[columns] = start
      this.#ends[columns++] = stop
      if (n === end || bytes[n] === lineFeed) break
      n++
    }
    // Not before the line is known to be whole: what is left of it may be split again.
    if (isQuoted) for (let column = 0; column < columns; column++) this.#undouble(column)
    this.#line = lineNumber
    if (columns > 1 || this.#starts[0] !== this.#ends[0]) this.#takeLine(columns)
    this.#line += lineBreaks - 1
    return n + 1
  }

  /** Where the quote is that ends the value which begins at `start`, or -1. */
  #endOfQuoted(start: number, end: number): number {
    const bytes = this.#bytes
    for (let n = start; n < end; n++) {
      if (bytes[n] !== quote) continue
      // At the very end a second quote may still come.
      if (n + 1 < end && bytes[n + 1] === quote) n++
      else return n
    }
    return -1
  }

  /** Makes one of each two quotes of a quoted value, in place. */
  #undouble(column: number): void {
    const bytes = this.#bytes
    const start = this.#starts[column] as number
    const end = this.#ends[column] as number
    if (bytes[start - 1] !== quote || bytes[end] !== quote) return
    let target = start
    for (let n = start; n < end; n++) {
      const byte = bytes[n] as number
      bytes[target++] = byte
      if (byte === quote) n++
    }
    this.#ends[column] = target
  }

  #takeLine(columns: number): void {
    if (this.#columns === 0) {
      if (columns < 2) throw this.#fault(this.#line, 'it has 1 value, expected user,item[,rating[,timestamp]]')
      this.#columns = columns
      if (this.#isHeader(columns)) return
    }
    if (columns !== this.#columns) throw this.#fault(this.#line, `it has ${columns} values, and the first line has ${this.#columns}`)
    const bytes = this.#bytes
    const [userStart = 0, itemStart = 0] = this.#starts
    const [userEnd = 0, itemEnd = 0] = this.#ends
    if (userStart === userEnd) throw this.#fault(this.#line, 'the user is empty')
    if (itemStart === itemEnd) throw this.#fault(this.#line, 'the item is empty')
    const row = this.#rows
    if (row === this.#users.length) this.#reserve(2 * row + 4096)
    this.#users[row] = this.#userIndex.positionOf(bytes, userStart, userEnd)
    this.#items[row] = this.#itemIndex.positionOf(bytes, itemStart, itemEnd)
    if (columns > 2) this.#ratings[row] = this.#number(2, 'rating')
    if (columns > 3) this.#times[row] = this.#number(3, 'timestamp')
    this.#rows++
    if (this.#rows % rowsBetweenReports === 0) this.#report(this.#rows)
  }

  #isHeader(columns: number): boolean {
    const [first, second] = [nameIn(this.#text(0)), nameIn(this.#text(1))]
    if (first === 'item' && second === 'user')
      throw this.#fault(this.#line, `the columns are ${this.#text(0)},${this.#text(1)}, expected the user first`)
    if (first === 'user' && second === 'item') return true
    return columns > 2 && Number.isNaN(parseNumber(this.#bytes, this.#starts[2] ?? 0, this.#ends[2] ?? 0)) && /\p{L}/u.test(this.#text(2))
  }

  #number(column: number, name: string): number {
    const value = parseNumber(this.#bytes, this.#starts[column] as number, this.#ends[column] as number)
    if (!Number.isFinite(value)) throw this.#fault(this.#line, `the ${name} "${this.#text(column).slice(0, 80)}" is not a number`)
    return value
  }

  #text(column: number): string {
    return new TextDecoder().decode(this.#bytes.subarray(this.#starts[column], this.#ends[column]))
  }

  #reserve(rows: number): void {
    if (rows <= this.#users.length) return
    this.#users = extended(this.#users, new Uint32Array(rows))
    this.#items = extended(this.#items, new Uint32Array(rows))
    if (this.#columns > 2) this.#ratings = extended(this.#ratings, new Float32Array(rows))
    if (this.#columns > 3) this.#times = extended(this.#times, new Float64Array(rows))
  }

  #fault(line: number, reason: string): MatineeError {
    return new MatineeError('import_invalid', `${this.#path} line ${line}: ${reason}`, { details: { line } })
  }
}

function extended<Values extends Uint32Array | Float32Array | Float64Array>(values: Values, larger: Values): Values {
  larger.set(values)
  return larger
}

const userNames = new Set(['user', 'userid', 'users', 'uid', 'subsrid', 'subscriber', 'subscriberid', 'viewer', 'viewerid'])
const itemNames = new Set(['item', 'itemid', 'items', 'iid', 'programid', 'program', 'movie', 'movieid', 'title', 'titleid'])

/** Which of the two a header's value names; `user_id:token` names a user too. */
function nameIn(value: string): 'user' | 'item' | undefined {
  const name = value.replace(/:.*/, '').replaceAll(/[_ -]/g, '').toLowerCase()
  if (userNames.has(name)) return 'user'
  return itemNames.has(name) ? 'item' : undefined
}

/** The number that the bytes are, or NaN. Digits with a point are summed here, exactly; all else is left to `Number`. */
function parseNumber(bytes: Uint8Array, start: number, end: number): number {
  let value = 0
  let decimals = -1
  const isNegative = bytes[start] === 45
  const first = isNegative ? start + 1 : start
  // Up to 15 digits are exact in a double, and so is the division of two exact numbers rounded once.
  let isPlain = end > first && end - first <= 16
  for (let n = first; n < end && isPlain; n++) {
    const byte = bytes[n] as number
    if (byte >= 48 && byte <= 57) {
      value = value * 10 + byte - 48
      if (decimals >= 0) decimals++
    } else if (byte === 46 && decimals < 0 && n > first && n + 1 < end) decimals = 0
    else isPlain = false
  }
  if (isPlain && (decimals >= 0 || end - first <= 15)) {
    const magnitude = decimals > 0 ? value / 10 ** decimals : value
    return isNegative ? -magnitude : magnitude
  }
  const text = new TextDecoder().decode(bytes.subarray(start, end)).trim()
  return text === '' ? NaN : Number(text)
}
