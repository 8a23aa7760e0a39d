/**
 * Generated viewers. A viewer likes a few hidden styles, more or less, and what they like shifts over the weeks; a part
 * of what they watch is simply what everybody watches. The chance of the next title is therefore known exactly
 * (`preference`), which is what a recommender tries to learn.
 */
import type { Random } from '../../model/random/random.ts'
import { shelves, type Catalogue } from './catalogue.ts'

export interface Taste {
  /** Positions in `Catalogue.styles`. */
  readonly styles: readonly number[]
  /** Weight of each style in the first and in the last week; each list sums to 1. */
  readonly first: readonly number[]
  readonly last: readonly number[]
  /** Part of the choices that follow the chart, 0 to 1. */
  readonly chart: number
}

export interface Viewer {
  readonly household: 'children' | 'young' | 'family' | 'elder'
  readonly taste: Taste
  /** How much they watch, against others. */
  readonly activity: number
  /** Weeks between which they watch, both included. */
  readonly joins: number
  readonly leaves: number
}

const households = [
  { kind: 'young', share: 0.36, likes: ['영화', '해외드라마', '애니', '예능'] },
  { kind: 'family', share: 0.28, likes: ['영화', 'TV드라마', '예능', '다큐'] },
  { kind: 'children', share: 0.18, likes: ['키즈', '애니', 'TV드라마'] },
  { kind: 'elder', share: 0.18, likes: ['TV드라마', '다큐', '예능'] },
] as const

/** How much likelier a household takes to a shelf of its own categories. */
const OWN_CATEGORY = 10
/** Standard deviation of the logarithm of activity, and how many of them the busiest may be above the middle. */
const ACTIVITY_SPREAD = 1.1
const MAX_ACTIVITY_DEVIATION = 2.2
const LATE_JOINERS = 0.15
const EARLY_LEAVERS = 0.1

export function makeViewer(catalogue: Catalogue, weeks: number, random: Random): Viewer {
  let rest = random.unit()
  const household = households.find(({ share }) => (rest -= share) < 0) ?? households[0]
  const activity = Math.exp(ACTIVITY_SPREAD * Math.min(random.normal(), MAX_ACTIVITY_DEVIATION))
  const joins = weeks > 1 && random.unit() < LATE_JOINERS ? random.below(weeks) : 0
  const leaves = random.unit() < EARLY_LEAVERS ? joins + random.below(weeks - joins) : weeks - 1
  return { household: household.kind, activity, joins, leaves, taste: makeTaste(catalogue, household.likes, random) }
}

function makeTaste(catalogue: Catalogue, likes: readonly string[], random: Random): Taste {
  const shelfWeights = shelves.map(({ category, weight }) => weight * (likes.includes(category) ? OWN_CATEGORY : 1))
  const total = shelfWeights.reduce((sum, weight) => sum + weight, 0)
  const count = 2 + random.below(4)
  const styles = new Set<number>()
  for (let draw = 0; draw < count; draw++) {
    let rest = random.unit() * total
    const shelf = Math.max(
      0,
      shelfWeights.findIndex((weight) => (rest -= weight) < 0),
    )
    const ofShelf = catalogue.stylesOfShelf[shelf] ?? []
    styles.add(ofShelf[random.below(ofShelf.length)] ?? 0)
  }
  const first = shares([...styles], random)
  // Most tastes shift a little; one in five is another by the end.
  const other = shares([...styles], random)
  const shift = random.unit() < 0.2 ? 0.9 : 0.25
  return {
    styles: [...styles],
    first,
    last: first.map((share, index) => share * (1 - shift) + (other[index] ?? 0) * shift),
    chart: 0.05 + 0.15 * random.unit(),
  }
}

/** Uneven positive shares that sum to 1 (exponential draws, squared). */
function shares(of: readonly number[], random: Random): number[] {
  const draws = of.map(() => Math.log(1 - random.unit()) ** 2 + 0.02)
  const sum = draws.reduce((total, draw) => total + draw, 0)
  return draws.map((draw) => draw / sum)
}

/** Weight of the taste's style at `index` in a week. */
export function styleShare(taste: Taste, index: number, week: number, weeks: number): number {
  const passed = weeks > 1 ? week / (weeks - 1) : 0
  return (taste.first[index] ?? 0) * (1 - passed) + (taste.last[index] ?? 0) * passed
}

/** Planted chance of each title (by position) to be what a viewer picks next in a week. */
export function preference(catalogue: Catalogue, taste: Taste, week: number, weeks: number): Float64Array {
  const chances = new Float64Array(catalogue.titles.length)
  catalogue.chart.addShares(week, taste.chart, chances)
  for (const [index, style] of taste.styles.entries())
    catalogue.styles[style]?.addShares(week, (1 - taste.chart) * styleShare(taste, index, week, weeks), chances)
  return chances
}
