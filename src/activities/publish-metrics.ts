/** Writes the week's figures and report, makes the six accuracy tables anew from all weeks' figures, and moves the week counter. */
import { searchedName } from '../contracts/candidates.ts'
import { FinalResult, SearchTrace, SplitResult, type AccuracyTable, type WeekMetrics } from '../contracts/documents.ts'
import { MatineeError } from '../contracts/errors.ts'
import type { ObjectStore } from '../contracts/ports.ts'
import type { PublishInput } from '../contracts/run.ts'
import { accuracyMetrics, storeKeys, type AccuracyMetric } from '../contracts/store-keys.ts'
import { documentText, putDocument, readDocument } from '../contracts/stored-documents.ts'
import { mondayWithDots, type Week } from '../contracts/week.ts'
import { publishedFigures } from './publish-model.ts'
import { recordTrained } from './late-data.ts'
import { advanceCounter } from './week-counter.ts'
import { figuresOfWeekBefore, newestFigures } from './week-metrics.ts'
import { makeReport } from './week-report/make-report.ts'
import { reportText } from './week-report/report-text.ts'

const ATTEMPTS_AT_MOST = 20

export async function publishMetrics(input: PublishInput, store: ObjectStore): Promise<{ readonly weeks: number; readonly counter: Week }> {
  const splits = await Promise.all(input.evaluated.map(({ resultKey }) => readDocument(store, SplitResult, resultKey)))
  const final = await readDocument(store, FinalResult, input.final.resultKey)
  const { chosen } = input
  const metrics: WeekMetrics = {
    format: 1,
    week: input.week,
    version: input.final.version,
    algorithm: chosen.candidate.algorithm,
    candidate: chosen.candidate.name,
    parameters: { ...chosen.candidate.parameters },
    measured_at: new Date(input.createdAtMs).toISOString(),
    choice: { candidate: chosen.candidate.name, by: chosen.by, metric: chosen.metric, reason: chosen.reason },
    splits,
    all_diversity: final.all_diversity,
  }
  const holdOut = input.evaluated.find(({ split }) => split.kind === 'random') ?? input.evaluated[0]
  if (holdOut !== undefined) {
    const users = await store.read(holdOut.usersKey)
    if (users === undefined) throw new MatineeError('store_missing', `${holdOut.usersKey} is not in ${store.location}`)
    await store.write(storeKeys.metricsUsers(input.week, metrics.version), users.body)
  }
  await putDocument(store, storeKeys.metrics(input.week, metrics.version), metrics)
  const lateData = await recordTrained(store, { week: input.week, version: metrics.version, extracts: input.extracts })
  const trace = await searchTrace(input, store)
  const report = {
    ...makeReport(metrics, await figuresOfWeekBefore(store, input.week)),
    late_data: [...lateData],
    ...(trace === undefined ? {} : { search: trace }),
  }
  await putDocument(store, storeKeys.weekReport(input.week, 'report.json'), report)
  await store.write(storeKeys.weekReport(input.week, 'report.md'), reportText(report), { contentType: 'text/markdown; charset=utf-8' })
  const weeks = await writeAccuracyTables(store)
  const counter = await advanceCounter(store, input.week, metrics.version)
  for await (const { key } of store.list(storeKeys.trainingPrefix(input.week))) await store.remove(key)
  return { weeks, counter }
}

/** Of this run: a trace that lies there from a run before, of a week that is now run without a search, is not told. */
async function searchTrace({ week, evaluated }: PublishInput, store: ObjectStore): Promise<SearchTrace | undefined> {
  const searched = evaluated.some(({ headline }) => searchedName in headline)
  return searched ? readDocument(store, SearchTrace, storeKeys.search(week)) : undefined
}

/**
 * Made from `metrics/` each time, so that a re-run, a backfill or a lost write never leaves them out of step. Two runs that
 * publish at once: the tables' tags are read before the figures are listed, so the one that lists too early is refused and
 * starts over.
 */
async function writeAccuracyTables(store: ObjectStore): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS_AT_MOST; attempt++) {
    const before = await Promise.all(
      accuracyMetrics.map(async (metric) => ({ metric, entry: await store.stat(storeKeys.accuracy(metric)) })),
    )
    const weeks = await newestFigures(store)
    const writes = await Promise.all(
      before.map(({ metric, entry }) =>
        store.write(storeKeys.accuracy(metric), documentText(accuracyTable(metric, weeks)), {
          precondition: entry === undefined ? { absent: true } : { entityTag: entry.entityTag },
          contentType: 'application/json',
        }),
      ),
    )
    if (writes.every(({ written }) => written)) return weeks.length
  }
  throw new MatineeError('store_conflict', `model_accuracy/ was changed by others ${ATTEMPTS_AT_MOST} times in a row; try again`)
}

const headings: Record<AccuracyMetric, string> = {
  precision: 'Precision',
  recall: 'Recall',
  map: 'MAP',
  mar: 'MAR',
  test_diversity: 'Test Diversity',
  all_diversity: 'All Diversity',
}

function accuracyTable(metric: AccuracyMetric, weeks: readonly (readonly [Week, WeekMetrics])[]): AccuracyTable {
  const first = weeks[0]
  return {
    columns: [[first === undefined ? headings[metric] : `${headings[metric]}(${mondayWithDots(first[0])})`]],
    values: weeks.map(([, metrics]) => [valueOf(metric, metrics)]),
    weeks: weeks.map(([week]) => week),
  }
}

function valueOf(metric: AccuracyMetric, metrics: WeekMetrics): number | null {
  const figures = publishedFigures(metrics.splits, metrics.candidate)
  const value = metric === 'all_diversity' ? metrics.all_diversity : figures[metric === 'test_diversity' ? 'diversity@10' : `${metric}@10`]
  return value === undefined || value === null ? null : Math.round(value * 1e5) / 1e5
}
