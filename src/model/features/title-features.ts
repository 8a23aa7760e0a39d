/** What the catalogue says of titles, as features: genre, category, age limit, and how long ago they came out. */
import type { ModelItem } from '../../contracts/documents.ts'
import type { ItemFeatures } from './feature-factors.ts'

/** The n-th age is below the n-th bound, in days. */
const releaseAges = [28, 91, 365, 1826] as const
const dayMs = 86_400_000
/** Every title has it: what is common to all. */
const common = 0

/** @param endDay days since 1970-01-01: ages are those at that day */
export function titleFeatures(items: readonly ModelItem[], endDay: number): ItemFeatures {
  const numbers = new Map<string, number>()
  const numberOf = (text: string): number => {
    const number = numbers.get(text) ?? numbers.size + 1
    numbers.set(text, number)
    return number
  }
  const offsets = new Uint32Array(items.length + 1)
  const features: number[] = []
  for (const [position, item] of items.entries()) {
    const own = textsOf(item, endDay).map(numberOf)
    features.push(common, ...own.toSorted((a, b) => a - b))
    offsets[position + 1] = features.length
  }
  return { featureCount: numbers.size + 1, offsets, features: Uint32Array.from(features) }
}

/** What is not known gives no feature. */
function textsOf({ program_genre: genre, ct_cl: category, age_limit: limit, release_date: released }: ModelItem, endDay: number): string[] {
  const age = released === null ? NaN : endDay - Date.parse(`${released.slice(0, 10)}T00:00:00Z`) / dayMs
  const bound = releaseAges.findIndex((days) => age < days)
  return [
    ...(genre === null || genre === '' ? [] : [`genre ${genre}`]),
    ...(category === null || category === '' ? [] : [`category ${category}`]),
    ...(limit === null ? [] : [`age limit ${limit}`]),
    ...(Number.isFinite(age) ? [`released ${bound === -1 ? 'long ago' : bound}`] : []),
  ]
}
