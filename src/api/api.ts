/** What routes are given: a Fastify that takes types from TypeBox schemas, and what they read from. */
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { GateThresholds } from '../contracts/data-gate.ts'
import type { ObjectStore } from '../contracts/ports.ts'
import type { RunControl } from '../contracts/serving-ports.ts'
import type { AccessPolicy } from './access.ts'
import type { ApiMetrics } from './metrics.ts'
import type { ServingModels } from './model-holder.ts'
import type { QuestionnaireSnapshot } from './questionnaire-snapshot.ts'
import type { DocumentReader } from './document-reader.ts'
import type { EventIndex } from './event-index.ts'
import type { LocalClock } from './local-moment.ts'
import type { Rate } from './token-bucket.ts'

export type Api = FastifyInstance<RawServerDefault, IncomingMessage, ServerResponse, FastifyBaseLogger, TypeBoxTypeProvider>

export interface ApiDependencies {
  readonly models: ServingModels
  readonly questionnaire: ServingModels<QuestionnaireSnapshot>
  readonly documents: DocumentReader
  /** For what operators change; everything else is read through `documents` and `models`. */
  readonly store: ObjectStore
  /** Absent where MATINEE_EVENTS_URL is not set. */
  readonly events?: EventIndex | undefined
  readonly runs?: RunControl | undefined
  /** Shown beside what they are held against; the worker does the holding. */
  readonly gate: GateThresholds
  readonly clock: LocalClock
  readonly eventRate?: Rate | undefined
  readonly metrics: ApiMetrics
  readonly access: AccessPolicy
  /** Pino, or what has its form. */
  readonly log: FastifyBaseLogger
}
