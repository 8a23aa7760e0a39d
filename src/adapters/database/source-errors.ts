/** What drivers say went wrong with the source, in our own codes. Their errors stay as causes; none holds a password. */
import { MatineeError, type ErrorCode } from '../../contracts/errors.ts'

/** By the driver's code: MySQL's symbols, Node's, SQLite's. */
const codes: Readonly<Record<string, ErrorCode>> = {
  ER_ACCESS_DENIED_ERROR: 'source_denied',
  ER_ACCESS_DENIED_NO_PASSWORD_ERROR: 'source_denied',
  ER_DBACCESS_DENIED_ERROR: 'source_denied',
  ER_TABLEACCESS_DENIED_ERROR: 'source_denied',
  ER_COLUMNACCESS_DENIED_ERROR: 'source_denied',
  ER_SPECIFIC_ACCESS_DENIED_ERROR: 'source_denied',
  ER_HOST_NOT_PRIVILEGED: 'source_denied',
  ER_HOST_IS_BLOCKED: 'source_denied',
  ER_MUST_CHANGE_PASSWORD: 'source_denied',
  ER_ACCOUNT_HAS_BEEN_LOCKED: 'source_denied',
  ER_NOT_SUPPORTED_AUTH_MODE: 'source_denied',
  ER_SECURE_TRANSPORT_REQUIRED: 'source_denied',
  HANDSHAKE_NO_SSL_SUPPORT: 'source_denied',
  HANDSHAKE_SSL_ERROR: 'source_denied',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'source_denied',
  SELF_SIGNED_CERT_IN_CHAIN: 'source_denied',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'source_denied',
  CERT_HAS_EXPIRED: 'source_denied',
  ERR_TLS_CERT_ALTNAME_INVALID: 'source_denied',
  SQLITE_AUTH: 'source_denied',
  SQLITE_PERM: 'source_denied',
  ER_BAD_DB_ERROR: 'source_schema',
  ER_NO_SUCH_TABLE: 'source_schema',
  ER_BAD_FIELD_ERROR: 'source_schema',
  SQLITE_ERROR: 'source_schema',
  SQLITE_NOTADB: 'source_schema',
}

/** Everything that is not known to need a person counts as away: the source may answer later. */
export function sourceError(error: unknown, location: string): MatineeError {
  if (error instanceof MatineeError) return error
  const code = codes[driverCode(error)] ?? 'source_unreachable'
  const said = describe(error)
  const what = {
    source_denied: `${location} refused access: ${said}; check user, password, grants and tls`,
    source_schema: `${location} cannot be read as the contract says: ${said}`,
    source_unreachable: `${location} does not answer: ${said}; check host, port and that the server runs`,
  } as const satisfies Partial<Record<ErrorCode, string>>
  return new MatineeError(code, what[code as keyof typeof what], { cause: error, details: { source: location } })
}

function driverCode(error: unknown): string {
  if (!(error instanceof Error)) return ''
  return 'code' in error && typeof error.code === 'string' ? error.code : driverCode(error.cause)
}

/** One line. Node reports a host with several addresses as an `AggregateError` without a message of its own. */
function describe(error: unknown): string {
  const inner = error instanceof AggregateError && error.message === '' ? error.errors[0] : error
  const message = inner instanceof Error ? inner.message : String(inner)
  return message.replaceAll(/\s+/g, ' ').trim() || driverCode(error) || 'no reason given'
}
