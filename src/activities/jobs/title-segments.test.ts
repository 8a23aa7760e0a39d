import assert from 'node:assert/strict'
import test from 'node:test'
import type { ModelItem } from '../../contracts/documents.ts'
import type { WeeklyPairs } from '../../contracts/ports.ts'
import { genreNumbers, kidsTitles, newTitles } from './title-segments.ts'

const item = (category: string | null, genre: string | null, age: number | null): ModelItem => ({
  program_id: '1',
  program_name: null,
  ct_cl: category,
  program_genre: genre,
  release_date: null,
  age_limit: age,
  recommendable: true,
})

test('genres are numbered as they come; titles without one have none', () => {
  const genres = ['드라마', null, '예능', '', '드라마']
  assert.deepEqual([...genreNumbers(genres.map((genre) => item('TV', genre, 0)))], [0, -1, 1, -1, 0])
})

test('titles for children are those of such a category or genre, else those with age limit 0', () => {
  const items = [item('키즈', '애니메이션', 7), item('TV', '키즈', null), item('영화', '드라마', 0), item(null, 'Kids & family', 12)]
  assert.deepEqual([...(kidsTitles(items)?.marks ?? [])], [1, 1, 0, 1])
  const unnamed = kidsTitles([item('영화', '드라마', 0), item('영화', 'Kidnapping', 15), item('영화', null, null)])
  assert.deepEqual([...(unnamed?.marks ?? [])], [1, 0, 0])
  assert.match(unnamed?.description ?? '', /age limit 0/)
  assert.equal(kidsTitles([item('영화', '드라마', 12)]), undefined)
})

const weekly = (rows: readonly (readonly [title: number, day: number])[]): WeeklyPairs => ({
  user: new Uint32Array(rows.length),
  item: Uint32Array.from(rows, ([title]) => title),
  weekStartDay: Int32Array.from(rows, ([, day]) => day),
  rating: new Float64Array(rows.length).fill(1),
  viewings: new Uint32Array(rows.length).fill(1),
  lastSeconds: new Float64Array(rows.length),
})

test('titles first watched in the test week or the four weeks before it are new, where the logs begin earlier', () => {
  // Title 0 is old and watched again, 1 came four weeks before, 2 in the week itself, 3 a week earlier than that of 1; nobody watched 4.
  const rows = [[0, 100], [0, 196], [1, 168], [2, 196], [3, 161]] as const // prettier-ignore
  assert.deepEqual([...(newTitles(weekly(rows), 5, 196)?.marks ?? [])], [0, 1, 1, 0, 0])
  assert.equal(newTitles(weekly(rows.slice(1, 4)), 5, 196), undefined)
})
