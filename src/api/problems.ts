/** Faults on their way to a client: RFC 9457 problem documents with a code of docs/errors.md. Translated here, once. */
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { errorKinds, MatineeError, type ErrorCode } from '../contracts/errors.ts'
import { explainValidation, type Invalid } from './explain-validation.ts'
import type { Problem } from './schema-parts.ts'

export const problemType = (code: ErrorCode): string => `/docs/errors.md#${code}`

/** Codes whose messages may name addresses, accounts or paths of the operator's. */
const confidential: ReadonlySet<ErrorCode> = new Set([
  'internal',
  'configuration_invalid',
  'source_unreachable',
  'source_denied',
  'source_schema',
  'source_zone',
  'store_unreachable',
  'store_denied',
  'temporal_unreachable',
  'events_unreachable',
])

/** What a client may be told of a fault; the whole of it stands in the log. */
export function publicMessage(error: unknown): string {
  if (!(error instanceof MatineeError)) return errorKinds.internal.title
  return confidential.has(error.code) ? error.kind.title : error.message
}

interface Told {
  readonly code: ErrorCode
  readonly detail: string
  readonly errors?: readonly Invalid[]
}

function told(error: unknown): Told {
  if (error instanceof MatineeError) return { code: error.code, detail: publicMessage(error) }
  if (isFastifyError(error)) {
    if (error.validation !== undefined) {
      const errors = explainValidation(error.validation, error.validationContext)
      return { code: 'request_invalid', detail: errors.map(({ message }) => message).join('; '), errors }
    }
    // Fastify's own refusals of a request say what is wrong with it, and nothing of the server.
    const { statusCode = 500 } = error
    if (statusCode === 404) return { code: 'not_found', detail: error.message }
    if (statusCode === 413) return { code: 'body_too_large', detail: error.message }
    if (statusCode === 415) return { code: 'media_type_unsupported', detail: error.message }
    if (statusCode >= 400 && statusCode < 500) return { code: 'request_invalid', detail: error.message }
  }
  return { code: 'internal', detail: errorKinds.internal.title }
}

const isFastifyError = (error: unknown): error is FastifyError =>
  error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number'

export function problemOf(error: unknown, request: { readonly id: string; readonly url: string }): Problem {
  const { code, detail, errors } = told(error)
  const { title, status } = errorKinds[code]
  return {
    type: problemType(code),
    title,
    status,
    detail: code === 'internal' ? `${detail}; the log has more of it under request ${request.id}` : detail,
    code,
    instance: pathOf(request.url),
    request_id: request.id,
    ...(errors === undefined ? {} : { errors: [...errors] }),
  }
}

/** Without the query, which may hold what does not belong into logs and answers. */
export const pathOf = (url: string): string => url.replace(/[?#].*$/s, '')

export function sendProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const problem = problemOf(error, request)
  if (problem.status >= 500 && problem.code !== 'model_missing') request.log.error({ err: error, code: problem.code }, problem.title)
  if (problem.status === 401) void reply.header('www-authenticate', 'Bearer realm="matinee"')
  if (problem.status === 503) void reply.header('retry-after', '5')
  if (problem.status === 429) void reply.header('retry-after', String(retryAfterOf(error)))
  return reply.code(problem.status).type('application/problem+json').send(JSON.stringify(problem))
}

const retryAfterOf = (error: unknown): number => {
  const seconds = error instanceof MatineeError ? error.details['retryAfterSeconds'] : undefined
  return typeof seconds === 'number' ? seconds : 1
}
