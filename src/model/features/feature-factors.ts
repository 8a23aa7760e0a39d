/**
 * Factors of titles from what the catalogue says of them, so that a title which nobody has watched yet can be recommended to those who like
 * its kind. After Gantner, Drumond, Freudenthaler, Rendle, Schmidt-Thieme: "Learning attribute-to-feature mappings for cold-start
 * recommendations", ICDM 2010, with ridge regression for the mapping:
 *
 *   W minimises  Σ_i n_i |h_i - W x_i|²  +  ρ |W|²
 *   h_i becomes  (n_i h_i + κ W x_i) / (n_i + κ)
 *
 * | notation | variable          | shape, unit                                                   |
 * |----------|-------------------|---------------------------------------------------------------|
 * | h_i      | `factors`         | items × factors, 32-bit                                       |
 * | x_i      | `ItemFeatures`    | items × features, 0 or 1, sparse                              |
 * | n_i      | `counts`          | pairs of the item: what many have watched is known by that    |
 * | κ        | `featurePairs`    | pairs that the features are worth                             |
 * | ρ        | 1                 | pairs                                                         |
 *
 * Titles of much the same features share a prior; it counts most where there are few pairs, and alone where there are none. Double precision,
 * nothing random. Time O(items × (features of an item) × (features of an item + factors) + features³).
 */
import { MatineeError } from '../../contracts/errors.ts'

/** Features of each item in compressed sparse rows: `features[offsets[i] .. offsets[i + 1])`, ascending and distinct. */
export interface ItemFeatures {
  readonly featureCount: number
  readonly offsets: Uint32Array
  readonly features: Uint32Array
}

const ridge = 1

export function withFeatureFactors(
  factors: Float32Array,
  counts: Uint32Array,
  { featureCount, offsets, features }: ItemFeatures,
  featurePairs: number,
): Float32Array {
  const itemCount = counts.length
  if (offsets.length !== itemCount + 1) throw new MatineeError('internal', `features of ${offsets.length - 1} items, expected ${itemCount}`)
  const width = itemCount === 0 ? 0 : factors.length / itemCount
  const system = new Float64Array(featureCount * featureCount)
  const sums = new Float64Array(featureCount * width)
  for (let feature = 0; feature < featureCount; feature++) system[feature * (featureCount + 1)] = ridge
  for (let item = 0; item < itemCount; item++) {
    const own = features.subarray(offsets[item], offsets[item + 1])
    const count = counts[item] as number
    if (count === 0) continue
    for (const row of own) {
      for (const column of own) system[row * featureCount + column] = (system[row * featureCount + column] as number) + count
      for (let f = 0; f < width; f++)
        sums[row * width + f] = (sums[row * width + f] as number) + count * (factors[item * width + f] as number)
    }
  }
  solveInPlace(system, featureCount, sums, width)
  const result = factors.slice()
  for (let item = 0; item < itemCount; item++) {
    const own = features.subarray(offsets[item], offsets[item + 1])
    const share = featurePairs / ((counts[item] as number) + featurePairs)
    for (let f = 0; f < width; f++) {
      const prior = own.reduce((sum, feature) => sum + (sums[feature * width + f] as number), 0)
      const place = item * width + f
      result[place] = (1 - share) * (factors[place] as number) + share * prior
    }
  }
  return result
}

/** Solves a symmetric positive definite system by Gaussian elimination, which needs no pivots there; `right` becomes the solution. */
function solveInPlace(system: Float64Array, size: number, right: Float64Array, width: number): void {
  for (let pivot = 0; pivot < size; pivot++) {
    const diagonal = system[pivot * size + pivot] as number
    for (let row = pivot + 1; row < size; row++) {
      const ratio = (system[row * size + pivot] as number) / diagonal
      if (ratio === 0) continue
      for (let column = pivot; column < size; column++)
        system[row * size + column] = (system[row * size + column] as number) - ratio * (system[pivot * size + column] as number)
      for (let f = 0; f < width; f++)
        right[row * width + f] = (right[row * width + f] as number) - ratio * (right[pivot * width + f] as number)
    }
  }
  for (let row = size - 1; row >= 0; row--)
    for (let f = 0; f < width; f++) {
      let value = right[row * width + f] as number
      for (let column = row + 1; column < size; column++)
        value -= (system[row * size + column] as number) * (right[column * width + f] as number)
      right[row * width + f] = value / (system[row * size + row] as number)
    }
}
