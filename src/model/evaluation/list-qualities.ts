/**
 * What recommendation lists are like, beside how often they are right. Of a user u: list L (cut to k), history H (training
 * items). Of an item i: s_i = the share of the users with a history who have i in it, counted as one user where nobody has.
 * Titles without a genre are left out of what is about genres: p and q are the shares of each genre among the titles of H and L
 * that have one, c_g how many titles of genre g are in L, and n = Σ_g c_g.
 *
 *   novelty         = mean over L of -log2(s_i)                       bits; the mean over users
 *   popularity      = mean over L of s_i                              the mean over users
 *   popularity_lift = (mean over users of popularity) / (mean over users of the mean over H of s_i) - 1
 *   genre_diversity = 1 - Σ_g c_g (c_g - 1) / (n (n - 1))             the share of a list's pairs that differ in genre
 *   miscalibration  = ½ Σ_g p_g log2(p_g / m_g) + ½ Σ_g q_g log2(q_g / m_g),  m = (p + q) / 2      0 alike to 1 apart
 *
 * Sources: novelty, Zhou et al., "Solving the apparent diversity-accuracy dilemma" (PNAS 2010); popularity lift, Abdollahpouri
 * et al., "The unfairness of popularity bias in recommendation" (2019), there ΔGAP; genre diversity, Ziegler et al., "Improving
 * recommendation lists through topic diversification" (WWW 2005), with similarity 1 for the same genre and 0 else; calibration,
 * Steck, "Calibrated recommendations" (RecSys 2018), with the Jensen-Shannon divergence (Lin 1991) for the Kullback-Leibler
 * one, which is infinite where a list lacks a genre of the history.
 *
 * A user counts where the measure has a meaning: an empty list in none, popularity_lift and miscalibration with a history (of
 * which miscalibration wants a genre on both sides), genre_diversity from two titles with a genre on. A measure that no user
 * counts for is left out. Time O(list + history) a user, memory one number an item and a genre; sums in the order of the users.
 */
import type { Interactions } from '../model.ts'
import { itemsOfUser } from '../sparse/interactions.ts'

export interface ListQualitiesOptions {
  /** Ascending or not; lists are cut to each. */
  readonly cutoffs: readonly number[]
  readonly train: Interactions
  /** One entry an item: its genre's number, or below 0 where it has none. */
  readonly genreOf: Int32Array
}

const measures = ['novelty', 'popularity', 'genre_diversity', 'miscalibration'] as const
type Measure = (typeof measures)[number]

/** Sum and count of what has a value. */
class Mean {
  sum = 0
  count = 0

  add(value: number): void {
    this.sum += value
    this.count++
  }
}

/** What is summed at one cut-off. */
interface Sums extends Record<Measure, Mean> {
  /** Popularity of the lists of users with a history. */
  readonly listsBesideHistories: Mean
}

export class ListQualities {
  readonly #train: Interactions
  readonly #genreOf: Int32Array
  readonly #shares: Float64Array
  /** log2(s_i) */
  readonly #logarithms: Float64Array
  readonly #cuts: readonly { readonly k: number; readonly sums: Sums }[]
  readonly #histories = new Mean()
  /** How often each genre is in the history and in the list under way; 0 between users. */
  readonly #inHistory: Float64Array
  readonly #inList: Float64Array
  /** Those of both, each once. */
  readonly #genres: number[] = []

  constructor({ cutoffs, train, genreOf }: ListQualitiesOptions) {
    this.#train = train
    this.#genreOf = genreOf
    this.#shares = popularityShares(train)
    this.#logarithms = this.#shares.map(Math.log2)
    this.#cuts = cutoffs.map((k) => ({ k, sums: newSums() }))
    const genreCount = genreOf.reduce((count, genre) => Math.max(count, genre + 1), 0)
    this.#inHistory = new Float64Array(genreCount)
    this.#inList = new Float64Array(genreCount)
  }

  /** @param list item positions, best first, distinct. */
  add(user: number, list: Uint32Array): void {
    if (list.length === 0) return
    const history = itemsOfUser(this.#train, user)
    if (history.length > 0) this.#histories.add(this.#meanShare(history, history.length))
    const historyTitles = this.#countGenres(history, history.length, this.#inHistory)
    const historyGenres = this.#genres.length
    for (const { k, sums } of this.#cuts) {
      const length = Math.min(k, list.length)
      const popularity = this.#meanShare(list, length)
      sums.popularity.add(popularity)
      if (history.length > 0) sums.listsBesideHistories.add(popularity)
      sums.novelty.add(this.#meanBits(list, length))
      const titles = this.#countGenres(list, length, this.#inList)
      if (titles > 1) sums.genre_diversity.add(this.#pairsApart(titles))
      if (titles > 0 && historyTitles > 0) sums.miscalibration.add(this.#divergence(historyTitles, titles))
      for (const genre of this.#genres) this.#inList[genre] = 0
      this.#genres.length = historyGenres
    }
    for (const genre of this.#genres) this.#inHistory[genre] = 0
    this.#genres.length = 0
  }

  /** By name: `novelty@10`, `popularity@10`, `popularity_lift@10`, `genre_diversity@10`, `miscalibration@10`, …. */
  result(): Readonly<Record<string, number>> {
    const result: Record<string, number> = {}
    const histories = this.#histories.sum / this.#histories.count
    for (const { k, sums } of this.#cuts) {
      for (const measure of measures) if (sums[measure].count > 0) result[`${measure}@${k}`] = sums[measure].sum / sums[measure].count
      const { sum, count } = sums.listsBesideHistories
      if (count > 0) result[`popularity_lift@${k}`] = sum / count / histories - 1
    }
    return result
  }

  /** Of the first `length` items. */
  #meanShare(items: Uint32Array, length: number): number {
    let sum = 0
    for (let n = 0; n < length; n++) sum += this.#shares[items[n] as number] as number
    return sum / length
  }

  #meanBits(items: Uint32Array, length: number): number {
    let sum = 0
    for (let n = 0; n < length; n++) sum -= this.#logarithms[items[n] as number] as number
    return sum / length
  }

  /** Adds to `counts` and `#genres`; answers how many of the first `length` items have a genre. */
  #countGenres(items: Uint32Array, length: number, counts: Float64Array): number {
    let titles = 0
    for (let n = 0; n < length; n++) {
      const genre = this.#genreOf[items[n] as number] as number
      if (genre < 0) continue
      if (this.#inHistory[genre] === 0 && this.#inList[genre] === 0) this.#genres.push(genre)
      counts[genre] = (counts[genre] as number) + 1
      titles++
    }
    return titles
  }

  #pairsApart(titles: number): number {
    let alike = 0
    for (const genre of this.#genres) {
      const count = this.#inList[genre] as number
      alike += count * (count - 1)
    }
    return 1 - alike / (titles * (titles - 1))
  }

  #divergence(historyTitles: number, listTitles: number): number {
    let sum = 0
    for (const genre of this.#genres) {
      const p = (this.#inHistory[genre] as number) / historyTitles
      const q = (this.#inList[genre] as number) / listTitles
      const middle = (p + q) / 2
      if (p > 0) sum += p * Math.log2(p / middle)
      if (q > 0) sum += q * Math.log2(q / middle)
    }
    return Math.max(0, sum / 2)
  }
}

const newSums = (): Sums => ({
  novelty: new Mean(),
  popularity: new Mean(),
  genre_diversity: new Mean(),
  miscalibration: new Mean(),
  listsBesideHistories: new Mean(),
})

/** s_i of the head comment. */
function popularityShares({ userCount, itemCount, offsets, items }: Interactions): Float64Array {
  const users = new Float64Array(itemCount)
  for (const item of items) users[item] = (users[item] as number) + 1
  let withHistory = 0
  for (let user = 0; user < userCount; user++) withHistory += Number((offsets[user + 1] as number) > (offsets[user] as number))
  return users.map((count) => Math.max(count, 1) / Math.max(withHistory, 1))
}
