/** Trains one week: tables to features to a chosen, published model. Its id is the week's, so it never runs twice at once. */
import { defineQuery, isCancellation, patched, setHandler, workflowInfo } from '@temporalio/workflow'
import { candidates, splits, trainingSeed } from '../contracts/candidates.ts'
import type {
  CandidateSpec,
  EvaluatedSplit,
  ExtractedTable,
  FeaturesRef,
  LateRows,
  RetrainWeekInput,
  RetrainWeekResult,
  RunProgress,
  TrainedCandidate,
  TrainedSplit,
} from '../contracts/run.ts'
import { sourceTableNames } from '../contracts/source-tables.ts'
import { messages } from '../contracts/temporal-names.ts'
import type { Week } from '../contracts/week.ts'
import { bulk, quick, training } from './activity-options.ts'
import { Hold } from './hold.ts'
import { RunBoard } from './run-board.ts'
import { rootMessage, tell } from './tell.ts'

export const progressQuery = defineQuery<RunProgress>(messages.progress)

const stages = [
  'extract',
  'preprocess',
  'check',
  'search',
  'train',
  'evaluate',
  'choose',
  'train final',
  'publish model',
  'publish metrics',
] as const

export async function retrainWeek(input: RetrainWeekInput): Promise<RetrainWeekResult> {
  const board = new RunBoard({ title: `Week **${input.week}**`, name: input.week, week: input.week }, stages)
  const hold = new Hold()
  setHandler(progressQuery, () => ({ week: input.week, ...board.progress() }), {
    description: 'Each stage with its state, seconds and figures; breaches, hold and outcome.',
  })
  try {
    const result = await retrain(input, board, hold)
    board.ended(result.outcome)
    if (result.outcome === 'published') {
      const { reason, version } = result
      await tell({
        event: 'published',
        week: input.week,
        text: `week ${input.week}: ${reason}`,
        ...(version === undefined ? {} : { version }),
      })
    }
    return result
  } catch (error) {
    board.ended('failed')
    if (!isCancellation(error)) await tell({ event: 'failed', week: input.week, text: `week ${input.week}: ${rootMessage(error)}` })
    throw error
  }
}

async function retrain({ week, onBreach, holdHours }: RetrainWeekInput, board: RunBoard, hold: Hold): Promise<RetrainWeekResult> {
  const { workflowId, runId, startTime } = workflowInfo()

  const extracts = await board.stage(
    'extract',
    () => extractAll(week),
    (tables) => tables.map(({ table, rows }) => `${table} ${rows} rows`).join(', '),
    (tables) => tables.map(({ table, rows }) => ({ name: 'rows', of: table, value: rows })),
  )
  const features = await board.stage(
    'preprocess',
    () => bulk.preprocess.executeWithOptions({ summary: `features of ${week}` }, [{ week, extracts }]),
    ({ users, programs, pairs, watchedPairs }) => `${users} users, ${programs} programmes, ${pairs} pairs, ${watchedPairs} watched`,
    ({ users, programs, pairs, watchedPairs }) => [
      { name: 'users', value: users },
      { name: 'programs', value: programs },
      { name: 'pairs', value: pairs },
      { name: 'watched_pairs', value: watchedPairs },
    ],
  )
  const [breaches] = await board.stage(
    'check',
    () =>
      Promise.all([
        quick.checkData.executeWithOptions({ summary: 'data gate' }, [{ features }]),
        bulk.recordLateData.executeWithOptions({ summary: 'changed since it was trained' }, [{ week, extracts }]),
      ]),
    ([found, late]) => [found.length === 0 ? 'nothing found' : found.map(({ check }) => check).join(', '), ...lateText(late)].join('; '),
    ([found, { weeks, added, removed }]) => [
      { name: 'findings', value: found.length },
      ...(weeks === 0
        ? []
        : [
            { name: 'late_weeks', value: weeks },
            { name: 'late_added', value: added },
            { name: 'late_removed', value: removed },
          ]),
    ],
  )
  if (breaches.length > 0) {
    board.breached(breaches)
    if (onBreach === 'hold') {
      const heldUntilMs = Date.now() + holdHours * 3_600_000
      board.held(heldUntilMs)
      const text = `week ${week} is held: ${breaches.map(({ check, detail }) => `${check}: ${detail}`).join('; ')}`
      const told = tell({ event: 'held', week, text, breaches, heldUntilMs })
      const end = await hold.wait(holdHours, `held: ${breaches.map(({ check }) => check).join(', ')}`)
      board.released()
      await told
      if (!end.approved) return { outcome: 'rejected', week, workflowId, reason: end.reason }
    }
  }

  const searched = await board.stage(
    'search',
    () => training().search.executeWithOptions({ summary: `a candidate of the weeks before ${week}` }, [{ features, seed: trainingSeed }]),
    ({ candidate, trials }) => (candidate === undefined ? 'nothing searched' : `${candidate.algorithm}, ${trials} tried`),
    ({ candidate, trials }) => [
      ...(candidate === undefined ? [] : [{ name: 'candidate', value: candidate.algorithm }]),
      { name: 'trials', value: trials },
    ],
  )
  const compared = [...candidates, ...[searched.candidate, searched.champion].filter((candidate) => candidate !== undefined)]
  const trained = await board.stage(
    'train',
    () => trainSplits(features, compared),
    (splitFits) => splitFits.map(({ split, fits }) => `${split.kind}: ${fits.map(fitText).join(', ')}`).join('; '),
    (splitFits) =>
      splitFits.flatMap(({ split, fits }) =>
        fits.map(({ candidate, trainSeconds }) => ({
          name: 'train_seconds',
          of: candidate.name,
          split: split.kind,
          value: trainSeconds,
        })),
      ),
  )
  const evaluated = await board.stage(
    'evaluate',
    () => evaluateSplits(features, trained),
    (results) => results.map(({ split, headline }) => `${split.kind}: ${headlineText(headline)}`).join('; '),
    (results) =>
      results.flatMap(({ split, headline }) =>
        Object.entries(headline).map(([candidate, value]) => ({ name: 'ndcg@10', of: candidate, split: split.kind, value })),
      ),
  )
  const chosen = await board.stage(
    'choose',
    () => quick.chooseModel.executeWithOptions({ summary: 'best candidate' }, [{ evaluated }]),
    ({ candidate, reason }) => `${candidate.name}: ${reason}`,
    ({ candidate, by, metric, value }) => [
      { name: 'candidate', value: candidate.name },
      { name: metric, split: by, value },
    ],
  )
  const final = await board.stage(
    'train final',
    () =>
      training().trainFinal.executeWithOptions({ summary: `${chosen.candidate.name} on all rows before the end of ${week}` }, [
        { features, candidate: chosen.candidate, seed: trainingSeed },
      ]),
    ({ version, pairs }) => `${version}, ${pairs} pairs`,
    ({ version, pairs }) => [
      { name: 'version', value: version },
      { name: 'pairs', value: pairs },
    ],
  )
  board.modelVersion(final.version)

  const publication = {
    week, features, extracts, evaluated, chosen, final,
    seed: trainingSeed, createdAtMs: startTime.getTime(), run: { workflowId, runId },
  } // prettier-ignore
  const published = await board.stage(
    'publish model',
    () => quick.publishModel.executeWithOptions({ summary: final.version }, [publication]),
    ({ outcome, servingVersion }) => `${outcome}; ${servingVersion} serves`,
    ({ outcome, servingVersion }) => [
      { name: 'outcome', value: outcome },
      { name: 'serving', value: servingVersion },
    ],
  )
  await board.stage(
    'publish metrics',
    () => quick.publishMetrics.executeWithOptions({ summary: `figures of ${week}` }, [publication]),
    ({ weeks, counter }) => `${weeks} weeks measured, counter at ${counter}`,
    ({ weeks, counter }) => [
      { name: 'weeks', value: weeks },
      { name: 'counter', value: counter },
    ],
  )
  return {
    outcome: published.outcome,
    week,
    workflowId,
    version: final.version,
    candidate: chosen.candidate.name,
    reason: published.outcome === 'archived' ? `${published.servingVersion} of a newer week goes on serving` : chosen.reason,
  }
}

/** Runs up to 0.1.0 did not ask for events: their histories go on replaying. */
async function extractAll(week: Week): Promise<readonly ExtractedTable[]> {
  const tables = sourceTableNames.map((table) =>
    bulk.extractTable.executeWithOptions({ summary: `${table} before the end of ${week}` }, [{ week, table }]),
  )
  const events = patched('events-train')
    ? bulk.extractEvents.executeWithOptions({ summary: `events before the end of ${week}` }, [{ week }])
    : null
  const extracts = await Promise.all([...tables, events])
  return extracts.filter((extract) => extract !== null)
}

const lateText = ({ weeks, added, removed }: LateRows): string[] =>
  weeks === 0 ? [] : [`weeks changed since they were trained: ${weeks} (rows: ${added} added, ${removed} removed)`]

async function trainSplits(features: FeaturesRef, compared: readonly CandidateSpec[]): Promise<readonly TrainedSplit[]> {
  const results: TrainedSplit[] = []
  for (const split of splits) {
    const summary = `${compared.map(({ name }) => name).join(', ')} on the ${split.kind} split`
    results.push(await training().train.executeWithOptions({ summary }, [{ features, candidates: compared, split, seed: trainingSeed }]))
  }
  return results
}

async function evaluateSplits(features: FeaturesRef, trained: readonly TrainedSplit[]): Promise<readonly EvaluatedSplit[]> {
  const results: EvaluatedSplit[] = []
  for (const split of trained)
    results.push(await training().evaluate.executeWithOptions({ summary: `${split.split.kind} split` }, [{ features, trained: split }]))
  return results
}

const fitText = ({ candidate, trainSeconds }: TrainedCandidate): string => `${candidate.name} ${trainSeconds.toFixed(1)} s`

const headlineText = (headline: Readonly<Record<string, number>>): string =>
  Object.entries(headline)
    .map(([name, value]) => `${name} ${value.toFixed(4)}`)
    .join(', ')
