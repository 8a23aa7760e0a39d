/** Starting a training of the questionnaire, and waiting for it or for the hold that it runs into. */
import { type Client, WorkflowExecutionAlreadyStartedError, type WorkflowHandle } from '@temporalio/client'
import { setTimeout as delay } from 'node:timers/promises'
import { MatineeError } from '../../contracts/errors.ts'
import type { RetrainQuestionnaireInput, RetrainQuestionnaireResult } from '../../contracts/questionnaire-run.ts'
import type { StagesProgress } from '../../contracts/run.ts'
import { messages, questionnaireWorkflowId, workflowTypes } from '../../contracts/temporal-names.ts'
import { ourError } from './runs.ts'

const LOOK_MS = 500

/** @throws MatineeError `run_state` where one is running, perhaps held. */
export async function startQuestionnaireRun(client: Client, taskQueue: string, input: RetrainQuestionnaireInput): Promise<WorkflowHandle> {
  try {
    return await client.workflow.start(workflowTypes.retrainQuestionnaire, {
      workflowId: questionnaireWorkflowId,
      taskQueue,
      args: [input],
      staticSummary: 'Retraining of the questionnaire, started by hand',
    })
  } catch (cause) {
    if (!(cause instanceof WorkflowExecutionAlreadyStartedError)) throw cause
    throw new MatineeError(
      'run_state',
      `${questionnaireWorkflowId} is running already; see "matinee status ${questionnaireWorkflowId}", answer its hold with "matinee approve" or "matinee reject", or end it with "matinee cancel"`,
      { cause },
    )
  }
}

export type QuestionnaireRunEnd =
  | { readonly held: false; readonly result: RetrainQuestionnaireResult }
  | { readonly held: true; readonly progress: StagesProgress }

/** Waits until the run has ended, or is held where `throughHold` is false. @throws MatineeError as the run's activities. */
export async function endOfQuestionnaireRun(handle: WorkflowHandle, throughHold: boolean): Promise<QuestionnaireRunEnd> {
  const ended: Promise<QuestionnaireRunEnd> = handle.result().then(
    (result: RetrainQuestionnaireResult) => ({ held: false, result }),
    (error: unknown) => {
      throw ourError(error)
    },
  )
  if (throughHold) return ended
  const watching = new AbortController()
  try {
    return await Promise.race([ended, untilHeld(handle, watching.signal)])
  } finally {
    watching.abort()
  }
}

/** Never ends for a run that is not held. */
async function untilHeld(handle: WorkflowHandle, signal: AbortSignal): Promise<QuestionnaireRunEnd> {
  while (!signal.aborted) {
    await delay(LOOK_MS, undefined, { ref: true })
    // Without a worker no query is answered: the next look will be.
    const progress = await handle.query<StagesProgress>(messages.progress).catch(() => undefined)
    if (progress?.heldUntilMs !== undefined) return { held: true, progress }
  }
  return new Promise(() => undefined)
}
