/** The server's log: one JSON object a line, and of errors only what we chose to say. */
import type { FastifyBaseLogger } from 'fastify'
import { pino, type Bindings, type ChildLoggerOptions, type DestinationStream, type Logger } from 'pino'
import { momentText } from './number-text.ts'

/**
 * Lines go out together, a tenth of a second late at most, and all that are left when the process ends: each by itself would cost a write
 * and a change of threads a request. Only a process that is killed by force loses what it said last.
 */
export const logDestination = (fd: number): DestinationStream => pino.destination({ fd, sync: false, minLength: 8192, periodicFlush: 100 })

export const createLog = (destination: DestinationStream): Logger =>
  pino({ serializers: { err: describeError }, formatters: { log: withoutHeaders }, timestamp }, destination)

/** As pino's own has it. */
const timestamp = (): string => `,"time":${momentText(Date.now())}`

/** Headers hold keys. pino's own redaction would copy every object that is logged, in most of the time that a line takes. */
function withoutHeaders(fields: Record<string, unknown>): Record<string, unknown> {
  let shown = fields
  for (const name of Object.keys(fields)) {
    const value = fields[name]
    if (typeof value === 'object' && value !== null && 'headers' in value && !(value instanceof Error))
      shown = { ...shown, [name]: { ...value, headers: '[Redacted]' } }
  }
  return shown
}

interface DescribedError {
  readonly type: string
  readonly message: string
  readonly code?: string
  readonly stack?: string
  readonly cause?: DescribedError
}

/** Drivers hang requests, queries and credentials on their errors as further fields: none of them is taken over. */
export function describeError(error: unknown, depth = 0): DescribedError {
  if (!(error instanceof Error)) return { type: typeof error, message: String(error) }
  return {
    type: error.name,
    message: error.message,
    ...('code' in error && typeof error.code === 'string' ? { code: error.code } : {}),
    ...(error.stack === undefined ? {} : { stack: error.stack }),
    ...(error.cause === undefined || depth === 5 ? {} : { cause: describeError(error.cause, depth + 1) }),
  }
}

type Level = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal'

/**
 * A request's logger that is made when something is to be said. Making one takes a tenth of the time of an answer that is a look-up,
 * and of such a request there is next to nothing to say.
 */
export class LateLogger implements FastifyBaseLogger {
  readonly #parent: FastifyBaseLogger
  readonly #bindings: Bindings
  readonly #options: ChildLoggerOptions | undefined
  #made: FastifyBaseLogger | undefined

  constructor(parent: FastifyBaseLogger, bindings: Bindings, options?: ChildLoggerOptions) {
    this.#parent = parent
    this.#bindings = bindings
    this.#options = options
  }

  get level(): string {
    return this.#parent.level
  }
  child(bindings: Bindings, options?: ChildLoggerOptions): FastifyBaseLogger {
    return this.#own().child(bindings, options)
  }
  trace(...said: readonly unknown[]): void {
    if (this.level === 'trace') this.#say('trace', said)
  }
  debug(...said: readonly unknown[]): void {
    if (this.level === 'trace' || this.level === 'debug') this.#say('debug', said)
  }
  info(...said: readonly unknown[]): void {
    this.#say('info', said)
  }
  warn(...said: readonly unknown[]): void {
    this.#say('warn', said)
  }
  error(...said: readonly unknown[]): void {
    this.#say('error', said)
  }
  fatal(...said: readonly unknown[]): void {
    this.#say('fatal', said)
  }
  silent(): void {}

  #own(): FastifyBaseLogger {
    return (this.#made ??= this.#parent.child(this.#bindings, this.#options))
  }
  #say(level: Level, said: readonly unknown[]): void {
    const own = this.#own()
    Reflect.apply(own[level], own, said)
  }
}
