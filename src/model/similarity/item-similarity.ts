/**
 * How alike titles are: the cosine of their factors; of a model without factors, that of their viewers (users in common over the root of
 * the product of both titles' users). A title without factors or viewers is like none: 0.
 */
import { BlendModel } from '../blend/blend.ts'
import { FactorModel, withMemory } from '../factor-model.ts'
import type { Interactions, KernelMemories, Model } from '../model.ts'
import { itemsOfUser, transpose } from '../sparse/interactions.ts'
import { BestItems, type ScoredItems } from '../top-k/best-items.ts'
import { valuesAt } from '../top-k/positions.ts'
import { topK, type TopKOptions } from '../top-k/top-k.ts'

export interface ItemSimilarity {
  readonly by: 'factors' | 'viewers'
  /** The k items that are most like one, best first; of equal ones the smaller position first. */
  best(item: number, k: number, options: TopKOptions): ScoredItems
  /** Of two items, cheap enough to ask often; undefined where it is not. */
  readonly between: ((a: number, b: number) => number) | undefined
}

/**
 * @param seen what each user watched: kept, and turned over when first needed
 * @param memories see `KernelMemories`
 */
export function itemSimilarityOf(model: Model, seen: Interactions, memories: KernelMemories = new Map()): ItemSimilarity {
  if (model instanceof BlendModel) return itemSimilarityOf(model.leading, seen, memories)
  return model instanceof FactorModel ? bySharedFactors(model, memories) : bySharedViewers(seen)
}

function bySharedFactors(model: FactorModel, memories: KernelMemories): ItemSimilarity {
  const { itemFactors, itemCount, factorCount } = model
  let norms: Float32Array | undefined
  const normsOf = (): Float32Array => (norms ??= rowNorms(itemFactors, itemCount))
  const ranking = withMemory(memories, `${model.algorithm}.alike`, (memory) => {
    const directions = memory === undefined ? directionsOf(model, normsOf()) : itemFactors
    // As if the item were a user.
    return new BestItems({ itemCount, factorCount, itemFactors: directions }, 1, memory)
  })
  return {
    by: 'factors',
    between: (a, b) => cosineOfRows(itemFactors, factorCount, normsOf(), a, b),
    best: (item, k, options) => ranking.best(ranking.factorsOf(item), k, options),
  }
}

function directionsOf({ itemFactors, itemCount, factorCount }: FactorModel, norms: Float32Array): Float32Array {
  const directions = new Float32Array(itemFactors.length)
  for (let item = 0, place = 0; item < itemCount; item++) {
    const length = norms[item] as number
    for (const end = place + factorCount; place < end; place++)
      directions[place] = length === 0 ? 0 : (itemFactors[place] as number) / length
  }
  return directions
}

function bySharedViewers(seen: Interactions): ItemSimilarity {
  let viewers: Interactions | undefined
  const scores = new Float32Array(seen.itemCount)
  return {
    by: 'viewers',
    between: undefined,
    best(item, k, options) {
      viewers ??= transpose(seen)
      const users = itemsOfUser(viewers, item)
      scores.fill(0)
      for (const user of users) for (const other of itemsOfUser(seen, user)) scores[other] = (scores[other] as number) + 1
      for (let other = 0; other < scores.length; other++) {
        const shared = scores[other] as number
        if (shared > 0) scores[other] = shared / Math.sqrt(users.length * itemsOfUser(viewers, other).length)
      }
      const items = topK(scores, k, options)
      return { items, scores: valuesAt(scores, items) }
    },
  }
}

/** Lengths of the rows of a matrix, single precision. */
export function rowNorms(matrix: Float32Array, rows: number): Float32Array {
  const width = rows === 0 ? 0 : matrix.length / rows
  const norms = new Float32Array(rows)
  for (let row = 0, place = 0; row < rows; row++) {
    let square = 0
    for (const end = place + width; place < end; place++) square += (matrix[place] as number) ** 2
    norms[row] = Math.sqrt(square)
  }
  return norms
}

/** Cosine of two rows; 0 where one of them is 0. */
export function cosineOfRows(matrix: Float32Array, width: number, norms: Float32Array, a: number, b: number): number {
  const length = (norms[a] as number) * (norms[b] as number)
  if (length === 0) return 0
  let product = 0
  for (let f = 0, p = a * width, q = b * width; f < width; f++, p++, q++) product += (matrix[p] as number) * (matrix[q] as number)
  return product / length
}
