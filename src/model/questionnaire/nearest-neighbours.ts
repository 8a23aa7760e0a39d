/**
 * The first version's model, for all forms at once: the k rows of a sample that are nearest to a form by (squared Euclidean
 * distance between the answers as numbers, position in the sample) vote for their labels. The label with most votes wins; of
 * equals the one whose nearest neighbour is nearest, then the smaller label. Exact: contract section 11.
 *
 * A squared distance is a sum over questions, so the k nearest come question by question. Let N_q(f) be the k nearest among
 * the rows that agree with form f in all questions after q, by the distance in the questions up to q. N_0(f) is what lies on f
 * itself, in order of position, and
 *   N_q(f) = the k least of the union over v of N_(q-1)(f with v as the answer to q) + (f_q - v)^2.
 * Adding a constant to a list keeps its order, so what is not among the k of one of the lists cannot be among those of the union.
 *
 * Notation: F forms, Q questions, S answers to one, n rows. A neighbour is one double: distance × 2^32 + position, whose order
 * is that of (distance, position); distances are whole numbers up to Q × (S - 1)^2, so it is exact.
 * Time O(n + F × Q × S × k), in practice near F × Q × k, and none of it depends on where the rows lie. Memory 2 × 8 × F × k bytes.
 */
import { MatineeError } from '../../contracts/errors.ts'
import type { Forms } from './forms.ts'
import type { FormTable } from './table.ts'

const distanceUnit = 2 ** 32
const none = Number.POSITIVE_INFINITY

/** Row-major, F × k, each form's neighbours nearest first; `Infinity` where the sample has fewer than k rows. */
export type NearestRows = Float64Array

/**
 * Gives way after each question.
 * @param sample the form of each row
 * @throws MatineeError `no_training_data` without rows.
 */
export function* nearestRows(forms: Forms, sample: Uint32Array, k: number): Generator<undefined, NearestRows> {
  if (sample.length === 0) throw new MatineeError('no_training_data', 'the questionnaire has no row to be a neighbour')
  let nearest = new Float64Array(forms.count * k).fill(none)
  const found = new Uint8Array(forms.count)
  for (let row = 0; row < sample.length; row++) {
    const form = sample[row] as number
    const count = found[form] as number
    if (count === k) continue
    nearest[form * k + count] = row
    found[form] = count + 1
  }
  let merged = new Float64Array(nearest.length)
  for (let question = 0; question < forms.sizes.length; question++) {
    mergeQuestion(nearest, merged, forms, question, k)
    ;[nearest, merged] = [merged, nearest]
    yield
  }
  return nearest
}

function mergeQuestion(from: Float64Array, to: Float64Array, { sizes, strides, count }: Forms, question: number, k: number): void {
  const size = sizes[question] as number
  const stride = strides[question] as number
  to.fill(none)
  for (let form = 0; form < count; form++) {
    const answer = Math.floor(form / stride) % size
    const start = form * k
    const last = start + k - 1
    // From the nearest answers outwards: the list fills up early, and the later ones end at their first entry.
    for (let step = 0; step < size; step++) {
      const added = step * step * distanceUnit
      if (added > (to[last] as number)) break
      for (const other of step === 0 ? [answer] : [answer - step, answer + step]) {
        if (other < 0 || other >= size) continue
        const source = (form + (other - answer) * stride) * k
        for (let n = source; n < source + k; n++) {
          const neighbour = (from[n] as number) + added
          if (neighbour >= (to[last] as number)) break
          let place = last
          for (; place > start && (to[place - 1] as number) > neighbour; place--) to[place] = to[place - 1] as number
          to[place] = neighbour
        }
      }
    }
  }
}

/** Lets the neighbours vote. A label's probability is its share of the votes. */
export function voteOf(forms: Forms, nearest: NearestRows, sampleLabels: Uint8Array, labelCount: number): FormTable {
  const k = nearest.length / forms.count
  const labels = new Uint8Array(forms.count)
  const probabilities = new Float32Array(forms.count * labelCount)
  const votes = new Uint32Array(labelCount)
  const nearestOf = new Float64Array(labelCount)
  for (let form = 0; form < forms.count; form++) {
    votes.fill(0)
    nearestOf.fill(none)
    let voters = 0
    for (; voters < k; voters++) {
      const neighbour = nearest[form * k + voters] as number
      if (neighbour === none) break
      const distance = Math.floor(neighbour / distanceUnit)
      const label = sampleLabels[neighbour - distance * distanceUnit] as number
      votes[label] = (votes[label] as number) + 1
      if (distance < (nearestOf[label] as number)) nearestOf[label] = distance
    }
    let best = 0
    for (let label = 1; label < labelCount; label++) {
      const more = (votes[label] as number) - (votes[best] as number)
      if (more > 0 || (more === 0 && (nearestOf[label] as number) < (nearestOf[best] as number))) best = label
    }
    labels[form] = best
    for (let label = 0; label < labelCount; label++) probabilities[form * labelCount + label] = (votes[label] as number) / voters
  }
  return { forms, labelCount, labels, probabilities }
}
