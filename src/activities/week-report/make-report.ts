/** From a week's figures, and those of the week before, to what the report says. */
import type { Interval, Measured, SegmentBounds, SplitResult, WeekMetrics } from '../../contracts/documents.ts'
import { MatineeError } from '../../contracts/errors.ts'
import type { Gain, ReportedMeasure, ReportedSegment, Verdict, WeekReport } from '../../contracts/week-report.ts'
import { bestFirst } from '../choose-model.ts'
import { sameModel } from '../week-metrics.ts'

/** What candidates are shown and compared by; the first is told of segments. */
const shownMetrics = ['ndcg@10', 'recall@20'] as const
const [segmentMetric] = shownMetrics

/** Shown of lists, and which way is good; novelty and popularity are a matter of taste. */
const listMeasures = [
  { measure: 'coverage@10', good: 'high' },
  { measure: 'diversity@10', good: 'high' },
  { measure: 'genre_diversity@10', good: 'high' },
  { measure: 'miscalibration@10', good: 'low' },
  { measure: 'novelty@10', good: undefined },
  { measure: 'popularity_lift@10', good: undefined },
] as const

/** Below this no mean is judged: its standard error is itself too unsure. */
export const leastUsersJudged = 30
/** Of the normal distribution: beyond so many errors lie 5 %. */
const ERRORS_BEYOND_CHANCE = 1.96
/** Measures of lists have no error; a smaller change than this share is not told. */
const TOLD_CHANGE = 0.1

/** @throws MatineeError `internal` where the figures lack the published candidate. */
export function makeReport(metrics: WeekMetrics, before: WeekMetrics | undefined): WeekReport {
  const split = decidingSplit(metrics)
  const published = split?.candidates.find(({ candidate }) => candidate === metrics.candidate)
  if (split === undefined || published === undefined)
    throw new MatineeError('internal', `the figures of ${metrics.week} lack the published candidate ${metrics.candidate}`)
  const popularity = betterPopularity(split)
  const splitBefore = before?.splits.find(({ kind }) => kind === split.kind)
  const publishedBefore = splitBefore?.candidates.find(({ candidate }) => candidate === before?.candidate)
  return {
    format: 1,
    week: metrics.week,
    version: metrics.version,
    candidate: metrics.candidate,
    algorithm: metrics.algorithm,
    reason: metrics.choice.reason,
    decided_by: split.kind,
    metric: segmentMetric,
    test: { description: split.description, users: split.test_users, pairs: split.test_pairs },
    popularity: popularity?.candidate ?? null,
    week_before:
      before === undefined || publishedBefore === undefined
        ? null
        : {
            week: before.week,
            version: before.version,
            candidate: before.candidate,
            popularity:
              splitBefore?.candidates.find(({ candidate }) => candidate === popularity?.candidate)?.metrics[segmentMetric] ?? null,
          },
    tried: bestFirst(split.candidates).map(({ candidate, algorithm, parameters, metrics: figures, seconds }) => ({
      candidate,
      algorithm,
      parameters,
      metrics: Object.fromEntries(shownMetrics.flatMap((name) => (figures[name] === undefined ? [] : [[name, figures[name]]]))),
      train_seconds: seconds.train,
    })),
    gains: gainsOf(published, split, popularity, publishedBefore),
    segments: Object.entries(split.segments ?? {}).flatMap(([segment, description]) =>
      reportedSegment({ segment, description, bounds: split.segment_bounds?.[segment] }, published, popularity, publishedBefore),
    ),
    lists: listMeasures.flatMap((measure) => reportedMeasure(measure, published, popularity, publishedBefore)),
  }
}

const decidingSplit = ({ splits, choice }: WeekMetrics): SplitResult | undefined => splits.find(({ kind }) => kind === choice.by)

const betterPopularity = ({ candidates }: SplitResult): Measured | undefined =>
  bestFirst(candidates).find(({ algorithm }) => algorithm === 'popularity')

/** Against each of those that matter, once, where an interval is known. */
function gainsOf(
  published: Measured,
  { candidates }: SplitResult,
  popularity: Measured | undefined,
  publishedBefore: Measured | undefined,
): WeekReport['gains'] {
  const nextBest = bestFirst(candidates).find((one) => one !== published)
  const before = publishedBefore && sameModel(candidates, publishedBefore)
  const roles = [
    ['next best', nextBest],
    ['better popularity', popularity],
    ['choice of the week before', before],
  ] as const
  const rivals = new Set(roles.flatMap(([, rival]) => (rival === undefined || rival === published ? [] : [rival])))
  return [...rivals].flatMap((rival) => {
    const metrics = shownMetrics.flatMap((name) => {
      const gain = gainOver(published, rival, name)
      return gain === undefined ? [] : [[name, gain] as const]
    })
    if (metrics.length === 0) return []
    const names = roles.filter(([, one]) => one === rival).map(([role]) => role)
    return [{ against: rival.candidate, roles: names, metrics: Object.fromEntries(metrics) }]
  })
}

function gainOver(published: Measured, rival: Measured, metric: string): Gain | undefined {
  const find = (one: Measured, other: Measured): Interval | undefined =>
    one.intervals?.find((interval) => interval.metric === metric && interval.against === other.candidate)
  const own = find(published, rival)
  const rivals = find(rival, published)
  const interval = own ?? (rivals === undefined ? undefined : { difference: -rivals.difference, low: -rivals.high, high: -rivals.low })
  if (interval === undefined) return undefined
  const { difference, low, high } = interval
  const base = rival.metrics[metric] ?? 0
  const verdict: Verdict = low > 0 ? 'better' : high < 0 ? 'worse' : 'no clear difference'
  return { difference, low, high, relative: base > 0 ? difference / base : null, verdict }
}

function reportedSegment(
  { segment, description, bounds }: Pick<ReportedSegment, 'segment' | 'description'> & { readonly bounds: SegmentBounds | undefined },
  published: Measured,
  popularity: Measured | undefined,
  before: Measured | undefined,
): readonly ReportedSegment[] {
  const [now, popular, earlier] = [published, popularity, before].map((one) => one?.segments?.[segment])
  const value = now?.[segmentMetric]
  if (now === undefined || value === undefined) return []
  return [
    {
      segment,
      description,
      ...(bounds === undefined ? {} : { bounds }),
      users: now['users'] ?? 0,
      published: value,
      popularity: popular?.[segmentMetric] ?? null,
      week_before: earlier?.[segmentMetric] ?? null,
      against_popularity: popularity === published ? null : verdictOfMeans(now, popular),
      against_week_before: verdictOfMeans(now, earlier),
    },
  ]
}

type SegmentFigures = Readonly<Record<string, number>>

/** As of different users; for the same users, whose values go together, that is on the careful side. */
function verdictOfMeans(now: SegmentFigures, other: SegmentFigures | undefined): Verdict | null {
  if (other === undefined) return null
  if (Math.min(now['users'] ?? 0, other['users'] ?? 0) < leastUsersJudged) return 'too few users'
  const difference = (now[segmentMetric] ?? NaN) - (other[segmentMetric] ?? NaN)
  const error = Math.hypot(now[`${segmentMetric}_error`] ?? NaN, other[`${segmentMetric}_error`] ?? NaN)
  if (!(Math.abs(difference) > ERRORS_BEYOND_CHANCE * error)) return 'no clear difference'
  return difference > 0 ? 'better' : 'worse'
}

function reportedMeasure(
  { measure, good }: (typeof listMeasures)[number],
  published: Measured,
  popularity: Measured | undefined,
  before: Measured | undefined,
): readonly ReportedMeasure[] {
  const value = published.metrics[measure]
  if (value === undefined) return []
  const earlier = before?.metrics[measure] ?? null
  const changed = earlier !== null && Math.abs(value - earlier) >= TOLD_CHANGE * Math.abs(earlier) && value !== earlier
  const direction: Verdict = changed ? (value > earlier === (good === 'high') ? 'better' : 'worse') : 'no clear difference'
  return [
    {
      measure,
      published: value,
      popularity: popularity?.metrics[measure] ?? null,
      week_before: earlier,
      against_week_before: good === undefined || earlier === null ? null : direction,
    },
  ]
}
