/** The data gate's figures of a week, and the thresholds that they are held against. */
import { Type, type Static } from 'typebox'

const Count = Type.Integer({ minimum: 0 })
const Counts = Type.Record(Type.String(), Count)

const LogQuality = Type.Object({
  /** Rows of the week, and how many of them were dropped, by reason (`kept` beside them). */
  rows: Count,
  fates: Counts,
  repeats: Count,
  /** Days of the week, as `2023-12-18`, on which no usable row is. */
  days_without_rows: Type.Array(Type.String()),
  /** Usable rows whose programme `vodinfo` lacks, whose user `userinfo` lacks. */
  unknown_programs: Count,
  unknown_users: Count,
  /** Usable rows of each week, repeats aside: of this one last, and of those before it that have any, at most eight. */
  weeks: Type.Array(Type.Object({ week_start: Type.String(), rows: Count })),
  /** A few dropped rows of each reason, as the source has them. */
  examples: Type.Record(Type.String(), Type.Array(Type.Record(Type.String(), Type.Unknown()))),
})
export type LogQuality = Static<typeof LogQuality>

export const DataQuality = Type.Object({ viewings: LogQuality, clicks: LogQuality })
export type DataQuality = Static<typeof DataQuality>

const share = (fallback: number, description: string): ReturnType<typeof Type.Number> =>
  Type.Number({ minimum: 0, default: fallback, description })

/** Shares are of the week's rows, but for volumes, which are of the median of the weeks before. */
export const GateThresholds = Type.Object(
  {
    least_volume: share(0.6, 'Rows of the week, of the median of the weeks before'),
    most_volume: share(3, 'The same, upwards'),
    least_weeks_before: Type.Integer({ minimum: 1, default: 2, description: 'With fewer weeks before, volume is not judged' }),
    most_days_without_rows: Type.Integer({ minimum: 0, default: 0 }),
    most_bad_row: share(0.05, 'Rows without user, programme, time or e_bool'),
    most_excluded: share(0.5, 'Rows with e_bool other than 0'),
    most_bad_duration: share(0.2, 'Viewings without a duration'),
    most_bad_use: share(0.2, 'Viewings without seconds watched'),
    most_repeats: share(0.25, 'Exact repeats'),
    most_unknown_programs: share(0.2, 'Rows of programmes that vodinfo lacks'),
    most_unknown_users: share(0.3, 'Rows of users whom userinfo lacks'),
    most_delisted: share(0.5, 'Titles that the catalogue may lose between two looks at it, of those that it had'),
    most_future_rows: Type.Integer({ minimum: 0, default: 0, description: 'Rows of a log from after tomorrow' }),
  },
  { additionalProperties: false },
)
export type GateThresholds = Static<typeof GateThresholds>

export const findingCodes = [
  'too_few',
  'too_many',
  'days_without_rows',
  'bad_row',
  'excluded',
  'bad_duration',
  'bad_use',
  'repeats',
  'unknown_programs',
  'unknown_users',
  'future_rows',
  'no_better_than_chance',
] as const
export type FindingCode = (typeof findingCodes)[number]

/** What a gate found, as fields: who does not speak English makes a sentence of their own. */
export const Finding = Type.Object(
  {
    code: Type.Unsafe<FindingCode>(Type.String({ enum: [...findingCodes] })),
    log: Type.Optional(Type.Unsafe<'viewings' | 'clicks'>(Type.String({ enum: ['viewings', 'clicks'] }))),
    rows: Type.Optional(Count),
    of: Type.Optional(Type.Number({ minimum: 0, description: 'Rows of the week; of a volume, the median of the weeks before' })),
    limit: Type.Optional(Type.Number({ description: 'What is allowed: a share of `of`, or a count where there is none' })),
    days: Type.Optional(Type.Array(Type.String(), { description: 'The days in question; of `future_rows` the first that is too late' })),
  },
  { description: 'The same as fields; absent in runs of earlier versions' },
)
export type Finding = Static<typeof Finding>
