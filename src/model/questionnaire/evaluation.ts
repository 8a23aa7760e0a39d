/** What a table of forms is worth on rows that had no part in it, and how sure that is. */
import type { Rows } from './rows.ts'
import type { FormTable } from './table.ts'

/** Two-sided, of every interval here: one in a hundred is wrong by chance, one in two hundred to the model's favour. */
export const confidenceLevel = 0.99
/** The normal distribution's quantile at (1 + level) / 2. */
const z = 2.5758293035489004

export interface Interval {
  readonly low: number
  readonly high: number
}

/**
 * Where the true share lies, from `right` of `count` trials (E. B. Wilson, J. Am. Stat. Assoc. 22, 1927): the shares whose own
 * deviation makes what was seen no more unlikely than the level says. 0 to 1 without trials.
 */
export function wilsonInterval(right: number, count: number): Interval {
  if (count === 0) return { low: 0, high: 1 }
  const share = right / count
  const middle = (share + (z * z) / (2 * count)) / (1 + (z * z) / count)
  const half = (z / (1 + (z * z) / count)) * Math.sqrt((share * (1 - share)) / count + (z * z) / (4 * count * count))
  return { low: Math.max(0, middle - half), high: Math.min(1, middle + half) }
}

/** `confusion[t][p]`: rows of label t that the table gives label p. */
export function confusionOf({ labels, labelCount }: FormTable, rows: Rows): number[][] {
  const confusion = Array.from({ length: labelCount }, () => Array.from({ length: labelCount }, () => 0))
  for (const [row, actual] of rows.labels.entries()) {
    const line = confusion[actual]
    const given = labels[rows.numbers[row] as number] as number
    if (line !== undefined) line[given] = (line[given] ?? 0) + 1
  }
  return confusion
}

export const rightOf = (confusion: readonly (readonly number[])[]): number =>
  confusion.reduce((sum, line, label) => sum + (line[label] ?? 0), 0)

/** Rows of the test that have the label which is most frequent in training; of equals the smaller one. */
export function majorityRight(labelCount: number, train: Rows, test: Rows): number {
  const seen = new Uint32Array(labelCount)
  for (const label of train.labels) seen[label] = (seen[label] ?? 0) + 1
  const most = seen.indexOf(Math.max(...seen))
  return test.labels.reduce((sum, label) => sum + Number(label === most), 0)
}

/** Nearest rank. @param values ascending */
export const quantile = (values: readonly number[], share: number): number => values[Math.max(0, Math.ceil(share * values.length) - 1)] ?? 0

export interface Verdict {
  readonly better: boolean
  readonly sentence: string
}

/** Better only where the whole interval lies above guessing and above always giving the most frequent label. */
export function verdictOf(accuracy: number, { low, high }: Interval, chance: number, majority: number, testRows: number): Verdict {
  const measured = `accuracy ${accuracy.toFixed(4)} on ${testRows} rows, with ${confidenceLevel * 100} % confidence from ${low.toFixed(4)} to ${high.toFixed(4)}`
  const against = `chance gives ${chance.toFixed(4)}, always the most frequent label ${majority.toFixed(4)}`
  const better = low > Math.max(chance, majority)
  return { better, sentence: `${better ? 'better than chance' : 'no better than chance'}: ${measured}; ${against}` }
}
