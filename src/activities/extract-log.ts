/**
 * Extracts a log week by week. The source adds up each day's rows; a week whose sums are those of a part in the store is not
 * read again, and a part is written once it is whole. So a run reads what is new or was corrected, and an attempt goes on
 * from the last part of the one before it.
 */
import { createHash } from 'node:crypto'
import { parseDocument, RawPartition } from '../contracts/documents.ts'
import { MatineeError } from '../contracts/errors.ts'
import type { DayFingerprint, TimeRange } from '../contracts/ports.ts'
import { sourceTables, type SourceColumn, type SourceTable } from '../contracts/source-tables.ts'
import { storeKeys } from '../contracts/store-keys.ts'
import { documentText } from '../contracts/stored-documents.ts'
import { parseWeek, weekEnd, weeksBetween, weekStart, type Week } from '../contracts/week.ts'
import { readPart, whileAway, type ExtractState, type PartPorts } from './read-part.ts'

/** Rows without a time, and from before this week, make one part. */
const FIRST_WEEK = parseWeek('1970-W02')
/** How often a part is read anew that the source changes while it is read. */
const MOST_READINGS = 4

type PartWeek = Week | 'undated'

export async function extractLog(table: SourceTable, week: Week, ports: PartPorts, state: ExtractState): Promise<RawPartition[]> {
  const found = await fingerprints(table, { before: weekEnd(week) }, ports)
  const grouped = [...groupByWeek(found, week)]
  // A log without any row is one empty part, so that there is a file that has its columns.
  const parts = grouped.length > 0 ? grouped : ([['undated', []]] as const)
  state.parts = parts.length
  const partitions: RawPartition[] = []
  for (const [index, [of, days]] of parts.entries()) {
    state.part = index + 1
    state.week = of
    partitions.push(await extractWeek(table, of, days, ports, state))
  }
  return partitions
}

async function extractWeek(
  table: SourceTable,
  week: PartWeek,
  days: readonly DayFingerprint[],
  ports: PartPorts,
  state: ExtractState,
): Promise<RawPartition> {
  const range: TimeRange = week === 'undated' ? { before: weekStart(FIRST_WEEK) } : { from: weekStart(week), before: weekEnd(week) }
  const { store } = ports
  let expected = fingerprintOf(table, week, days)
  for (let reading = 1; reading <= MOST_READINGS; reading++) {
    const key = storeKeys.rawPartition(table, week, expected)
    const known = await store.read(key)
    if (known !== undefined) return parseDocument(RawPartition, known.body, key)

    const part = await readPart({ table, week, range }, ports, state)
    // What was read is what was added up, if it still adds up to the same.
    state.phase = 'compare'
    const now = fingerprintOf(table, week, await fingerprints(table, range, ports))
    if (now === expected) {
      const partition: RawPartition = { ...part, fingerprint: expected }
      await store.write(key, documentText(partition), { precondition: { absent: true }, contentType: 'application/json' })
      return partition
    }
    expected = now
  }
  throw new MatineeError(
    'source_unreachable',
    `${ports.source.location} changed ${table} of week ${week} each of ${MOST_READINGS} times that it was read; something rewrites its rows all the time`,
    { details: { table, week } },
  )
}

const columnNames = (table: SourceTable): string[] => {
  const columns: readonly SourceColumn[] = sourceTables[table]
  return columns.map(({ name }) => name)
}

async function fingerprints(table: SourceTable, range: TimeRange, { source, progress }: PartPorts): Promise<readonly DayFingerprint[]> {
  return whileAway(progress, () => source.fingerprint(table, { columns: columnNames(table), ...range, signal: progress.signal }))
}

/** Lower-case hex. The columns belong to it: with another one the same rows are another extract. */
function fingerprintOf(table: SourceTable, week: PartWeek, days: readonly DayFingerprint[]): string {
  const lines = days.map(({ day, rows, sum }) => JSON.stringify([day, rows, sum])).toSorted()
  return createHash('sha256')
    .update(JSON.stringify([1, table, week, columnNames(table), lines]))
    .digest('hex')
}

/** Days by week, as texts compare: that is how the database compares them with a week's bounds too. In the order of the weeks. */
export function groupByWeek(days: readonly DayFingerprint[], last: Week): ReadonlyMap<PartWeek, readonly DayFingerprint[]> {
  const weeks = weeksBetween(FIRST_WEEK, last)
  const starts = weeks.map((week) => weekStart(week).slice(0, 'YYYY-MM-DD'.length))
  const grouped = new Map<PartWeek, DayFingerprint[]>()
  for (const found of days.toSorted((a, b) => compare(a.day ?? '', b.day ?? ''))) {
    const week = weeks[lastAtMost(starts, found.day ?? '')] ?? 'undated'
    const group = grouped.get(week)
    if (group === undefined) grouped.set(week, [found])
    else group.push(found)
  }
  return grouped
}

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
