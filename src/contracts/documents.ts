/** The JSON documents that lie in the object store: one schema each, types inferred, checked on every read. */
import { Type, type Static, type TSchema } from 'typebox'
import { Value } from 'typebox/value'
import { DataQuality } from './data-gate.ts'
import { MatineeError } from './errors.ts'

const closed = { additionalProperties: false } as const
const Digest = Type.String({ pattern: '^[0-9a-f]{64}$', description: 'SHA-256, lower-case hex' })
const WeekText = Type.String({ pattern: '^\\d{4}-W\\d{2}$' })
const Numbers = Type.Record(Type.String(), Type.Number())
const Parameters = Type.Record(Type.String(), Type.Union([Type.Number(), Type.Boolean()]))

/** `week_info/week_info.json`: the newest published week, in the old system's form with our own fields beside it. */
export const WeekInfo = Type.Object({
  columns: Type.Array(Type.String()),
  values: Type.Array(Type.Number()),
  week: Type.Optional(WeekText),
  version: Type.Optional(Type.String()),
})
export type WeekInfo = Static<typeof WeekInfo>

/** One Parquet file of an extract. */
export const RawFile = Type.Object({
  key: Type.String(),
  sha256: Digest,
  rows: Type.Integer({ minimum: 0 }),
  bytes: Type.Integer({ minimum: 0 }),
  bucket: Type.Integer({
    minimum: 0,
    description:
      'By `subsr_id`, modulo the number of buckets: of what DuckDB casts to a UINTEGER n the upper half of n × 2654435761 mod 2^32; of another text the lower half of its MD5',
  }),
})
export type RawFile = Static<typeof RawFile>

const Bound = Type.Union([Type.String(), Type.Null()])

/**
 * `raw/<table>/<week>/part-<fingerprint>.json`: the rows of one week of a log, as long as the source's rows have that
 * fingerprint. Rows without a time, or from before 1970-01-05, are the week `undated`.
 */
export const RawPartition = Type.Object({
  format: Type.Literal(1),
  table: Type.String(),
  week: Type.Union([WeekText, Type.Literal('undated')]),
  fingerprint: Digest,
  rows: Type.Integer({ minimum: 0 }),
  oldest: Bound,
  newest: Bound,
  buckets: Type.Integer({ minimum: 1 }),
  /** Those that hold rows. */
  files: Type.Array(RawFile),
})
export type RawPartition = Static<typeof RawPartition>

/** `raw/<table>/<week>/<digest>.json`: all that a run for the week has of one table. */
export const RawManifest = Type.Object({
  format: Type.Literal(2),
  table: Type.String(),
  week: WeekText,
  rows: Type.Integer({ minimum: 0 }),
  bytes: Type.Integer({ minimum: 0 }),
  /** Of a line `<sha256>  <week>/<bucket>` for each file: the same rows have the same digest. */
  sha256: Digest,
  /** Rows have `log_dt` before this; null for tables without it. */
  before: Bound,
  oldest: Bound,
  newest: Bound,
  source: Type.String({ description: 'The database, without secrets' }),
  /** In the order of the weeks. A table that is read whole is one partition, named by the run's week. */
  partitions: Type.Array(RawPartition),
})
export type RawManifest = Static<typeof RawManifest>

/** `features/<week>/<digest>/report.json`; golden counts by the same names. */
export const FeaturesReport = Type.Object({
  week: WeekText,
  vods_bad_row: Type.Integer(),
  vods_in: Type.Integer(),
  vods_excluded: Type.Integer(),
  conts_bad_row: Type.Integer(),
  conts_in: Type.Integer(),
  conts_excluded: Type.Integer(),
  vods_bad_duration: Type.Integer(),
  vods_bad_use: Type.Integer(),
  vods_repeat: Type.Integer(),
  conts_repeat: Type.Integer(),
  programs_in: Type.Integer(),
  programs_bad_row: Type.Integer(),
  programs_excluded: Type.Integer(),
  /** Further rows of a programme that has one already. */
  programs_repeat: Type.Integer(),
  users_in: Type.Integer(),
  users_bad_row: Type.Integer(),
  users_excluded: Type.Integer(),
  users_repeat: Type.Integer(),
  click_cnt_cap: Type.Union([Type.Number(), Type.Null()]),
  watch_cnt_cap: Type.Union([Type.Number(), Type.Null()]),
  pairs: Type.Integer(),
  watched_pairs: Type.Integer(),
  users: Type.Integer(),
  programs: Type.Integer(),
  /** What became of the events that clients told the API; absent where there were none. */
  events: Type.Optional(
    Type.Object({
      read: Type.Integer(),
      repeats: Type.Integer({ description: 'Alike in all but their id' }),
      dismissals: Type.Integer({ description: 'These do not train' }),
      viewings_in_source: Type.Integer({ description: 'Whose user, title and day the source has a viewing of' }),
      viewings_used: Type.Integer(),
      clicks_in_source: Type.Integer({ description: 'Whose user, title and day the source has a click of' }),
      clicks_used: Type.Integer(),
    }),
  ),
  /** Of the week's own rows: what the data gate goes by. */
  quality: DataQuality,
})
export type FeaturesReport = Static<typeof FeaturesReport>

/** `features/<week>/current.json`. */
export const FeaturesCurrent = Type.Object({ digest: Type.String() })

export const FileEntry = Type.Object({ sha256: Digest, bytes: Type.Integer({ minimum: 0 }) }, closed)

/** How one candidate differs from another on the same users: paired bootstrap, `SplitResult.bootstrap`. */
export const Interval = Type.Object({
  metric: Type.String(),
  against: Type.String({ description: 'Name of the other candidate' }),
  difference: Type.Number({ description: 'Of the means: above 0 where this candidate has more' }),
  low: Type.Number(),
  high: Type.Number(),
})
export type Interval = Static<typeof Interval>

/** What one candidate reached on one split. */
export const Measured = Type.Object({
  candidate: Type.String({ description: 'Name of the candidate, such as warp or popularity-4-weeks' }),
  algorithm: Type.String(),
  parameters: Parameters,
  seconds: Type.Object({ train: Type.Number(), rank: Type.Number() }),
  metrics: Numbers,
  /** Against the best candidate, the better popularity, and the one that the week before published. */
  intervals: Type.Optional(Type.Array(Interval)),
  /** Figures for parts of the users and of the titles, by the names that `SplitResult.segments` explains. */
  segments: Type.Optional(Type.Record(Type.String(), Numbers)),
})
export type Measured = Static<typeof Measured>

/** What makes a user or a title one of a segment, where that depends on the week's data. */
export const SegmentBounds = Type.Object({
  from: Type.Optional(Type.Integer({ description: 'Least number of titles that a user watched in training' })),
  to: Type.Optional(Type.Integer({ description: 'Greatest number; absent: no end' })),
  by: Type.Optional(
    Type.Unsafe<'category' | 'age_limit'>(Type.String({ enum: ['category', 'age_limit'], description: 'What tells titles for children' })),
  ),
})
export type SegmentBounds = Static<typeof SegmentBounds>

export const SplitResult = Type.Object({
  kind: Type.Union([Type.Literal('random'), Type.Literal('time')]),
  description: Type.String(),
  seed: Type.Optional(Type.Integer()),
  train_pairs: Type.Integer(),
  test_pairs: Type.Integer(),
  test_users: Type.Integer(),
  /** Of every interval. */
  bootstrap: Type.Optional(Type.Object({ level: Type.Number(), resamples: Type.Integer(), seed: Type.Integer() })),
  /** What each segment is, in words. */
  segments: Type.Optional(Type.Record(Type.String(), Type.String())),
  /** The same as fields; absent in figures of earlier versions. */
  segment_bounds: Type.Optional(Type.Record(Type.String(), SegmentBounds)),
  candidates: Type.Array(Measured),
})
export type SplitResult = Static<typeof SplitResult>

export const Choice = Type.Object({
  candidate: Type.String(),
  by: Type.Union([Type.Literal('random'), Type.Literal('time')]),
  metric: Type.String(),
  reason: Type.String({ description: 'In words that an operator understands' }),
})
export type Choice = Static<typeof Choice>

/** `models/<version>/manifest.json`. */
export const ModelManifest = Type.Object({
  format: Type.Literal(1),
  version: Type.String(),
  week: WeekText,
  algorithm: Type.String(),
  candidate: Type.String(),
  parameters: Parameters,
  seed: Type.Integer(),
  users: Type.Integer(),
  items: Type.Integer(),
  pairs: Type.Integer(),
  created_at: Type.String(),
  run: Type.Object({ workflow_id: Type.String(), run_id: Type.String() }),
  code_version: Type.String(),
  data: Type.Object({ features: Type.String(), raw: Type.Record(Type.String(), Digest) }),
  choice: Choice,
  splits: Type.Array(SplitResult),
  /** The published candidate's figures on the random hold-out. */
  metrics: Numbers,
  files: Type.Record(Type.String(), FileEntry),
})
export type ModelManifest = Static<typeof ModelManifest>

/** What `trainFinal` leaves for publishing: the model's files, and what was measured on the finished model. */
export const FinalResult = Type.Object({
  version: Type.String(),
  files: Type.Record(Type.String(), FileEntry),
  users: Type.Integer(),
  items: Type.Integer(),
  pairs: Type.Integer(),
  all_diversity: Type.Union([Type.Number(), Type.Null()]),
  train_seconds: Type.Number(),
})
export type FinalResult = Static<typeof FinalResult>

/** What `train` leaves for `evaluate`. */
export const FitResult = Type.Object({
  model: FileEntry,
  train_seconds: Type.Number(),
  loss: Type.Optional(Type.Number()),
})
export type FitResult = Static<typeof FitResult>

/** `metrics/<week>/search.json`: what the week's search tried and what it chose; the next week's search goes on from it. */
export const SearchTrace = Type.Object({
  format: Type.Literal(1),
  week: WeekText,
  inputs: Type.String({ description: 'Digest of all that the search went by: the same inputs are not searched again' }),
  algorithm: Type.String(),
  parameters: Parameters,
  /** What candidates were measured by: so many weeks before the test week, and all of their users. */
  validation: Type.Object({ weeks: Type.Integer(), users: Type.Integer() }),
  /** The choice that it went on from; null where there was none. */
  carried: Type.Union([Type.Object({ algorithm: Type.String(), parameters: Parameters }), Type.Null()]),
  /** In the order in which they were made. */
  trials: Type.Array(
    Type.Object({
      algorithm: Type.String(),
      parameters: Parameters,
      ndcg: Type.Union([Type.Number(), Type.Null()], { description: 'nDCG@20; null where the fit was not finished' }),
      seconds: Type.Number(),
      ended: Type.Optional(Type.String({ description: 'Why the fit was not finished: poor, time, memory or diverged' })),
    }),
  ),
})
export type SearchTrace = Static<typeof SearchTrace>

/** `models/<version>/users.json`: ids in the order of the rows of `user_factors`. */
export const ModelUsers = Type.Array(Type.String())

/** `models/<version>/items.json`: what a recommendation says of a title, in the order of the rows of `item_factors`. */
export const ModelItem = Type.Object({
  program_id: Type.String(),
  program_name: Type.Union([Type.String(), Type.Null()]),
  ct_cl: Type.Union([Type.String(), Type.Null()]),
  program_genre: Type.Union([Type.String(), Type.Null()]),
  release_date: Type.Union([Type.String(), Type.Null()]),
  age_limit: Type.Union([Type.Number(), Type.Null()]),
  /** First local moment at which it may be shown, and the first at which it may no longer; absent or null: no bound beside `release_date`. */
  available_from: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  available_until: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  /** False where the catalogue lacks or excludes the title: it takes part in training and is never recommended. */
  recommendable: Type.Boolean(),
})
export type ModelItem = Static<typeof ModelItem>
export const ModelItems = Type.Array(ModelItem)

/** `models/latest.json`. */
export const LatestModel = Type.Object({
  version: Type.String(),
  week: Type.Optional(WeekText),
  promoted_at: Type.Optional(Type.String()),
  /** What served until then. */
  previous: Type.Optional(Type.String()),
  /** The run that promoted it; absent where a person did. */
  run_id: Type.Optional(Type.String()),
})
export type LatestModel = Static<typeof LatestModel>

/** `catalogue/latest.json`: the titles as of the last hour. */
export const CatalogueLatest = Type.Object({
  format: Type.Literal(1),
  digest: Digest,
  /** Of `catalogue/<digest>.parquet`: columns of `ModelItem`, and `e_bool`. */
  bytes: Type.Integer({ minimum: 0 }),
  titles: Type.Integer({ minimum: 0 }),
  /** Of them those that may be recommended. */
  recommendable: Type.Integer({ minimum: 0 }),
  /** When the source was asked, in UTC. */
  taken_at: Type.String(),
  source: Type.String({ description: 'The database, without secrets' }),
})
export type CatalogueLatest = Static<typeof CatalogueLatest>

/** `model_accuracy/<metric>.json`: one value a trained week, in week order. */
export const AccuracyTable = Type.Object({
  columns: Type.Array(Type.Array(Type.String())),
  values: Type.Array(Type.Array(Type.Union([Type.Number(), Type.Null()]))),
  weeks: Type.Array(WeekText),
})
export type AccuracyTable = Static<typeof AccuracyTable>

/** `metrics/<week>/<version>.json`. */
export const WeekMetrics = Type.Object({
  format: Type.Literal(1),
  week: WeekText,
  version: Type.String(),
  algorithm: Type.String(),
  candidate: Type.String(),
  parameters: Parameters,
  /** When the run that measured it started: of two runs of a week the later one counts. */
  measured_at: Type.String(),
  choice: Choice,
  splits: Type.Array(SplitResult),
  /** Diversity of the lists of all users, from the published model; null below two users. */
  all_diversity: Type.Union([Type.Number(), Type.Null()]),
})
export type WeekMetrics = Static<typeof WeekMetrics>

/**
 * Parses and checks a stored document.
 * @throws MatineeError `store_corrupt` naming the key, the place inside it and what was expected there.
 */
export function parseDocument<Schema extends TSchema>(schema: Schema, body: Uint8Array | string, key: string): Static<Schema> {
  let value: unknown
  try {
    value = JSON.parse(typeof body === 'string' ? body : new TextDecoder('utf-8', { fatal: true }).decode(body))
  } catch (cause) {
    throw new MatineeError('store_corrupt', `${key} is not JSON`, { cause, details: { key } })
  }
  if (Value.Check(schema, value)) return value
  const first = Value.Errors(schema, value)[0]
  throw new MatineeError('store_corrupt', `${key} does not have its form: ${first?.instancePath || '/'} ${first?.message ?? 'is wrong'}`, {
    details: { key },
  })
}
