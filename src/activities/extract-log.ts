/**
 * Extracts a log as parts, one a week. The source adds up each day's rows; a week whose sums are those of a part in the store
 * is not read again. The others are read several weeks at a time, since a database may look through the whole table for any
 * of them; what was read is added up once more, and a part is known by the sums of its own rows, whatever changed meanwhile.
 * So a run reads what is new or was corrected, and an attempt goes on from the last part of the one before it.
 */
import { createHash } from 'node:crypto'
import { parseDocument, RawPartition } from '../contracts/documents.ts'
import type { DayFingerprint, ObjectStore, TimeRange } from '../contracts/ports.ts'
import { rawTables, type RawTable, type SourceColumn } from '../contracts/source-tables.ts'
import { storeKeys } from '../contracts/store-keys.ts'
import { documentText } from '../contracts/stored-documents.ts'
import { parseWeek, weekEnd, weeksBetween, weekStart, type Week } from '../contracts/week.ts'
import { readRange, whileAway, writePart, type ExtractState, type PartName, type PartPorts } from './read-part.ts'

/** Rows without a time, and from before this week, make one part. */
const FIRST_WEEK = parseWeek('1970-W02')
/** Their lines wait in the scratch folder, some 200 MB of each log; the work of so many is lost when an attempt is broken off. */
const ROWS_AT_ONCE = 1_000_000

export interface LogQuery {
  readonly table: RawTable
  readonly week: Week
  readonly rowsAtOnce: number | undefined
}

export async function extractLog(
  { table, week, rowsAtOnce = ROWS_AT_ONCE }: LogQuery,
  ports: PartPorts,
  state: ExtractState,
): Promise<RawPartition[]> {
  const { store, source, progress } = ports
  const calendar = new Calendar(week)
  // Where no part is known there is none to compare with: the rows need only be counted, to be read in pieces.
  const knowsParts = await hasParts(store, table)
  const options = { columns: knowsParts ? columnNames(table) : [], before: weekEnd(week), signal: progress.signal }
  const found = calendar.group(await whileAway(progress, () => source.fingerprint(table, options)))
  // A log without any row is one empty part, so that there is a file that has its columns.
  const wanted: ReadonlyMap<PartName, readonly DayFingerprint[]> = found.size > 0 ? found : new Map([['undated', []]])
  const partitions = new Map<PartName, RawPartition>()
  for (const [part, days] of knowsParts ? wanted : []) {
    const key = storeKeys.rawPartition(table, part, fingerprintOf(table, part, days))
    const known = await store.read(key)
    if (known !== undefined) partitions.set(part, parseDocument(RawPartition, known.body, key))
  }

  state.parts = wanted.size
  const tellPart = (part: PartName): void => {
    state.week = part
    state.part = partitions.size + 1
  }
  for (const parts of readingsOf(wanted, partitions, rowsAtOnce)) {
    const [first] = parts
    const isUndated = first === 'undated'
    if (first !== undefined) tellPart(first)
    const partOf = (time: string | null): PartName => (isUndated ? 'undated' : calendar.weekOf(time))
    const read = await readRange({ table, range: rangeOf(parts), partOf }, ports, state)
    const sums = calendar.group(read.days)
    for (const part of new Set([...parts, ...read.files.keys()])) {
      tellPart(part)
      const fingerprint = fingerprintOf(table, part, sums.get(part) ?? [])
      const partition: RawPartition = { ...(await writePart(table, part, read, ports, state)), fingerprint }
      const key = storeKeys.rawPartition(table, part, fingerprint)
      await store.write(key, documentText(partition), { precondition: { absent: true }, contentType: 'application/json' })
      partitions.set(part, partition)
    }
  }
  return [...partitions.values()].toSorted((a, b) => compare(orderOf(a), orderOf(b)))
}

async function hasParts(store: ObjectStore, table: RawTable): Promise<boolean> {
  for await (const { key } of store.list(storeKeys.rawPrefix(table))) if (storeKeys.isRawPartition(key)) return true
  return false
}

const orderOf = ({ week }: RawPartition): string => (week === 'undated' ? '' : week)

/** What is read at once: neighbours without a known part between them, and not too many rows. */
function* readingsOf(
  wanted: ReadonlyMap<PartName, readonly DayFingerprint[]>,
  known: ReadonlyMap<PartName, unknown>,
  rowsAtOnce: number,
): Generator<readonly PartName[]> {
  let parts: PartName[] = []
  let rows = 0
  for (const [part, days] of wanted) {
    const more = days.reduce((sum, day) => sum + day.rows, 0)
    if (parts.length > 0 && (known.has(part) || parts[0] === 'undated' || rows + more > rowsAtOnce)) {
      yield parts
      parts = []
      rows = 0
    }
    if (known.has(part)) continue
    parts.push(part)
    rows += more
  }
  if (parts.length > 0) yield parts
}

function rangeOf(parts: readonly PartName[]): TimeRange {
  const [first, last] = [parts[0], parts.at(-1)]
  if (first === undefined || last === undefined || first === 'undated' || last === 'undated') return { before: weekStart(FIRST_WEEK) }
  return { from: weekStart(first), before: weekEnd(last) }
}

const columnNames = (table: RawTable): string[] => {
  const columns: readonly SourceColumn[] = rawTables[table]
  return columns.map(({ name }) => name)
}

/** Lower-case hex. The columns belong to it: with another one the same rows are another extract. */
function fingerprintOf(table: RawTable, week: PartName, days: readonly DayFingerprint[]): string {
  const lines = days.map(({ day, rows, sum }) => JSON.stringify([day, rows, sum])).toSorted()
  return createHash('sha256')
    .update(JSON.stringify([2, table, week, columnNames(table), lines]))
    .digest('hex')
}

/** Weeks of times as texts compare: that is how the database compares them with a week's bounds too. */
class Calendar {
  readonly #weeks: readonly Week[]
  readonly #starts: readonly string[]
  /** Of the days seen so far: few, and each has many rows. */
  readonly #weekOfDay = new Map<string, PartName>()

  constructor(last: Week) {
    this.#weeks = weeksBetween(FIRST_WEEK, last)
    this.#starts = this.#weeks.map((week) => weekStart(week).slice(0, DAY_LENGTH))
  }

  weekOf(time: string | null): PartName {
    const day = time?.slice(0, DAY_LENGTH) ?? ''
    let week = this.#weekOfDay.get(day)
    if (week === undefined) {
      week = this.#weeks[lastAtMost(this.#starts, day)] ?? 'undated'
      this.#weekOfDay.set(day, week)
    }
    return week
  }

  /** In the order of the weeks. */
  group(days: readonly DayFingerprint[]): ReadonlyMap<PartName, readonly DayFingerprint[]> {
    return Map.groupBy(
      days.toSorted((a, b) => compare(a.day ?? '', b.day ?? '')),
      ({ day }) => this.weekOf(day),
    )
  }
}

const DAY_LENGTH = 'YYYY-MM-DD'.length

const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b))

/** Position of the last text that is not greater; -1 where all are. */
function lastAtMost(ascending: readonly string[], text: string): number {
  let low = 0
  let high = ascending.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((ascending[middle] ?? '') <= text) low = middle + 1
    else high = middle
  }
  return low - 1
}
