/**
 * Browsers' sessions: a key once, then a cookie that scripts cannot read and other sites' pages do not send. The cookie holds a random
 * token; of it this process keeps the digest, who it stands for and how long. A restart ends all sessions.
 */
import { createHash, randomBytes } from 'node:crypto'
import type { Clock } from '../contracts/ports.ts'
import type { Caller } from './caller.ts'

export const sessionCookie = 'matinee_session'

/** How long one lasts. */
export const lifeMs = 12 * 3_600_000
/** Beyond them the oldest end. */
const sessionsAtMost = 10_000

export interface Opened {
  readonly token: string
  readonly expiresMs: number
}

export class Sessions {
  readonly #clock: Clock
  readonly #sessions = new Map<string, { readonly caller: Caller; readonly expiresMs: number }>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  open(caller: Caller): Opened {
    const token = randomBytes(32).toString('base64url')
    const expiresMs = this.#clock.now() + lifeMs
    this.#sessions.set(digestOf(token), { caller, expiresMs })
    for (const [oldest, session] of this.#sessions) {
      if (this.#sessions.size <= sessionsAtMost && session.expiresMs > this.#clock.now()) break
      this.#sessions.delete(oldest)
    }
    return { token, expiresMs }
  }

  /** Who a `Cookie` header stands for. */
  callerOf(header: string | undefined): Caller | undefined {
    return this.find(header)?.caller
  }

  find(header: string | undefined): { readonly caller: Caller; readonly expiresMs: number } | undefined {
    const token = tokenOf(header)
    const session = token === undefined ? undefined : this.#sessions.get(digestOf(token))
    return session !== undefined && session.expiresMs > this.#clock.now() ? session : undefined
  }

  close(header: string | undefined): void {
    const token = tokenOf(header)
    if (token !== undefined) this.#sessions.delete(digestOf(token))
  }
}

/** Found by digest: how long that takes says nothing of any token. */
const digestOf = (token: string): string => createHash('sha256').update(token).digest('base64url')

const tokenOf = (header: string | undefined): string | undefined =>
  header
    ?.split(';')
    .map((part) => part.trim())
    .find((part) => part.startsWith(`${sessionCookie}=`))
    ?.slice(sessionCookie.length + 1)
