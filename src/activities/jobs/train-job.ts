/** Fits each candidate on the training part of one split, and leaves the models for `evaluate`. */
import { FitResult, parseDocument } from '../../contracts/documents.ts'
import { MatineeError } from '../../contracts/errors.ts'
import type { CandidateSpec, TrainedCandidate, TrainedSplit, TrainInput } from '../../contracts/run.ts'
import { storeKeys } from '../../contracts/store-keys.ts'
import { putDocument } from '../../contracts/stored-documents.ts'
import { encodeSafetensors } from '../../model/artifact/safetensors.ts'
import type { PairSignals } from '../../model/signals/pair-weights.ts'
import { fitModel } from './fit-model.ts'
import { jobDigest, sha256 } from './job-digest.ts'
import type { JobPorts } from './job-ports.ts'
import { endDayOf, readSplit, signalsFor, startDayOf } from './split-features.ts'

/**
 * A candidate that diverges is out of this week's choice; the others go on.
 * @throws MatineeError `training_diverged` where every candidate did.
 */
export async function trainJob(input: TrainInput, ports: JobPorts): Promise<TrainedSplit> {
  const { features, candidates, split } = input
  const { data, split: parts } = await readSplit(features, split, ports)
  const signalsFrom = signalsFor(data, parts.train, split.kind === 'time' ? startDayOf(features.week) : endDayOf(features.week))
  const fits: TrainedCandidate[] = []
  const diverged: string[] = []
  let lastDivergence: MatineeError | undefined
  for (const candidate of candidates) {
    try {
      fits.push(await trainCandidate(signalsFrom(candidate), candidate, input, ports))
    } catch (error) {
      if (!(error instanceof MatineeError) || error.code !== 'training_diverged') throw error
      diverged.push(candidate.name)
      lastDivergence = error
    }
  }
  if (fits.length === 0 && lastDivergence !== undefined) throw lastDivergence
  return { split, fits, diverged }
}

/** A fit that an earlier attempt finished is found by its digest. */
async function trainCandidate(
  signals: PairSignals,
  candidate: CandidateSpec,
  { features, split, seed }: TrainInput,
  ports: JobPorts,
): Promise<TrainedCandidate> {
  const job = jobDigest('train', features.digest, candidate, split, seed)
  const key = (file: string): string => storeKeys.training(features.week, job, file)

  const finished = await ports.store.read(key('result.json'))
  if (finished !== undefined)
    return { job, candidate, trainSeconds: parseDocument(FitResult, finished.body, key('result.json')).train_seconds }

  const { model, trainSeconds, loss } = await fitModel(signals, candidate, seed, key('checkpoint.safetensors'), ports)
  const bytes = encodeSafetensors(model.tensors())
  await ports.store.write(key('model.safetensors'), bytes)
  const result: FitResult = {
    model: { sha256: sha256(bytes), bytes: bytes.length },
    train_seconds: trainSeconds,
    ...(loss === undefined ? {} : { loss }),
  }
  await putDocument(ports.store, key('result.json'), result)
  return { job, candidate, trainSeconds }
}
