/** From dependencies to a server that listens, and to one that has stopped with every request answered. */
import type { AddressInfo } from 'node:net'
import { collectGarbage } from '../adapters/free-memory.ts'
import { collectDefaultMetrics } from 'prom-client'
import type { FastifyBaseLogger } from 'fastify'
import { Value } from 'typebox/value'
import { MatineeError } from '../contracts/errors.ts'
import { GateThresholds } from '../contracts/data-gate.ts'
import type { Clock, ObjectStore } from '../contracts/ports.ts'
import type { EventStore, RunControl } from '../contracts/serving-ports.ts'
import { checkListenHost, type AccessPolicy } from './access.ts'
import { buildApp } from './app.ts'
import { createMetrics } from './metrics.ts'
import { ListedModels } from './listed-models.ts'
import { ListingHolder } from './listing.ts'
import { EventIndex } from './event-index.ts'
import { LocalClock } from './local-moment.ts'
import { ModelHolder } from './model-holder.ts'
import { QuestionnaireHolder } from './questionnaire-snapshot.ts'
import { DocumentReader } from './document-reader.ts'

export interface ServerOptions {
  readonly store: ObjectStore
  /** A store on local disk for a copy of the last good model. */
  readonly cache?: ObjectStore
  /** Where events are kept; without it the API takes none. */
  readonly events?: EventStore | undefined
  readonly runs?: RunControl | undefined
  /** Of the data gate; the usual ones where not given. */
  readonly gate?: GateThresholds
  /** IANA zone that release dates and viewings are told in. */
  readonly timeZone?: string
  readonly access: AccessPolicy
  /** 0: any free one. */
  readonly port: number
  readonly clock: Clock
  readonly log: FastifyBaseLogger
  /** Milliseconds between two looks at what should serve. */
  readonly pollMs?: number
  /** Milliseconds that requests under way have to end once the server stops. */
  readonly drainMs?: number
}

export interface RunningServer {
  /** Without a slash at its end. */
  readonly url: string
  /** Accepts no more connections, answers what has arrived, and ends. */
  close(): Promise<void>
}

/** Listens as soon as it can; `/readyz` tells when a model is loaded. @throws MatineeError `configuration_invalid`, `port_taken`. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const {
    store,
    cache,
    access,
    clock,
    log,
    port,
    runs,
    gate = Value.Create(GateThresholds),
    timeZone = 'Asia/Seoul',
    pollMs = 5000,
    drainMs = 10_000,
  } = options
  checkListenHost(access)
  const models = new ModelHolder({ store, cache, clock, log, pollMs, collectGarbage })
  const questionnaire = new QuestionnaireHolder({ store, cache, clock, log, pollMs })
  const listings = new ListingHolder({ store, cache, log, pollMs })
  const metrics = createMetrics(models, listings)
  collectDefaultMetrics({ register: metrics.registry })
  const events = options.events === undefined ? undefined : new EventIndex({ store: options.events, clock, log })
  const app = await buildApp({
    models: new ListedModels(models, listings),
    questionnaire,
    documents: new DocumentReader(store),
    store,
    events,
    runs,
    gate,
    clock: new LocalClock(clock, timeZone),
    metrics,
    access,
    log,
  })
  const stop = async (): Promise<void> => {
    listings.stop()
    await Promise.all([models.stop(), questionnaire.stop(), app.close()])
    await Promise.all([events?.stop(), runs?.close()])
  }
  void events?.start()
  await Promise.all([models.start(), listings.start(), questionnaire.start()])
  try {
    await app.listen({ host: access.host, port, listenTextResolver: (address) => `listening on ${address}` })
  } catch (error) {
    await stop()
    throw listenFault(error, access.host, port)
  }
  return {
    url: urlOf(app.server.address(), access.host),
    close: async () => {
      const deadline = setTimeout(() => app.server.closeAllConnections(), drainMs)
      await stop()
      clearTimeout(deadline)
    },
  }
}

function urlOf(address: AddressInfo | string | null, host: string): string {
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`
}

function listenFault(error: unknown, host: string, port: number): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'EADDRINUSE')
    return new MatineeError('port_taken', `port ${port} of ${host} is taken; stop what listens there or set MATINEE_API_PORT to another`, {
      cause: error,
      details: { host, port },
    })
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND' || code === 'EACCES')
    return new MatineeError(
      'configuration_invalid',
      `MATINEE_API_HOST, MATINEE_API_PORT: cannot listen on ${host}, port ${port} (${code})`,
      {
        cause: error,
      },
    )
  return error
}
