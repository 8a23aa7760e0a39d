/** Drives one fit batch by batch: tells progress, keeps checkpoints in the store, goes on from the last one. */
import { MatineeError } from '../../contracts/errors.ts'
import type { CandidateSpec } from '../../contracts/run.ts'
import { decodeSafetensors, encodeSafetensors } from '../../model/artifact/safetensors.ts'
import { checkMemory, startCandidate } from '../../model/candidate.ts'
import type { FitProgress, Model, Tensors } from '../../model/model.ts'
import type { PairSignals } from '../../model/signals/pair-weights.ts'
import type { JobPorts } from './job-ports.ts'

/** Checkpoints may take this share of the time that training takes. */
const CHECKPOINT_SHARE = 0.02
/** How fast a store is taken to be until the first write has shown it. */
const ASSUMED_BYTES_A_MS = 50_000
/** Less work than this is not worth a checkpoint. */
const LEAST_WORK_MS = 2000

export interface FittedModel {
  readonly model: Model
  readonly trainSeconds: number
  readonly loss: number | undefined
}

/**
 * @param checkpointKey where a killed attempt's state lies, and this one's will
 * @throws MatineeError `parameter_invalid`, `training_memory`, `training_diverged`, `training_failed`.
 */
export async function fitModel(
  signals: PairSignals,
  candidate: CandidateSpec,
  seed: number,
  checkpointKey: string,
  ports: JobPorts,
): Promise<FittedModel> {
  checkMemory(candidate, signals.pairs, ports.threads.count, ports.memoryMib)
  const fit = startCandidate(candidate, signals, seed, await readCheckpoint(checkpointKey, ports), { threads: ports.threads })

  const started = ports.monotonicMs()
  let lastWrite = started
  let checkpointMs = 0
  let writeMs: number | undefined
  let checkpointEpoch: number | undefined
  let progress: FitProgress
  let firstFraction: number | undefined
  do {
    progress = fit.advance()
    firstFraction ??= progress.fraction
    const elapsedMs = ports.monotonicMs() - started
    const gained = progress.fraction - firstFraction
    ports.report({
      phase: `training ${candidate.name}`,
      epoch: progress.epoch,
      epochs: progress.epochs,
      ...(progress.loss === undefined ? {} : { loss: progress.loss }),
      ...(gained > 0 ? { secondsLeft: Math.round((elapsedMs / gained) * (1 - progress.fraction)) / 1000 } : {}),
      ...(checkpointEpoch === undefined ? {} : { checkpointEpoch }),
    })
    await ports.breathe()

    const now = ports.monotonicMs()
    const allowedMs = CHECKPOINT_SHARE * (now - started)
    if (progress.fraction < 1 && now - lastWrite >= LEAST_WORK_MS && checkpointMs + (writeMs ?? 0) <= allowedMs) {
      const state = fit.checkpoint()
      const expectedMs = writeMs ?? bytesOf(state) / ASSUMED_BYTES_A_MS
      if (state !== undefined && checkpointMs + expectedMs <= allowedMs) {
        await ports.store.write(checkpointKey, encodeSafetensors(state, { epoch: String(progress.epoch) }))
        lastWrite = ports.monotonicMs()
        writeMs = lastWrite - now
        checkpointEpoch = progress.epoch
      }
      checkpointMs += ports.monotonicMs() - now
    }
  } while (progress.fraction < 1)

  return { model: fit.finish(), trainSeconds: (ports.monotonicMs() - started) / 1000, loss: progress.loss }
}

function bytesOf(state: Tensors | undefined): number {
  let bytes = 0
  for (const { data } of state?.values() ?? []) bytes += data.byteLength
  return bytes
}

/** A checkpoint that cannot be read is as none: the fit starts over. */
async function readCheckpoint(key: string, { store }: JobPorts): Promise<Tensors | undefined> {
  const stored = await store.read(key)
  if (stored === undefined) return undefined
  try {
    return decodeSafetensors(stored.body).tensors
  } catch (error) {
    if (error instanceof MatineeError) return undefined
    throw error
  }
}
