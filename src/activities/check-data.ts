/** The data gate: figures of a week's features against thresholds. */
import type { FindingCode, GateThresholds, LogQuality } from '../contracts/data-gate.ts'
import { FeaturesReport } from '../contracts/documents.ts'
import type { Clock, ObjectStore, SourceDatabase } from '../contracts/ports.ts'
import type { Breach, FeaturesRef } from '../contracts/run.ts'
import { logTables } from '../contracts/source-tables.ts'
import { storeKeys } from '../contracts/store-keys.ts'
import { readDocument } from '../contracts/stored-documents.ts'
import { localTime } from '../contracts/week.ts'

const DAY_MS = 86_400_000

export interface CheckDataPorts {
  readonly store: ObjectStore
  readonly source: SourceDatabase
  readonly clock: Clock
  readonly timeZone: string
  readonly thresholds: GateThresholds
}

/** @throws MatineeError those of the store and of the source. */
export async function checkData(features: FeaturesRef, ports: CheckDataPorts): Promise<readonly Breach[]> {
  const { store, thresholds } = ports
  const report = await readDocument(store, FeaturesReport, storeKeys.features(features.week, features.digest, 'report.json'))
  return [...breachesOf(report, thresholds), ...(await futureRows(ports))]
}

export function breachesOf({ quality }: FeaturesReport, thresholds: GateThresholds): readonly Breach[] {
  return [...logBreaches('viewings', quality.viewings, thresholds), ...logBreaches('clicks', quality.clicks, thresholds)]
}

const percent = (value: number): string => `${(value * 100).toFixed(1)} %`

function logBreaches(name: 'viewings' | 'clicks', log: LogQuality, thresholds: GateThresholds): Breach[] {
  const breaches: Breach[] = []
  const share = (code: FindingCode, check: string, rows: number, most: number): void => {
    if (rows > most * log.rows)
      breaches.push({
        check: `${name}: ${check}`,
        detail: `${rows} of the week's ${log.rows} rows (${percent(rows / log.rows)}), more than ${percent(most)}`,
        finding: { code, log: name, rows, of: log.rows, limit: most },
      })
  }

  const before = log.weeks.slice(0, -1).map(({ rows }) => rows)
  const rows = log.weeks.at(-1)?.rows ?? 0
  const usual = median(before)
  if (before.length >= thresholds.least_weeks_before && usual > 0) {
    const of = `${rows} usable rows, ${percent(rows / usual)} of the median of the ${before.length} weeks before (${usual})`
    if (rows < thresholds.least_volume * usual)
      breaches.push({
        check: `${name}: too few`,
        detail: `${of}, less than ${percent(thresholds.least_volume)}`,
        finding: { code: 'too_few', log: name, rows, of: usual, limit: thresholds.least_volume },
      })
    if (rows > thresholds.most_volume * usual)
      breaches.push({
        check: `${name}: too many`,
        detail: `${of}, more than ${percent(thresholds.most_volume)}`,
        finding: { code: 'too_many', log: name, rows, of: usual, limit: thresholds.most_volume },
      })
  }
  if (log.days_without_rows.length > thresholds.most_days_without_rows)
    breaches.push({
      check: `${name}: days without rows`,
      detail: `${log.days_without_rows.join(', ')}: more than ${thresholds.most_days_without_rows}`,
      finding: {
        code: 'days_without_rows',
        log: name,
        limit: thresholds.most_days_without_rows,
        days: [...log.days_without_rows],
      },
    })
  share('bad_row', 'bad rows', log.fates['bad_row'] ?? 0, thresholds.most_bad_row)
  share('excluded', 'excluded', log.fates['excluded'] ?? 0, thresholds.most_excluded)
  share('bad_duration', 'bad durations', log.fates['bad_duration'] ?? 0, thresholds.most_bad_duration)
  share('bad_use', 'bad seconds watched', log.fates['bad_use'] ?? 0, thresholds.most_bad_use)
  share('repeats', 'repeats', log.repeats, thresholds.most_repeats)
  share('unknown_programs', 'unknown programmes', log.unknown_programs, thresholds.most_unknown_programs)
  share('unknown_users', 'unknown users', log.unknown_users, thresholds.most_unknown_users)
  return breaches
}

/** Whether a clock upstream is wrong shows at once, and not in the week that its rows claim to be of. */
async function futureRows({ source, clock, timeZone, thresholds }: CheckDataPorts): Promise<Breach[]> {
  // A day's grace: the source's clock and ours need not agree to the minute, nor its zone be quite ours.
  const from = `${localTime(clock.now() + 2 * DAY_MS, timeZone).slice(0, 'YYYY-MM-DD'.length)} 00:00:00`
  const breaches: Breach[] = []
  for (const table of logTables) {
    const days = await source.fingerprint(table, { columns: ['e_bool'], from })
    const rows = days.reduce((sum, day) => sum + day.rows, 0)
    if (rows > thresholds.most_future_rows)
      breaches.push({
        check: `${table}: future rows`,
        detail: `${rows} rows from ${from} or later, more than ${thresholds.most_future_rows}`,
        finding: {
          code: 'future_rows',
          log: table === 'vods_sumut' ? 'viewings' : 'clicks',
          rows,
          limit: thresholds.most_future_rows,
          days: [from.slice(0, 'YYYY-MM-DD'.length)],
        },
      })
  }
  return breaches
}

/** 0 of none. */
function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  return ((sorted[Math.floor(middle - 0.5)] ?? 0) + (sorted[Math.ceil(middle - 0.5)] ?? 0)) / 2
}
