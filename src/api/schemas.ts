/**
 * What goes over the wire: one schema each, from which come the checks of requests, the writing of answers, the
 * OpenAPI document with its examples, and the types. Shared ones carry an `$id` and stand under its name in the
 * document's components.
 */
import { Type, type Static, type TSchema } from 'typebox'
import { ModelManifest, SplitResult, WeekMetrics as StoredWeekMetrics } from '../contracts/documents.ts'
import { errorKinds, type ErrorCode } from '../contracts/errors.ts'

/** A reference to a shared schema that keeps its type. */
export const ref = <Schema extends TSchema & { readonly $id: string }>(schema: Schema) => Type.Unsafe<Static<Schema>>(Type.Ref(schema.$id))

/** `$id` is what `ref` needs to see in the type. (A copy by spreading would lose what TypeBox keeps hidden in a schema.) */
const shared = <Id extends string, Schema extends TSchema>($id: Id, schema: Schema): Schema & { readonly $id: Id } =>
  Object.assign(schema, { $id })

const nullable = <Schema extends TSchema>(schema: Schema) => Type.Union([schema, Type.Null()])

// --- errors ---------------------------------------------------------------------------------------------------

const errorCodes = Object.keys(errorKinds) as ErrorCode[]

export const Problem = shared(
  'Problem',
  Type.Object(
    {
      type: Type.String({ description: 'Where this kind of problem is explained', format: 'uri-reference' }),
      title: Type.String({ description: 'What happened, the same for every problem of this code' }),
      status: Type.Integer(),
      detail: Type.String({ description: 'What happened this time, and the way out' }),
      code: Type.Unsafe<ErrorCode>(Type.String({ enum: errorCodes, description: 'Stable; programs decide by this' })),
      instance: Type.String({ description: 'The path that was asked for' }),
      request_id: Type.String({ description: 'The same as the x-request-id header and in the log' }),
      errors: Type.Optional(
        Type.Array(
          Type.Object({
            in: Type.String({ description: 'query, path, body or header' }),
            name: Type.String(),
            message: Type.String(),
          }),
          { description: 'What is wrong with which parameter' },
        ),
      ),
    },
    {
      description: 'RFC 9457 problem document',
      examples: [
        {
          type: '/docs/errors.md#request_invalid',
          title: 'The request is malformed',
          status: 400,
          detail: 'k: 500 is not allowed; a whole number from 1 to 100 is',
          code: 'request_invalid',
          instance: '/v1/users/1001/recommendations',
          request_id: '7d0f6f0e-3c5c-4f0e-9a52-0d5b8f3f6a11',
          errors: [{ in: 'query', name: 'k', message: 'k: 500 is not allowed; a whole number from 1 to 100 is' }],
        },
      ],
    },
  ),
)
export type Problem = Static<typeof Problem>

/** Refusals for a route's `response`: those of access, and the given ones. */
export const problems = (...statuses: readonly number[]) => problemAnswers([401, 403, ...statuses])

/** The same for a route that everyone may call. */
export const publicProblems = (...statuses: readonly number[]) => problemAnswers(statuses)

const problemAnswers = (statuses: readonly number[]) =>
  Object.fromEntries(
    statuses.map((status) => [
      status,
      { description: problemDescriptions[status] ?? 'Problem', content: { 'application/problem+json': { schema: Type.Ref(Problem.$id) } } },
    ]),
  )

const problemDescriptions: Readonly<Record<number, string>> = {
  400: 'A parameter or the body is wrong; `errors` names which',
  401: 'A key is needed, or the one given is not known',
  403: 'The role does not suffice, or origin or host is not allowed',
  404: 'There is nothing by that name',
  409: 'The state of things does not allow it',
  415: 'The body is not application/json',
  500: 'An unexpected fault; the log has more of it under the request id',
  503: 'No model is loaded yet, or what stands behind does not answer',
}

// --- parameters -----------------------------------------------------------------------------------------------

export const UserId = Type.String({ minLength: 1, maxLength: 256, description: 'Subscriber (`subsr_id`)', examples: ['1001'] })
export const ProgramId = Type.String({ minLength: 1, maxLength: 256, description: 'Title (`program_id`)', examples: ['20'] })
export const versionParameter = (description: string) =>
  Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$', description, examples: ['2024-W01-5f0c2a9b'] })
const Count = Type.Integer({ minimum: 1, maximum: 100, default: 10, description: 'How many titles at most', examples: [10] })
const Genres = Type.Array(Type.String({ maxLength: 200 }), {
  maxItems: 50,
  description: 'Only titles of these genres (`program_genre`): repeated, or separated by commas',
  examples: [['드라마', '영화']],
})
const MaxAge = Type.Integer({
  minimum: 0,
  maximum: 150,
  description: 'Only titles with an age limit up to this; a title without a known age limit is left out',
  examples: [15],
})

export const PopularQuery = Type.Object(
  { k: Type.Optional(Count), genre: Type.Optional(Genres), max_age: Type.Optional(MaxAge) },
  { additionalProperties: false },
)
export const RecommendationsQuery = Type.Object(
  {
    ...PopularQuery.properties,
    exclude_seen: Type.Optional(Type.Boolean({ default: true, description: 'Leave out titles that the user has watched' })),
    model: Type.Optional(versionParameter('For inspectors: ask this version in place of the one that serves')),
  },
  { additionalProperties: false },
)
export const ProgramsQuery = Type.Object(
  {
    q: Type.Optional(Type.String({ maxLength: 200, description: 'Only titles whose name has this in it', examples: ['쇼'] })),
    genre: Type.Optional(Genres),
    max_age: Type.Optional(MaxAge),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 20 })),
    offset: Type.Optional(Type.Integer({ minimum: 0, maximum: 10_000_000, default: 0 })),
  },
  { additionalProperties: false },
)

// --- titles ---------------------------------------------------------------------------------------------------

const model = Type.String({ description: 'Model version: leads to its run and data', examples: ['2024-W01-5f0c2a9b'] })
const week = Type.String({ description: 'The week that the model was trained for', examples: ['2024-W01'] })

const titleFields = {
  program_id: Type.String(),
  program_name: nullable(Type.String()),
  genre: nullable(Type.String()),
  age_limit: nullable(Type.Number()),
}
const exampleTitle = { program_id: '22', program_name: "O'Hara 22", genre: '드라마', age_limit: 0 }

export const Recommendation = shared(
  'Recommendation',
  Type.Object({
    ...titleFields,
    score: Type.Number({ description: 'Orders the titles of one list; has no unit and is not compared between lists' }),
    reason: Type.String({ description: 'Why this title, in a few words' }),
  }),
)
export type Recommendation = Static<typeof Recommendation>

export const Source = Type.Unsafe<'personal' | 'popular'>(
  Type.String({ enum: ['personal', 'popular'], description: "`personal`: this user's own order; `popular`: everyone's" }),
)

export const Recommendations = shared(
  'Recommendations',
  Type.Object(
    { user: Type.String(), model, week, source: Source, items: Type.Array(ref(Recommendation), { description: 'Best first' }) },
    {
      description: 'The best titles for one user',
      examples: [
        {
          user: '1001',
          model: '2024-W01-5f0c2a9b',
          week: '2024-W01',
          source: 'personal',
          items: [{ ...exampleTitle, score: 1.8125, reason: 'for you' }],
        },
      ],
    },
  ),
)
export type Recommendations = Static<typeof Recommendations>

export const Popular = shared(
  'Popular',
  Type.Object(
    { model, week, source: Source, items: Type.Array(ref(Recommendation), { description: 'Most watched first' }) },
    {
      description: 'The titles that most users watched',
      examples: [
        { model: '2024-W01-5f0c2a9b', week: '2024-W01', source: 'popular', items: [{ ...exampleTitle, score: 214, reason: 'popular' }] },
      ],
    },
  ),
)

export const Program = shared(
  'Program',
  Type.Object(
    {
      ...titleFields,
      category: nullable(Type.String({ description: '`ct_cl`' })),
      release_date: nullable(Type.String()),
      viewers: Type.Integer({ description: 'Users who watched it, up to the week of the model' }),
      recommendable: Type.Boolean({ description: 'False where the catalogue lacks or excludes it' }),
    },
    { examples: [{ ...exampleTitle, category: 'TV', release_date: '2017-02-15', viewers: 214, recommendable: true }] },
  ),
)
export type Program = Static<typeof Program>

export const Programs = shared(
  'Programs',
  Type.Object(
    {
      model,
      week,
      total: Type.Integer({ description: 'Titles that pass the filter' }),
      genres: Type.Array(Type.String(), { description: 'Every genre that a filter may name' }),
      items: Type.Array(ref(Program), { description: 'Most watched first' }),
    },
    {
      description: 'The titles that the serving model knows',
      examples: [
        {
          model: '2024-W01-5f0c2a9b',
          week: '2024-W01',
          total: 1,
          genres: ['드라마', '영화'],
          items: [{ ...exampleTitle, category: 'TV', release_date: '2017-02-15', viewers: 214, recommendable: true }],
        },
      ],
    },
  ),
)

export const History = shared(
  'History',
  Type.Object(
    {
      user: Type.String(),
      model,
      week,
      known: Type.Boolean({ description: 'Whether the model knows this user' }),
      items: Type.Array(Type.Object(titleFields), { description: 'In catalogue order' }),
    },
    {
      description: 'What the user had watched when the model was trained',
      examples: [{ user: '1001', model: '2024-W01-5f0c2a9b', week: '2024-W01', known: true, items: [exampleTitle] }],
    },
  ),
)

// --- models ---------------------------------------------------------------------------------------------------

const metrics = Type.Record(Type.String(), Type.Number(), {
  description: 'Figures on the random hold-out',
  examples: [{ 'ndcg@10': 0.31 }],
})

export const ModelSummary = shared(
  'ModelSummary',
  Type.Object(
    {
      version: Type.String(),
      week: Type.String(),
      algorithm: Type.String(),
      candidate: Type.String(),
      users: Type.Integer(),
      items: Type.Integer(),
      pairs: Type.Integer(),
      created_at: Type.String(),
      metrics,
      serving: Type.Boolean({ description: 'Whether this process answers from it now' }),
    },
    {
      examples: [
        {
          version: '2024-W01-5f0c2a9b',
          week: '2024-W01',
          algorithm: 'warp',
          candidate: 'warp',
          users: 1200,
          items: 110,
          pairs: 9800,
          created_at: '2024-01-08T04:03:11.000Z',
          metrics: { 'ndcg@10': 0.31 },
          serving: true,
        },
      ],
    },
  ),
)
export type ModelSummary = Static<typeof ModelSummary>

export const Models = shared(
  'Models',
  Type.Object({ items: Type.Array(ref(ModelSummary)) }, { description: 'Models of the store, newest week first' }),
)

/** The manifest as it is stored, and whether it serves. */
export const ModelDetail = shared(
  'ModelDetail',
  Type.Object(
    { ...ModelManifest.properties, splits: Type.Array(SplitResult), serving: Type.Boolean() },
    { description: 'Everything that is written down of a model: data digests, parameters, candidates measured, the choice and why' },
  ),
)
export type ModelDetail = Static<typeof ModelDetail>

export const MetricsOfWeeks = shared(
  'MetricsOfWeeks',
  Type.Object(
    { items: Type.Array(Type.Object(StoredWeekMetrics.properties)) },
    { description: 'Everything measured, by week, oldest first' },
  ),
)

// --- operation ------------------------------------------------------------------------------------------------

export const Health = shared('Health', Type.Object({ status: Type.Literal('ok') }, { examples: [{ status: 'ok' }] }))

export const Readiness = shared(
  'Readiness',
  Type.Object(
    {
      status: Type.Literal('ready'),
      model,
      week,
      origin: Type.Unsafe<'store' | 'cache'>(
        Type.String({ enum: ['store', 'cache'], description: '`cache`: the local copy, while the store has not confirmed it' }),
      ),
      problem: nullable(
        Type.Object(
          {
            code: Type.String(),
            detail: Type.String(),
            version: nullable(Type.String()),
            since: Type.String({ format: 'date-time' }),
          },
          { description: 'Why a newer model does not serve; the last good one stays' },
        ),
      ),
    },
    { examples: [{ status: 'ready', model: '2024-W01-5f0c2a9b', week: '2024-W01', origin: 'store', problem: null }] },
  ),
)
export type Readiness = Static<typeof Readiness>

export const sharedSchemas = [
  Problem,
  Recommendation,
  Recommendations,
  Popular,
  Program,
  Programs,
  History,
  ModelSummary,
  Models,
  ModelDetail,
  MetricsOfWeeks,
  Health,
  Readiness,
] as const
