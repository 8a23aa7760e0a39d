/** How sure the differences between candidates are: what every candidate reached on the same users, resampled together. */
import type { Interval, Measured } from '../../contracts/documents.ts'
import { PairedBootstrap, type BootstrapOptions } from '../../model/evaluation/bootstrap.ts'
import { bestFirst } from '../choose-model.ts'
import type { JobPorts } from './job-ports.ts'

export const bootstrap: BootstrapOptions = { level: 0.95, resamples: 1000, seed: 0 }

/** What intervals are given of. */
export const comparedMetrics = ['ndcg@10', 'recall@20'] as const

/** One candidate with its values of `comparedMetrics`: an array a metric, one value a user. All have the same users in the same order. */
export interface UserValues {
  readonly measured: Measured
  readonly values: readonly Float64Array[]
}

/** Each candidate with its intervals against the best, the better popularity, and the one that the week before published. */
export async function compareCandidates(
  candidates: readonly UserValues[],
  champion: string | undefined,
  ports: JobPorts,
): Promise<readonly Measured[]> {
  const measured = candidates.map((candidate) => candidate.measured)
  if (candidates.length < 2 || candidates[0]?.values[0]?.length === 0) return measured
  const resampling = new PairedBootstrap(
    candidates.flatMap(({ values }) => values),
    bootstrap,
    ports.threads,
  )
  let share = 0
  while (share < 1) {
    share = resampling.advance()
    ports.report({ phase: `comparing candidates, ${Math.round(share * 100)} %` })
    await ports.breathe()
  }
  const references = referencesOf(measured, champion)
  return measured.map((one, position) => ({
    ...one,
    intervals: references.flatMap((reference) =>
      reference === position
        ? []
        : comparedMetrics.map((metric, number): Interval => ({
            metric,
            against: measured[reference]?.candidate ?? '',
            ...resampling.difference(column(position, number), column(reference, number)),
          })),
    ),
  }))
}

const column = (candidate: number, metric: number): number => candidate * comparedMetrics.length + metric

/** Positions, each once. */
function referencesOf(measured: readonly Measured[], champion: string | undefined): readonly number[] {
  const best = bestFirst(measured)
  const references = [
    best[0],
    best.find(({ algorithm }) => algorithm === 'popularity'),
    measured.find(({ candidate }) => candidate === champion),
  ]
  return [...new Set(references.flatMap((reference) => (reference === undefined ? [] : measured.indexOf(reference))))]
}
