/** Ranks for the test users of one split with each fitted candidate, and leaves figures: means, and of each user. */
import { FitResult, type Measured, type SplitResult } from '../../contracts/documents.ts'
import { MatineeError } from '../../contracts/errors.ts'
import type { EvaluatedSplit, EvaluateInput, TrainedCandidate } from '../../contracts/run.ts'
import { storeKeys } from '../../contracts/store-keys.ts'
import { putDocument, readDocument } from '../../contracts/stored-documents.ts'
import type { Week } from '../../contracts/week.ts'
import { decodeSafetensors } from '../../model/artifact/safetensors.ts'
import { catalogueSizeOf, measureUsers } from '../../model/evaluation/rank-users.ts'
import { familyOf } from '../../model/families.ts'
import { RankingMetrics } from '../../model/metrics/ranking-metrics.ts'
import type { Interactions, Model } from '../../model/model.ts'
import { jobDigest, sha256 } from './job-digest.ts'
import type { JobPorts } from './job-ports.ts'
import { describeSplit, readSplit } from './split-features.ts'
import { UserFigures } from './user-figures.ts'

const CUTOFFS = [10, 20] as const

export async function evaluateJob(input: EvaluateInput, ports: JobPorts): Promise<EvaluatedSplit> {
  const { features, trained } = input
  const { split: spec, fits } = trained
  const job = jobDigest('evaluate', spec, fits.map((fit) => fit.job)) // prettier-ignore
  const resultKey = storeKeys.training(features.week, job, 'result.json')
  const usersKey = storeKeys.training(features.week, job, 'users.parquet')

  const { data, split } = await readSplit(features, spec, ports)
  const candidates: Measured[] = []
  const figures = new UserFigures(data.userIds, CUTOFFS)
  let testUsers = 0
  const known = itemsOf(split.train)
  for (const fit of fits) {
    const model = await loadFit(features.week, fit, ports)
    const metrics = new RankingMetrics({ cutoffs: CUTOFFS, itemCount: split.train.itemCount, catalogueSize: catalogueSizeOf(split.train) })
    const started = ports.monotonicMs()
    let users = 0
    for (const batch of measureUsers({ model, ...split, metrics, recommendable: known })) {
      for (const { user, values } of batch) figures.add(user, fit.candidate.name, values)
      users += batch.length
      ports.report({ phase: `ranking ${fit.candidate.name} for ${users} users` })
      await ports.breathe()
    }
    testUsers = users
    candidates.push({
      candidate: fit.candidate.name,
      algorithm: fit.candidate.algorithm,
      parameters: { ...fit.candidate.parameters },
      seconds: { train: roundedTo3(fit.trainSeconds), rank: roundedTo3((ports.monotonicMs() - started) / 1000) },
      metrics: { ...metrics.result() },
    })
  }

  await figures.write(usersKey, ports)
  const result: SplitResult = {
    kind: spec.kind,
    description: describeSplit(spec),
    ...(spec.kind === 'random' ? { seed: spec.seed } : {}),
    train_pairs: split.train.items.length,
    test_pairs: split.test.items.length,
    test_users: testUsers,
    candidates,
  }
  await putDocument(ports.store, resultKey, result)
  return {
    split: spec,
    resultKey,
    usersKey,
    testUsers: testUsers,
    headline: Object.fromEntries(candidates.map(({ candidate, metrics }) => [candidate, metrics['ndcg@10'] ?? 0])),
  }
}

/** Marks of the items that training knows: only they can be in a list. */
function itemsOf({ items, itemCount }: Interactions): Uint8Array {
  const known = new Uint8Array(itemCount)
  for (const item of items) known[item] = 1
  return known
}

const roundedTo3 = (value: number): number => Math.round(value * 1000) / 1000

/** @throws MatineeError `store_corrupt` where the model is not the one that the fit left. */
async function loadFit(week: Week, { job, candidate }: TrainedCandidate, { store }: JobPorts): Promise<Model> {
  const modelKey = storeKeys.training(week, job, 'model.safetensors')
  const { model } = await readDocument(store, FitResult, storeKeys.training(week, job, 'result.json'))
  const stored = await store.read(modelKey)
  if (stored === undefined) throw new MatineeError('store_missing', `${modelKey} is not in ${store.location}`)
  if (sha256(stored.body) !== model.sha256)
    throw new MatineeError('store_corrupt', `${modelKey} is not what its fit wrote; run the week again`)
  return familyOf(candidate.algorithm).load(decodeSafetensors(stored.body).tensors)
}
