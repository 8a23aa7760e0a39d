/** Figures of the weeks, arranged for charts and tables. Pure. */
import type { MetricsOfWeeks } from '../../../client/schema.ts'

export type WeekFigures = MetricsOfWeeks['items'][number]
export type Split = WeekFigures['splits'][number]
export type Measured = Split['candidates'][number]
export type SplitKind = Split['kind']
export const splitKinds = ['time', 'random'] as const satisfies readonly SplitKind[]

/** The six curves of the old dashboard, by the names of its tables. */
export const accuracyCurves = ['precision@10', 'recall@10', 'map@10', 'mar@10', 'test_diversity', 'all_diversity'] as const
export type AccuracyCurve = (typeof accuracyCurves)[number]

/** Of several runs of a week the one that was measured last; oldest week first. */
export function newestOfWeeks(items: readonly WeekFigures[]): readonly WeekFigures[] {
  const byWeek = new Map<string, WeekFigures>()
  for (const item of items) {
    const rival = byWeek.get(item.week)
    if (rival === undefined || rival.measured_at <= item.measured_at) byWeek.set(item.week, item)
  }
  return [...byWeek.values()].toSorted((a, b) => (a.week < b.week ? -1 : 1))
}

export const splitOf = ({ splits }: WeekFigures, kind: SplitKind): Split | undefined => splits.find((split) => split.kind === kind)

/** A figure of one candidate on one split; undefined where it was not measured. */
export const figureOf = (week: WeekFigures, kind: SplitKind, candidate: string, metric: string): number | undefined =>
  splitOf(week, kind)?.candidates.find((one) => one.candidate === candidate)?.metrics[metric]

/** Of the published model, on the random hold-out, as the old dashboard had it. */
export function curveValue(week: WeekFigures, curve: AccuracyCurve): number | undefined {
  if (curve === 'all_diversity') return week.all_diversity ?? undefined
  return figureOf(week, 'random', week.candidate, curve === 'test_diversity' ? 'diversity@10' : curve)
}

/** Of equals, the earlier one. */
export const bestFirst = <Candidate extends { readonly metrics: Readonly<Record<string, number>> }>(
  candidates: readonly Candidate[],
  metric: string,
): readonly Candidate[] =>
  candidates.toSorted((a, b) => (b.metrics[metric] ?? Number.NEGATIVE_INFINITY) - (a.metrics[metric] ?? Number.NEGATIVE_INFINITY))

/** By name; popularity last, as the mark that the others are held against. */
export const inMarkedOrder = (candidates: readonly Measured[]): readonly Measured[] =>
  candidates.toSorted((a, b) => Number(isMark(a)) - Number(isMark(b)) || (a.candidate < b.candidate ? -1 : 1))

const isMark = ({ algorithm }: Measured): boolean => algorithm === 'popularity'

/** Names of all candidates of any week, in that order. */
export function candidatesOf(weeks: readonly WeekFigures[]): readonly string[] {
  const all = weeks.flatMap(({ splits }) => splits.flatMap(({ candidates }) => candidates))
  return [...new Set(inMarkedOrder(all).map(({ candidate }) => candidate))]
}

/** Names of all figures that were measured, in the order of their first appearance. */
export const metricsOf = (weeks: readonly WeekFigures[]): readonly string[] => [
  ...new Set(weeks.flatMap(({ splits }) => splits.flatMap(({ candidates }) => candidates.flatMap(({ metrics }) => Object.keys(metrics))))),
]
