/** Ranks for the test users of one split with each fitted candidate, and leaves figures: means, and of each user. */
import { FitResult, type Measured, type SegmentBounds, type SplitResult } from '../../contracts/documents.ts'
import { MatineeError } from '../../contracts/errors.ts'
import type { Features } from '../../contracts/ports.ts'
import type { EvaluatedSplit, EvaluateInput, TrainedCandidate } from '../../contracts/run.ts'
import { storeKeys } from '../../contracts/store-keys.ts'
import { putDocument, readDocument } from '../../contracts/stored-documents.ts'
import type { Week } from '../../contracts/week.ts'
import { decodeSafetensors } from '../../model/artifact/safetensors.ts'
import { heedsFeatures } from '../../model/candidate.ts'
import { ListQualities } from '../../model/evaluation/list-qualities.ts'
import { catalogueSizeOf, measureUsers, usersWithTargets } from '../../model/evaluation/rank-users.ts'
import { SegmentFigures } from '../../model/evaluation/segments.ts'
import { familyOf } from '../../model/families.ts'
import { RankingMetrics } from '../../model/metrics/ranking-metrics.ts'
import type { Interactions, Model } from '../../model/model.ts'
import type { Split } from '../../model/split/split.ts'
import { figuresOfWeekBefore, sameModel } from '../week-metrics.ts'
import { bootstrap, compareCandidates, comparedMetrics, type UserValues } from './compare-candidates.ts'
import { jobDigest, sha256 } from './job-digest.ts'
import type { JobPorts } from './job-ports.ts'
import { describeSplit, endDayOf, readSplit, startDayOf } from './split-features.ts'
import { genreNumbers, kidsTitles, newTitles, type TitleSegment } from './title-segments.ts'
import { UserFigures } from './user-figures.ts'

const DAY_MS = 86_400_000
const CUTOFFS = [10, 20] as const

export async function evaluateJob(input: EvaluateInput, ports: JobPorts): Promise<EvaluatedSplit> {
  const { features, trained } = input
  const { split: spec, fits } = trained
  const job = jobDigest('evaluate', spec, fits.map((fit) => fit.job)) // prettier-ignore
  const resultKey = storeKeys.training(features.week, job, 'result.json')
  const usersKey = storeKeys.training(features.week, job, 'users.parquet')

  const { data, split } = await readSplit(features, spec, ports)
  const known = itemsOf(split.train)
  const task: RankingTask = {
    week: features.week,
    split,
    users: usersWithTargets(split.train, split.test),
    genreOf: genreNumbers(data.items),
    titles: titleSegmentsOf(data, features.week),
    catalogueSize: catalogueSizeOf(split.train),
    known,
    listable: releasedTitles(data, known, endDayOf(features.week)),
  }
  const figures = new UserFigures(data.userIds, CUTOFFS)
  const ranked: RankedCandidate[] = []
  for (const fit of fits) ranked.push(await rankCandidate(fit, task, figures, ports))
  await figures.write(usersKey, ports)

  const before = await figuresOfWeekBefore(ports.store, features.week)
  const champion =
    before &&
    sameModel(
      ranked.map(({ measured }) => measured),
      before,
    )
  const candidates = await compareCandidates(ranked, champion?.candidate, ports)
  const result: SplitResult = {
    kind: spec.kind,
    description: describeSplit(spec),
    ...(spec.kind === 'random' ? { seed: spec.seed } : {}),
    train_pairs: split.train.items.length,
    test_pairs: split.test.items.length,
    test_users: task.users.length,
    bootstrap,
    segments: { ...ranked[0]?.userSegments, ...Object.fromEntries(task.titles.map(({ name, description }) => [name, description])) },
    segment_bounds: { ...ranked[0]?.userBounds, ...Object.fromEntries(task.titles.map(({ name, bounds }) => [name, bounds])) },
    candidates: [...candidates],
  }
  await putDocument(ports.store, resultKey, result)
  return {
    split: spec,
    resultKey,
    usersKey,
    testUsers: task.users.length,
    headline: Object.fromEntries(candidates.map(({ candidate, metrics }) => [candidate, metrics['ndcg@10'] ?? 0])),
  }
}

/** What is the same for every candidate of a split. */
interface RankingTask {
  readonly week: Week
  readonly split: Split
  /** Those with targets, ascending. */
  readonly users: Uint32Array
  readonly genreOf: Int32Array
  readonly titles: readonly TitleSegment[]
  /** What coverage is a share of. */
  readonly catalogueSize: number
  /** Marks of the titles that training knows: of a candidate that heeds no features only they can be in a list. */
  readonly known: Uint8Array
  /** Marks of the titles that may be in a list of a candidate which knows them by their features. */
  readonly listable: Uint8Array
}

interface RankedCandidate extends UserValues {
  /** What each user segment is, in words. */
  readonly userSegments: Readonly<Record<string, string>>
  readonly userBounds: Readonly<Record<string, SegmentBounds>>
}

async function rankCandidate(
  fit: TrainedCandidate,
  { week, split, users, genreOf, titles, catalogueSize, known, listable }: RankingTask,
  figures: UserFigures,
  ports: JobPorts,
): Promise<RankedCandidate> {
  const { train } = split
  const { candidate } = fit
  const model = await loadFit(week, fit, ports)
  const metrics = new RankingMetrics({ cutoffs: CUTOFFS, itemCount: train.itemCount, catalogueSize })
  const qualities = new ListQualities({ cutoffs: CUTOFFS, train, genreOf })
  const marks = new Map(titles.map((segment) => [segment.name, segment.marks]))
  const segments = new SegmentFigures({ cutoffs: CUTOFFS, train, users, titles: marks })
  const values = comparedMetrics.map(() => new Float64Array(users.length))
  const columns = comparedMetrics.map((metric) => metrics.columns.indexOf(metric))
  const started = ports.monotonicMs()
  for (const batch of measureUsers({
    model,
    ...split,
    users,
    metrics,
    recommendable: heedsFeatures(candidate) ? listable : known,
    threads: ports.threads,
  })) {
    const first = metrics.users - batch.length
    for (const [n, measured] of batch.entries()) {
      figures.add(measured.user, candidate.name, measured.values)
      qualities.add(measured.user, measured.list)
      segments.add(measured)
      for (const [index, array] of values.entries()) array[first + n] = measured.values[columns[index] ?? -1] ?? NaN
    }
    ports.report({ phase: `ranking ${candidate.name} for ${metrics.users} of ${users.length} users` })
    await ports.breathe()
  }
  const measured: Measured = {
    candidate: candidate.name,
    algorithm: candidate.algorithm,
    parameters: { ...candidate.parameters },
    seconds: { train: roundedTo3(fit.trainSeconds), rank: roundedTo3((ports.monotonicMs() - started) / 1000) },
    metrics: { ...metrics.result(), ...qualities.result() },
    segments: Object.fromEntries(Object.entries(segments.result()).map(([name, one]) => [name, { ...one }])),
  }
  return { measured, values, userSegments: segments.descriptions, userBounds: segments.bounds }
}

/** New titles only where the weeks are told apart. */
function titleSegmentsOf({ items, weekly }: Features, week: Week): readonly TitleSegment[] {
  const segments = [kidsTitles(items), weekly === undefined ? undefined : newTitles(weekly, items.length, startDayOf(week))]
  return segments.filter((segment) => segment !== undefined)
}

/** Marks of the items that training knows, and of those that the catalogue offers and that are out by that day. */
function releasedTitles({ items }: Features, known: Uint8Array, endDay: number): Uint8Array {
  const end = new Date(endDay * DAY_MS).toISOString().slice(0, 10)
  return Uint8Array.from(items, ({ recommendable, release_date: released }, item) =>
    Number(known[item] === 1 || (recommendable && released !== null && released.slice(0, 10) < end)),
  )
}

/** Marks of the items that some pair has. */
function itemsOf({ items, itemCount }: Interactions): Uint8Array {
  const known = new Uint8Array(itemCount)
  for (const item of items) known[item] = 1
  return known
}

const roundedTo3 = (value: number): number => Math.round(value * 1000) / 1000

/** @throws MatineeError `store_corrupt` where the model is not the one that the fit left. */
async function loadFit(week: Week, { job, candidate }: TrainedCandidate, { store }: JobPorts): Promise<Model> {
  const modelKey = storeKeys.training(week, job, 'model.safetensors')
  const { model } = await readDocument(store, FitResult, storeKeys.training(week, job, 'result.json'))
  const stored = await store.read(modelKey)
  if (stored === undefined) throw new MatineeError('store_missing', `${modelKey} is not in ${store.location}`)
  if (sha256(stored.body) !== model.sha256)
    throw new MatineeError('store_corrupt', `${modelKey} is not what its fit wrote; run the week again`)
  return familyOf(candidate.algorithm).load(decodeSafetensors(stored.body).tensors)
}
