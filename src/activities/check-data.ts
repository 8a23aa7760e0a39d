/** The data gate: figures of a week's features against thresholds. */
import { FeaturesReport } from '../contracts/documents.ts'
import type { ObjectStore } from '../contracts/ports.ts'
import type { Breach, FeaturesRef } from '../contracts/run.ts'
import { storeKeys } from '../contracts/store-keys.ts'
import { readDocument } from '../contracts/stored-documents.ts'

/** Above this share of dropped rows something upstream broke; ordinary logs lose a few in a hundred. */
const MOST_DROPPED_SHARE = 0.5

export async function checkData(features: FeaturesRef, store: ObjectStore): Promise<readonly Breach[]> {
  const report = await readDocument(store, FeaturesReport, storeKeys.features(features.week, features.digest, 'report.json'))
  return breachesOf(report)
}

export function breachesOf(report: FeaturesReport): readonly Breach[] {
  const logs = [
    {
      name: 'viewings',
      rows: report.vods_in,
      dropped: report.vods_bad_row + report.vods_excluded + report.vods_bad_duration + report.vods_bad_use + report.vods_repeat,
    },
    { name: 'clicks', rows: report.conts_in, dropped: report.conts_bad_row + report.conts_excluded + report.conts_repeat },
  ]
  return logs
    .filter(({ rows, dropped }) => dropped > MOST_DROPPED_SHARE * rows)
    .map(({ name, rows, dropped }) => ({
      check: `${name} dropped`,
      detail: `${dropped} of ${rows} rows, more than ${MOST_DROPPED_SHARE * 100} %`,
    }))
}
