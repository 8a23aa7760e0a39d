/** For dashboards: which models there are, which one serves, and what was measured of each week. */
import { Type } from 'typebox'
import { ModelManifest, WeekMetrics } from '../../contracts/documents.ts'
import { storeKeys } from '../../contracts/store-keys.ts'
import { promoteModel, rollBackModel, type Promotion } from '../../contracts/timeline.ts'
import { parseWeek } from '../../contracts/week.ts'
import { WeekReport as StoredReport } from '../../contracts/week-report.ts'
import type { Api, ApiDependencies } from '../api.ts'
import { DecisionBody, Promoted, WeekParameter, WeekReport } from '../operator-schemas.ts'
import { problems, ref, versionParameter } from '../schema-parts.ts'
import { MetricsOfWeeks, ModelDetail, Models, type ModelSummary } from '../schemas.ts'

export function modelRoutes(app: Api, { models, documents, store, clock }: ApiDependencies): void {
  app.get(
    '/v1/models',
    {
      schema: {
        operationId: 'listModels',
        tags: ['models'],
        summary: 'The models of the store, newest week first',
        response: { 200: ref(Models), ...problems(503) },
      },
    },
    async (request) => {
      const manifests = await documents.list(storeKeys.modelsPrefix, isManifest, ModelManifest, (error) =>
        request.log.warn({ err: error }, 'a manifest is left out'),
      )
      const serving = models.status().serving?.version
      return {
        items: manifests
          .map((manifest) => summaryOf(manifest, serving))
          .toSorted((a, b) => compareText(b.week, a.week) || compareText(b.created_at, a.created_at)),
      }
    },
  )

  app.get(
    '/v1/models/latest',
    {
      schema: {
        operationId: 'getLatestModel',
        tags: ['models'],
        summary: 'The model that serves now',
        response: { 200: ref(ModelDetail), ...problems(503) },
      },
    },
    () => ({ ...models.current().manifest, serving: true }),
  )

  app.get(
    '/v1/models/:version',
    {
      schema: {
        operationId: 'getModel',
        tags: ['models'],
        summary: 'Everything that is written down of one model',
        params: Type.Object({ version: versionParameter('Model version') }),
        response: { 200: ref(ModelDetail), ...problems(400, 404, 503) },
      },
    },
    async ({ params: { version } }) => {
      const key = storeKeys.model(version, 'manifest.json')
      const manifest = await documents.read(key, ModelManifest, `there is no model ${version}; /v1/models lists those that there are`)
      return { ...manifest, serving: models.status().serving?.version === version }
    },
  )

  app.get(
    '/v1/metrics',
    {
      schema: {
        operationId: 'listMetrics',
        tags: ['models'],
        summary: 'Everything measured, by week, oldest first',
        response: { 200: ref(MetricsOfWeeks), ...problems(503) },
      },
    },
    async (request) => {
      const items = await documents.list(storeKeys.metricsPrefix, storeKeys.isMetrics, WeekMetrics, (error) =>
        request.log.warn({ err: error }, 'a metrics file is left out'),
      )
      return { items: [...items] }
    },
  )

  app.get(
    '/v1/reports/:week',
    {
      schema: {
        operationId: 'getWeekReport',
        tags: ['models'],
        summary: 'What the run of a week tried, what won, and for whom it got better or worse',
        params: WeekParameter,
        response: { 200: ref(WeekReport), ...problems(400, 404, 503) },
      },
    },
    ({ params }) => {
      const week = parseWeek(params.week)
      return documents.read(storeKeys.weekReport(week, 'report.json'), StoredReport, `there is no report of week ${week}`)
    },
  )

  app.post(
    '/v1/models/:version/promote',
    {
      config: { access: 'admin' },
      schema: {
        operationId: 'promoteModel',
        tags: ['models'],
        summary: 'Lets a model of the store serve',
        params: Type.Object({ version: versionParameter('Model version') }),
        body: DecisionBody,
        response: { 200: ref(Promoted), ...problems(400, 404, 409, 415, 503) },
      },
    },
    async ({ params, body, caller }) =>
      promotedOf(await promoteModel(store, params.version, { by: caller.name, reason: body.reason, atMs: clock.nowMs() })),
  )

  app.post(
    '/v1/models/rollback',
    {
      config: { access: 'admin' },
      schema: {
        operationId: 'rollBackModel',
        tags: ['models'],
        summary: 'Lets the model serve that served before the present one came',
        body: DecisionBody,
        response: { 200: ref(Promoted), ...problems(400, 404, 409, 415, 503) },
      },
    },
    async ({ body, caller }) => promotedOf(await rollBackModel(store, { by: caller.name, reason: body.reason, atMs: clock.nowMs() })),
  )
}

const promotedOf = ({ version, previous, promotedAt }: Promotion) => ({
  version,
  previous: previous ?? null,
  promoted_at: promotedAt,
})

function summaryOf(manifest: ModelManifest, serving: string | undefined): ModelSummary {
  const { version, week, algorithm, candidate, users, items, pairs, created_at, metrics } = manifest
  return { version, week, algorithm, candidate, users, items, pairs, created_at, metrics, serving: version === serving }
}

const isManifest = (key: string): boolean => /^models\/[^/]+\/manifest\.json$/.test(key)

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
