import assert from 'node:assert/strict'
import test from 'node:test'
import { publishModel, titles } from '../../test/support/publish-model.ts'
import { temporaryStores, testApp } from '../../test/support/test-api.ts'
import { namedOf } from './catalogue.ts'
import { homePage } from './home-rows.ts'
import { bytesOfPage, keepPage } from './kept-page.ts'
import { ref } from './schema-parts.ts'
import { Rows } from './schemas.ts'
import { userEventsOf } from './user-events.ts'

const oddNames = ['"quoted" \\ back', 'line\nbreak\u0000\u2028', '각 コ 🎬', 'é', '', null, '</script>']
const oddGenres = ['뉴스/"시사"', '드라마', null]
const moment = 20_240_108_000_000

test('a home page says what its schema has and nothing else, whatever titles and genres are called', async (context) => {
  const { store } = await temporaryStores()
  await publishModel(store, '2024-W01-0000000a', {
    titles: titles.map((title, position) => ({
      ...title,
      program_name: oddNames[position % oddNames.length] ?? null,
      program_genre: oddGenres[position % oddGenres.length] ?? null,
    })),
  })
  const { app, holder } = await testApp(context, store)
  const snapshot = holder.current()
  // One episode was left in the middle, one ended, and of one title no episode is known.
  const events = userEventsOf(
    [
      { episode: '3', watchedSeconds: 600 },
      { episode: '"7"', watchedSeconds: 100 },
      { episode: '4', watchedSeconds: 3600 },
      { episode: null, watchedSeconds: 60 },
    ].map((viewing, n) => ({
      ...viewing,
      type: 'viewing' as const,
      eventId: `e-${n}`,
      userId: 'u-0',
      localTime: '2024-01-07 12:00:00',
      programId: snapshot.items[n]?.program_id ?? '',
      lengthSeconds: 3600,
      atMs: 1_704_596_400_000 + n,
      sequence: n,
    })),
  )
  const made = ['u-0', 'u-1', '"사용자"\n'].flatMap((id) =>
    [undefined, events].map((some) => ({ id, page: homePage(snapshot, { id, events: some }, 20, { moment }) })),
  )
  // Scores are 32-bit floats, which nine digits tell.
  const moments = new Set(['continue_watching', 'new'])
  const pages = made.map(({ id, page }) => bytesOfPage(keepPage(page), id, snapshot).toString())
  assert.deepEqual(
    pages.map((page) =>
      JSON.parse(page).rows.map(({ kind, items }: { kind: string; items: { program_id: string; score: number; because?: object }[] }) => [
        kind,
        items.map(({ program_id, score, because }) => [program_id, moments.has(kind) ? score : Math.fround(score), because]),
      ]),
    ),
    made.map(({ page }) =>
      page.rows.map(({ kind, titles: ofRow }) => [
        kind,
        ofRow.map(({ item, score, because }) => [item.program_id, score, because && namedOf(because.item)]),
      ]),
    ),
  )
  app.get<{ Params: { n: string } }>('/by-schema/:n', { schema: { response: { 200: ref(Rows) } } }, ({ params }) =>
    JSON.parse(pages[Number(params.n)] ?? assert.fail()),
  )
  for (const [n, page] of pages.entries()) {
    const { statusCode, rawPayload } = await app.inject({ url: `/by-schema/${n}` })
    assert.equal(statusCode, 200)
    assert.deepEqual(JSON.parse(page), JSON.parse(rawPayload.toString()))
  }
  const kinds = pages.map((page) => JSON.parse(page).rows.map(({ kind }: { kind: string }) => kind))
  assert.ok(kinds.some((of) => of.includes('genre')) && kinds.some((of) => of.includes('because_you_watched')))
  const [going] = JSON.parse(pages[1] ?? '').rows
  assert.deepEqual(
    going.items.map(({ episode, watched_share, reason }: Record<string, unknown>) => [episode, watched_share, reason]),
    [
      [null, 60 / 3600, 'continue watching'],
      ['5', 0, 'next episode'],
      ['"7"', 100 / 3600, 'continue watching'],
      ['3', 600 / 3600, 'continue watching'],
    ],
  )
})
