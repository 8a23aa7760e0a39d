/**
 * A published model of any size, made in seconds and without training: factors whose spread falls from one to the next and titles watched
 * by a power law, as trained models have them. The same shape and seed give the same bytes.
 */
import type { ModelItem } from '../../src/contracts/documents.ts'
import type { ObjectStore } from '../../src/contracts/ports.ts'
import { matrix, vector } from '../../src/model/factor-model.ts'
import type { Tensor, Tensors } from '../../src/model/model.ts'
import { Random } from '../../src/model/random/random.ts'
import { writeModel, type Published } from './publish-model.ts'

export interface ModelShape {
  readonly users: number
  readonly titles: number
  readonly factors: number
  /** About so many: each user's number is drawn. */
  readonly pairs: number
}

export const generatedGenres = [
  '드라마',
  '영화',
  '예능',
  '뉴스/시사',
  '다큐',
  '키즈',
  '애니',
  '스포츠',
  '음악',
  '교육',
  '취미',
  '종교',
] as const
export const generatedAgeLimits = [0, 7, 12, 15, 19, null] as const

export const userIdOf = (user: number): string => String(10_000_000 + 7 * user)
export const programIdOf = (title: number): string => String(200_000 + title)

/** Writes the model and does not make it the latest. */
export function writeGeneratedModel(store: ObjectStore, version: string, shape: ModelShape, seed: number): Promise<Published> {
  const random = Random.seeded(seed, 2)
  return writeLearntModel(store, version, shape, seed, generateLearnt(shape, random), random)
}

/** What a model has learnt of whom. */
export interface Learnt {
  readonly factors: Tensors
  /** User `u` watched `items[offsets[u] .. offsets[u + 1])`, ascending. */
  readonly offsets: Uint32Array
  readonly items: Uint32Array
}

/** Writes a model that learnt this, and does not make it the latest. Titles, and how much was watched when, are drawn. */
export function writeLearntModel(
  store: ObjectStore,
  version: string,
  shape: ModelShape,
  seed: number,
  { factors, offsets, items }: Learnt,
  random: Random,
): Promise<Published> {
  return writeModel(store, version, {
    algorithm: 'ials',
    userIds: Array.from({ length: shape.users }, (_, user) => userIdOf(user)),
    titles: generateTitles(shape.titles, seed),
    tensors: (tensors) => {
      tensors.clear()
      for (const [name, tensor] of factors) tensors.set(name, tensor)
      tensors.set('seen_offsets', vector(offsets))
      tensors.set('seen_items', vector(items))
      tensors.set('seen_weights', vector(Float32Array.from(items, () => random.unit())))
      tensors.set('seen_days', vector(Int32Array.from(items, () => 19_723 - random.below(364))))
      tensors.set('item_viewers', vector(viewersOf(items, shape.titles)))
    },
    manifest: (manifest) => ({ ...manifest, pairs: items.length, parameters: { factors: shape.factors } }),
  })
}

function viewersOf(items: Uint32Array, titles: number): Uint32Array {
  const viewers = new Uint32Array(titles)
  for (const item of items) viewers[item] = (viewers[item] as number) + 1
  return viewers
}

export function generateTitles(count: number, seed: number): readonly ModelItem[] {
  const random = Random.seeded(seed, 1)
  const pick = <T>(values: readonly T[]): T => values[random.below(values.length)] as T
  return Array.from({ length: count }, (_, title) => ({
    program_id: programIdOf(title),
    program_name: `프로그램 ${title}`,
    ct_cl: 'TV',
    program_genre: pick(generatedGenres),
    release_date: random.below(40) === 0 ? '2999-01-01' : `${2010 + random.below(14)}-${String(1 + random.below(12)).padStart(2, '0')}-01`,
    age_limit: pick(generatedAgeLimits),
    recommendable: random.below(50) > 0,
    ...(random.below(40) === 0 ? { available_until: '2020-01-01' } : {}),
  }))
}

function generateLearnt({ users, titles, factors, pairs }: ModelShape, random: Random): Learnt {
  const offsets = new Uint32Array(users + 1)
  const mean = pairs / users
  // A user has at most half of the titles, so that drawing another one always ends.
  const counts = Uint32Array.from({ length: users }, () =>
    Math.min(titles >> 1, Math.max(1, Math.round(-mean * Math.log(1 - random.unit())))),
  )
  for (let user = 0; user < users; user++) offsets[user + 1] = (offsets[user] as number) + (counts[user] as number)
  const items = new Uint32Array(offsets[users] as number)
  const chosenBy = new Int32Array(titles).fill(-1)
  for (let user = 0; user < users; user++) {
    const [start, end] = [offsets[user] as number, offsets[user + 1] as number]
    for (let place = start; place < end;) {
      const item = Math.floor(titles * random.unit() ** 2.5)
      if (chosenBy[item] === user) continue
      chosenBy[item] = user
      items[place++] = item
    }
    items.subarray(start, end).sort()
  }
  const spread = Float64Array.from({ length: factors }, (_, factor) => 0.3 / Math.sqrt(1 + factor / 4))
  const draw = (rows: number): Tensor =>
    matrix(
      Float32Array.from({ length: rows * factors }, (_, n) => random.normal() * (spread[n % factors] as number)),
      rows,
      factors,
    )
  return {
    factors: new Map([
      ['user_factors', draw(users)],
      ['item_factors', draw(titles)],
      ['item_scores', vector(Float32Array.from(viewersOf(items, titles)))],
      ['objective', vector(Float64Array.of(0.1, 0.01, 1))],
    ]),
    offsets,
    items,
  }
}
