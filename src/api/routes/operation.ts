/** For whoever runs the server: is it alive, can it answer, what does it do. */
import { MatineeError } from '../../contracts/errors.ts'
import type { Api, ApiDependencies } from '../api.ts'
import { publicProblems, ref } from '../schema-parts.ts'
import { Health, Readiness } from '../schemas.ts'

export function operationRoutes(app: Api, { models, metrics }: ApiDependencies): void {
  let stopping = false
  app.addHook('preClose', () => {
    stopping = true
  })

  app.get(
    '/healthz',
    {
      config: { access: 'public' },
      schema: {
        operationId: 'getHealth',
        tags: ['operation'],
        summary: 'Whether the process answers at all',
        security: [],
        response: { 200: ref(Health) },
      },
    },
    () => ({ status: 'ok' as const }),
  )

  app.get(
    '/readyz',
    {
      config: { access: 'public' },
      schema: {
        operationId: 'getReadiness',
        tags: ['operation'],
        summary: 'Whether a model is loaded, which one, and why a newer one is not',
        security: [],
        response: { 200: ref(Readiness), ...publicProblems(503) },
      },
      // Who asks waits for the server to be ready: a serialiser made of the schema would take longer to make than all of these answers.
      serializerCompiler: () => JSON.stringify,
    },
    () => {
      if (stopping) throw new MatineeError('model_missing', 'the server is stopping')
      const { manifest } = models.current()
      const { origin = 'cache', problem } = models.status()
      return {
        status: 'ready' as const,
        model: manifest.version,
        week: manifest.week,
        origin,
        problem:
          problem === undefined
            ? null
            : {
                code: problem.code,
                detail: problem.detail,
                version: problem.version ?? null,
                since: new Date(problem.sinceMs).toISOString(),
              },
      }
    },
  )

  app.get('/metrics', { config: { access: 'public' }, schema: { hide: true } }, async (_request, reply) =>
    reply.type(metrics.registry.contentType).send(await metrics.registry.metrics()),
  )
}
