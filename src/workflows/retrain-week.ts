/** Trains one week: tables to features to a chosen, published model. Its id is the week's, so it never runs twice at once. */
import { ActivityFailure, ApplicationFailure, defineQuery, setHandler, workflowInfo } from '@temporalio/workflow'
import { candidates, splits, trainingSeed } from '../contracts/candidates.ts'
import type {
  EvaluatedSplit,
  FeaturesRef,
  RetrainWeekInput,
  RetrainWeekResult,
  RunProgress,
  SplitSpec,
  TrainedCandidate,
} from '../contracts/run.ts'
import { sourceTableNames } from '../contracts/source-tables.ts'
import { messages } from '../contracts/temporal-names.ts'
import { bulk, quick, training } from './activity-options.ts'
import { Hold } from './hold.ts'
import { RunBoard } from './run-board.ts'

export const progressQuery = defineQuery<RunProgress>(messages.progress)

const stages = ['extract', 'preprocess', 'check', 'train', 'evaluate', 'choose', 'train final', 'publish model', 'publish metrics'] as const

export async function retrainWeek(input: RetrainWeekInput): Promise<RetrainWeekResult> {
  const board = new RunBoard(input.week, stages)
  const hold = new Hold()
  setHandler(progressQuery, () => board.progress(), {
    description: 'Each stage with its state, seconds and figures; breaches, hold and outcome.',
  })
  try {
    const result = await retrain(input, board, hold)
    board.ended(result.outcome)
    return result
  } catch (error) {
    board.ended('failed')
    throw error
  }
}

async function retrain({ week, onBreach, holdHours }: RetrainWeekInput, board: RunBoard, hold: Hold): Promise<RetrainWeekResult> {
  const { workflowId, runId, startTime } = workflowInfo()

  const extracts = await board.stage(
    'extract',
    () =>
      Promise.all(
        sourceTableNames.map((table) =>
          bulk.extractTable.executeWithOptions({ summary: `${table} before the end of ${week}` }, [{ week, table }]),
        ),
      ),
    (tables) => tables.map(({ table, rows }) => `${table} ${rows} rows`).join(', '),
  )
  const features = await board.stage(
    'preprocess',
    () => bulk.preprocess.executeWithOptions({ summary: `features of ${week}` }, [{ week, extracts }]),
    ({ users, programs, pairs, watchedPairs }) => `${users} users, ${programs} programmes, ${pairs} pairs, ${watchedPairs} watched`,
  )
  const breaches = await board.stage(
    'check',
    () => quick.checkData.executeWithOptions({ summary: 'data gate' }, [{ features }]),
    (found) => (found.length === 0 ? 'nothing found' : found.map(({ check }) => check).join(', ')),
  )
  if (breaches.length > 0) {
    board.breached(breaches)
    if (onBreach === 'hold') {
      board.held(Date.now() + holdHours * 3_600_000)
      const end = await hold.wait(holdHours, `held: ${breaches.map(({ check }) => check).join(', ')}`)
      board.released()
      if (!end.approved) return { outcome: 'rejected', week, workflowId, reason: end.reason }
    }
  }

  const trained = await board.stage(
    'train',
    () => trainCandidates(features),
    (fits) =>
      fits
        .flatMap(({ split, fits: done }) => done.map((fit) => `${fit.candidate.name} (${split.kind}) ${fit.trainSeconds.toFixed(1)} s`))
        .join(', '),
  )
  const evaluated = await board.stage(
    'evaluate',
    () => evaluateSplits(features, trained),
    (results) => results.map(({ split, headline }) => `${split.kind}: ${headlineText(headline)}`).join('; '),
  )
  const chosen = await board.stage(
    'choose',
    () => quick.chooseModel.executeWithOptions({ summary: 'best candidate' }, [{ evaluated }]),
    ({ candidate, reason }) => `${candidate.name}: ${reason}`,
  )
  const final = await board.stage(
    'train final',
    () =>
      training().trainFinal.executeWithOptions({ summary: `${chosen.candidate.name} on all rows before the end of ${week}` }, [
        { features, candidate: chosen.candidate, seed: trainingSeed },
      ]),
    ({ version, pairs }) => `${version}, ${pairs} pairs`,
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
  )
  await board.stage(
    'publish metrics',
    () => quick.publishMetrics.executeWithOptions({ summary: `figures of ${week}` }, [publication]),
    ({ weeks, counter }) => `${weeks} weeks measured, counter at ${counter}`,
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

interface SplitFits {
  readonly split: SplitSpec
  readonly fits: readonly TrainedCandidate[]
}

/** A candidate that diverges is out of this week's choice; the run goes on with the others. */
async function trainCandidates(features: FeaturesRef): Promise<readonly SplitFits[]> {
  const results: SplitFits[] = []
  for (const split of splits) {
    const fits: TrainedCandidate[] = []
    for (const candidate of candidates) {
      try {
        fits.push(
          await training().train.executeWithOptions({ summary: `${candidate.name} on the ${split.kind} split` }, [
            { features, candidate, split, seed: trainingSeed },
          ]),
        )
      } catch (error) {
        if (!isDivergence(error)) throw error
      }
    }
    if (fits.length === 0) throw ApplicationFailure.nonRetryable('every candidate diverged', 'training_diverged')
    results.push({ split, fits })
  }
  return results
}

const isDivergence = (error: unknown): boolean =>
  error instanceof ActivityFailure && error.cause instanceof ApplicationFailure && error.cause.type === 'training_diverged'

async function evaluateSplits(features: FeaturesRef, trained: readonly SplitFits[]): Promise<readonly EvaluatedSplit[]> {
  const results: EvaluatedSplit[] = []
  for (const { split, fits } of trained)
    results.push(await training().evaluate.executeWithOptions({ summary: `${split.kind} split` }, [{ features, split, trained: fits }]))
  return results
}

const headlineText = (headline: Readonly<Record<string, number>>): string =>
  Object.entries(headline)
    .map(([name, value]) => `${name} ${value.toFixed(4)}`)
    .join(', ')
