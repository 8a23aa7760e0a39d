/** For inspectors: the titles that the model knows, and what a user had watched. */
import { Type } from 'typebox'
import { MatineeError } from '../../contracts/errors.ts'
import type { Api, ApiDependencies } from '../api.ts'
import { problems, ProgramId, ref, UserId } from '../schema-parts.ts'
import { History, Program, Programs, ProgramsQuery, Users, UsersQuery } from '../schemas.ts'
import { titleOf } from '../catalogue.ts'
import { filterOf, programOf } from '../titles.ts'

export function catalogueRoutes(app: Api, { models, clock, events }: ApiDependencies): void {
  app.get(
    '/v1/programs',
    {
      schema: {
        operationId: 'listPrograms',
        tags: ['catalogue'],
        summary: 'The titles that may be recommended, most watched first',
        querystring: ProgramsQuery,
        response: { 200: ref(Programs), ...problems(400, 503) },
      },
    },
    ({ query }) => {
      const snapshot = models.current()
      const wanted = query.q?.toLocaleLowerCase()
      const titles = snapshot.mostWatched(filterOf(snapshot, clock.moment(), query))
      const matching = wanted === undefined ? titles : titles.filter(({ item }) => item.program_name?.toLocaleLowerCase().includes(wanted))
      const { offset = 0, limit = 20 } = query
      return {
        model: snapshot.version,
        week: snapshot.manifest.week,
        total: matching.length,
        genres: [...snapshot.catalogue.genres],
        items: matching.slice(offset, offset + limit).map(programOf),
      }
    },
  )

  app.get(
    '/v1/programs/:id',
    {
      schema: {
        operationId: 'getProgram',
        tags: ['catalogue'],
        summary: 'One title',
        params: Type.Object({ id: ProgramId }),
        response: { 200: ref(Program), ...problems(404, 503) },
      },
    },
    ({ params }) => {
      const snapshot = models.current()
      const title = snapshot.title(params.id)
      if (title === undefined)
        throw new MatineeError(
          'not_found',
          `model ${snapshot.version} knows no title "${params.id}"; /v1/programs lists those that it does`,
        )
      return programOf(title)
    },
  )

  app.get(
    '/v1/users',
    {
      // Whoever may name a user may see what is recommended to them; who there is, only who runs the place may see.
      config: { access: 'admin' },
      schema: {
        operationId: 'listUsers',
        tags: ['catalogue'],
        summary: 'Users whom the model knows, in its own order',
        querystring: UsersQuery,
        response: { 200: ref(Users), ...problems(400, 503) },
      },
    },
    ({ query }) => {
      const snapshot = models.current()
      const ids = snapshot.usersLike(query.q ?? '', query.limit ?? 20)
      return {
        model: snapshot.version,
        week: snapshot.manifest.week,
        total: snapshot.manifest.users,
        items: ids.map((user) => ({ user, watched: snapshot.seenBefore(user).length })),
      }
    },
  )

  app.get(
    '/v1/users/:id/history',
    {
      schema: {
        operationId: 'getHistory',
        tags: ['catalogue'],
        summary: 'What a user has watched',
        params: Type.Object({ id: UserId }),
        response: { 200: ref(History), ...problems(503) },
      },
    },
    async ({ params }) => {
      const viewed = (await events?.of(params.id))?.viewings ?? []
      const snapshot = models.current()
      const recent = [...new Set(viewed.flatMap(({ programId }) => snapshot.positionOf(programId) ?? []))]
      const before = [...snapshot.seenBefore(params.id)].filter((position) => !recent.includes(position))
      const titles = (positions: readonly number[], from: 'model' | 'events') =>
        positions.flatMap((position) => snapshot.items[position] ?? []).map((item) => ({ ...titleOf(item), from }))
      return {
        user: params.id,
        model: snapshot.version,
        week: snapshot.manifest.week,
        known: snapshot.hasUser(params.id),
        items: [...titles(recent, 'events'), ...titles(before, 'model')],
      }
    },
  )
}
