/** Fits one candidate on the training part of one split, and leaves the model for `evaluate`. */
import { FitResult, parseDocument } from '../../contracts/documents.ts'
import type { TrainedCandidate, TrainInput } from '../../contracts/run.ts'
import { storeKeys } from '../../contracts/store-keys.ts'
import { putDocument } from '../../contracts/stored-documents.ts'
import { encodeSafetensors } from '../../model/artifact/safetensors.ts'
import { fitModel } from './fit-model.ts'
import { jobDigest, sha256 } from './job-digest.ts'
import type { JobPorts } from './job-ports.ts'
import { splitFeatures } from './split-features.ts'

export async function trainJob(input: TrainInput, ports: JobPorts): Promise<TrainedCandidate> {
  const { features, candidate, split, seed } = input
  const job = jobDigest('train', features.digest, candidate, split, seed)
  const key = (file: string): string => storeKeys.training(features.week, job, file)

  const finished = await ports.store.read(key('result.json'))
  if (finished !== undefined)
    return { job, candidate, trainSeconds: parseDocument(FitResult, finished.body, key('result.json')).train_seconds }

  const { train } = splitFeatures(await ports.readFeatures(features), split)
  const { model, trainSeconds, loss } = await fitModel(train, candidate, seed, key('checkpoint.safetensors'), ports)
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
