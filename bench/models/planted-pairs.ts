/**
 * Pairs as a video service has them, made up: titles differ much in popularity, users in how much they watch, and each user has a taste that
 * can be learnt. The same size and seed give the same pairs.
 */
import type { Interactions } from '../../src/model/model.ts'
import { Random } from '../../src/model/random/random.ts'
import { buildInteractions } from '../../src/model/sparse/interactions.ts'

export interface PlantedSize {
  readonly users: number
  readonly items: number
  readonly pairs: number
  /** Of titles that the same users like; by default 32. */
  readonly groups?: number
}

/** How often a user takes a title of one of the two own groups. */
const ownShare = 0.75
/** A uniform number to this power is the rank of a title within its group: the first tenth of the titles has 56 % of the draws. */
const popularitySkew = 4
/** A user who has seen nearly all of the own groups draws what is seen again and again, and ends with fewer pairs. */
const drawsAPair = 10

export interface PlacedSize {
  readonly users: number
  readonly items: number
  readonly pairs: number
  /** Of some twenty items each, on rings of `placesACity`. */
  readonly places: number
}

const placesACity = 16
/** What a user takes: of the own places, else of those beside them, else of the city, else of the whole world. */
const [ownPlaces, besidePlaces, ownCity] = [0.4, 0.25, 0.2]

/**
 * Pairs as a service of places has them: very many small communities, each of its own few items, so that it takes many factors to tell them
 * apart, and items beside each other tell more than tastes do.
 */
export function placedPairs({ users, items, pairs, places }: PlacedSize, seed: number): Interactions {
  const random = Random.seeded(seed)
  const activity = Float64Array.from({ length: users }, () => Math.exp(0.9 * random.normal()))
  const activitySum = activity.reduce((sum, value) => sum + value, 0)
  const cities = Math.floor(places / placesACity)
  const cityOf = (): number => Math.floor(cities * random.unit() ** 2)
  const placeSize = Math.floor(items / places)
  const itemOf = (place: number): number => place + places * Math.floor(placeSize * random.unit() ** 2)
  const rowUsers = new Uint32Array(2 * pairs)
  const rowItems = new Uint32Array(2 * pairs)
  let size = 0
  for (let user = 0; user < users; user++) {
    const wanted = Math.min(items / 40, 8 + ((pairs - 8 * users) * (activity[user] ?? 0)) / activitySum)
    const city = cityOf()
    const own = Array.from({ length: 3 }, () => random.below(placesACity))
    const seen = new Set<number>()
    for (let draws = 0; seen.size < wanted && draws < drawsAPair * wanted; draws++) {
      const kind = random.unit()
      const home = own[random.below(own.length)] ?? 0
      const place =
        kind < ownPlaces
          ? home
          : kind < ownPlaces + besidePlaces
            ? (home + 1 + (placesACity - 2) * random.below(2)) % placesACity
            : random.below(placesACity)
      const where = kind < ownPlaces + besidePlaces + ownCity ? city : cityOf()
      seen.add(itemOf(where * placesACity + place))
    }
    for (const item of seen) {
      if (size === rowUsers.length) break
      rowUsers[size] = user
      rowItems[size++] = item
    }
  }
  return buildInteractions(users, items, { users: rowUsers.subarray(0, size), items: rowItems.subarray(0, size) })
}

export function plantedPairs({ users, items, pairs, groups = 32 }: PlantedSize, seed: number): Interactions {
  const random = Random.seeded(seed)
  const activity = Float64Array.from({ length: users }, () => Math.exp(random.normal()))
  const activitySum = activity.reduce((sum, value) => sum + value, 0)
  const groupSize = Math.floor(items / groups)
  const rowUsers = new Uint32Array(2 * pairs)
  const rowItems = new Uint32Array(2 * pairs)
  let size = 0
  for (let user = 0; user < users; user++) {
    const wanted = Math.min(items / 4, 5 + ((pairs - 5 * users) * (activity[user] ?? 0)) / activitySum)
    const own = [random.below(groups), random.below(groups)] as const
    const seen = new Set<number>()
    for (let draws = 0; seen.size < wanted && draws < drawsAPair * wanted; draws++) {
      const group = random.unit() < ownShare ? (own[random.below(2)] ?? 0) : random.below(groups)
      seen.add(group + groups * Math.floor(groupSize * random.unit() ** popularitySkew))
    }
    for (const item of seen) {
      if (size === rowUsers.length) break
      rowUsers[size] = user
      rowItems[size++] = item
    }
  }
  return buildInteractions(users, items, { users: rowUsers.subarray(0, size), items: rowItems.subarray(0, size) })
}
