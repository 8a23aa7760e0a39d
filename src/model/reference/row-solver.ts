/**
 * One row of an alternating sweep. With the other side's factors H (rows h_j) fixed, a row's part of the loss is, up to a constant,
 *
 *   Σ_j in row  c_j (1 - h_j · w)²  +  a Σ_all j (h_j · w)²  +  λ |w|²        λ > 0
 *
 * whose minimum solves A w = b with A = a G + Σ_j in row c_j h_j h_jᵀ + λ I, b = Σ_j in row c_j h_j, G = HᵀH.
 * A is symmetric and positive definite and is never made: conjugate gradients (Hestenes and Stiefel 1952) need only A times a vector,
 * O(row length × factors + factors²) a step.
 *
 * Factors are stored in single precision, all sums are in double. Buffers are made once and used for every row.
 */
export interface Row {
  /** Where w is read and written: row number `row` of them. */
  readonly factors: Float32Array
  readonly row: number
  /** The j and c of the row: those of `start` to `end` - 1. */
  readonly others: Uint32Array
  readonly weights: Float32Array
  readonly start: number
  readonly end: number
}

export interface FixedSide {
  /** H, rows of factors. */
  readonly factors: Float32Array
  /** a × G, factors × factors, row-major. */
  readonly gram: Float64Array
  /** λ */
  readonly penalty: number
}

export class RowSolver {
  readonly #factors: number
  readonly #solution: Float64Array
  readonly #residual: Float64Array
  readonly #direction: Float64Array
  readonly #product: Float64Array

  constructor(factors: number) {
    this.#factors = factors
    this.#solution = new Float64Array(factors)
    this.#residual = new Float64Array(factors)
    this.#direction = new Float64Array(factors)
    this.#product = new Float64Array(factors)
  }

  /**
   * Improves the row's factors by at most `steps` steps from what they are, fewer once the residual is `tolerance` times the first.
   * @returns the row's Σ c (1 - h · w)² before the first step.
   */
  solve(
    { factors: target, row, others, weights, start, end }: Row,
    { factors: otherFactors, gram, penalty }: FixedSide,
    steps: number,
    tolerance = 0,
  ): number {
    const factors = this.#factors
    const solution = this.#solution
    const residual = this.#residual
    const direction = this.#direction
    const product = this.#product
    const first = row * factors
    for (let f = 0; f < factors; f++) solution[f] = target[first + f] as number

    // residual = b - A w, where b and the row's share of A w are one sum: Σ c (1 - h · w) h.
    this.#multiplyDense(gram, penalty, solution)
    for (let f = 0; f < factors; f++) residual[f] = -(product[f] as number)
    let observedLoss = 0
    for (let n = start; n < end; n++) {
      const weight = weights[n] as number
      const h = (others[n] as number) * factors
      let error = 1
      for (let f = 0; f < factors; f++) error -= (otherFactors[h + f] as number) * (solution[f] as number)
      observedLoss += weight * error * error
      const scale = weight * error
      for (let f = 0; f < factors; f++) residual[f] = (residual[f] as number) + scale * (otherFactors[h + f] as number)
    }

    let residualSquare = 0
    for (let f = 0; f < factors; f++) {
      const value = residual[f] as number
      direction[f] = value
      residualSquare += value * value
    }
    const enough = tolerance * tolerance * residualSquare
    for (let step = 0; step < steps && residualSquare > enough; step++) {
      this.#multiplyDense(gram, penalty, direction)
      for (let n = start; n < end; n++) {
        const h = (others[n] as number) * factors
        let scale = 0
        for (let f = 0; f < factors; f++) scale += (otherFactors[h + f] as number) * (direction[f] as number)
        scale *= weights[n] as number
        for (let f = 0; f < factors; f++) product[f] = (product[f] as number) + scale * (otherFactors[h + f] as number)
      }
      let curvature = 0
      for (let f = 0; f < factors; f++) curvature += (direction[f] as number) * (product[f] as number)
      if (!(curvature > 0)) break
      const length = residualSquare / curvature
      let nextSquare = 0
      for (let f = 0; f < factors; f++) {
        solution[f] = (solution[f] as number) + length * (direction[f] as number)
        const value = (residual[f] as number) - length * (product[f] as number)
        residual[f] = value
        nextSquare += value * value
      }
      const keep = nextSquare / residualSquare
      for (let f = 0; f < factors; f++) direction[f] = (residual[f] as number) + keep * (direction[f] as number)
      residualSquare = nextSquare
    }
    for (let f = 0; f < factors; f++) target[first + f] = solution[f] as number
    return observedLoss
  }

  /** product = (a G + λ I) × values. */
  #multiplyDense(gram: Float64Array, penalty: number, values: Float64Array): void {
    const factors = this.#factors
    for (let f = 0, place = 0; f < factors; f++) {
      let sum = penalty * (values[f] as number)
      for (let g = 0; g < factors; g++, place++) sum += (gram[place] as number) * (values[g] as number)
      this.#product[f] = sum
    }
  }
}

/** Adds scale × (rows `from` to `to` of `factorRows`)ᵀ(the same) to `gram` (factors × factors, symmetric; both halves are kept). */
export function addGram(gram: Float64Array, factorRows: Float32Array, factors: number, from: number, to: number, scale: number): void {
  for (let row = from * factors; row < to * factors; row += factors) {
    for (let f = 0; f < factors; f++) {
      const value = scale * (factorRows[row + f] as number)
      if (value === 0) continue
      const place = f * factors
      for (let g = 0; g <= f; g++) gram[place + g] = (gram[place + g] as number) + value * (factorRows[row + g] as number)
    }
  }
  for (let f = 0; f < factors; f++) for (let g = 0; g < f; g++) gram[g * factors + f] = gram[f * factors + g] as number
}
