/** For operators: runs and the answer to a held one, what preprocessing found in the data, what was done about models. */
import { Type } from 'typebox'
import { FeaturesCurrent, FeaturesReport } from '../../contracts/documents.ts'
import { MatineeError } from '../../contracts/errors.ts'
import { LateDataLedger } from '../../contracts/late-data.ts'
import type { StagesProgress } from '../../contracts/run.ts'
import type { RunControl, RunEntry } from '../../contracts/serving-ports.ts'
import { storeKeys } from '../../contracts/store-keys.ts'
import { appendTimeline, isTimelineKey, TimelineEntry, timelinePrefix } from '../../contracts/timeline.ts'
import { isWeek, parseWeek } from '../../contracts/week.ts'
import type { Api, ApiDependencies } from '../api.ts'
import {
  AnswerBody,
  DataQuality,
  LateData,
  type Run,
  RunAnswer,
  RunDetail,
  RunId,
  Runs,
  RunsQuery,
  Schedule,
  Timeline,
  TimelineQuery,
  WeekParameter,
} from '../operator-schemas.ts'
import { problems, ref } from '../schema-parts.ts'

export function runRoutes(app: Api, { documents, runs, gate, store, clock }: ApiDependencies): void {
  const control = (): RunControl => {
    if (runs === undefined) throw new MatineeError('not_configured', 'this server has not been given a Temporal server (TEMPORAL_ADDRESS)')
    return runs
  }

  app.get(
    '/v1/runs',
    {
      schema: {
        operationId: 'listRuns',
        tags: ['runs'],
        summary: 'Runs of the weekly retraining, newest first',
        querystring: RunsQuery,
        response: { 200: ref(Runs), ...problems(400, 501, 503) },
      },
    },
    async ({ query }) => ({ items: (await control().list(query.limit ?? 50)).map(runOf) }),
  )

  app.get(
    '/v1/schedule',
    {
      schema: {
        operationId: 'getSchedule',
        tags: ['runs'],
        summary: 'When the next run starts',
        response: { 200: ref(Schedule), ...problems(501, 503) },
      },
    },
    async () => {
      const schedule = await control().schedule()
      return { next_at: schedule?.nextAt ?? null, paused: schedule?.paused ?? false, note: schedule?.note ?? null }
    },
  )

  app.get(
    '/v1/runs/:id',
    {
      schema: {
        operationId: 'getRun',
        tags: ['runs'],
        summary: 'Where a run is, step by step',
        params: Type.Object({ id: RunId }),
        response: { 200: ref(RunDetail), ...problems(404, 501, 503) },
      },
    },
    async ({ params }) => {
      const { workflowId, runId, status, progress } = await control().progress(params.id)
      return { workflow_id: workflowId, run_id: runId, status, ...detailOf(progress) }
    },
  )

  for (const answer of ['approve', 'reject'] as const)
    app.post(
      `/v1/runs/:id/${answer}`,
      {
        config: { access: 'admin' },
        schema: {
          operationId: `${answer}Run`,
          tags: ['runs'],
          summary: answer === 'approve' ? 'Lets a held run go on' : 'Ends a held run; the model that serves stays',
          params: Type.Object({ id: RunId }),
          body: AnswerBody,
          response: { 200: ref(RunAnswer), ...problems(400, 404, 409, 415, 501, 503) },
        },
      },
      async ({ params, body, caller }) => {
        const { reason = answer === 'approve' ? 'looked at and found right' : undefined } = body
        if (reason === undefined) throw new MatineeError('request_invalid', 'reason is missing from the body: say why')
        const { workflowId, said } = await control().answer(params.id, answer, caller.name, reason)
        await appendTimeline(store, {
          format: 1,
          at: new Date(clock.nowMs()).toISOString(),
          what: answer === 'approve' ? 'approved' : 'rejected',
          ...(isWeek(params.id) ? { week: params.id } : {}),
          run: { workflow_id: workflowId },
          by: caller.name,
          reason,
        })
        return { workflow_id: workflowId, said }
      },
    )

  app.get(
    '/v1/data-quality/:week',
    {
      schema: {
        operationId: 'getDataQuality',
        tags: ['runs'],
        summary: 'What preprocessing found in the data of a week',
        params: WeekParameter,
        response: { 200: ref(DataQuality), ...problems(400, 404, 503) },
      },
    },
    async ({ params }) => {
      const week = parseWeek(params.week)
      const absent = `week ${week} has not been preprocessed; /v1/models lists the weeks that were trained`
      const { digest } = await documents.read(storeKeys.featuresCurrent(week), FeaturesCurrent, absent)
      return {
        week,
        features: digest,
        report: await documents.read(storeKeys.features(week, digest, 'report.json'), FeaturesReport, absent),
        thresholds: gate,
      }
    },
  )

  app.get(
    '/v1/late-data',
    {
      schema: {
        operationId: 'listLateData',
        tags: ['runs'],
        summary: 'Weeks that changed in the source after they were trained',
        response: { 200: ref(LateData), ...problems(503) },
      },
    },
    async () => {
      const [ledger] = await documents.list(storeKeys.lateData, (key) => key === storeKeys.lateData, LateDataLedger, rethrow)
      return {
        items: (ledger?.changes ?? [])
          .toReversed()
          .map(({ before: _before, after: _after, ...change }) => ({ trained_again: null, ...change })),
      }
    },
  )

  app.get(
    '/v1/timeline',
    {
      schema: {
        operationId: 'listTimeline',
        tags: ['runs'],
        summary: 'What was promoted, rolled back, approved and rejected, newest first',
        querystring: TimelineQuery,
        response: { 200: ref(Timeline), ...problems(400, 503) },
      },
    },
    async (request) => {
      const entries = await documents.list(timelinePrefix, isTimelineKey, TimelineEntry, (error) =>
        request.log.warn({ err: error }, 'a timeline entry is left out'),
      )
      return {
        items: entries
          .toReversed()
          .slice(0, request.query.limit ?? 100)
          .map(({ at, what, version = null, previous = null, week = null, run, by, reason }) => ({
            at,
            what,
            version,
            previous,
            week,
            run: run === undefined ? null : { workflow_id: run.workflow_id, run_id: run.run_id ?? null },
            by,
            reason,
          })),
      }
    },
  )
}

const rethrow = (error: unknown): never => {
  throw error
}

const runOf = (run: RunEntry): Run => ({
  week: run.week ?? null,
  workflow_id: run.workflowId,
  run_id: run.runId,
  status: run.status,
  stage: run.stage ?? null,
  outcome: run.outcome ?? null,
  model: run.version ?? null,
  started_at: run.startedAt,
  ended_at: run.endedAt ?? null,
  url: run.url ?? null,
})

const instant = (ms: number | undefined): string | null => (ms === undefined ? null : new Date(ms).toISOString())

const detailOf = ({ stage, stages, breaches, version, outcome, heldUntilMs }: StagesProgress) => ({
  stage,
  outcome: outcome ?? null,
  model: version ?? null,
  held_until: instant(heldUntilMs),
  breaches: breaches.map(({ check, detail, finding }) => ({ check, detail, ...(finding === undefined ? {} : { finding }) })),
  stages: stages.map(({ name, state, startedAtMs, endedAtMs, detail, figures = [] }) => ({
    name,
    state,
    started_at: instant(startedAtMs),
    ended_at: instant(endedAtMs),
    detail: detail ?? null,
    figures: figures.map((figure) => ({ ...figure })),
  })),
})
