/**
 * Who may do what. Keys and roles (read < write < admin); for what changes something, an origin and a host that are
 * allowed as well, so that no page of another site can write through the browser of someone on this machine.
 * Where no key is configured the server listens on loopback alone, and the host is checked for every request: a
 * name that an attacker points at 127.0.0.1 must not read either (DNS rebinding).
 */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { createHash, timingSafeEqual } from 'node:crypto'
import { BlockList, isIP } from 'node:net'
import type { ApiKey, Role } from '../config/environment.ts'
import { MatineeError } from '../contracts/errors.ts'
import type { Caller } from './caller.ts'
import type { Sessions } from './sessions.ts'

const rank: Readonly<Record<Role, number>> = { read: 0, write: 1, admin: 2 }

export interface AccessPolicy {
  /** Empty: open to whoever is on this machine. */
  readonly keys: readonly ApiKey[]
  /** Where the server listens. */
  readonly host: string
  readonly corsOrigins: readonly string[]
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Who may call: everyone, or a role and those above it. Absent: `read` for reading methods, `write` for others. */
    access?: 'public' | Role
    /** Callable from any origin with any content type, as the questionnaire's first clients do. */
    openToAllOrigins?: boolean
  }
  interface FastifyRequest {
    caller: Caller
  }
}

const anonymous: Caller = { name: 'anonymous', role: 'read' }
export const local: Caller = { name: 'local', role: 'admin' }

/** @throws MatineeError `configuration_invalid`: without keys nobody but this machine may reach the server. */
export function checkListenHost({ keys, host }: AccessPolicy): void {
  if (keys.length > 0 || isLoopback(host)) return
  throw new MatineeError(
    'configuration_invalid',
    `MATINEE_API_HOST: "${host}" can be reached from other machines while MATINEE_API_KEYS is empty; set MATINEE_API_KEYS ("matinee key create NAME ROLE" makes one) or listen on 127.0.0.1`,
    { details: { variable: 'MATINEE_API_HOST' } },
  )
}

export function registerAccess(app: FastifyInstance, policy: AccessPolicy, sessions: Sessions): void {
  app.decorateRequest('caller')
  app.addHook('onRequest', (request, _reply, done) => {
    const { access, openToAllOrigins = false } = request.routeOptions.config
    const writes = !['GET', 'HEAD', 'OPTIONS'].includes(request.method)
    request.caller = policy.keys.length === 0 ? local : anonymous
    if ((writes && !openToAllOrigins) || (policy.keys.length === 0 && access !== 'public')) checkHost(request, policy)
    if (access !== 'public') {
      const role = access ?? (writes ? 'write' : 'read')
      if (policy.keys.length > 0) request.caller = callerOf(request, policy.keys, sessions)
      if (rank[request.caller.role] < rank[role])
        throw new MatineeError('forbidden', `key "${request.caller.name}" has role ${request.caller.role}; this needs ${role}`)
    }
    if (writes && !openToAllOrigins && !request.is404) {
      checkOrigin(request, policy)
      if (request.method !== 'DELETE') checkContentType(request) // it has no body, and no form can send it
    }
    done()
  })
}

// --- keys -----------------------------------------------------------------------------------------------------

/** A key counts before a cookie: who sends one means it. */
function callerOf(request: FastifyRequest, keys: readonly ApiKey[], sessions: Sessions): Caller {
  const key = keyOf(request)
  const session = key === undefined ? sessions.callerOf(request.headers.cookie) : undefined
  if (session !== undefined) return session
  if (key === undefined) throw new MatineeError('unauthorized', 'send a key as "Authorization: Bearer KEY" or "x-api-key: KEY"')
  const caller = identify(key, keys)
  if (caller === undefined) throw new MatineeError('unauthorized', 'the key is not one of those that MATINEE_API_KEYS lists')
  return caller
}

function keyOf({ headers }: FastifyRequest): string | undefined {
  const bearer = /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '')?.[1]
  const header = headers['x-api-key']
  return bearer ?? (typeof header === 'string' && header !== '' ? header : undefined)
}

/** Compares with every key, in time that depends neither on the key given nor on those configured being alike. */
export function identify(key: string, keys: readonly ApiKey[]): Caller | undefined {
  const given = createHash('sha256').update(key).digest()
  let found: Caller | undefined
  for (const { name, role, sha256 } of keys) if (timingSafeEqual(given, Buffer.from(sha256, 'hex'))) found = { name, role }
  return found
}

// --- host and origin ------------------------------------------------------------------------------------------

const loopbackAddresses = new BlockList()
loopbackAddresses.addSubnet('127.0.0.0', 8, 'ipv4')
loopbackAddresses.addAddress('::1', 'ipv6')

/** `host` is a name or an address, without a port; IPv6 with or without brackets. */
export function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, '').toLowerCase()
  const family = isIP(bare)
  if (family !== 0) return loopbackAddresses.check(bare, family === 6 ? 'ipv6' : 'ipv4')
  return bare === 'localhost' || bare.endsWith('.localhost')
}

/** The host of a `Host` header without its port; undefined where it is none. */
function hostName(header: string | undefined): string | undefined {
  if (header === undefined || !URL.canParse(`http://${header}`)) return undefined
  const url = new URL(`http://${header}`)
  return url.pathname === '/' && url.username === '' && url.search === '' && url.hash === '' ? url.hostname : undefined
}

export function isHostAllowed(header: string | undefined, { host, corsOrigins }: AccessPolicy): boolean {
  const name = hostName(header)
  if (name === undefined) return false
  if (isLoopback(name) || name === hostName(isIP(host) === 6 ? `[${host}]` : host)) return true
  // Listening everywhere has many addresses. Rebinding needs a name: an address in the Host header cannot be one.
  if ((host === '0.0.0.0' || host === '::') && isIP(name.replace(/^\[|\]$/g, '')) !== 0) return true
  return corsOrigins.some((origin) => new URL(origin).hostname === name)
}

/** By policy, the host that was allowed last: parsing it takes as long as a look-up, and it is nearly always the same. */
const allowedLast = new WeakMap<AccessPolicy, string>()

function checkHost({ headers }: FastifyRequest, policy: AccessPolicy): void {
  if (headers.host !== undefined && headers.host === allowedLast.get(policy)) return
  if (isHostAllowed(headers.host, policy)) return void allowedLast.set(policy, headers.host ?? '')
  throw new MatineeError(
    'origin_refused',
    `host "${(headers.host ?? '').slice(0, 100)}" is not one that this server answers for; allowed are loopback names, MATINEE_API_HOST and the hosts of MATINEE_CORS_ORIGINS`,
  )
}

/** Absent (no browser), the server's own, or configured. */
export function isOriginAllowed(origin: string | undefined, host: string | undefined, corsOrigins: readonly string[]): boolean {
  if (origin === undefined || corsOrigins.includes(origin)) return true
  return host !== undefined && URL.canParse(origin) && new URL(origin).host === host.toLowerCase()
}

function checkOrigin({ headers }: FastifyRequest, { corsOrigins }: AccessPolicy): void {
  if (isOriginAllowed(headers.origin, headers.host, corsOrigins)) return
  throw new MatineeError(
    'origin_refused',
    `origin "${(headers.origin ?? '').slice(0, 100)}" is not allowed; MATINEE_CORS_ORIGINS lists those that are`,
  )
}

/** A form of another site can send text or form data without asking first, but not JSON. */
function checkContentType({ headers }: FastifyRequest): void {
  const type = (headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase()
  if (type === 'application/json') return
  throw new MatineeError(
    'media_type_unsupported',
    `content-type "${(headers['content-type'] ?? '').slice(0, 100)}" is not allowed; application/json is`,
  )
}
