import assert from 'node:assert/strict'
import test from 'node:test'
import { familyOf } from '../families.ts'
import { buildInteractions } from '../sparse/interactions.ts'
import { itemSimilarityOf } from './item-similarity.ts'

/** Users 0 to 3; item 0 is watched by 0, 1, 2, item 1 by 1, 2, item 2 by 3, item 3 by none. */
const seen = buildInteractions(4, 4, { users: Uint32Array.of(0, 1, 2, 1, 2, 3), items: Uint32Array.of(0, 0, 0, 1, 1, 2) })

function scoresOf(
  algorithm: string,
  tensors: ReadonlyMap<string, { shape: number[]; data: Float32Array | Float64Array | Uint32Array }>,
  item: number,
) {
  const similarity = itemSimilarityOf(familyOf(algorithm).load(tensors), seen)
  const { items, scores: found } = similarity.best(item, 4, {})
  const scores = new Float32Array(4)
  for (const [n, position] of items.entries()) scores[position] = found[n] as number
  return { by: similarity.by, scores: [...scores].map((score) => Math.round(score * 1e4) / 1e4) }
}

test('of factors the cosine; a title without any is like none', () => {
  const tensors = new Map([
    ['user_factors', { shape: [4, 2], data: new Float32Array(8) }],
    ['item_factors', { shape: [4, 2], data: Float32Array.of(1, 0, 2, 2, 0, 3, 0, 0) }],
    ['settings', { shape: [3], data: Float64Array.of(0.05, 10, 0) }],
  ])
  assert.deepEqual(scoresOf('warp', tensors, 0), { by: 'factors', scores: [1, 0.7071, 0, 0] })
  assert.deepEqual(scoresOf('warp', tensors, 3).scores, [0, 0, 0, 0])
})

test('without factors the viewers in common', () => {
  const tensors = new Map([
    ['item_scores', { shape: [4], data: Float32Array.of(3, 2, 1, 0) }],
    ['user_count', { shape: [1], data: Uint32Array.of(4) }],
  ])
  assert.deepEqual(scoresOf('popularity', tensors, 0), { by: 'viewers', scores: [1, 0.8165, 0, 0] })
  assert.deepEqual(scoresOf('popularity', tensors, 3).scores, [0, 0, 0, 0])
})
