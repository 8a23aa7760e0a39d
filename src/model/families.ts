/** The model families by the name that configuration, command line and manifests know them by. */
import { MatineeError } from '../contracts/errors.ts'
import { blend } from './blend/blend.ts'
import { ease } from './ease/ease.ts'
import { ials } from './ials/ials.ts'
import { itemKnn } from './item-knn/item-knn.ts'
import type { ModelFamily } from './model.ts'
import { popularity } from './popularity/popularity.ts'
import { warp } from './warp/warp.ts'

export const families: readonly ModelFamily[] = [warp, ials, ease, itemKnn, popularity, blend]

/** @throws MatineeError `parameter_invalid` naming those that exist. */
export function familyOf(algorithm: string): ModelFamily {
  const family = families.find((one) => one.algorithm === algorithm)
  if (family !== undefined) return family
  const known = families.map((one) => one.algorithm).join(', ')
  throw new MatineeError('parameter_invalid', `there is no algorithm ${algorithm}; allowed are ${known}`, { details: { algorithm } })
}
