/**
 * WARP as the head of src/model/warp/warp.ts has it, the plain way, one number after the other in double precision, for a catalogue of a single
 * block of items. For tests alone.
 */
import type { Interactions } from '../model.ts'
import { Random } from '../random/random.ts'
import { itemsOfUser, userOfPairs } from '../sparse/interactions.ts'

export interface WarpSettings {
  readonly factors: number
  readonly epochs: number
  readonly learningRate: number
  readonly maxSampled: number
  readonly regularization: number
}

/** A number with the sum of squares that Adagrad divides by. */
interface Learnt {
  value: number
  squares: number
}

export interface ReferenceWarp {
  readonly users: readonly (readonly Learnt[])[]
  /** The last one of each is the bias. */
  readonly items: readonly (readonly Learnt[])[]
}

/** Streams of a seed that an epoch has to itself; stream 0 gives the first values. */
const streamsOfEpoch = 16

export function referenceWarp(pairs: Interactions, settings: WarpSettings, seed: number): ReferenceWarp {
  const { factors, epochs } = settings
  const random = Random.seeded(seed, 0)
  const draw = (): Learnt => ({ value: (random.uint32() / 2 ** 32 - 0.5) / factors, squares: 1 })
  const rows = (count: number): Learnt[][] => Array.from({ length: count }, () => Array.from({ length: factors }, draw))
  const items = rows(pairs.itemCount)
  const users = rows(pairs.userCount)
  for (const item of items) item.push({ value: 0, squares: 1 })
  for (let epoch = 0; epoch < epochs; epoch++) takeEpoch(pairs, settings, { users, items }, Random.seeded(seed, 1 + epoch * streamsOfEpoch))
  return { users, items }
}

/** Uneven by less than bound / 2^32, as the kernels draw. */
const below = (random: Random, bound: number): number => Math.floor((random.uint32() * bound) / 2 ** 32)

function takeEpoch(pairs: Interactions, settings: WarpSettings, { users, items }: ReferenceWarp, random: Random): void {
  const { learningRate, maxSampled, regularization, factors } = settings
  const userOf = userOfPairs(pairs)
  // Draws are by rank among the items, those of most pairs first.
  const counts = Uint32Array.from(items, (_, item) => pairs.items.filter((other) => other === item).length)
  const ranked = Array.from(counts.keys()).toSorted((a, b) => (counts[b] ?? 0) - (counts[a] ?? 0) || a - b)
  const order: number[] = []
  for (const [pair, weight] of pairs.weights.entries()) {
    if (weight <= 0) continue
    const other = below(random, order.length + 1)
    order.push(order[other] ?? pair)
    order[other] = pair
  }
  const scoreOf = (user: readonly Learnt[], item: readonly Learnt[]): number =>
    user.reduce((sum, { value }, f) => sum + value * (item[f]?.value ?? 0), item[factors]?.value ?? 0)
  const move = (number: Learnt, slope: number): void => {
    const whole = slope + regularization * number.value
    number.value -= (learningRate * whole) / Math.sqrt(number.squares)
    number.squares += whole ** 2
  }
  for (const pair of order) {
    const [user = [], above = []] = [users[userOf[pair] ?? 0], items[pairs.items[pair] ?? 0]]
    const own = itemsOfUser(pairs, userOf[pair] ?? 0)
    for (let sampled = 1; sampled <= maxSampled; sampled++) {
      const drawn = ranked[below(random, pairs.itemCount)] ?? 0
      const beneath = items[drawn] ?? []
      if (!(scoreOf(user, beneath) > scoreOf(user, above) - 1) || own.includes(drawn)) continue
      const rank = Math.max(1, Math.floor((pairs.itemCount - 1) / sampled))
      const loss = Math.min((pairs.weights[pair] ?? 0) * Math.log(rank), 10)
      const before = user.map(({ value }) => value)
      for (const [f, number] of user.entries()) move(number, loss * ((beneath[f]?.value ?? 0) - (above[f]?.value ?? 0)))
      for (const [f, number] of above.entries()) move(number, -loss * (before[f] ?? 1))
      for (const [f, number] of beneath.entries()) move(number, loss * (before[f] ?? 1))
      break
    }
  }
}
