/** The activity edge: our errors become failures that Temporal retries or not; everything else stays as it is. */
import { activityInfo, Context } from '@temporalio/activity'
import { ApplicationFailure, CancelledFailure } from '@temporalio/common'
import type { ActivityExecuteInput, ActivityInboundCallsInterceptor, Next } from '@temporalio/worker'
import { MatineeError } from '../contracts/errors.ts'

/** A source that is away is asked again this often, this far apart: the old system's five retries, ten minutes apart. */
const SOURCE_ATTEMPTS = 5
const SOURCE_RETRY_DELAY = '10 minutes'

export function toFailure(error: unknown, attempt: number): unknown {
  if (!(error instanceof MatineeError)) return error
  const sourceAway = error.code === 'source_unreachable'
  return ApplicationFailure.create({
    type: error.code,
    message: error.message,
    nonRetryable: !error.kind.retryable || (sourceAway && attempt > SOURCE_ATTEMPTS),
    details: [error.details],
    ...(sourceAway ? { nextRetryDelay: SOURCE_RETRY_DELAY } : {}),
    ...(error.cause instanceof Error ? { cause: error.cause } : {}),
  })
}

export class ActivityFailureInterceptor implements ActivityInboundCallsInterceptor {
  async execute(input: ActivityExecuteInput, next: Next<ActivityInboundCallsInterceptor, 'execute'>): Promise<unknown> {
    const { attempt } = activityInfo()
    const { cancellationSignal } = Context.current()
    try {
      return await next(input)
    } catch (error) {
      if (cancellationSignal.aborted) throw new CancelledFailure('cancelled', [], error instanceof Error ? error : undefined)
      throw toFailure(error, attempt)
    }
  }
}
