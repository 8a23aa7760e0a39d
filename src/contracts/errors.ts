/**
 * Every way in which Matinee says no, in one table: what it means, whether trying again can help,
 * and what a command or an HTTP request gets for it. `docs/errors.md` is checked against this table.
 */

interface ErrorKind {
  /** What happened, for a problem document's title. */
  readonly title: string
  /** Whether the same call can succeed later with nothing changed by a person. */
  readonly retryable: boolean
  /** Exit code of a command: 1 failed, 2 wrong use. */
  readonly exitCode: 1 | 2
  /** HTTP status where it reaches a client. */
  readonly status: number
}

const wrongUse = (title: string, status = 400): ErrorKind => ({ title, retryable: false, exitCode: 2, status })
const refused = (title: string, status = 409): ErrorKind => ({ title, retryable: false, exitCode: 1, status })
const away = (title: string, status = 503): ErrorKind => ({ title, retryable: true, exitCode: 1, status })

export const errorKinds = {
  configuration_invalid: wrongUse('A configuration value is wrong', 500),
  usage_invalid: wrongUse('The command was used wrongly'),
  request_invalid: wrongUse('The request is malformed'),
  week_invalid: wrongUse('That week does not exist'),
  time_invalid: wrongUse('That is not a local time'),
  week_refused: refused('There is nothing to train for that week'),
  source_unreachable: away('The source database does not answer'),
  source_denied: refused('The source database refused access'),
  source_schema: refused('A source table lacks what the contract names'),
  source_zone: refused('The source session cannot be set to the configured zone'),
  catalogue_refused: refused('The catalogue lost too many titles at once'),
  import_invalid: refused('A file to import cannot be read'),
  store_unreachable: away('The object store does not answer'),
  store_denied: refused('The object store refused access'),
  store_missing: refused('An object is missing from the store', 404),
  store_corrupt: refused('A stored object is not what its digest or schema says', 500),
  store_conflict: away('Another writer changed the object first', 409),
  temporal_unreachable: away('The Temporal server does not answer'),
  events_unreachable: away('The event database does not answer'),
  run_unknown: refused('No such run', 404),
  run_state: refused('The run is not in a state for that'),
  training_failed: away('A training process ended without a result', 500),
  training_diverged: refused('Training diverged', 500),
  training_memory: refused('Training does not fit into the memory it may use', 500),
  no_training_data: refused('There is nothing to train on'),
  parameter_invalid: wrongUse('A model parameter is wrong'),
  model_missing: away('No model is loaded yet'),
  model_incompatible: refused('The model is of a format this version cannot serve', 500),
  not_found: refused('Not found', 404),
  unauthorized: refused('A key is needed', 401),
  forbidden: refused('The key has not the role for that', 403),
  origin_refused: refused('The request comes from an origin or for a host that is not allowed', 403),
  media_type_unsupported: wrongUse('The request body is not of a type that the route takes', 415),
  body_too_large: wrongUse('The request body is too large', 413),
  rate_limited: away('Too many requests', 429),
  not_configured: refused('The feature is not configured', 501),
  tool_missing: refused('A tool that is needed is missing', 500),
  port_taken: refused('A port is taken', 500),
  internal: away('An unexpected fault', 500),
} as const satisfies Record<string, ErrorKind>

export type ErrorCode = keyof typeof errorKinds

export interface ErrorOptions {
  /** The ids that identify the case: week, table, key, run. Never a secret. */
  readonly details?: Readonly<Record<string, string | number | boolean>>
  readonly cause?: unknown
}

/** The only error that our code throws on purpose: a stable code, one line that names the thing and the way out. */
export class MatineeError extends Error {
  override readonly name = 'MatineeError'
  readonly code: ErrorCode
  readonly details: Readonly<Record<string, string | number | boolean>>

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.details = options.details ?? {}
  }

  get kind(): ErrorKind {
    return errorKinds[this.code]
  }
}
