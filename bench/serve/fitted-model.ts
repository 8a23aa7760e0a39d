/**
 * A published model as a run leaves it: iALS fitted to made-up pairs. Titles that many watched have longer factors than others, and a ranking
 * passes over those that are too short to be in the list, as it does in service.
 */
import { availableParallelism } from 'node:os'
import { WorkerKernelThreads } from '../../src/adapters/kernel-threads.ts'
import type { ObjectStore } from '../../src/contracts/ports.ts'
import { familyOf } from '../../src/model/families.ts'
import { Random } from '../../src/model/random/random.ts'
import { writeLearntModel, type ModelShape } from '../../test/support/generated-model.ts'
import type { Published } from '../../test/support/publish-model.ts'
import { plantedPairs } from '../models/planted-pairs.ts'

/** Writes the model and does not make it the latest. */
export async function writeFittedModel(store: ObjectStore, version: string, shape: ModelShape, seed: number): Promise<Published> {
  const { users, titles, factors } = shape
  const pairs = plantedPairs({ users, items: titles, pairs: shape.pairs }, seed)
  const threads = new WorkerKernelThreads(availableParallelism())
  try {
    const fit = familyOf('ials').start(pairs, { factors }, seed, undefined, { threads })
    while (fit.advance().fraction < 1);
    const learnt = { factors: fit.finish().tensors(), offsets: pairs.offsets, items: pairs.items }
    return await writeLearntModel(store, version, shape, seed, learnt, Random.seeded(seed, 3))
  } finally {
    await threads.close()
  }
}
