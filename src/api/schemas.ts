/**
 * What goes over the wire: one schema each, from which come the checks of requests, the writing of answers, the
 * OpenAPI document with its examples, and the types. Shared ones carry an `$id` and stand under its name in the
 * document's components.
 */
import { Type, type Static } from 'typebox'
import { ModelManifest, SplitResult, WeekMetrics as StoredWeekMetrics } from '../contracts/documents.ts'
import { exampleMetrics, exampleModelDetail } from './example-figures.ts'
import { model, nullable, oneOf, Problem, ProgramId, ref, shared, UserId, versionParameter, week } from './schema-parts.ts'

// --- parameters -----------------------------------------------------------------------------------------------

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

const ExcludeSeen = Type.Boolean({ default: true, description: 'Leave out titles that the user has watched' })
const Diversity = Type.Number({
  minimum: 0,
  maximum: 1,
  default: 0,
  description:
    'How much a title is held back for being like those above it in the list: 0 orders by score alone, 1 by difference alone (maximal marginal relevance over genre and factors)',
  examples: [0.3],
})

const Reasons = Type.Boolean({
  default: true,
  description: 'Say of each title which of the history it owes most to; without it a first answer takes about half the time',
})

export const PopularQuery = Type.Object(
  { k: Type.Optional(Count), genre: Type.Optional(Genres), max_age: Type.Optional(MaxAge) },
  { additionalProperties: false },
)
export const RecommendationsQuery = Type.Object(
  {
    ...PopularQuery.properties,
    exclude_seen: Type.Optional(ExcludeSeen),
    diversity: Type.Optional(Diversity),
    reasons: Type.Optional(Reasons),
    model: Type.Optional(versionParameter('For inspectors: ask this version in place of the one that serves')),
  },
  { additionalProperties: false },
)
export const RowsQuery = Type.Object(
  {
    k: Type.Optional(Type.Integer({ minimum: 1, maximum: 50, default: 20, description: 'How many titles a row has at most' })),
    max_age: Type.Optional(MaxAge),
  },
  { additionalProperties: false },
)
export type RowsQuery = Static<typeof RowsQuery>

/** Users of one batch, and titles of one history. */
export const usersAtMost = 100
export const historyAtMost = 1000

export const RecommendationsBody = Type.Object(
  {
    users: Type.Optional(Type.Array(UserId, { minItems: 1, maxItems: usersAtMost, description: 'A list for each of these users' })),
    history: Type.Optional(
      Type.Array(
        Type.Object(
          {
            program_id: ProgramId,
            rating: Type.Optional(Type.Number({ minimum: 0, maximum: 1, default: 1, description: 'Share of the title that was watched' })),
          },
          { additionalProperties: false },
        ),
        { minItems: 1, maxItems: historyAtMost, description: 'One list, for someone who watched this and whom no model has seen' },
      ),
    ),
    k: Type.Optional(Count),
    genre: Type.Optional(Genres),
    max_age: Type.Optional(MaxAge),
    exclude_seen: Type.Optional(ExcludeSeen),
    diversity: Type.Optional(Diversity),
    reasons: Type.Optional(Reasons),
  },
  {
    additionalProperties: false,
    description: 'Either `users` or `history`',
    examples: [
      { users: ['1001', '1002'], k: 5 },
      { history: [{ program_id: '20', rating: 0.9 }, { program_id: '22' }], k: 10, max_age: 15 },
    ],
  },
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
    score: Type.Number({ description: 'Orders the titles of one list, to nine digits; has no unit and is not compared between lists' }),
    reason: Type.String({
      description:
        'Why this title, in a few words: `because you watched X` or, where X was only clicked, `because you looked at X`; `like X`; `for you`, `popular`, `trending`, `new`, `continue watching` or `next episode`',
      examples: ['because you watched 쇼 20'],
    }),
    because: Type.Optional(
      Type.Object(
        { program_id: Type.String(), program_name: nullable(Type.String()) },
        { description: 'The title of the history that adds most to the score; absent where none does' },
      ),
    ),
  }),
)
export type Recommendation = Static<typeof Recommendation>

export const Source = oneOf(['personal', 'popular'], "`personal`: this user's own order; `popular`: everyone's")

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
          items: [
            {
              ...exampleTitle,
              score: 1.8125,
              reason: "because you watched O'Hara 20",
              because: { program_id: '20', program_name: "O'Hara 20" },
            },
          ],
        },
      ],
    },
  ),
)
export type Recommendations = Static<typeof Recommendations>

export const BatchRecommendations = shared(
  'BatchRecommendations',
  Type.Object(
    {
      model,
      week,
      lists: Type.Array(Type.Object({ user: Type.String(), source: Source, items: Type.Array(ref(Recommendation)) }), {
        description: 'One a user, in the order asked',
      }),
    },
    {
      description: 'The best titles for each of several users',
      examples: [
        {
          model: '2024-W01-5f0c2a9b',
          week: '2024-W01',
          lists: [{ user: '1001', source: 'personal', items: [{ ...exampleTitle, score: 1.8125, reason: 'for you' }] }],
        },
      ],
    },
  ),
)

export const HistoryRecommendations = shared(
  'HistoryRecommendations',
  Type.Object(
    {
      model,
      week,
      source: Source,
      unknown: Type.Array(Type.String(), { description: 'Titles of the history that the model does not know' }),
      items: Type.Array(ref(Recommendation)),
    },
    {
      description: 'The best titles for someone with the given history',
      examples: [
        {
          model: '2024-W01-5f0c2a9b',
          week: '2024-W01',
          source: 'personal',
          unknown: [],
          items: [{ ...exampleTitle, score: 0.53, reason: 'for you' }],
        },
      ],
    },
  ),
)

export const Similar = shared(
  'Similar',
  Type.Object(
    {
      program_id: Type.String(),
      program_name: nullable(Type.String()),
      model,
      week,
      by: oneOf(
        ['factors', 'viewers', 'genre'],
        "What likeness is measured by: the model's factors, viewers in common, or, where there are neither, the genre",
      ),
      items: Type.Array(ref(Recommendation), { description: 'Most alike first; `score` is a cosine' }),
    },
    {
      description: 'Titles like one title',
      examples: [
        {
          program_id: '20',
          program_name: "O'Hara 20",
          model: '2024-W01-5f0c2a9b',
          week: '2024-W01',
          by: 'factors',
          items: [{ ...exampleTitle, score: 0.93, reason: "like O'Hara 20" }],
        },
      ],
    },
  ),
)

export const rowKinds = ['continue_watching', 'for_you', 'because_you_watched', 'trending', 'new', 'genre'] as const

export const HomeRow = shared(
  'HomeRow',
  Type.Object({
    kind: oneOf(rowKinds, 'What the row is'),
    title: Type.String({
      description: 'A heading in English; clients with other languages make theirs from `kind`, `because` and `genre`',
    }),
    because: Type.Optional(Type.Object({ program_id: Type.String(), program_name: nullable(Type.String()) })),
    genre: Type.Optional(Type.String()),
    items: Type.Array(
      Type.Object({
        ...Recommendation.properties,
        episode: Type.Optional(nullable(Type.String({ description: 'Of `continue_watching`: the episode to go on with' }))),
        watched_share: Type.Optional(
          Type.Number({ description: 'Of `continue_watching`: how much of that episode was watched, 0 to 1; 0 for a next episode' }),
        ),
      }),
    ),
  }),
)
export type HomeRow = Static<typeof HomeRow>

export const Rows = shared(
  'Rows',
  Type.Object(
    {
      user: Type.String(),
      model,
      week,
      source: Source,
      rows: Type.Array(ref(HomeRow), { description: 'From top to bottom; none is empty' }),
    },
    {
      description: 'A home page; no title stands in two rows',
      examples: [
        {
          user: '1001',
          model: '2024-W01-5f0c2a9b',
          week: '2024-W01',
          source: 'personal',
          rows: [
            {
              kind: 'because_you_watched',
              title: "Because you watched O'Hara 20",
              because: { program_id: '20', program_name: "O'Hara 20" },
              items: [{ ...exampleTitle, score: 0.93, reason: "like O'Hara 20" }],
            },
          ],
        },
      ],
    },
  ),
)
export type Rows = Static<typeof Rows>

export const Popular = shared(
  'Popular',
  Type.Object(
    {
      model,
      week,
      source: Source,
      items: Type.Array(ref(Recommendation), { description: 'Most watched first; `score` is the number of users' }),
    },
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
      items: Type.Array(
        Type.Object({
          ...titleFields,
          from: oneOf(['model', 'events'], 'Whether the viewing was there when the model was trained, or came as an event'),
        }),
        { description: 'What came as events first, the latest before; then in catalogue order' },
      ),
    },
    {
      description: 'What the user has watched',
      examples: [{ user: '1001', model: '2024-W01-5f0c2a9b', week: '2024-W01', known: true, items: [{ ...exampleTitle, from: 'model' }] }],
    },
  ),
)

export const UsersQuery = Type.Object(
  {
    q: Type.Optional(Type.String({ maxLength: 256, description: 'Only users whose id begins with this', examples: ['10'] })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 20 })),
  },
  { additionalProperties: false },
)
export const Users = shared(
  'Users',
  Type.Object(
    {
      model,
      week,
      total: Type.Integer({ description: 'Users that the model knows' }),
      items: Type.Array(
        Type.Object({ user: Type.String(), watched: Type.Integer({ description: 'Titles watched when the model was trained' }) }),
      ),
    },
    {
      description: 'Users whom the serving model knows',
      examples: [{ model: '2024-W01-5f0c2a9b', week: '2024-W01', total: 1200, items: [{ user: '1001', watched: 14 }] }],
    },
  ),
)

// --- models ---------------------------------------------------------------------------------------------------

const metrics = Type.Record(Type.String(), Type.Number(), {
  description: 'Figures on the random hold-out',
  examples: [{ 'ndcg@10': 0.31 }],
})

const exampleModel = {
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
}

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
      examples: [exampleModel],
    },
  ),
)
export type ModelSummary = Static<typeof ModelSummary>

export const Models = shared(
  'Models',
  Type.Object(
    { items: Type.Array(ref(ModelSummary)) },
    { description: 'Models of the store, newest week first', examples: [{ items: [exampleModel] }] },
  ),
)

/** The manifest as it is stored, and whether it serves. */
export const ModelDetail = shared(
  'ModelDetail',
  Type.Object(
    { ...ModelManifest.properties, splits: Type.Array(SplitResult), serving: Type.Boolean() },
    {
      description: 'Everything that is written down of a model: data digests, parameters, candidates measured, the choice and why',
      examples: [exampleModelDetail],
    },
  ),
)
export type ModelDetail = Static<typeof ModelDetail>

export const MetricsOfWeeks = shared(
  'MetricsOfWeeks',
  Type.Object(
    { items: Type.Array(Type.Object(StoredWeekMetrics.properties)) },
    { description: 'Everything measured, by week, oldest first', examples: [exampleMetrics] },
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
      origin: oneOf(['store', 'cache'], '`cache`: the local copy, while the store has not confirmed it'),
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
  BatchRecommendations,
  HistoryRecommendations,
  Popular,
  Similar,
  HomeRow,
  Rows,
  Program,
  Programs,
  History,
  Users,
  ModelSummary,
  Models,
  ModelDetail,
  MetricsOfWeeks,
  Health,
  Readiness,
] as const
