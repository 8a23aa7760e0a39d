/** `metrics/<week>/report.json`: what a week's run tried, what won and by how much, and for whom it got better or worse. */
import { Type, type Static } from 'typebox'
import { SearchTrace, SegmentBounds } from './documents.ts'
import { LateChange } from './late-data.ts'

const NumberOrNull = Type.Union([Type.Number(), Type.Null()])

/**
 * Beyond chance or not. Of two candidates on the same users: 0 lies outside the paired interval. Of two means with their standard
 * errors, which may be of different users: they differ by more than 1.96 errors of the difference.
 */
export const Verdict = Type.Union([
  Type.Literal('better'),
  Type.Literal('worse'),
  Type.Literal('no clear difference'),
  Type.Literal('too few users'),
])
export type Verdict = Static<typeof Verdict>

/** The published candidate's mean less the other's. */
export const Gain = Type.Object({
  difference: Type.Number(),
  low: Type.Number(),
  high: Type.Number(),
  /** Share of the other's mean; null where that is 0. */
  relative: NumberOrNull,
  verdict: Verdict,
})
export type Gain = Static<typeof Gain>

export const ReportedSegment = Type.Object({
  segment: Type.String(),
  description: Type.String(),
  bounds: Type.Optional(SegmentBounds),
  users: Type.Integer(),
  published: Type.Number(),
  popularity: NumberOrNull,
  week_before: NumberOrNull,
  against_popularity: Type.Union([Verdict, Type.Null()]),
  against_week_before: Type.Union([Verdict, Type.Null()]),
})
export type ReportedSegment = Static<typeof ReportedSegment>

/** What lists are like: a measure of docs/evaluation.md at 10. */
export const ReportedMeasure = Type.Object({
  measure: Type.String(),
  published: Type.Number(),
  popularity: NumberOrNull,
  week_before: NumberOrNull,
  /** A change of a tenth or more; null for measures that are neither good nor bad. */
  against_week_before: Type.Union([Verdict, Type.Null()]),
})
export type ReportedMeasure = Static<typeof ReportedMeasure>

export const WeekReport = Type.Object({
  format: Type.Literal(1),
  week: Type.String(),
  version: Type.String(),
  candidate: Type.String(),
  algorithm: Type.String(),
  reason: Type.String(),
  /** The split that the choice went by, and with it all figures below. */
  decided_by: Type.Union([Type.Literal('random'), Type.Literal('time')]),
  /** Of segments and gains. */
  metric: Type.String(),
  test: Type.Object({ description: Type.String(), users: Type.Integer(), pairs: Type.Integer() }),
  /** The better popularity; null where none was tried. */
  popularity: Type.Union([Type.String(), Type.Null()]),
  week_before: Type.Union([
    Type.Object({ week: Type.String(), version: Type.String(), candidate: Type.String(), popularity: NumberOrNull }),
    Type.Null(),
  ]),
  /** Best first. */
  tried: Type.Array(
    Type.Object({
      candidate: Type.String(),
      algorithm: Type.String(),
      parameters: Type.Record(Type.String(), Type.Union([Type.Number(), Type.Boolean()])),
      metrics: Type.Record(Type.String(), Type.Number()),
      train_seconds: Type.Number(),
    }),
  ),
  gains: Type.Array(
    Type.Object({
      against: Type.String(),
      roles: Type.Array(
        Type.Union([Type.Literal('next best'), Type.Literal('better popularity'), Type.Literal('choice of the week before')]),
      ),
      metrics: Type.Record(Type.String(), Gain),
    }),
  ),
  segments: Type.Array(ReportedSegment),
  lists: Type.Array(ReportedMeasure),
  /** What changed in the source after it was trained, and is in a model for the first time. */
  late_data: Type.Optional(Type.Array(LateChange)),
  /** Absent where nothing was searched for. */
  search: Type.Optional(SearchTrace),
})
export type WeekReport = Static<typeof WeekReport>
