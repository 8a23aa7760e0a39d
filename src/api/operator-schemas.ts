/** What operators' dashboards see and do: runs, data quality, the timeline, sessions, promotion. */
import { Type, type Static } from 'typebox'
import { Finding, GateThresholds } from '../contracts/data-gate.ts'
import { FeaturesReport } from '../contracts/documents.ts'
import { LateChange } from '../contracts/late-data.ts'
import { timelineEvents } from '../contracts/timeline.ts'
import { WeekReport as StoredReport } from '../contracts/week-report.ts'
import { exampleDataQuality, exampleReport } from './example-figures.ts'
import { nullable, oneOf, ref, shared } from './schema-parts.ts'

export const RunId = Type.String({
  minLength: 1,
  maxLength: 256,
  description: 'A week, a workflow id or a run id',
  examples: ['2024-W01', 'retrain-2024-W01'],
})

export const WeekParameter = Type.Object({ week: Type.String({ examples: ['2024-W01'] }) })

const exampleRun = {
  week: '2024-W01',
  workflow_id: 'retrain-2024-W01',
  run_id: '018cd3c2-5f0c-7a9b-8f2e-0d5b8f3f6a11',
  status: 'COMPLETED',
  stage: 'publishMetrics',
  outcome: 'published',
  model: '2024-W01-5f0c2a9b',
  started_at: '2024-01-08T04:00:00.000Z',
  ended_at: '2024-01-08T04:03:11.000Z',
  url: null,
}

export const Run = shared(
  'Run',
  Type.Object(
    {
      week: nullable(Type.String()),
      workflow_id: Type.String(),
      run_id: Type.String(),
      status: Type.String({ description: "Temporal's: RUNNING, COMPLETED, FAILED, …" }),
      stage: nullable(Type.String({ description: 'The step that runs, or ran last' })),
      outcome: nullable(Type.String({ description: 'published, kept, archived, held, rejected or failed' })),
      model: nullable(Type.String({ description: 'Version of the model that the run made' })),
      started_at: Type.String(),
      ended_at: nullable(Type.String()),
      url: nullable(Type.String({ description: "The run in Temporal's own pages; null where MATINEE_TEMPORAL_UI is not set" })),
    },
    {
      examples: [exampleRun],
    },
  ),
)
export type Run = Static<typeof Run>

export const Runs = shared(
  'Runs',
  Type.Object(
    { items: Type.Array(ref(Run)) },
    { description: 'Runs of the weekly retraining, newest first', examples: [{ items: [exampleRun] }] },
  ),
)

export const Schedule = shared(
  'Schedule',
  Type.Object(
    {
      next_at: nullable(Type.String({ description: 'When the next run starts; null where there is no schedule or it is paused' })),
      paused: Type.Boolean(),
      note: nullable(Type.String({ description: 'What the person who last changed it wrote' })),
    },
    {
      description: 'The schedule of the weekly run',
      examples: [{ next_at: '2024-01-14T19:00:00.000Z', paused: false, note: null }],
    },
  ),
)

export const RunDetail = shared(
  'RunDetail',
  Type.Object(
    {
      workflow_id: Type.String(),
      run_id: Type.String(),
      status: Type.String(),
      stage: Type.String(),
      outcome: nullable(Type.String()),
      model: nullable(Type.String()),
      held_until: nullable(Type.String({ description: 'Set while the run waits for a person' })),
      breaches: Type.Array(Type.Object({ check: Type.String(), detail: Type.String(), finding: Type.Optional(Finding) }), {
        description: 'What a gate found',
      }),
      stages: Type.Array(
        Type.Object({
          name: Type.String(),
          state: oneOf(['waiting', 'running', 'done', 'failed'], 'How far it is'),
          started_at: nullable(Type.String()),
          ended_at: nullable(Type.String()),
          detail: nullable(Type.String({ description: 'Rows, figures, choices: one short line' })),
          figures: Type.Array(
            Type.Object({
              name: Type.String({ description: 'What it is: `rows`, `pairs`, `ndcg@10`, `version`, …' }),
              of: Type.Optional(Type.String({ description: 'A table or a candidate' })),
              split: Type.Optional(oneOf(['random', 'time'], 'What it was measured on')),
              value: Type.Union([Type.Number(), Type.String()]),
            }),
            { description: 'The same as fields; empty in runs of earlier versions' },
          ),
        }),
      ),
    },
    {
      description: 'Where a run is. Needs a live worker',
      examples: [
        {
          workflow_id: 'retrain-2024-W01',
          run_id: '018cd3c2-5f0c-7a9b-8f2e-0d5b8f3f6a11',
          status: 'RUNNING',
          stage: 'preprocess',
          outcome: null,
          model: null,
          held_until: null,
          breaches: [],
          stages: [
            {
              name: 'extract',
              state: 'done',
              started_at: '2024-01-08T04:00:00.000Z',
              ended_at: '2024-01-08T04:00:07.000Z',
              detail: 'vods_sumut 9800 rows',
              figures: [{ name: 'rows', of: 'vods_sumut', value: 9800 }],
            },
          ],
        },
      ],
    },
  ),
)
export type RunDetail = Static<typeof RunDetail>

export const AnswerBody = Type.Object(
  { reason: Type.Optional(Type.String({ minLength: 1, maxLength: 1000, description: 'Why; stays with the run' })) },
  { additionalProperties: false, examples: [{ reason: 'a holiday: fewer rows are right' }] },
)

export const RunAnswer = shared(
  'RunAnswer',
  Type.Object(
    { workflow_id: Type.String(), said: Type.String({ description: 'What was done, in words' }) },
    { examples: [{ workflow_id: 'retrain-2024-W01', said: 'approved by operations: a holiday' }] },
  ),
)

/** More may be counted by a later version: what is not named here is passed on. */
const report = Type.Object(FeaturesReport.properties, {
  additionalProperties: true,
  description: 'Every row that was dropped, counted by reason, and what was left',
})

export const DataQuality = shared(
  'DataQuality',
  Type.Object(
    {
      week: Type.String(),
      features: Type.String({ description: 'Digest that the week’s features lie under' }),
      report,
      thresholds: Type.Object(GateThresholds.properties, {
        description:
          'What the data gate allows, as this server is set: shares of the week’s rows, but for volumes, which are of the median of the weeks before',
      }),
    },
    { description: 'What preprocessing found in the data of a week', examples: [exampleDataQuality] },
  ),
)

export const WeekReport = shared(
  'WeekReport',
  Type.Object(StoredReport.properties, {
    description: 'What the run of a week tried, what won and by how much, and for whom it got better or worse',
    examples: [exampleReport],
  }),
)

export const LateData = shared(
  'LateData',
  Type.Object(
    {
      items: Type.Array(
        Type.Object({
          week: LateChange.properties.week,
          table: LateChange.properties.table,
          added: nullable(Type.Integer({ description: 'Rows that came; null where what was trained on is gone from the store' })),
          removed: nullable(Type.Integer({ description: 'Rows that went. A corrected row is removed as it was, and added as it is' })),
          rows_before: LateChange.properties.rows_before,
          rows_after: LateChange.properties.rows_after,
          trained_with: LateChange.properties.trained_with,
          found_by: Type.String({ description: 'The week whose run found it' }),
          found_at: LateChange.properties.found_at,
          trained_again: nullable(Type.String({ description: 'The first model with the rows as they are; null where there is none yet' })),
        }),
      ),
    },
    {
      description: 'Weeks whose rows changed in the source after they were trained, the latest found first',
      examples: [
        {
          items: [
            {
              week: '2023-W51',
              table: 'vods_sumut',
              added: 12,
              removed: 2,
              rows_before: 5120,
              rows_after: 5130,
              trained_with: '2023-W52-77aa01c3',
              found_by: '2024-W01',
              found_at: '2024-01-07T19:00:12.000Z',
              trained_again: '2024-W01-5f0c2a9b',
            },
          ],
        },
      ],
    },
  ),
)

const exampleEvent = {
  at: '2024-01-08T04:03:11.000Z',
  what: 'promoted',
  version: '2024-W01-5f0c2a9b',
  previous: '2023-W52-77aa01c3',
  week: '2024-W01',
  run: { workflow_id: 'retrain-2024-W01', run_id: '018cd3c2-5f0c-7a9b-8f2e-0d5b8f3f6a11' },
  by: 'run',
  reason: 'warp was best by ndcg@10 on the newest week',
}

export const TimelineItem = shared(
  'TimelineItem',
  Type.Object(
    {
      at: Type.String(),
      what: oneOf(timelineEvents, '`archived`: a run made it while a newer one served'),
      version: nullable(Type.String()),
      previous: nullable(Type.String({ description: 'What served before' })),
      week: nullable(Type.String()),
      run: nullable(Type.Object({ workflow_id: Type.String(), run_id: nullable(Type.String()) })),
      by: Type.String({ description: 'A key, a person, or `run`' }),
      reason: Type.String(),
    },
    {
      examples: [exampleEvent],
    },
  ),
)

export const TimelineQuery = Type.Object(
  { limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, default: 100 })) },
  { additionalProperties: false },
)
export const Timeline = shared(
  'Timeline',
  Type.Object(
    { items: Type.Array(ref(TimelineItem)) },
    { description: 'What was done about the models that serve, newest first', examples: [{ items: [exampleEvent] }] },
  ),
)

export const RunsQuery = Type.Object(
  { limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, default: 50 })) },
  { additionalProperties: false },
)

export const DecisionBody = Type.Object(
  { reason: Type.String({ minLength: 1, maxLength: 1000, description: 'Why; stands in the timeline' }) },
  { additionalProperties: false, examples: [{ reason: 'the newest model shows too few films' }] },
)

export const Promoted = shared(
  'Promoted',
  Type.Object(
    { version: Type.String(), previous: nullable(Type.String()), promoted_at: Type.String() },
    {
      description: 'What serves now, on every instance within seconds; `previous` is null where it served already',
      examples: [{ version: '2023-W52-77aa01c3', previous: '2024-W01-5f0c2a9b', promoted_at: '2024-01-09T08:30:00.000Z' }],
    },
  ),
)

export const SessionBody = Type.Object(
  { key: Type.String({ minLength: 1, maxLength: 512, description: 'An API key' }) },
  { additionalProperties: false, examples: [{ key: 'mtn_4b1d…' }] },
)
export const Session = shared(
  'Session',
  Type.Object(
    {
      name: Type.String({ description: 'Of the key' }),
      role: oneOf(['read', 'write', 'admin'], 'What the key may'),
      expires_at: nullable(Type.String({ description: 'When the cookie ends; null where none is needed' })),
    },
    { examples: [{ name: 'operations', role: 'admin', expires_at: '2024-01-08T16:00:00.000Z' }] },
  ),
)

export const operatorSchemas = [
  Run,
  Runs,
  Schedule,
  RunDetail,
  RunAnswer,
  DataQuality,
  WeekReport,
  LateData,
  TimelineItem,
  Timeline,
  Promoted,
  Session,
] as const
