/** The OpenAPI document: made from the routes' schemas, served at `/openapi.json`, read by `/docs`, committed as docs/openapi.json. */
import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import { readFile } from 'node:fs/promises'
import { projectFile } from '../project-files.ts'
import type { Api } from './api.ts'

const errorsPage = projectFile('docs/errors.md')

/** To be registered before the routes, whose schemas it gathers. */
export async function registerOpenApi(app: Api, version: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Matinee',
        version,
        description:
          'Recommendations of the model that serves now. Every answer names its model version, so that it can be traced to its run and data.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: '/', description: 'This server' }],
      tags: [
        { name: 'recommendations', description: 'Lists of titles' },
        { name: 'catalogue', description: 'Titles, and what users watched' },
        { name: 'events', description: 'What users did since the model was trained' },
        { name: 'questionnaire', description: 'Five answers, one of twelve' },
        { name: 'models', description: 'Which models there are and how good they are' },
        { name: 'runs', description: 'Retraining, its data, and what was done about its models' },
        { name: 'operation', description: 'For whoever runs the server' },
      ],
      components: {
        securitySchemes: {
          bearer: { type: 'http', scheme: 'bearer', description: 'Needed where MATINEE_API_KEYS is set' },
          apiKey: { type: 'apiKey', in: 'header', name: 'x-api-key', description: 'The same key in a header of its own' },
          session: { type: 'apiKey', in: 'cookie', name: 'matinee_session', description: 'What POST /v1/session gives a browser' },
        },
      },
      // The empty one: without configured keys the server, then on loopback alone, asks for none.
      security: [{ bearer: [] }, { apiKey: [] }, { session: [] }, {}],
    },
    refResolver: {
      buildLocalReference: (json, _base, _fragment, index) => (typeof json['$id'] === 'string' ? json['$id'] : `schema-${index}`),
    },
  })

  app.addHook('onRoute', (route) => {
    if (route.url.startsWith('/docs')) route.config = { ...route.config, access: 'public' }
  })
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    uiConfig: { url: '/openapi.json', docExpansion: 'list', persistAuthorization: false },
    staticCSP:
      "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'",
  })
  app.get('/openapi.json', { config: { access: 'public' }, schema: { hide: true } }, () => app.swagger())
  // What a problem document's `type` points at.
  app.get('/docs/errors.md', { schema: { hide: true } }, async (_request, reply) =>
    reply.type('text/markdown; charset=utf-8').send(await readFile(errorsPage, 'utf8')),
  )
}

/** As it is committed: keys in the order of the routes, a newline at the end. */
export const openApiText = (app: Api): string => `${JSON.stringify(app.swagger(), null, 2)}\n`
