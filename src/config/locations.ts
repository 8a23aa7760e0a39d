/** Database and store URLs: parsed once, described without their secrets. */
import { MatineeError } from '../contracts/errors.ts'

export type DatabaseLocation =
  | { readonly kind: 'sqlite'; readonly path: string }
  | {
      readonly kind: 'mysql'
      readonly host: string
      readonly port: number
      readonly user: string
      readonly password: string
      readonly database: string
      /** `off`: plain; `required`: encrypted, any certificate; `verify`: encrypted, the certificate must check out. */
      readonly tls: 'off' | 'required' | 'verify'
      /** At most so many rows a second are read of one table; without it as many as the server gives. */
      readonly rowsPerSecond?: number
    }

export type StoreLocation =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 's3'; readonly bucket: string; readonly prefix: string; readonly region?: string; readonly endpoint?: string }

const wrong = (variable: string, problem: string): MatineeError =>
  new MatineeError('configuration_invalid', `${variable}: ${problem}`, { details: { variable } })

function parseUrl(variable: string, text: string, allowed: string): URL {
  try {
    return new URL(text)
  } catch {
    throw wrong(variable, `not a URL; write ${allowed}`) // the value may hold a password: never repeat it
  }
}

export function parseDatabaseUrl(variable: string, text: string, passwordFromElsewhere?: string): DatabaseLocation {
  const allowed = 'mysql://user:pass@host:3306/database or sqlite:PATH'
  if (text.startsWith('sqlite:')) {
    const path = text.slice('sqlite:'.length)
    if (path === '') throw wrong(variable, `"sqlite:" names no file; write ${allowed}`)
    return { kind: 'sqlite', path }
  }
  const url = parseUrl(variable, text, allowed)
  if (url.protocol !== 'mysql:') throw wrong(variable, `"${url.protocol}" is not supported; write ${allowed}`)
  const database = decodeURIComponent(url.pathname.slice(1))
  if (url.hostname === '' || database === '' || database.includes('/'))
    throw wrong(variable, `host or database is missing; write ${allowed}`)
  const tls = url.searchParams.get('tls') ?? 'off'
  if (tls !== 'off' && tls !== 'required' && tls !== 'verify') throw wrong(variable, `tls=${tls} is not one of off, required, verify`)
  for (const name of url.searchParams.keys())
    if (name !== 'tls' && name !== 'rows_per_second') throw wrong(variable, `unknown option "${name}"; known are tls and rows_per_second`)
  const rowsPerSecond = url.searchParams.get('rows_per_second')
  if (rowsPerSecond !== null && !/^[1-9]\d{0,8}$/.test(rowsPerSecond))
    throw wrong(variable, `rows_per_second=${rowsPerSecond} is not a whole number from 1 to 999999999`)
  return {
    kind: 'mysql',
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? 3306 : Number(url.port),
    user: decodeURIComponent(url.username) || 'root',
    password: passwordFromElsewhere ?? decodeURIComponent(url.password),
    database,
    tls,
    ...(rowsPerSecond === null ? {} : { rowsPerSecond: Number(rowsPerSecond) }),
  }
}

export function parseStoreUrl(variable: string, text: string): StoreLocation {
  const allowed = 's3://bucket/prefix?region=…&endpoint=… or file:PATH'
  if (text.startsWith('file:')) {
    const path = text.startsWith('file://') ? decodeURIComponent(parseUrl(variable, text, allowed).pathname) : text.slice('file:'.length)
    if (path === '') throw wrong(variable, `"${text}" names no folder; write ${allowed}`)
    return { kind: 'file', path }
  }
  const url = parseUrl(variable, text, allowed)
  if (url.protocol !== 's3:') throw wrong(variable, `"${url.protocol}" is not supported; write ${allowed}`)
  if (url.username !== '' || url.password !== '')
    throw wrong(variable, 'credentials do not belong into the URL; the AWS default chain reads them (AWS_ACCESS_KEY_ID, a profile, a role)')
  for (const name of url.searchParams.keys())
    if (name !== 'region' && name !== 'endpoint') throw wrong(variable, `unknown option "${name}"; known are region and endpoint`)
  const region = url.searchParams.get('region')
  const endpoint = url.searchParams.get('endpoint')
  if (endpoint !== null && !URL.canParse(endpoint)) throw wrong(variable, `endpoint "${endpoint}" is not a URL`)
  return {
    kind: 's3',
    bucket: url.hostname,
    prefix: decodeURIComponent(url.pathname).replace(/^\/+|\/+$/g, ''),
    ...(region === null ? {} : { region }),
    ...(endpoint === null ? {} : { endpoint }),
  }
}

/** For people, logs and errors: no password. */
export function describeDatabase(location: DatabaseLocation): string {
  if (location.kind === 'sqlite') return `sqlite:${location.path}`
  return `mysql://${location.user}@${location.host}:${location.port}/${location.database}`
}

export function describeStore(location: StoreLocation): string {
  if (location.kind === 'file') return `file:${location.path}`
  return `s3://${location.bucket}${location.prefix === '' ? '' : `/${location.prefix}`}${location.endpoint === undefined ? '' : ` at ${location.endpoint}`}`
}
