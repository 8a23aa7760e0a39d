/**
 * What each title of a history adds to the score of another title: the numbers behind "because you watched …".
 *
 * | family     | contribution of history item j to the score of item i                                        | sums to the score |
 * |------------|----------------------------------------------------------------------------------------------|-------------------|
 * | `ials`     | c_j × h_jᵀ A⁻¹ h_i,  A = a HᵀH + λ I + Σ_j c_j h_j h_jᵀ: the folded-in w = A⁻¹ Σ_j c_j h_j, taken apart | yes |
 * | `ease`     | c_j × B_ji                                                                                   | yes               |
 * | `item-knn` | c_j × s_ji, where i is among the neighbours of j                                             | yes               |
 * | other factor models | c_j × cos(h_j, h_i): their users' factors are not sums over a history               | no                |
 *
 * A blend is explained by its leading family. c_j are the history's weights, a, λ and h as in ials.ts. Other models explain nothing (0 everywhere).
 * Single precision, nothing random. For `ials` a history costs n × F² / 2 + F³ / 6 multiplications and a title F² + n × F, in a kernel.
 */
import { BlendModel } from '../blend/blend.ts'
import { IalsModel } from '../ials/ials.ts'
import type { HistoryExplainer, Model } from '../model.ts'
import { cosineOfRows, rowNorms } from '../similarity/item-similarity.ts'

export interface Explainer {
  /** @param items positions, ascending and distinct, and their weights; neither is kept beyond the next call */
  ofHistory(items: Uint32Array, weights: Float32Array): HistoryExplainer
}

/** Undefined for a model whose scores do not depend on a history. */
export function explainerOf(model: Model): Explainer | undefined {
  if (model instanceof BlendModel) return explainerOf(model.leading)
  const tensors = model.tensors()
  const factors = tensors.get('item_factors')
  if (model instanceof IalsModel) return { ofHistory: (items, weights) => model.explain(items, weights) }
  if (factors?.data instanceof Float32Array) return cosineExplainer(factors.data, model.itemCount)
  const weights = tensors.get('item_weights')
  if (weights?.data instanceof Float32Array) return weightsExplainer(weights.data, model.itemCount)
  const [offsets, items, similarities] = ['neighbour_offsets', 'neighbour_items', 'neighbour_weights'].map(
    (name) => tensors.get(name)?.data,
  )
  if (offsets instanceof Uint32Array && items instanceof Uint32Array && similarities instanceof Float32Array)
    return neighboursExplainer(offsets, items, similarities)
  return undefined
}

function cosineExplainer(factors: Float32Array, itemCount: number): Explainer {
  const width = factors.length / itemCount
  const norms = rowNorms(factors, itemCount)
  return explainer((items, weights) => (n, item) => (weights[n] as number) * cosineOfRows(factors, width, norms, items[n] as number, item))
}

function weightsExplainer(itemWeights: Float32Array, itemCount: number): Explainer {
  return explainer(
    (items, weights) => (n, item) => (weights[n] as number) * (itemWeights[(items[n] as number) * itemCount + item] as number),
  )
}

function neighboursExplainer(offsets: Uint32Array, neighbours: Uint32Array, similarities: Float32Array): Explainer {
  return explainer((items, weights) => (n, item) => {
    const row = items[n] as number
    const place = neighbours.subarray(offsets[row], offsets[row + 1]).indexOf(item)
    return place === -1 ? 0 : (weights[n] as number) * (similarities[(offsets[row] as number) + place] as number)
  })
}

/** @param of of a history: what its n-th item adds to the score of an item */
function explainer(of: (items: Uint32Array, weights: Float32Array) => (n: number, item: number) => number): Explainer {
  return {
    ofHistory: (items, weights) => {
      const contribution = of(items, weights)
      return {
        contributionsTo: (targets) =>
          Float32Array.from({ length: targets.length * items.length }, (_, place) =>
            contribution(place % items.length, targets[Math.floor(place / items.length)] as number),
          ),
      }
    },
  }
}
