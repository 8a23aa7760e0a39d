/** Trains the questionnaire's model on the current data set: split, train, evaluate, gate, publish. */
import { defineQuery, setHandler, workflowInfo } from '@temporalio/workflow'
import { questionnaireSeed, type RetrainQuestionnaireInput, type RetrainQuestionnaireResult } from '../contracts/questionnaire-run.ts'
import type { StagesProgress } from '../contracts/run.ts'
import { messages } from '../contracts/temporal-names.ts'
import { quick, training } from './activity-options.ts'
import { Hold } from './hold.ts'
import { RunBoard } from './run-board.ts'
import { tellOfFailure } from './tell.ts'

export const progressQuery = defineQuery<StagesProgress>(messages.progress)

const stages = ['data', 'split', 'train', 'evaluate', 'check', 'publish model'] as const

export async function retrainQuestionnaire(input: RetrainQuestionnaireInput): Promise<RetrainQuestionnaireResult> {
  const board = new RunBoard({ title: '**Questionnaire**', name: workflowInfo().workflowId }, stages)
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
    await tellOfFailure(error, 'the questionnaire')
    throw error
  }
}

async function retrain(
  { onBreach, holdHours }: RetrainQuestionnaireInput,
  board: RunBoard,
  hold: Hold,
): Promise<RetrainQuestionnaireResult> {
  const { workflowId, runId, startTime } = workflowInfo()

  const data = await board.stage(
    'data',
    () => quick.resolveQuestionnaire.executeWithOptions({ summary: 'current data set' }, []),
    ({ rows, data: digest }) => `${rows} rows, data set ${digest.slice(0, 8)}`,
    ({ rows }) => [{ name: 'rows', value: rows }],
  )
  const split = await board.stage(
    'split',
    () => training().splitQuestionnaire.executeWithOptions({ summary: `${data.rows} rows` }, [{ ...data, seed: questionnaireSeed }]),
    ({ trainRows, sampleRows, testRows }) => `${trainRows} rows to train on, ${sampleRows} of them neighbours, ${testRows} to test`,
    ({ trainRows, sampleRows, testRows }) => [
      { name: 'train_rows', value: trainRows },
      { name: 'sample_rows', value: sampleRows },
      { name: 'test_rows', value: testRows },
    ],
  )
  const fitted = await board.stage(
    'train',
    () => training().trainQuestionnaire.executeWithOptions({ summary: 'both learners' }, [split]),
    ({ choice }) => choice,
    ({ learner }) => [{ name: 'candidate', value: learner }],
  )
  board.modelVersion(fitted.version)
  const evaluated = await board.stage(
    'evaluate',
    () => training().evaluateQuestionnaire.executeWithOptions({ summary: `${split.testRows} rows` }, [fitted]),
    ({ accuracy, low, high, chance, majority }) =>
      `accuracy ${accuracy.toFixed(4)} (${low.toFixed(4)} to ${high.toFixed(4)}), chance ${chance.toFixed(4)}, majority ${majority.toFixed(4)}`,
    ({ accuracy, low, high, chance, majority }) => Object.entries({ accuracy, low, high, chance, majority }).map(figureOf),
  )
  const breaches = await board.stage(
    'check',
    () => quick.checkQuestionnaire.executeWithOptions({ summary: 'better than chance?' }, [evaluated]),
    (found) => (found.length === 0 ? 'better than chance' : found.map(({ check }) => check).join(', ')),
    (found) => [{ name: 'findings', value: found.length }],
  )
  const { version, learner } = fitted
  const result = { workflowId, version, model: learner, accuracy: evaluated.accuracy }
  if (breaches.length > 0) {
    board.breached(breaches)
    if (onBreach === 'hold') {
      board.held(Date.now() + holdHours * 3_600_000)
      const end = await hold.wait(holdHours, `held: ${breaches.map(({ check }) => check).join(', ')}`)
      board.released()
      if (!end.approved) return { ...result, outcome: 'rejected', reason: end.reason }
    }
  }

  const published = await board.stage(
    'publish model',
    () =>
      quick.publishQuestionnaire.executeWithOptions({ summary: version }, [
        { evaluated, breaches, createdAtMs: startTime.getTime(), run: { workflowId, runId } },
      ]),
    ({ outcome, servingVersion }) => `${outcome}; ${servingVersion} serves`,
    ({ outcome, servingVersion }) => Object.entries({ outcome, serving: servingVersion }).map(figureOf),
  )
  const reasons = {
    published: fitted.choice,
    kept: 'it serves already: the data are the same',
    archived: `${published.servingVersion} of a later training goes on serving`,
  }
  return { ...result, outcome: published.outcome, reason: reasons[published.outcome] }
}

const figureOf = <Value extends number | string>([name, value]: readonly [string, Value]) => ({ name, value })
