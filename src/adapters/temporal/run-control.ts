/**
 * Runs for the API: connects when first asked, and again after a failure, so that a server without Temporal serves all the same. Temporal's
 * libraries are loaded then too: they take 40 MiB and 0.4 s of a start.
 */
import type { Client } from '@temporalio/client'
import type { TemporalSettings } from '../../config/environment.ts'
import { MatineeError } from '../../contracts/errors.ts'
import type { RunControl, RunEntry, ScheduleState } from '../../contracts/serving-ports.ts'

/** A query waits for a worker; a page does not wait as long. */
const answerWithinMs = 10_000

export class TemporalRunControl implements RunControl {
  readonly #settings: TemporalSettings
  readonly #uiUrl: string | undefined
  #client: Promise<Client> | undefined

  /** @param uiUrl of Temporal's own pages, for links; without it entries have none */
  constructor(settings: TemporalSettings, uiUrl?: string) {
    this.#settings = settings
    this.#uiUrl = uiUrl?.replace(/\/+$/, '')
  }

  list(limit: number): Promise<readonly RunEntry[]> {
    return this.#asked(async (client) => {
      const { listRuns } = await import('./runs.ts')
      return (await listRuns(client, limit)).map((run) => ({ ...run, url: this.#urlOf(run) }))
    })
  }

  schedule(): Promise<ScheduleState | undefined> {
    return this.#asked(async (client) => {
      const { describeSchedule } = await import('./schedule.ts')
      const described = await describeSchedule(client, 'weekly')
      if (described === undefined) return undefined
      const { paused, note } = described.state
      return { nextAt: paused ? undefined : described.info.nextActionTimes[0]?.toISOString(), paused, note: note === '' ? undefined : note }
    })
  }

  #urlOf({ workflowId, runId }: { readonly workflowId: string; readonly runId: string }): string | undefined {
    if (this.#uiUrl === undefined) return undefined
    const parts = [this.#settings.namespace, 'workflows', workflowId, runId, 'history'].map((part) => encodeURIComponent(part))
    return `${this.#uiUrl}/namespaces/${parts.join('/')}`
  }

  progress(name: string): ReturnType<RunControl['progress']> {
    return this.#asked(async (client) => {
      const { findRun, progressOf } = await import('./runs.ts')
      const handle = await findRun(client, name)
      const { runId, status } = await handle.describe()
      return { workflowId: handle.workflowId, runId, status: status.name, progress: await progressOf(handle) }
    })
  }

  answer(name: string, answer: 'approve' | 'reject', by: string, reason: string): ReturnType<RunControl['answer']> {
    return this.#asked(async (client) => {
      const { answerHold, findRun } = await import('./runs.ts')
      const handle = await findRun(client, name)
      return { workflowId: handle.workflowId, said: await answerHold(handle, answer, by, reason) }
    })
  }

  async close(): Promise<void> {
    const client = await this.#client?.catch(() => undefined)
    await client?.connection.close()
  }

  async #asked<T>(work: (client: Client) => Promise<T>): Promise<T> {
    this.#client ??= import('./connect.ts').then(({ connectClient }) => connectClient(this.#settings))
    try {
      const client = await this.#client
      return await client.withDeadline(Date.now() + answerWithinMs, () => work(client))
    } catch (error) {
      if (error instanceof MatineeError && error.code !== 'temporal_unreachable') throw error
      const { ServiceError } = await import('@temporalio/client')
      const { address, namespace } = this.#settings
      if (error instanceof MatineeError) this.#client = undefined
      if (error instanceof MatineeError || error instanceof ServiceError)
        throw new MatineeError(
          'temporal_unreachable',
          `no answer from Temporal at ${address} (namespace ${namespace}), or none from a worker`,
          {
            cause: error,
          },
        )
      throw error
    }
  }
}
