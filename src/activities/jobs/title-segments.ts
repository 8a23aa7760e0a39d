/** From what the catalogue and the logs say of titles to the genres and the title segments that candidates are measured by. */
import type { ModelItem, SegmentBounds } from '../../contracts/documents.ts'
import type { WeeklyPairs } from '../../contracts/ports.ts'

/** Titles are new for this long, in days. */
const NEW_FOR = 28

export interface TitleSegment {
  readonly name: 'kids_titles' | 'new_titles'
  /** What it is, in words. */
  readonly description: string
  readonly bounds: SegmentBounds
  /** One a title: 1 where it belongs. */
  readonly marks: Uint8Array
}

/** The number of each title's genre, in the order of their first titles; -1 where it has none. */
export function genreNumbers(items: readonly ModelItem[]): Int32Array {
  const numbers = new Map<string, number>()
  return Int32Array.from(items, ({ program_genre: genre }) => {
    if (genre === null || genre === '') return -1
    const number = numbers.get(genre) ?? numbers.size
    numbers.set(genre, number)
    return number
  })
}

const forChildren = /키즈|어린이|유아|\bkids?\b|\bchildren\b/i

/** By category or genre; where the catalogue has neither for children, by age limit 0. Undefined where no title is one. */
export function kidsTitles(items: readonly ModelItem[]): TitleSegment | undefined {
  const byName = items.map(({ ct_cl: category, program_genre: genre }) => forChildren.test(`${category ?? ''} ${genre ?? ''}`))
  const named = byName.includes(true)
  const marks = Uint8Array.from(items, ({ age_limit: limit }, n) => Number(named ? byName[n] : limit === 0))
  if (!marks.includes(1)) return undefined
  return {
    name: 'kids_titles',
    description: named ? 'titles of a category or genre for children' : 'titles with age limit 0',
    bounds: { by: named ? 'category' : 'age_limit' },
    marks,
  }
}

/**
 * Titles that were first watched in the test week or the four weeks before it. Undefined where the logs do not begin before that:
 * then nobody can tell.
 * @param testWeekDay days from 1970-01-01 to the Monday that starts the test week
 */
export function newTitles({ item, weekStartDay }: WeeklyPairs, itemCount: number, testWeekDay: number): TitleSegment | undefined {
  const firstDay = new Float64Array(itemCount).fill(Infinity)
  for (const [row, day] of weekStartDay.entries()) {
    const position = item[row] ?? 0
    if (day < (firstDay[position] ?? Infinity)) firstDay[position] = day
  }
  const since = testWeekDay - NEW_FOR
  if (!firstDay.some((day) => day < since)) return undefined
  return {
    name: 'new_titles',
    description: 'titles first watched in the test week or the four weeks before it',
    bounds: {},
    marks: Uint8Array.from(firstDay, (day) => Number(day >= since && day < Infinity)),
  }
}
