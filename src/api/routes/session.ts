/** A key for a cookie, for the web app: a page's scripts never hold the key. */
import { Type } from 'typebox'
import { MatineeError } from '../../contracts/errors.ts'
import { identify, local } from '../access.ts'
import type { Caller } from '../caller.ts'
import type { Api, ApiDependencies } from '../api.ts'
import { Session, SessionBody } from '../operator-schemas.ts'
import { problems, publicProblems, ref } from '../schema-parts.ts'
import { lifeMs, sessionCookie, type Sessions } from '../sessions.ts'
import { rateLimited, TokenBuckets } from '../token-bucket.ts'

const answerOf = ({ name, role }: Caller, expiresMs: number | undefined) => ({
  name,
  role,
  expires_at: expiresMs === undefined ? null : new Date(expiresMs).toISOString(),
})

const cookie = (value: string, seconds: number, origin: string | undefined): string =>
  [
    `${sessionCookie}=${value}`,
    'Path=/',
    'HttpOnly',
    'SameSite=Strict',
    `Max-Age=${seconds}`,
    ...(origin?.startsWith('https:') ? ['Secure'] : []),
  ].join('; ')

export function sessionRoutes(app: Api, { access, clock }: ApiDependencies, sessions: Sessions): void {
  const open = access.keys.length === 0
  const buckets = new TokenBuckets({ perSecond: 1, burst: 20 }, { now: () => clock.nowMs() })
  app.post(
    '/v1/session',
    {
      config: { access: 'public' },
      schema: {
        operationId: 'openSession',
        tags: ['operation'],
        summary: 'A key for a session cookie (HttpOnly, SameSite=Strict)',
        security: [],
        body: SessionBody,
        response: { 200: ref(Session), ...publicProblems(400, 401, 403, 415, 429) },
      },
    },
    (request, reply) => {
      if (open) return answerOf(local, undefined)
      const wait = buckets.take(request.ip, 1)
      if (wait > 0) throw rateLimited(wait, 'too many sessions were asked for')
      const caller = identify(request.body.key, access.keys)
      if (caller === undefined) throw new MatineeError('unauthorized', 'the key is not one of those that MATINEE_API_KEYS lists')
      const { token, expiresMs } = sessions.open(caller)
      void reply.header('set-cookie', cookie(token, lifeMs / 1000, request.headers.origin))
      return answerOf(caller, expiresMs)
    },
  )

  app.get(
    '/v1/session',
    {
      schema: {
        operationId: 'getSession',
        tags: ['operation'],
        summary: 'Who asks, and what that key may',
        response: { 200: ref(Session), ...problems() },
      },
    },
    ({ caller, headers }) => answerOf(caller, sessions.find(headers.cookie)?.expiresMs),
  )

  app.delete(
    '/v1/session',
    {
      config: { access: 'read' },
      schema: {
        operationId: 'closeSession',
        tags: ['operation'],
        summary: 'Ends the session of the cookie',
        response: { 204: Type.Null({ description: 'Ended' }), ...problems() },
      },
    },
    (request, reply) => {
      sessions.close(request.headers.cookie)
      void reply.header('set-cookie', cookie('', 0, request.headers.origin)).code(204)
      return null
    },
  )
}
