/**
 * A published model as a run leaves it: iALS fitted to made-up pairs. Titles that many watched have longer factors than others, and a ranking
 * passes over those that are too short to be in the list, as it does in service.
 */
import { availableParallelism } from 'node:os'
import { WorkerKernelThreads } from '../../src/adapters/kernel-threads.ts'
import type { ObjectStore } from '../../src/contracts/ports.ts'
import { familyOf } from '../../src/model/families.ts'
import type { Tensor } from '../../src/model/model.ts'
import { Random } from '../../src/model/random/random.ts'
import { generateTitles, userIdOf, type ModelShape } from '../../test/support/generated-model.ts'
import { writeModel, type Published } from '../../test/support/publish-model.ts'
import { plantedPairs } from '../models/planted-pairs.ts'

const LAST_DAY = 19_723
const DAYS = 364

const vector = (data: Tensor['data']): Tensor => ({ shape: [data.length], data })

/** Writes the model and does not make it the latest. */
export async function writeFittedModel(store: ObjectStore, version: string, shape: ModelShape, seed: number): Promise<Published> {
  const { users, titles, factors } = shape
  const pairs = plantedPairs({ users, items: titles, pairs: shape.pairs }, seed)
  const threads = new WorkerKernelThreads(availableParallelism())
  const fit = familyOf('ials').start(pairs, { factors }, seed, undefined, { threads })
  while (fit.advance().fraction < 1);
  const fitted = fit.finish().tensors()
  await threads.close()

  const viewers = new Uint32Array(titles)
  for (const item of pairs.items) viewers[item] = (viewers[item] ?? 0) + 1
  const random = Random.seeded(seed, 3)
  return writeModel(store, version, {
    algorithm: 'ials',
    userIds: Array.from({ length: users }, (_, user) => userIdOf(user)),
    titles: generateTitles(titles, seed),
    tensors: (tensors) => {
      tensors.clear()
      for (const [name, tensor] of fitted) tensors.set(name, tensor)
      tensors.set('seen_offsets', vector(pairs.offsets))
      tensors.set('seen_items', vector(pairs.items))
      tensors.set('seen_weights', vector(Float32Array.from(pairs.items, () => random.unit())))
      tensors.set('seen_days', vector(Int32Array.from(pairs.items, () => LAST_DAY - random.below(DAYS))))
      tensors.set('item_viewers', vector(viewers))
    },
    manifest: (manifest) => ({ ...manifest, pairs: pairs.items.length, parameters: { factors } }),
  })
}
