/** Every key of the object store, below the configured prefix. Keys of the contract's section 7, and our own beside them. */
import type { RawTable } from './source-tables.ts'
import type { Week } from './week.ts'

export const accuracyMetrics = ['precision', 'recall', 'map', 'mar', 'test_diversity', 'all_diversity'] as const
export type AccuracyMetric = (typeof accuracyMetrics)[number]

export const storeKeys = {
  weekInfo: 'week_info/week_info.json',

  rawPrefix: (table: RawTable): string => `raw/${table}/`,
  /** An immutable extract; its name is its content's digest. */
  rawFile: (table: RawTable, week: Week | 'undated', digest: string): string => `raw/${table}/${week}/${digest}.parquet`,
  /** Found by what the source's rows add up to: where it is, they need not be read again. */
  rawPartition: (table: RawTable, week: Week | 'undated', fingerprint: string): string => `raw/${table}/${week}/part-${fingerprint}.json`,
  isRawPartition: (key: string): boolean => key.includes('/part-'),
  rawManifest: (table: RawTable, week: Week, digest: string): string => `raw/${table}/${week}/${digest}.json`,

  /** Which weeks changed in the source after they were trained. */
  lateData: 'late_data/ledger.json',

  features: (
    week: Week,
    digest: string,
    file:
      | 'interactions.parquet'
      | 'weekly.parquet'
      | 'clicks.parquet'
      | 'progress.parquet'
      | 'users.parquet'
      | 'items.parquet'
      | 'report.json',
  ): string => `features/${week}/${digest}/${file}`,
  featuresCurrent: (week: Week): string => `features/${week}/current.json`,

  /** `vodinfo` as of the last hour; which of them is the last, and what it was made of. */
  cataloguePrefix: 'catalogue/',
  catalogueLatest: 'catalogue/latest.json',
  /** Named by the SHA-256 of its bytes. */
  catalogue: (digest: string): string => `catalogue/${digest}.parquet`,

  /** What a training attempt leaves for the next attempt and for the activities after it; removed when the run has published. */
  trainingPrefix: (week: Week): string => `training/${week}/`,
  training: (week: Week, job: string, file: string): string => `training/${week}/${job}/${file}`,

  modelsPrefix: 'models/',
  model: (version: string, file: string): string => `models/${version}/${file}`,
  modelLatest: 'models/latest.json',

  accuracy: (metric: AccuracyMetric): string => `model_accuracy/${metric}.json`,
  metricsPrefix: 'metrics/',
  metricsOfWeek: (week: Week): string => `metrics/${week}/`,
  metrics: (week: Week, version: string): string => `metrics/${week}/${version}.json`,
  /** True for the figures of one model; false for what else lies beside them. */
  isMetrics: (key: string): boolean => /^metrics\/\d{4}-W\d{2}\/\d{4}-W\d{2}-[0-9a-f]{8}\.json$/.test(key),
  /** What the week's run tried, what won, and what got worse for whom: for people, and the same for programs. */
  weekReport: (week: Week, file: 'report.md' | 'report.json'): string => `metrics/${week}/${file}`,
  /** What the week's search tried and chose: the next week's goes on from it. */
  search: (week: Week): string => `metrics/${week}/search.json`,
  metricsUsers: (week: Week, version: string): string => `metrics/${week}/${version}.users.parquet`,
} as const

/** The questionnaire's, all below one folder. */
export const questionnaireKeys = {
  /** Which data set and definition the next training takes. */
  current: 'questionnaire/current.json',
  /** Immutable; named by the digest of their bytes. */
  data: (digest: string): string => `questionnaire/data/${digest}.safetensors`,
  definition: (digest: string): string => `questionnaire/definitions/${digest}.json`,
  /** What the steps of a run leave for each other; removed when it has published. */
  trainingPrefix: (job: string): string => `questionnaire/training/${job}/`,
  training: (job: string, file: string): string => `questionnaire/training/${job}/${file}`,
  evaluation: (job: string): string => `questionnaire/evaluations/${job}.json`,
  modelsPrefix: 'questionnaire/models/',
  model: (version: string, file: string): string => `questionnaire/models/${version}/${file}`,
  modelLatest: 'questionnaire/models/latest.json',
} as const
