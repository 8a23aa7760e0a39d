/** What people are told of a run through the webhook. */
import { isCancellation, log, patched, workflowInfo } from '@temporalio/workflow'
import type { Notice } from '../contracts/run.ts'
import { notices } from './activity-options.ts'

/** Whether they hear of it or not, the run goes on. */
export async function tell(notice: Omit<Notice, 'workflowId' | 'runId'>): Promise<void> {
  const { workflowId, runId } = workflowInfo()
  try {
    await notices.notify.executeWithOptions({ summary: notice.event }, [{ ...notice, workflowId, runId }])
  } catch (error) {
    log.warn('the webhook could not be told', { event: notice.event, reason: rootMessage(error) })
  }
}

/**
 * For runs that up to 0.1.0 failed without a word: their histories go on replaying.
 * @param what in words; the reason comes after it.
 */
export async function tellOfFailure(error: unknown, what: string): Promise<void> {
  if (isCancellation(error) || !patched('tell-of-failure')) return
  await tell({ event: 'failed', text: `${what}: ${rootMessage(error)}` })
}

export function rootMessage(error: unknown): string {
  let root = error
  while (root instanceof Error && root.cause instanceof Error) root = root.cause
  return root instanceof Error ? root.message : String(root)
}
