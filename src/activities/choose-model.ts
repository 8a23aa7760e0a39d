/** Chooses the candidate to publish by what the splits say. */
import { SplitResult, type Measured } from '../contracts/documents.ts'
import { MatineeError } from '../contracts/errors.ts'
import type { ObjectStore } from '../contracts/ports.ts'
import type { ChosenCandidate, EvaluatedSplit } from '../contracts/run.ts'
import { readDocument } from '../contracts/stored-documents.ts'

/** What candidates are compared by. */
export const choiceMetric = 'ndcg@10'
/** Fewer test users than this make the newest week too thin to choose by. */
const LEAST_TIME_SPLIT_USERS = 100

export async function chooseModel(evaluated: readonly EvaluatedSplit[], store: ObjectStore): Promise<ChosenCandidate> {
  return choose(await Promise.all(evaluated.map(({ resultKey }) => readDocument(store, SplitResult, resultKey))))
}

const valueOf = (measured: Measured): number => measured.metrics[choiceMetric] ?? Number.NEGATIVE_INFINITY

/** Best first; of equals, the earlier candidate. */
export const bestFirst = (candidates: readonly Measured[]): readonly Measured[] => candidates.toSorted((a, b) => valueOf(b) - valueOf(a))

/** By the newest week where enough users can be tested in it, else by the random hold-out. Of equals, the earlier candidate. */
export function choose(results: readonly SplitResult[]): ChosenCandidate {
  const time = results.find(({ kind }) => kind === 'time')
  const random = results.find(({ kind }) => kind === 'random')
  const enough = time !== undefined && time.test_users >= LEAST_TIME_SPLIT_USERS
  const split = enough ? time : (random ?? time)
  const [best, second] = bestFirst(split?.candidates ?? [])
  if (split === undefined || best === undefined)
    throw new MatineeError('no_training_data', 'no candidate could be measured: there are no test users')

  const where =
    split.kind === 'time' ? `what ${split.test_users} users newly watched in the week` : `the random hold-out (${split.test_users} users)`
  const thin =
    time !== undefined && !enough ? `; the week itself has only ${time.test_users} users to test, fewer than ${LEAST_TIME_SPLIT_USERS}` : ''
  const rival = second === undefined ? 'the only candidate' : `ahead of ${second.candidate} with ${valueOf(second).toFixed(4)}`
  const popular = best.algorithm === 'popularity' && second !== undefined ? '; no personal model is better than popularity this week' : ''
  return {
    candidate: { name: best.candidate, algorithm: best.algorithm, parameters: best.parameters },
    by: split.kind,
    metric: choiceMetric,
    value: valueOf(best),
    reason: `best ${choiceMetric} on ${where}: ${valueOf(best).toFixed(4)}, ${rival}${thin}${popular}`,
  }
}
