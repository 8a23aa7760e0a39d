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
 * A blend is explained by its leading family. c_j are the history's weights, a, λ and h as in ials.ts. Other models explain nothing (0 everywhere). Double precision, nothing random.
 * For `ials` a history costs n × F² / 2 + F³ / 6 multiplications and a title F² + n × F; the Gram matrix is summed once a model.
 */
import { BlendModel } from '../blend/blend.ts'
import type { Model, Tensors } from '../model.ts'
import { cosineOfRows, rowNorms } from '../similarity/item-similarity.ts'

/** Contributions of one history; ask it of as many titles as wanted. */
export interface HistoryExplainer {
  /** One number an item of the history, in its order. Valid until the next call. */
  contributionsTo(item: number): Float64Array
}

export interface Explainer {
  /** @param items positions, ascending and distinct, and their weights; neither is kept beyond the next call */
  ofHistory(items: Uint32Array, weights: Float32Array): HistoryExplainer
}

/** Undefined for a model whose scores do not depend on a history. */
export function explainerOf(model: Model): Explainer | undefined {
  if (model instanceof BlendModel) return explainerOf(model.leading)
  const tensors = model.tensors()
  const factors = tensors.get('item_factors')
  if (model.algorithm === 'ials' && factors?.data instanceof Float32Array) return new IalsExplainer(factors.data, model.itemCount, tensors)
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
  return {
    ofHistory: (items, weights) => {
      const contributions = new Float64Array(items.length)
      return {
        contributionsTo(item) {
          for (let n = 0; n < items.length; n++)
            contributions[n] = (weights[n] as number) * cosineOfRows(factors, width, norms, items[n] as number, item)
          return contributions
        },
      }
    },
  }
}

function weightsExplainer(itemWeights: Float32Array, itemCount: number): Explainer {
  return {
    ofHistory: (items, weights) => {
      const contributions = new Float64Array(items.length)
      return {
        contributionsTo(item) {
          for (let n = 0; n < items.length; n++)
            contributions[n] = (weights[n] as number) * (itemWeights[(items[n] as number) * itemCount + item] as number)
          return contributions
        },
      }
    },
  }
}

function neighboursExplainer(offsets: Uint32Array, neighbours: Uint32Array, similarities: Float32Array): Explainer {
  return {
    ofHistory: (items, weights) => {
      const contributions = new Float64Array(items.length)
      return {
        contributionsTo(item) {
          for (let n = 0; n < items.length; n++) {
            const row = items[n] as number
            const place = neighbours.subarray(offsets[row], offsets[row + 1]).indexOf(item)
            contributions[n] = place === -1 ? 0 : (weights[n] as number) * (similarities[(offsets[row] as number) + place] as number)
          }
          return contributions
        },
      }
    },
  }
}

/** A Cholesky factor of A once a history, two triangular solves a title. */
class IalsExplainer implements Explainer {
  readonly #factors: Float32Array
  readonly #itemCount: number
  readonly #width: number
  readonly #objective: readonly [number, number, number]
  #gram: Float64Array | undefined

  constructor(factors: Float32Array, itemCount: number, tensors: Tensors) {
    this.#factors = factors
    this.#itemCount = itemCount
    this.#width = factors.length / itemCount
    const [unobservedWeight = 0, regularization = 0, exponent = 0] = tensors.get('objective')?.data ?? []
    this.#objective = [unobservedWeight, regularization, exponent]
  }

  ofHistory(items: Uint32Array, weights: Float32Array): HistoryExplainer {
    const width = this.#width
    const factors = this.#factors
    const lower = this.#factored(items, weights)
    const solution = new Float64Array(width)
    const contributions = new Float64Array(items.length)
    return {
      contributionsTo(item) {
        solveFactored(lower, width, factors, item * width, solution)
        for (let n = 0; n < items.length; n++) {
          const row = (items[n] as number) * width
          let product = 0
          for (let f = 0; f < width; f++) product += (factors[row + f] as number) * (solution[f] as number)
          contributions[n] = (weights[n] as number) * product
        }
        return contributions
      },
    }
  }

  /** The lower Cholesky factor of A, row-major. A is positive definite: λ is, or the Gram matrix with a above 0; else tiny pivots are held up. */
  #factored(items: Uint32Array, weights: Float32Array): Float64Array {
    const width = this.#width
    const factors = this.#factors
    const [unobservedWeight, regularization, exponent] = this.#objective
    this.#gram ??= gramOf(factors, this.#itemCount)
    const pairs = weights.reduce((count, weight) => count + Number(weight > 0), 0)
    const penalty = regularization * (pairs + unobservedWeight * this.#itemCount) ** exponent
    const matrix = this.#gram.map((value) => unobservedWeight * value)
    // Rows by the root of their weight, side by side and filled up with zeros: four at a time, so that each entry of the matrix is read and
    // written a quarter as often.
    const count = Math.ceil(items.length / 4) * 4
    const rows = new Float64Array(count * width)
    for (let n = 0; n < items.length; n++) {
      const row = (items[n] as number) * width
      const root = Math.sqrt(weights[n] as number)
      for (let f = 0; f < width; f++) rows[f * count + n] = root * (factors[row + f] as number)
    }
    for (let f = 0; f < width; f++)
      for (let g = 0; g <= f; g++) {
        let sum = matrix[f * width + g] as number
        for (let n = 0, p = f * count, q = g * count; n < count; n += 4, p += 4, q += 4)
          sum +=
            (rows[p] as number) * (rows[q] as number) +
            (rows[p + 1] as number) * (rows[q + 1] as number) +
            (rows[p + 2] as number) * (rows[q + 2] as number) +
            (rows[p + 3] as number) * (rows[q + 3] as number)
        matrix[f * width + g] = sum
      }
    for (let f = 0; f < width; f++) matrix[f * (width + 1)] = (matrix[f * (width + 1)] as number) + penalty
    factorInPlace(matrix, width)
    return matrix
  }
}

/** HᵀH, lower triangle. */
function gramOf(factors: Float32Array, itemCount: number): Float64Array {
  const width = factors.length / itemCount
  const gram = new Float64Array(width * width)
  for (let row = 0; row < factors.length; row += width)
    for (let f = 0; f < width; f++) {
      const value = factors[row + f] as number
      for (let g = 0; g <= f; g++) {
        const place = f * width + g
        gram[place] = (gram[place] as number) + value * (factors[row + g] as number)
      }
    }
  return gram
}

/** Cholesky in place, row by row, of the lower triangle. */
function factorInPlace(matrix: Float64Array, width: number): void {
  for (let row = 0; row < width; row++) {
    const r = row * width
    for (let column = 0; column <= row; column++) {
      const c = column * width
      let value = matrix[r + column] as number
      for (let k = 0; k < column; k++) value -= (matrix[r + k] as number) * (matrix[c + k] as number)
      matrix[r + column] = row === column ? Math.sqrt(Math.max(value, Number.EPSILON)) : value / (matrix[c + column] as number)
    }
  }
}

/** Solves L Lᵀ x = b for b = source[start .. start + width). */
function solveFactored(lower: Float64Array, width: number, source: Float32Array, start: number, solution: Float64Array): void {
  for (let row = 0; row < width; row++) {
    let value = source[start + row] as number
    for (let k = 0; k < row; k++) value -= (lower[row * width + k] as number) * (solution[k] as number)
    solution[row] = value / (lower[row * (width + 1)] as number)
  }
  for (let row = width - 1; row >= 0; row--) {
    const value = (solution[row] as number) / (lower[row * (width + 1)] as number)
    solution[row] = value
    for (let k = 0; k < row; k++) solution[k] = (solution[k] as number) - (lower[row * width + k] as number) * value
  }
}
