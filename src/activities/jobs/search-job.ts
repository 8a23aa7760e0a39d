/** Searches for this week's own candidate on the weeks before the test week, from where the week before left off. */
import { championName, searchedName } from '../../contracts/candidates.ts'
import { SearchTrace } from '../../contracts/documents.ts'
import type { Features } from '../../contracts/ports.ts'
import type { SearchedCandidate, SearchInput } from '../../contracts/run.ts'
import { storeKeys } from '../../contracts/store-keys.ts'
import { putDocument, readDocument } from '../../contracts/stored-documents.ts'
import { addWeeks, parseWeek, type Week } from '../../contracts/week.ts'
import type { Candidate } from '../../model/candidate.ts'
import { usersWithTargets } from '../../model/evaluation/rank-users.ts'
import { searchModels, type SearchResult } from '../../model/search/search-models.ts'
import type { Fold, SearchLimits, Trial } from '../../model/search/trials.ts'
import { newestWeeks } from '../../model/search/validation-split.ts'
import { figuresOfWeekBefore, sameModel } from '../week-metrics.ts'
import { jobDigest } from './job-digest.ts'
import type { JobPorts } from './job-ports.ts'
import { signalsOf, startDayOf, weekSplit } from './split-features.ts'

/** Pairs × fits: what a search may cost, whatever the size of the data; within these bounds as many fits as that gives. */
const pairsTimesTrials = 3e7
const fewestTrials = 12
const DAYS_OF_WEEK = 7

/** What was found by the same inputs, by an earlier attempt or an earlier run, is taken as it is: it need not take the same time again. */
export async function searchJob({ features, seed }: SearchInput, ports: JobPorts): Promise<SearchedCandidate> {
  const carried = await traceOf(addWeeks(features.week, -1), ports)
  const choiceBefore = carried === undefined ? undefined : { algorithm: carried.algorithm, parameters: carried.parameters }
  const inputs = jobDigest('search', features.digest, seed, ports.searchSeconds, ports.searchFits, choiceBefore ?? null)
  const done = await traceOf(features.week, ports)
  if (done?.inputs === inputs) return compared(done, ports)

  const data = await ports.readFeatures(features, { weekly: true })
  const folds = weeksBefore(data, startDayOf(features.week))
  if (folds.length === 0) return { trials: 0 }
  const result = await search(folds, seed, choiceBefore, ports)
  const trace: SearchTrace = {
    format: 1,
    week: features.week,
    inputs,
    algorithm: result.algorithm,
    parameters: { ...result.parameters },
    validation: { weeks: folds.length, users: folds.reduce((sum, { train, test }) => sum + usersWithTargets(train, test).length, 0) },
    carried: choiceBefore ?? null,
    trials: result.trials.map(traced),
  }
  await putDocument(ports.store, storeKeys.search(features.week), trace)
  return compared(trace, ports)
}

/** With what the week before published beside it: a search of its own had found that, and no other candidate is the same. */
async function compared({ week, algorithm, parameters, trials }: SearchTrace, { store }: JobPorts): Promise<SearchedCandidate> {
  const found = { candidate: searchedName, algorithm, parameters }
  const before = await figuresOfWeekBefore(store, parseWeek(week))
  const isChampion =
    before !== undefined && [searchedName, championName].includes(before.candidate) && sameModel([found], before) === undefined
  return {
    candidate: { name: searchedName, algorithm, parameters },
    ...(isChampion ? { champion: { name: championName, algorithm: before.algorithm, parameters: before.parameters } } : {}),
    trials: trials.length,
  }
}

const traced = ({ algorithm, parameters, ndcg, seconds, ended }: Trial): SearchTrace['trials'][number] => ({
  algorithm,
  parameters: { ...parameters },
  ndcg: ndcg ?? null,
  seconds: Math.round(seconds * 1000) / 1000,
  ...(ended === undefined ? {} : { ended }),
})

async function traceOf(week: Week, { store }: JobPorts): Promise<SearchTrace | undefined> {
  const key = storeKeys.search(week)
  return (await store.read(key)) === undefined ? undefined : readDocument(store, SearchTrace, key)
}

/** The newest first. The test week itself, which the choice of the run goes by, is in none of them. */
function weeksBefore(data: Features, testWeekDay: number): readonly Fold[] {
  return newestWeeks((n) => {
    const startDay = testWeekDay - n * DAYS_OF_WEEK
    const { train, test } = weekSplit(data, startDay)
    return train.items.length === 0 ? undefined : { train, test, signals: signalsOf(data, train, startDay) }
  })
}

async function search(folds: readonly Fold[], seed: number, carried: Candidate | undefined, ports: JobPorts): Promise<SearchResult> {
  const started = ports.monotonicMs()
  const pairs = folds.reduce((sum, { train }) => sum + train.items.length, 0)
  const limits: SearchLimits = {
    seconds: ports.searchSeconds,
    trials: Math.round(Math.min(ports.searchFits, Math.max(fewestTrials, pairsTimesTrials / pairs))),
    memoryMib: ports.memoryMib,
  }
  let tried = 0
  const steps = searchModels({
    folds,
    seed,
    limits,
    resources: { threads: ports.threads },
    elapsedSeconds: () => (ports.monotonicMs() - started) / 1000,
    report: ({ algorithm }) => ports.report({ phase: `searching: ${algorithm} tried`, epoch: ++tried, epochs: limits.trials }),
    ...(carried === undefined ? {} : { carried }),
  })
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
    await ports.breathe()
  }
}
