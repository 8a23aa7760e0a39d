/** The HTTP API as a Fastify application, built from what it is given and without listening: tests inject requests. */
import type { Api, ApiDependencies } from './api.ts'
import { registerOpenApi } from './openapi.ts'
import { catalogueRoutes } from './routes/catalogue.ts'
import { eventSchemas } from './event-schemas.ts'
import { operatorSchemas } from './operator-schemas.ts'
import { eventRoutes } from './routes/events.ts'
import { modelRoutes } from './routes/models.ts'
import { operationRoutes } from './routes/operation.ts'
import { runRoutes } from './routes/runs.ts'
import { sessionRoutes } from './routes/session.ts'
import { questionnaireRoutes } from './routes/questionnaire.ts'
import { recommendationRoutes } from './routes/recommendations.ts'
import { webRoutes } from './routes/web.ts'
import { sharedSchemas } from './schemas.ts'
import { buildShell } from './shell.ts'

/** Of the API, not of the package: clients are generated from its document. */
const apiVersion = '1.0.0'

export async function buildApp(dependencies: ApiDependencies): Promise<Api> {
  const { app, sessions } = await buildShell(dependencies)
  for (const schema of [...sharedSchemas, ...eventSchemas, ...operatorSchemas]) app.addSchema(schema)
  await registerOpenApi(app, apiVersion)
  operationRoutes(app, dependencies)
  recommendationRoutes(app, dependencies)
  catalogueRoutes(app, dependencies)
  eventRoutes(app, dependencies)
  modelRoutes(app, dependencies)
  runRoutes(app, dependencies)
  sessionRoutes(app, dependencies, sessions)
  await webRoutes(app)
  await questionnaireRoutes(app, dependencies)
  return app
}
