/** A week's report, arranged for its page. Pure. */
import type { WeekReport } from '../../../client/schema.ts'

export type Verdict = NonNullable<WeekReport['segments'][number]['against_popularity']>

export interface Change {
  readonly kind: 'segment' | 'list'
  /** Name of the segment, or of the measure. */
  readonly of: string
  /** The week before, or the better popularity. */
  readonly against: string
  readonly now: number
  readonly earlier: number
}

/** What is better, or worse, beyond chance: first than in the week before, then than popularity. */
export function changesOf(report: WeekReport, verdict: 'better' | 'worse'): readonly Change[] {
  const { segments, lists, popularity, week_before: before } = report
  const since = [
    ...segments.map(({ segment, ...figures }) => ({ kind: 'segment' as const, of: segment, ...figures })),
    ...lists.map(({ measure, ...figures }) => ({ kind: 'list' as const, of: measure, ...figures })),
  ].flatMap(({ kind, of, published, week_before: earlier, against_week_before: found }) =>
    before === null || earlier === null || found !== verdict ? [] : [{ kind, of, against: before.week, now: published, earlier }],
  )
  const beside = segments.flatMap(({ segment, published, popularity: earlier, against_popularity: found }) =>
    popularity === null || earlier === null || found !== verdict
      ? []
      : [{ kind: 'segment' as const, of: segment, against: popularity, now: published, earlier }],
  )
  return [...since, ...beside]
}

type Gains = WeekReport['gains'][number]
export type GainRow = Pick<Gains, 'against' | 'roles'> & Gains['metrics'][string] & { readonly metric: string }

/** One row for each rival and metric. */
export const gainsOf = ({ gains }: WeekReport): readonly GainRow[] =>
  gains.flatMap(({ against, roles, metrics }) => Object.entries(metrics).map(([metric, gain]) => ({ against, roles, metric, ...gain })))

export type Search = NonNullable<WeekReport['search']>
/** A fit, and which of them it was, from 1. */
export type Trial = Search['trials'][number] & { readonly place: number }

export const trialsOf = ({ trials }: Search): readonly Trial[] => trials.map((trial, n) => ({ ...trial, place: n + 1 }))
