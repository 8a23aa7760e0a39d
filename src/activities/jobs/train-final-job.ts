/** Fits the chosen candidate on all watched pairs and writes the files of the model, all but the manifest. */
import { FinalResult, parseDocument } from '../../contracts/documents.ts'
import type { Features } from '../../contracts/ports.ts'
import type { FinalModel, TrainFinalInput } from '../../contracts/run.ts'
import { storeKeys } from '../../contracts/store-keys.ts'
import { createOnce, putDocument } from '../../contracts/stored-documents.ts'
import { encodeSafetensors } from '../../model/artifact/safetensors.ts'
import { signalsOfCandidate, weighsRatings, type Candidate } from '../../model/candidate.ts'
import { rankUsers } from '../../model/evaluation/rank-users.ts'
import { ListSpread } from '../../model/metrics/ranking-metrics.ts'
import { pairTensors } from '../../model/history-model.ts'
import type { Interactions, Model, Tensor, Tensors } from '../../model/model.ts'
import { weighPairs, type PairSignals } from '../../model/signals/pair-weights.ts'
import { fitModel } from './fit-model.ts'
import { jobDigest, sha256 } from './job-digest.ts'
import type { JobPorts } from './job-ports.ts'
import { endDayOf, signalsFor, watchedPairs } from './split-features.ts'

const LIST_LENGTH = 10
const DAY_SECONDS = 86_400

export async function trainFinalJob(input: TrainFinalInput, ports: JobPorts): Promise<FinalModel> {
  const { features, candidate, seed } = input
  const job = jobDigest('final', features.digest, candidate, seed)
  const resultKey = storeKeys.training(features.week, job, 'result.json')
  const finished = await ports.store.read(resultKey)
  if (finished !== undefined) return finalModel(parseDocument(FinalResult, finished.body, resultKey), resultKey)

  const data = await ports.readFeatures(features, { weekly: true })
  const pairs = watchedPairs(data)
  const checkpointKey = storeKeys.training(features.week, job, 'checkpoint.safetensors')
  const signals = signalsFor(data, pairs, endDayOf(features.week))(candidate)
  const { model, trainSeconds } = await fitModel(signals, candidate, seed, checkpointKey, ports)
  const files = modelFiles(model, pairs, taughtTensors(signals, candidate), data)
  const entries = [...files].map(([name, bytes]) => [name, { sha256: sha256(bytes), bytes: bytes.length }] as const)
  const version = `${features.week}-${sha256(JSON.stringify(entries)).slice(0, 8)}`
  for (const [name, bytes] of files) await createOnce(ports.store, storeKeys.model(version, name), bytes, 'application/octet-stream')

  const result: FinalResult = {
    version,
    files: Object.fromEntries(entries),
    users: pairs.userCount,
    items: pairs.itemCount,
    pairs: pairs.items.length,
    all_diversity: await diversityOverAllUsers(model, pairs, data, ports),
    train_seconds: trainSeconds,
  }
  await putDocument(ports.store, resultKey, result)
  return finalModel(result, resultKey)
}

const finalModel = ({ version, users, items, pairs }: FinalResult, resultKey: string): FinalModel => ({
  version,
  resultKey,
  users,
  items,
  pairs,
})

const json = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value))

/** By name, in a fixed order: the version is a digest of them. */
function modelFiles(model: Model, pairs: Interactions, taught: Tensors, data: Features): ReadonlyMap<string, Uint8Array> {
  const viewers = new Uint32Array(pairs.itemCount)
  for (const item of pairs.items) viewers[item] = (viewers[item] ?? 0) + 1
  const tensors = new Map<string, Tensor>([
    ...model.tensors(),
    ['seen_offsets', { shape: [pairs.offsets.length], data: pairs.offsets }],
    ['seen_items', { shape: [pairs.items.length], data: pairs.items }],
    ['seen_weights', { shape: [pairs.items.length], data: pairs.weights }],
    ...(pairs.times === undefined
      ? []
      : [
          [
            'seen_days',
            { shape: [pairs.items.length], data: Int32Array.from(pairs.times, (seconds) => Math.floor(seconds / DAY_SECONDS)) },
          ] as const,
        ]),
    ['item_viewers', { shape: [viewers.length], data: viewers }],
    ...taught,
  ])
  return new Map([
    ['items.json', json(data.items)],
    ['model.safetensors', encodeSafetensors(tensors, { algorithm: model.algorithm })],
    ['users.json', json(data.userIds)],
  ])
}

/**
 * What each user's pairs weighed in the fit, clicks without a viewing among them, and what a whole viewing weighs that comes later: histories
 * are folded in by the same weights. Nothing where they weigh their ratings.
 */
function taughtTensors(signals: PairSignals, candidate: Candidate): Tensors {
  if (weighsRatings(candidate)) return new Map()
  const { input, scale } = weighPairs(signals, signalsOfCandidate(candidate))
  return new Map<string, Tensor>([...pairTensors(input, 'taught'), ['event_weight', { shape: [1], data: Float64Array.of(scale) }]])
}

/** Of the lists that users would get: usable titles that they have not watched. */
async function diversityOverAllUsers(model: Model, pairs: Interactions, data: Features, ports: JobPorts): Promise<number | null> {
  const recommendable = Uint8Array.from(data.items, (item) => Number(item.recommendable))
  const users = Uint32Array.from(Array(pairs.userCount).keys())
  const spread = new ListSpread(pairs.itemCount)
  let ranked = 0
  for (const batch of rankUsers({ model, train: pairs, users, k: LIST_LENGTH, recommendable, threads: ports.threads })) {
    for (const { list } of batch) spread.add(list)
    ranked += batch.length
    ports.report({ phase: `ranking for ${ranked} of ${users.length} users` })
    await ports.breathe()
  }
  return spread.diversity ?? null
}
