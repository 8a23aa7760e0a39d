/** A run that waits for a person: updates `approve` and `reject`, and a deadline after which silence is a no. */
import { ApplicationFailure, condition, defineUpdate, setHandler } from '@temporalio/workflow'
import type { Verdict } from '../contracts/run.ts'
import { messages } from '../contracts/temporal-names.ts'

export const approveUpdate = defineUpdate<string, [Verdict]>(messages.approve)
export const rejectUpdate = defineUpdate<string, [Verdict]>(messages.reject)

export type HoldEnd = { readonly approved: true } | { readonly approved: false; readonly reason: string }

export class Hold {
  #state: 'none' | 'open' | HoldEnd = 'none'

  /** Handlers stand from the run's first moment, so that an answer outside a hold is refused and leaves no trace. */
  constructor() {
    const validator = (verdict: Verdict): void => {
      if (this.#state === 'none') throw ApplicationFailure.nonRetryable('this run is not held', 'run_state')
      if (this.#state !== 'open') throw ApplicationFailure.nonRetryable('this run was already answered', 'run_state')
      if (!verdict?.by || !verdict.reason)
        throw ApplicationFailure.nonRetryable('say who and why: {"by":"…","reason":"…"}', 'usage_invalid')
    }
    setHandler(
      approveUpdate,
      ({ by, reason }) => {
        this.#state = { approved: true }
        return `approved by ${by}: ${reason}`
      },
      { validator, description: 'Lets a held run go on. {"by": who, "reason": why}' },
    )
    setHandler(
      rejectUpdate,
      ({ by, reason }) => {
        this.#state = { approved: false, reason: `rejected by ${by}: ${reason}` }
        return `rejected by ${by}: ${reason}`
      },
      { validator, description: 'Ends a held run; the model that serves stays. {"by": who, "reason": why}' },
    )
  }

  async wait(hours: number, summary: string): Promise<HoldEnd> {
    this.#state = 'open'
    await condition(() => this.#state !== 'open', hours * 3_600_000, { summary })
    const end = this.#state
    if (end === 'open' || end === 'none') {
      this.#state = { approved: false, reason: `nobody answered within ${hours} hours` }
      return this.#state
    }
    return end
  }
}
