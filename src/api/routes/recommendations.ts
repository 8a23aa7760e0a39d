/** Lists of titles: for one user, and what is popular. */
import { Type } from 'typebox'
import type { Api, ApiDependencies } from '../api.ts'
import { Popular, PopularQuery, problems, Recommendations, RecommendationsQuery, ref, UserId } from '../schemas.ts'
import { filterOf, recommendationsOf } from '../titles.ts'

export function recommendationRoutes(app: Api, { models, metrics }: ApiDependencies): void {
  app.get(
    '/v1/users/:id/recommendations',
    {
      schema: {
        operationId: 'getRecommendations',
        tags: ['recommendations'],
        summary: 'The best titles for one user',
        description:
          'Filters apply before the best are chosen, so that a filter does not shorten the list. A user whom the model does not know gets popular titles.',
        params: Type.Object({ id: UserId }),
        querystring: RecommendationsQuery,
        response: { 200: ref(Recommendations), ...problems(400, 404, 503) },
      },
    },
    async ({ params, query }) => {
      const snapshot = query.model === undefined ? models.current() : await models.version(query.model)
      const filter = { ...filterOf(snapshot, query), excludeSeen: query.exclude_seen ?? true }
      const ranking = snapshot.recommend(params.id, query.k ?? 10, filter)
      metrics.recommendations.inc({ source: ranking.source })
      return {
        user: params.id,
        model: snapshot.version,
        week: snapshot.manifest.week,
        source: ranking.source,
        items: recommendationsOf(ranking),
      }
    },
  )

  app.get(
    '/v1/popular',
    {
      schema: {
        operationId: 'getPopular',
        tags: ['recommendations'],
        summary: 'The titles that most users watched',
        querystring: PopularQuery,
        response: { 200: ref(Popular), ...problems(400, 503) },
      },
    },
    ({ query }) => {
      const snapshot = models.current()
      const ranking = snapshot.popular(query.k ?? 10, filterOf(snapshot, query))
      return { model: snapshot.version, week: snapshot.manifest.week, source: ranking.source, items: recommendationsOf(ranking) }
    },
  )
}
