/** Tells a webhook of runs: one POST of JSON a notice. */
import { MatineeError } from '../contracts/errors.ts'
import type { Notifier } from '../contracts/ports.ts'
import type { Notice } from '../contracts/run.ts'

const ANSWER_MS = 10_000

export class Webhook implements Notifier {
  readonly #url: string | undefined

  /** @param url may hold a secret: it is in no message */
  constructor(url: string | undefined) {
    this.#url = url
  }

  async notify(notice: Notice): Promise<void> {
    if (this.#url === undefined) return
    const { origin, status } = await this.#post(this.#url, JSON.stringify(notice))
    if (status >= 300) throw new MatineeError('internal', `the webhook at ${origin} answered ${status} to "${notice.event}"`)
  }

  async #post(url: string, body: string): Promise<{ readonly origin: string; readonly status: number }> {
    const { host: origin } = new URL(url)
    try {
      const answer = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
        redirect: 'error',
        signal: AbortSignal.timeout(ANSWER_MS),
      })
      await answer.body?.cancel()
      return { origin, status: answer.status }
    } catch (error) {
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
      const said = cause instanceof Error ? cause.message : String(cause)
      throw new MatineeError('internal', `the webhook at ${origin} cannot be told: ${said.replaceAll(url, '…')}`)
    }
  }
}
