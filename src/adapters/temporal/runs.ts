/** What people do with runs: start, list, look, cancel, answer a hold. */
import {
  type Client,
  WithStartWorkflowOperation,
  WorkflowFailedError,
  WorkflowIdConflictPolicy,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  type WorkflowHandle,
} from '@temporalio/client'
import { ApplicationFailure, TemporalFailure, defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common'
import { randomUUID } from 'node:crypto'
import { type ErrorCode, errorKinds, MatineeError } from '../../contracts/errors.ts'
import type { ResolvedWeek, StagesProgress, WeeklyRetrainingInput, WeeklyRetrainingResult } from '../../contracts/run.ts'
import { messages, retrainWorkflowId, searchAttributes, workflowTypes } from '../../contracts/temporal-names.ts'
import { isWeek } from '../../contracts/week.ts'

export interface StartedRun {
  readonly settled: ResolvedWeek
  readonly workflowId: string
  readonly runId: string
  result(): Promise<WeeklyRetrainingResult>
}

type RunInput = WeeklyRetrainingInput & { readonly holdHours: number }

/**
 * Starts a run and waits until its week is settled, so that a refusal is known at once. Needs a live worker.
 * @throws MatineeError `week_refused` and others of `resolveWeek`.
 */
export async function startRun(client: Client, taskQueue: string, input: RunInput): Promise<StartedRun> {
  const workflowId = `matinee-run-${input.week ?? 'next'}-${randomUUID().slice(0, 8)}`
  const operation = new WithStartWorkflowOperation<(input: RunInput) => Promise<WeeklyRetrainingResult>>(workflowTypes.weeklyRetraining, {
    workflowId,
    taskQueue,
    args: [input],
    workflowIdConflictPolicy: WorkflowIdConflictPolicy.FAIL,
    staticSummary: `Retraining${input.week === undefined ? '' : ` for week ${input.week}`}, started by hand`,
  })
  const settled = await asOurs(() =>
    client.workflow.executeUpdateWithStart<(input: RunInput) => Promise<WeeklyRetrainingResult>, ResolvedWeek, []>(messages.settledWeek, {
      startWorkflowOperation: operation,
    }),
  )
  const handle = await operation.workflowHandle()
  const { runId } = await handle.describe()
  return { settled, workflowId, runId, result: () => asOurs(() => handle.result()) }
}

/** Turns a failure that crossed Temporal back into the error that an activity threw. */
async function asOurs<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw ourError(error)
  }
}

export function ourError(error: unknown): unknown {
  if (!(error instanceof WorkflowFailedError || error instanceof WorkflowUpdateFailedError || error instanceof TemporalFailure))
    return error
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof ApplicationFailure && cause.type !== null && cause.type !== undefined && cause.type in errorKinds)
      return new MatineeError(cause.type as ErrorCode, cause.message, { cause: error })
    if (cause.cause === undefined) return new MatineeError('internal', cause.message, { cause: error })
  }
  return error
}

const weekKey = defineSearchAttributeKey(searchAttributes.week, SearchAttributeType.KEYWORD)
const stageKey = defineSearchAttributeKey(searchAttributes.stage, SearchAttributeType.KEYWORD)
const versionKey = defineSearchAttributeKey(searchAttributes.modelVersion, SearchAttributeType.KEYWORD)
const outcomeKey = defineSearchAttributeKey(searchAttributes.outcome, SearchAttributeType.KEYWORD)

export interface RunSummary {
  readonly week: string | undefined
  readonly workflowId: string
  readonly runId: string
  readonly status: string
  readonly stage: string | undefined
  readonly outcome: string | undefined
  readonly version: string | undefined
  readonly startedAt: string
  readonly endedAt: string | undefined
}

/** Runs of `retrainWeek`, newest first. */
export async function listRuns(client: Client, limit = 50): Promise<RunSummary[]> {
  const runs: RunSummary[] = []
  for await (const run of client.workflow.list({ query: `WorkflowType = '${workflowTypes.retrainWeek}'` })) {
    const attributes = run.typedSearchAttributes
    runs.push({
      week: attributes.get(weekKey),
      workflowId: run.workflowId,
      runId: run.runId,
      status: run.status.name,
      stage: attributes.get(stageKey),
      outcome: attributes.get(outcomeKey),
      version: attributes.get(versionKey),
      startedAt: run.startTime.toISOString(),
      endedAt: run.closeTime?.toISOString(),
    })
    if (runs.length >= limit) break
  }
  return runs
}

/** A run named by its week, its workflow id or its run id. @throws MatineeError `run_unknown`. */
export async function findRun(client: Client, name: string): Promise<WorkflowHandle> {
  const workflowId = isWeek(name) ? retrainWorkflowId(name) : /^[0-9a-f-]{36}$/.test(name) ? await workflowIdOfRun(client, name) : name
  const handle = client.workflow.getHandle(workflowId, /^[0-9a-f-]{36}$/.test(name) ? name : undefined)
  try {
    await handle.describe()
  } catch (cause) {
    if (cause instanceof WorkflowNotFoundError) throw unknownRun(name, cause)
    throw cause
  }
  return handle
}

const unknownRun = (name: string, cause?: unknown): MatineeError =>
  new MatineeError(
    'run_unknown',
    `there is no run "${name}"; name a week (2023-W40), a workflow id or a run id, as "matinee runs" lists them`,
    { cause },
  )

async function workflowIdOfRun(client: Client, runId: string): Promise<string> {
  for await (const run of client.workflow.list({ query: `RunId = '${runId}'` })) return run.workflowId
  throw unknownRun(runId)
}

/** Of a run of `retrainWeek`, with its week, or of `retrainQuestionnaire`. */
export async function progressOf(handle: WorkflowHandle): Promise<StagesProgress> {
  return handle.query<StagesProgress>(messages.progress)
}

export async function answerHold(handle: WorkflowHandle, answer: 'approve' | 'reject', by: string, reason: string): Promise<string> {
  return asOurs(() => handle.executeUpdate<string, [{ by: string; reason: string }]>(messages[answer], { args: [{ by, reason }] }))
}
