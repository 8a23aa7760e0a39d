/**
 * A generated catalogue: titles on shelves (category and genre), and below each shelf a few hidden styles that no column
 * tells. Tastes are for styles, so genre alone explains a part of what people watch and collaborative models the rest.
 */
import { addWeeks, weekStart, type Week } from '../../contracts/week.ts'
import type { Random } from '../../model/random/random.ts'
import { TitleMaker, type Mood } from './titles.ts'

interface Shelf {
  readonly category: string
  readonly genre: string
  readonly mood: Mood
  /** How many titles it has and how many viewers it draws, against the other shelves. */
  readonly weight: number
  /** Null for films; else the least and the greatest number of episodes. */
  readonly episodes: readonly [number, number] | null
  readonly minutes: readonly [number, number]
  readonly ageLimits: readonly number[]
}

const film = [85, 150] as const
const shelf = (
  category: string,
  genre: string,
  mood: Mood,
  weight: number,
  episodes: Shelf['episodes'],
  minutes: Shelf['minutes'],
  ageLimits: Shelf['ageLimits'],
): Shelf => ({ category, genre, mood, weight, episodes, minutes, ageLimits })

export const shelves: readonly Shelf[] = [
  shelf('영화', '액션', 'action', 9, null, film, [12, 15, 15, 19]),
  shelf('영화', '로맨스', 'love', 6, null, film, [12, 12, 15, 19]),
  shelf('영화', '코미디', 'laugh', 6, null, film, [12, 12, 15]),
  shelf('영화', '스릴러', 'dark', 6, null, film, [15, 15, 19]),
  shelf('영화', '공포', 'dark', 3, null, film, [15, 19]),
  shelf('영화', 'SF/판타지', 'wonder', 6, null, film, [7, 12, 12, 15]),
  shelf('영화', '드라마', 'life', 7, null, film, [0, 12, 15]),
  shelf('영화', '애니메이션', 'wonder', 4, null, [75, 110], [0, 0, 7, 12]),
  shelf('TV드라마', '로맨스', 'love', 8, [12, 20], [58, 72], [12, 15, 15]),
  shelf('TV드라마', '사극', 'history', 5, [16, 50], [58, 72], [12, 15]),
  shelf('TV드라마', '미스터리', 'dark', 6, [8, 16], [55, 70], [15, 15, 19]),
  shelf('TV드라마', '가족', 'life', 6, [24, 60], [35, 65], [7, 12]),
  shelf('해외드라마', '범죄', 'dark', 4, [8, 22], [42, 55], [15, 19]),
  shelf('해외드라마', 'SF/판타지', 'wonder', 3, [8, 12], [45, 60], [12, 15, 19]),
  shelf('예능', '버라이어티', 'show', 6, [10, 60], [70, 95], [7, 12, 15]),
  shelf('예능', '음악', 'show', 3, [8, 14], [60, 110], [7, 12]),
  shelf('키즈', '애니메이션', 'kids', 7, [20, 52], [7, 24], [0, 0, 7]),
  shelf('키즈', '교육', 'kids', 4, [20, 52], [8, 20], [0]),
  shelf('애니', '판타지', 'wonder', 4, [12, 26], [22, 25], [7, 12, 15]),
  shelf('애니', '일상', 'life', 3, [12, 24], [22, 25], [7, 12]),
  shelf('다큐', '자연', 'facts', 2, [1, 6], [45, 60], [0, 7]),
  shelf('다큐', '역사', 'facts', 2, [1, 8], [45, 60], [0, 7, 12]),
]

export interface Title {
  readonly id: number
  readonly name: string
  readonly shelf: number
  /** Position in `Catalogue.styles`. */
  readonly style: number
  /** Films have none. */
  readonly episodes: number | undefined
  readonly durationSeconds: number
  /** As `2021-05-13`, or null where the catalogue does not know it. */
  readonly releaseDate: string | null
  readonly ageLimit: number | null
  /** The week (0 is the first generated) from which on it can be watched. */
  readonly firstWeek: number
  /** How many of those who start it stay, 0 to 1. */
  readonly quality: number
  readonly excluded: boolean
  /** False for titles that the logs have and `vodinfo` lacks. */
  readonly listed: boolean
}

export interface Catalogue {
  readonly titles: readonly Title[]
  /** Titles of each style by popularity in each week; a style may have none. */
  readonly styles: readonly PopularityTable[]
  /** The styles of each shelf, as positions in `styles`. */
  readonly stylesOfShelf: readonly (readonly number[])[]
  /** All titles by popularity in each week. */
  readonly chart: PopularityTable
}

/** Titles with a weight in each week, to draw from. */
class PopularityTable {
  readonly titles: Uint32Array
  /** Row-major, a row a week: running sums of the weights in the order of `titles`. */
  readonly #runningSums: Float64Array

  /** @param weights weeks × titles, row-major, not negative; taken over and summed in place */
  constructor(titles: Uint32Array, weights: Float64Array) {
    this.titles = titles
    this.#runningSums = weights
    const width = titles.length
    for (let index = 0; index < weights.length; index++)
      if (index % width !== 0) weights[index] = (weights[index] ?? 0) + (weights[index - 1] ?? 0)
  }

  /** Undefined where no title has weight in that week. O(log titles). */
  draw(week: number, random: Random): number | undefined {
    const width = this.titles.length
    const start = week * width
    const total = this.#runningSums[start + width - 1] ?? 0
    if (width === 0 || total === 0) return undefined
    const wanted = random.unit() * total
    let low = 0
    let high = width - 1
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#runningSums[start + middle] ?? 0) > wanted) high = middle
      else low = middle + 1
    }
    return this.titles[low]
  }

  /** Adds `amount` times each title's share of the week to `into` (indexed by title). */
  addShares(week: number, amount: number, into: Float64Array): void {
    const width = this.titles.length
    const start = week * width
    const total = this.#runningSums[start + width - 1] ?? 0
    if (width === 0 || total === 0) return
    for (let index = 0; index < width; index++) {
      const before = index === 0 ? 0 : (this.#runningSums[start + index - 1] ?? 0)
      const title = this.titles[index] ?? 0
      into[title] = (into[title] ?? 0) + (amount * ((this.#runningSums[start + index] ?? 0) - before)) / total
    }
  }
}

/** Shares of titles with a fault of real catalogues. */
export const catalogueFaults = { excluded: 0.02, unlisted: 0.01, withoutReleaseDate: 0.01, withoutAgeLimit: 0.01 } as const

/** Titles a style, about: fewer, and a style says nothing that its titles do not; more, and tastes are only genres. */
const TITLES_PER_STYLE = 9
const MAX_STYLES_PER_SHELF = 4
/** Part of a title's weight that it also has in a second style. */
const SECOND_STYLE = 0.3
const ZIPF_EXPONENT = 0.75
/** Titles that come only after the first week. */
const NEW_TITLES = 0.2

/** @param programs titles that `vodinfo` lists; those it lacks come on top */
export function makeCatalogue(programs: number, weeks: number, firstWeek: Week, random: Random): Catalogue {
  const stylesPerShelf = Math.min(MAX_STYLES_PER_SHELF, Math.max(1, Math.round(programs / shelves.length / TITLES_PER_STYLE)))
  const stylesOfShelf = shelves.map((_, position) =>
    Array.from({ length: stylesPerShelf }, (_style, style) => position * stylesPerShelf + style),
  )
  const styleCount = shelves.length * stylesPerShelf
  const unlisted = programs >= 50 ? Math.round(programs * catalogueFaults.unlisted) || 1 : 0
  const titles = makeTitles(programs, unlisted, weeks, firstWeek, stylesOfShelf, random)

  const secondStyles = titles.map(() => random.below(styleCount))
  const weights = weeklyWeights(titles, weeks, random)
  const membersOfStyle = Array.from({ length: styleCount }, (): number[] => [])
  for (const [position, title] of titles.entries()) {
    membersOfStyle[title.style]?.push(position)
    const second = secondStyles[position] ?? title.style
    if (second !== title.style) membersOfStyle[second]?.push(position)
  }
  const styles = membersOfStyle.map((members, style) =>
    tableOf(
      members,
      weeks,
      (week, position) => (weights[week * titles.length + position] ?? 0) * (titles[position]?.style === style ? 1 : SECOND_STYLE),
    ),
  )
  const chart = tableOf([...titles.keys()], weeks, (week, position) => weights[week * titles.length + position] ?? 0)
  return { titles, styles, stylesOfShelf, chart }
}

function tableOf(positions: readonly number[], weeks: number, weight: (week: number, position: number) => number): PopularityTable {
  const width = positions.length
  const weights = new Float64Array(weeks * width)
  for (let week = 0; week < weeks; week++)
    for (const [column, position] of positions.entries()) weights[week * width + column] = weight(week, position)
  return new PopularityTable(Uint32Array.from(positions), weights)
}

function makeTitles(
  listed: number,
  unlisted: number,
  weeks: number,
  firstWeek: Week,
  stylesOfShelf: Catalogue['stylesOfShelf'],
  random: Random,
): readonly Title[] {
  const names = new TitleMaker(random)
  const shelfWeight = shelves.reduce((sum, { weight }) => sum + weight, 0)
  let id = 100
  return Array.from({ length: listed + unlisted }, (_, position): Title => {
    id += 1 + random.below(4)
    let rest = random.unit() * shelfWeight
    const onShelf = shelves.findIndex(({ weight }) => (rest -= weight) < 0)
    const { mood, episodes, minutes, ageLimits } = shelves[onShelf] as Shelf
    const styles = stylesOfShelf[onShelf] ?? []
    // The first title is there from the start, so that every week has something to watch.
    const begins = position > 0 && weeks > 1 && random.unit() < NEW_TITLES ? 1 + random.below(weeks - 1) : 0
    return {
      id,
      name: names.next(mood),
      shelf: onShelf,
      style: styles[random.below(styles.length)] ?? 0,
      episodes: episodes === null ? undefined : between(random, ...episodes),
      durationSeconds: between(random, ...minutes) * 60,
      releaseDate: random.unit() < catalogueFaults.withoutReleaseDate ? null : releaseDate(begins, firstWeek, random),
      ageLimit: random.unit() < catalogueFaults.withoutAgeLimit ? null : (ageLimits[random.below(ageLimits.length)] ?? 0),
      firstWeek: begins,
      quality: random.unit(),
      excluded: random.unit() < catalogueFaults.excluded,
      // Spread over the catalogue, so that popularity and absence have nothing to do with each other.
      listed: !isMarked(position, unlisted, listed + unlisted),
    }
  })
}

/** Whether a position is one of `marked` that are spread evenly over `count`. */
export function isMarked(position: number, marked: number, count: number): boolean {
  return Math.floor(((position + 1) * marked) / count) > Math.floor((position * marked) / count)
}

const between = (random: Random, least: number, greatest: number): number => least + random.below(greatest - least + 1)

/** New titles come out on the Monday of their first week; the others anywhere in the thirty years before, more of them lately. */
function releaseDate(begins: number, firstWeek: Week, random: Random): string {
  if (begins > 0) return weekStart(addWeeks(firstWeek, begins)).slice(0, 10)
  const daysBefore = 8 + Math.floor(random.unit() ** 2.5 * 30 * 365)
  return new Date(Date.parse(`${weekStart(firstWeek).slice(0, 10)}T00:00:00Z`) - daysBefore * 86_400_000).toISOString().slice(0, 10)
}

/** Weeks × titles, row-major: Zipf's law over a random ranking, a slow random walk, and the rush on what is new. */
function weeklyWeights(titles: readonly Title[], weeks: number, random: Random): Float64Array {
  const ranks = titles.map((_, rank) => ({ rank, key: random.unit() })).toSorted((a, b) => a.key - b.key)
  const weights = new Float64Array(weeks * titles.length)
  for (const [position, title] of titles.entries()) {
    let weight = ((ranks[position]?.rank ?? 0) + 3) ** -ZIPF_EXPONENT
    for (let week = 0; week < weeks; week++) {
      weight *= Math.exp(0.2 * random.normal())
      const age = week - title.firstWeek
      const rush = title.firstWeek === 0 ? 1 : 1 + 4 * Math.exp(-age / 2)
      weights[week * titles.length + position] = age < 0 ? 0 : weight * rush
    }
  }
  return weights
}
