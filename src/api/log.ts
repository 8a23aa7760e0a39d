/** The server's log: one JSON object a line, and of errors only what we chose to say. */
import { pino, type DestinationStream, type Logger } from 'pino'

export const createLog = (destination: DestinationStream): Logger =>
  pino(
    { serializers: { err: describeError }, redact: ['*.headers.authorization', '*.headers["x-api-key"]', '*.headers.cookie'] },
    destination,
  )

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
