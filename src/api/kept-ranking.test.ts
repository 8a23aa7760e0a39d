import assert from 'node:assert/strict'
import test from 'node:test'
import { publishModel, titles } from '../../test/support/publish-model.ts'
import { temporaryStores, testApp } from '../../test/support/test-api.ts'
import { bytesOfRanking, keepRanking } from './kept-ranking.ts'
import type { ListOptions } from './model-snapshot.ts'
import { ref } from './schema-parts.ts'
import { Recommendations } from './schemas.ts'
import { recommendationsOf } from './titles.ts'

const oddNames = ['"quoted" \\ back', 'line\nbreak\u0000\u2028', '각 コ 🎬', 'é', '', null, '</script>']

test('a list written from what is kept has the bytes that its schema gives, whatever titles are called', async (context) => {
  const { store } = await temporaryStores()
  await publishModel(store, '2024-W01-0000000a', {
    titles: titles.map((title, position) => ({
      ...title,
      program_name: oddNames[position % oddNames.length] ?? null,
      ...(position % 4 === 0 ? { program_genre: null } : {}),
    })),
  })
  const { app, holder } = await testApp(context, store)
  const snapshot = holder.current()
  const users = ['u-0', 'u-1', 'u-2', '"사용자"\n']
  const options: ListOptions[] = [true, false].map((excludeSeen) => ({ excludeSeen, moment: 20_240_108_000_000 }))
  const rankings = users.flatMap((user) =>
    options.map((option) => ({ user, ranking: snapshot.recommend(snapshot.historyOf({ id: user }), 30, option) })),
  )
  app.get<{ Params: { n: string } }>('/by-schema/:n', { schema: { response: { 200: ref(Recommendations) } } }, ({ params }) => {
    const { user, ranking } = rankings[Number(params.n)] ?? assert.fail()
    return {
      user,
      model: snapshot.version,
      week: snapshot.manifest.week,
      source: ranking.source,
      items: recommendationsOf(ranking),
    }
  })
  for (const [n, { user, ranking }] of rankings.entries()) {
    const { rawPayload } = await app.inject({ url: `/by-schema/${n}` })
    assert.ok(ranking.titles.length > 0)
    assert.equal(bytesOfRanking(keepRanking(ranking), user, snapshot).toString(), rawPayload.toString())
  }
})
