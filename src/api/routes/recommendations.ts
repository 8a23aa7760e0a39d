/** Lists of titles: for one user or several, for a history, like a title, popular, and the rows of a home page. */
import { setImmediate as breathe } from 'node:timers/promises'
import { Type } from 'typebox'
import { MatineeError } from '../../contracts/errors.ts'
import { AnswerCache } from '../answer-cache.ts'
import type { Api, ApiDependencies } from '../api.ts'
import { nameOf } from '../catalogue.ts'
import { homePage } from '../home-rows.ts'
import { bytesOfPage, keepPage } from '../kept-page.ts'
import { bytesOfRanking, keepRanking } from '../kept-ranking.ts'
import type { Ranking, Viewer } from '../model-snapshot.ts'
import { problems, ProgramId, ref, UserId } from '../schema-parts.ts'
import {
  BatchRecommendations,
  HistoryRecommendations,
  Popular,
  PopularQuery,
  Recommendations,
  RecommendationsBody,
  RecommendationsQuery,
  Rows,
  RowsQuery,
  Similar,
} from '../schemas.ts'
import { answerTagged, keptBody, tagOf } from '../tagged-answers.ts'
import { filterOf, recommendationOf, recommendationsOf } from '../titles.ts'

const notChanged = { 304: { description: 'What the client has, by `if-none-match`, is what would be answered', type: 'null' } } as const

export function recommendationRoutes(app: Api, dependencies: ApiDependencies): void {
  const { models, metrics, clock, events } = dependencies
  /** What is one user's, in its short form; and what is everyone's, as it goes out. */
  const personal = new AnswerCache<Ranking['source']>()
  const bodies = new AnswerCache(4 * 1024 * 1024)
  const onSource = (source: string): void => metrics.recommendations.inc({ source })
  /** Waits only where the user has events that were not read yet. */
  const viewerOf = async (id: string): Promise<Viewer> => ({ id, events: await events?.of(id) })

  app.get(
    '/v1/users/:id/recommendations',
    {
      schema: {
        operationId: 'getRecommendations',
        tags: ['recommendations'],
        summary: 'The best titles for one user',
        description:
          'Filters apply before the best are chosen, so that a filter does not shorten the list. Events of the user count at once. A user whom the model does not know is scored by events, and without any gets popular titles.',
        params: Type.Object({ id: UserId }),
        querystring: RecommendationsQuery,
        response: { 200: ref(Recommendations), ...notChanged, ...problems(400, 404, 503) },
      },
    },
    async (request, reply) => {
      const { params, query } = request
      const viewer = await viewerOf(params.id)
      const snapshot = query.model === undefined ? models.current() : await models.version(query.model)
      const moment = clock.moment()
      return answerTagged(request, reply, {
        cache: personal,
        tag: tagOf(snapshot, moment, viewer.events),
        onSource,
        make: () =>
          keepRanking(
            snapshot.recommend(snapshot.historyOf(viewer), query.k ?? 10, {
              ...filterOf(snapshot, moment, query),
              excludeSeen: query.exclude_seen ?? true,
              diversity: query.diversity,
              reasons: query.reasons,
            }),
          ),
        write: (kept) => bytesOfRanking(kept, params.id, snapshot),
      })
    },
  )

  app.post(
    '/v1/recommendations',
    {
      config: { access: 'read' },
      schema: {
        operationId: 'postRecommendations',
        tags: ['recommendations'],
        summary: 'The best titles for several users, or for someone with a given history',
        body: RecommendationsBody,
        response: {
          200: {
            description: 'With `users` a list for each; with `history` one list',
            content: { 'application/json': { schema: Type.Union([ref(BatchRecommendations), ref(HistoryRecommendations)]) } },
          },
          ...problems(400, 413, 415, 503),
        },
      },
    },
    async ({ body }) => {
      const { users, history, k = 10 } = body
      if ((users === undefined) === (history === undefined))
        throw new MatineeError('request_invalid', 'body: either users or history is needed, and not both')
      const snapshot = models.current()
      const { version, manifest } = snapshot
      const options = {
        ...filterOf(snapshot, clock.moment(), body),
        excludeSeen: body.exclude_seen ?? true,
        diversity: body.diversity,
        reasons: body.reasons,
      }
      if (history !== undefined) {
        const shares = new Map<string, number>()
        for (const { program_id, rating = 1 } of history) shares.set(program_id, Math.max(rating, shares.get(program_id) ?? 0))
        const known = snapshot.historyFrom(shares)
        const ranking = snapshot.recommend(known.history, k, options)
        onSource(ranking.source)
        return {
          model: version,
          week: manifest.week,
          source: ranking.source,
          unknown: [...known.unknown],
          items: recommendationsOf(ranking),
        }
      }
      const lists = []
      for (const user of users ?? []) {
        const ranking = snapshot.recommend(snapshot.historyOf(await viewerOf(user)), k, options)
        onSource(ranking.source)
        lists.push({ user, source: ranking.source, items: recommendationsOf(ranking) })
        await breathe() // other requests go in between
      }
      return { model: version, week: manifest.week, lists }
    },
  )

  app.get(
    '/v1/users/:id/rows',
    {
      schema: {
        operationId: 'getRows',
        tags: ['recommendations'],
        summary: "The rows of a user's home page",
        description:
          'Continue watching, for you, because you watched X, trending, new, and a genre for you, as far as each has titles. No title stands in two rows; but for the first row none that was watched.',
        params: Type.Object({ id: UserId }),
        querystring: RowsQuery,
        response: { 200: ref(Rows), ...notChanged, ...problems(400, 503) },
      },
    },
    async (request, reply) => {
      const { params, query } = request
      const viewer = await viewerOf(params.id)
      const snapshot = models.current()
      const moment = clock.moment()
      return answerTagged(request, reply, {
        cache: personal,
        tag: tagOf(snapshot, moment, viewer.events),
        onSource,
        make: () => keepPage(homePage(snapshot, viewer, query.k ?? 20, filterOf(snapshot, moment, query))),
        write: (kept) => bytesOfPage(kept, params.id, snapshot),
      })
    },
  )

  app.get(
    '/v1/popular',
    {
      schema: {
        operationId: 'getPopular',
        tags: ['recommendations'],
        summary: 'The titles that most users watched in the four weeks up to the newest viewing',
        querystring: PopularQuery,
        response: { 200: ref(Popular), ...notChanged, ...problems(400, 503) },
      },
    },
    async (request, reply) => {
      const { query } = request
      const snapshot = models.current()
      const moment = clock.moment()
      const make = () => {
        const ranking = snapshot.popular(query.k ?? 10, filterOf(snapshot, moment, query))
        const { version, manifest } = snapshot
        return keptBody(reply, { model: version, week: manifest.week, source: ranking.source, items: recommendationsOf(ranking) })
      }
      return answerTagged(request, reply, { cache: bodies, tag: tagOf(snapshot, moment), make })
    },
  )

  app.get(
    '/v1/programs/:id/similar',
    {
      schema: {
        operationId: 'getSimilar',
        tags: ['recommendations'],
        summary: 'Titles like one title',
        params: Type.Object({ id: ProgramId }),
        querystring: PopularQuery,
        response: { 200: ref(Similar), ...notChanged, ...problems(400, 404, 503) },
      },
    },
    async (request, reply) => {
      const { params, query } = request
      const snapshot = models.current()
      const moment = clock.moment()
      const position = snapshot.positionOf(params.id)
      const item = position === undefined ? undefined : snapshot.items[position]
      if (position === undefined || item === undefined)
        throw new MatineeError(
          'not_found',
          `model ${snapshot.version} knows no title "${params.id}"; /v1/programs lists those that it does`,
        )
      const make = () => {
        const { by, titles } = snapshot.similar(position, query.k ?? 10, filterOf(snapshot, moment, query))
        const reason = by === 'genre' ? `also ${item.program_genre}` : `like ${nameOf(item)}`
        return keptBody(reply, {
          program_id: item.program_id,
          program_name: item.program_name,
          model: snapshot.version,
          week: snapshot.manifest.week,
          source: 'similar',
          by,
          items: titles.map((title) => recommendationOf(title, reason)),
        })
      }
      return answerTagged(request, reply, { cache: bodies, tag: tagOf(snapshot, moment), make })
    },
  )
}
