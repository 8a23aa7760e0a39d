/**
 * Maximal marginal relevance: a list whose titles are good and not all alike.
 * Carbonell, Goldstein: "The use of MMR, diversity-based reranking for reordering documents and producing summaries", SIGIR 1998.
 *
 *   next = the candidate with the largest (1 - d) × relevance - d × (its largest likeness to those taken)
 *
 * Relevance is the score, stretched over the candidates to 0 … 1, so that d means the same for every model; likeness is at most 1.
 * Of equals the one that stands earlier among the candidates. d = 0 keeps their order. Costs candidates × k calls of `likeness`.
 */

/**
 * @param candidates positions, best first
 * @param scores one a candidate, falling
 * @param d from 0 (scores alone) to 1 (difference alone)
 * @returns at most `k` of the candidates, in the new order
 */
export function diversify(
  candidates: Uint32Array,
  scores: Float64Array,
  k: number,
  d: number,
  likeness: (a: number, b: number) => number,
): Uint32Array {
  const count = Math.min(k, candidates.length)
  const best = scores[0] ?? 0
  const range = best - (scores[candidates.length - 1] ?? 0)
  const relevance = scores.map((score) => (range === 0 ? 1 : 1 - (best - score) / range))
  const nearest = new Float64Array(candidates.length)
  const taken = new Uint8Array(candidates.length)
  const result = new Uint32Array(count)
  for (let place = 0; place < count; place++) {
    let next = -1
    let largest = -Infinity
    for (let n = 0; n < candidates.length; n++) {
      if (taken[n] === 1) continue
      const value = (1 - d) * (relevance[n] as number) - d * (nearest[n] as number)
      if (value > largest) [largest, next] = [value, n]
    }
    taken[next] = 1
    const chosen = candidates[next] as number
    result[place] = chosen
    for (let n = 0; n < candidates.length; n++)
      if (taken[n] === 0) nearest[n] = Math.max(nearest[n] as number, likeness(candidates[n] as number, chosen))
  }
  return result
}
