/**
 * The application without its routes: what is done of every request, whatever it asks for. Headers, who may call, errors as problem
 * documents, a line of the log, times for Prometheus.
 */
import { AjvCompiler, type ValidatorFactory } from '@fastify/ajv-compiler'
import cors from '@fastify/cors'
import { SerializerSelector } from '@fastify/fast-json-stringify-compiler'
import { fastify, LogController, type ConnectionError, type FastifyRequest, type FastifySchemaCompiler } from 'fastify'
import { randomUUID } from 'node:crypto'
import type { Socket } from 'node:net'
import { MatineeError } from '../contracts/errors.ts'
import { registerAccess } from './access.ts'
import type { Api, ApiDependencies } from './api.ts'
import { LateLogger } from './log.ts'
import { measureRequests } from './metrics.ts'
import { pathOf, problemOf, sendProblem } from './problems.ts'
import { Sessions } from './sessions.ts'

/** What the shell needs; the rest is for routes. */
export type ShellDependencies = Pick<ApiDependencies, 'access' | 'clock' | 'metrics' | 'log'>

export interface Shell {
  readonly app: Api
  readonly sessions: Sessions
}

export async function buildShell(dependencies: ShellDependencies): Promise<Shell> {
  const app: Api = fastify({
    loggerInstance: dependencies.log,
    childLoggerFactory: (logger, bindings, options) => new LateLogger(logger, bindings, options),
    schemaController: { compilersFactory: { buildValidator: lateValidators as ValidatorFactory, buildSerializer: lateSerializers } },
    logController: new LogController({ disableRequestLogging: true }), // logRequests below writes one line a request
    bodyLimit: 1024 * 1024,
    requestTimeout: 30_000,
    keepAliveTimeout: 65_000, // above the usual 60 s of a balancer, which must be the one to close
    // While stopping, what has arrived is answered; readiness and `connection: close` send the next elsewhere.
    return503OnClosing: false,
    requestIdHeader: false,
    genReqId: (request) => acceptedId(request.headers['x-request-id']) ?? randomUUID(),
    routerOptions: { maxParamLength: 4096, ignoreTrailingSlash: false },
    ajv: { customOptions: { coerceTypes: 'array', removeAdditional: false, useDefaults: true, allErrors: false, verbose: true } },
    clientErrorHandler: refuseConnection,
    // A URL that cannot be decoded meets no hook: it gets its headers here.
    frameworkErrors: (error, request, reply) => {
      void reply.headers(answerHeaders(request.id))
      void sendProblem(error, request, reply)
    },
  })
  app.setErrorHandler((error, request, reply) => sendProblem(error, request, reply))
  app.setNotFoundHandler((request, reply) =>
    sendProblem(
      new MatineeError('not_found', `there is no ${request.method} ${pathOf(request.url)}; /docs lists what there is`),
      request,
      reply,
    ),
  )

  // Hooks of every request call back: a promise each costs more than all that they do.
  app.addHook('onRequest', (request, reply, done) => {
    void reply.headers(request.routeOptions.config.openToAllOrigins === true ? openHeaders(request.id) : answerHeaders(request.id))
    done()
  })
  let stopping = false
  app.addHook('preClose', async () => {
    stopping = true
  })
  app.addHook('onSend', (_request, reply, _payload, done) => {
    if (stopping) void reply.header('connection', 'close')
    done()
  })
  logRequests(app)
  measureRequests(app, dependencies.metrics.registry)
  if (dependencies.access.corsOrigins.length > 0)
    await app.register(cors, {
      origin: [...dependencies.access.corsOrigins],
      methods: ['GET', 'HEAD', 'POST'],
      allowedHeaders: ['authorization', 'content-type', 'x-api-key', 'x-request-id'],
      exposedHeaders: ['etag', 'x-request-id', 'retry-after'],
      maxAge: 600,
    })
  const sessions = new Sessions({ now: () => dependencies.clock.nowMs() })
  registerAccess(app, dependencies.access, sessions)
  app.removeContentTypeParser('text/plain')
  app.addHook('preValidation', (request, _reply, done) => {
    dropEmptyParameters(request)
    done()
  })
  return { app, sessions }
}

/** For answers that no page is made of; `/docs` sets its own policy. Answers about people stay out of caches. */
const answerHeaders = (requestId: string) => ({
  'x-request-id': requestId,
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
})

/** For what every page may read: there is nothing to keep from another origin, and each header takes time. */
const openHeaders = (requestId: string) => ({ 'x-request-id': requestId, 'x-content-type-options': 'nosniff' })

/** What is not HTTP reaches no route and no hook. */
function refuseConnection(error: ConnectionError, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy()
  const requestId = randomUUID()
  const late = error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
  const detail = late ? 'the request did not arrive in time' : 'this is not an HTTP request that can be read'
  const headers = Object.entries({
    ...answerHeaders(requestId),
    'content-type': 'application/problem+json',
    connection: 'close',
  })
  const body = JSON.stringify(problemOf(new MatineeError('request_invalid', detail), { id: requestId, url: '' }))
  socket.end(
    [
      'HTTP/1.1 400 Bad Request',
      ...headers.map(([name, value]) => `${name}: ${value}`),
      `content-length: ${Buffer.byteLength(body)}`,
      '',
      body,
    ].join('\r\n'),
  )
}

const acceptedId = (header: string | string[] | undefined): string | undefined =>
  typeof header === 'string' && /^[\w.-]{8,128}$/.test(header) ? header : undefined

/** `genre=&max_age=` means the same as neither. */
function dropEmptyParameters({ query }: FastifyRequest): void {
  if (typeof query !== 'object' || query === null) return
  for (const [name, value] of Object.entries(query)) if (value === '') Reflect.deleteProperty(query, name)
}

/*
 * Validators and serialisers are made of their schemas when first used: making all of them is a large part of a start, and the serialisers of
 * problem documents, several a route, are never used (sendProblem writes text).
 */

type SchemaCompiler = FastifySchemaCompiler<unknown>
type Validate = ReturnType<SchemaCompiler>

const lateValidators = (...[schemas, options]: Parameters<typeof eagerValidators>): SchemaCompiler => {
  let compile: SchemaCompiler | undefined
  return (route) => {
    let made: Validate | undefined
    const validate: Validate = (data) => {
      compile ??= eagerValidators(schemas, options) as SchemaCompiler
      made ??= compile(route)
      const result = made(data)
      validate.errors = made.errors ?? null
      return result
    }
    return validate
  }
}
const eagerValidators = AjvCompiler()

const lateSerializers: ReturnType<typeof SerializerSelector> = (schemas, options) => {
  const compile = eagerSerializers(schemas, options)
  return (route) => {
    let serialize: ReturnType<typeof compile> | undefined
    return (data: unknown) => (serialize ??= compile(route))(data)
  }
}
const eagerSerializers = SerializerSelector()

/** One line a request, with the route's pattern in place of the path: ids of users do not belong into logs. */
function logRequests(app: Api): void {
  app.addHook('onResponse', (request, reply, done) => {
    const status = reply.statusCode
    const broken = status >= 500 && status !== 503
    const probe = !broken && request.routeOptions.config.access === 'public' // every few seconds
    if (probe && app.log.level !== 'debug' && app.log.level !== 'trace') return done()
    const route = request.is404 ? 'none' : request.routeOptions.url
    const milliseconds = Math.round(reply.elapsedTime * 100) / 100
    const fields = { reqId: request.id, method: request.method, route, status, milliseconds }
    app.log[broken ? 'error' : probe ? 'debug' : 'info'](fields, 'answered')
    done()
  })
}
