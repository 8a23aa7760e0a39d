import assert from 'node:assert/strict'
import test from 'node:test'
import * as fc from 'fast-check'
import type { ModelItem } from '../contracts/documents.ts'
import { Catalogue } from './catalogue.ts'
import { momentOf } from './local-moment.ts'
import type { TitleFilter } from './title-masks.ts'

const dates = ['', '2023', '2023-06-01', '2024-01-07 21:03:11', '2999-01-01', 'soon'] as const
const genres = ['드라마', '영화', '뉴스/시사', ''] as const
const item = fc.record(
  {
    program_id: fc.uuid(),
    program_name: fc.constant('쇼'),
    ct_cl: fc.constant('TV'),
    program_genre: fc.constantFrom(...genres, null),
    release_date: fc.constantFrom(...dates, null),
    age_limit: fc.constantFrom(0, 12, 15, 19.5, null),
    recommendable: fc.boolean(),
    available_from: fc.constantFrom(...dates),
    available_until: fc.constantFrom(...dates),
  },
  { requiredKeys: ['program_id', 'program_name', 'ct_cl', 'program_genre', 'release_date', 'age_limit', 'recommendable'] },
)
const filter = fc.record(
  {
    genres: fc.uniqueArray(fc.constantFrom(...genres.slice(0, 3))).map((list) => new Set(list)),
    maxAge: fc.constantFrom(0, 14, 15, 19, 150),
    moment: fc.constantFrom(20_200_101_000_000, 20_230_601_000_000, 20_240_107_210_311, 20_240_107_210_312, 30_000_101_000_000),
  },
  { requiredKeys: ['moment'] },
)

/** The rules one by one, as docs/serving.md has them. */
function mayBeShown(title: ModelItem, { genres: asked, maxAge, moment }: TitleFilter): boolean {
  if (!title.recommendable) return false
  if (asked !== undefined && asked.size > 0 && !asked.has(title.program_genre ?? '')) return false
  if (maxAge !== undefined && (title.age_limit === null || title.age_limit > maxAge)) return false
  const began = [title.release_date, title.available_from].every((date) => (momentOf(date ?? '') ?? 0) <= moment)
  return began && moment < (momentOf(title.available_until ?? '') ?? Infinity)
}

test('what may be shown is what the rules say of each title, in any order of questions', () => {
  fc.assert(
    fc.property(fc.array(item, { maxLength: 30 }), fc.array(filter, { minLength: 1, maxLength: 8 }), (titles, filters) => {
      const catalogue = new Catalogue(titles)
      for (const asked of filters) {
        const expected = titles.map((title) => Number(mayBeShown(title, asked)))
        const { marks, positions } = catalogue.allowed(asked)
        assert.deepEqual([...marks], expected)
        assert.deepEqual(
          [...positions],
          [...titles.keys()].filter((position) => expected[position] === 1),
        )
      }
    }),
  )
})

test('more filters than are kept, and the first ones once more', () => {
  const moment = 20_240_107_210_311
  const titles = Array.from({ length: 200 }, (_, n): ModelItem => ({
    program_id: String(n),
    program_name: '쇼',
    ct_cl: 'TV',
    program_genre: genres[n % 3] ?? null,
    release_date: null,
    age_limit: n,
    recommendable: true,
  }))
  const catalogue = new Catalogue(titles)
  const everything = catalogue.allowed({ moment })
  for (const maxAge of [...Array(100).keys(), ...Array(100).keys()]) {
    const { marks } = catalogue.allowed({ maxAge, moment })
    assert.deepEqual(
      [...marks],
      titles.map((title) => Number(mayBeShown(title, { maxAge, moment }))),
    )
    assert.equal(catalogue.allowed({ moment }), everything, 'what is asked for in between is not made anew')
  }
})

test('newest first: by release, of equals the smaller position', () => {
  fc.assert(
    fc.property(fc.array(item, { maxLength: 30 }), (titles) => {
      const { newestFirst, ...catalogue } = new Catalogue(titles)
      const at = ({ release_date, available_from }: (typeof titles)[number]): number =>
        Math.max(momentOf(release_date ?? '') ?? -Infinity, momentOf(available_from ?? '') ?? -Infinity)
      const releases = titles.map(at)
      const expected = [...titles.keys()].toSorted((a, b) => Math.sign((releases[b] ?? 0) - (releases[a] ?? 0)) || a - b)
      assert.equal(catalogue.items, titles)
      assert.deepEqual([...newestFirst], expected)
    }),
  )
})
