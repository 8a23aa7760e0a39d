/**
 * What the API is compared with: a Fastify route that sends a prepared buffer. `bare`: inside the API's own shell, with the same headers,
 * log, access and times of requests; `plain`: with nothing.
 */
import { fastify } from 'fastify'
import { Counter, Registry } from 'prom-client'
import { yieldToMainThread } from '../../src/adapters/background-threads.ts'
import { LocalClock } from '../../src/api/local-moment.ts'
import { createLog, logDestination } from '../../src/api/log.ts'
import { buildShell } from '../../src/api/shell.ts'

const [kind, port, bytes] = process.argv.slice(2)
yieldToMainThread()
const clock = { now: Date.now }
const registry = new Registry()
const recommendations = new Counter({ name: 'recommendations', help: 'lists', labelNames: ['source'], registers: [registry] })
const app =
  kind === 'plain'
    ? fastify()
    : (
        await buildShell({
          access: { keys: [], host: '127.0.0.1', corsOrigins: [] },
          clock: new LocalClock(clock, 'Asia/Seoul'),
          metrics: { registry, recommendations },
          log: createLog(logDestination(2)),
        })
      ).app
const body = Buffer.alloc(Number(bytes), 'x')
app.get('/v1/users/:id/recommendations', (_request, reply) => void reply.type('application/json; charset=utf-8').send(body))
app.get('/ready', () => ({}))
await app.listen({ host: '127.0.0.1', port: Number(port) })
process.once('SIGTERM', () => process.exit(0))
