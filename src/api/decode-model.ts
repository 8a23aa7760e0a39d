/** What a model's files hold. Each is checked by itself; that they fit each other `ModelSnapshot` checks. */
import { setImmediate as breathe } from 'node:timers/promises'
import type { Static, TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import { ModelItems, ModelUsers, parseDocument, type ModelManifest } from '../contracts/documents.ts'
import { MatineeError } from '../contracts/errors.ts'
import { storeKeys } from '../contracts/store-keys.ts'
import { decodeSafetensors } from '../model/artifact/safetensors.ts'
import { families } from '../model/families.ts'
import type { ModelFamily } from '../model/model.ts'
import { catalogueTables } from './catalogue.ts'
import type { ModelParts } from './model-snapshot.ts'
import { Ids } from './ids.ts'

/** Of one version, as they lie in a store. */
export interface ModelFiles {
  readonly manifest: ModelManifest
  readonly tensors: Uint8Array
  readonly users: Uint8Array
  readonly items: Uint8Array
}

/** @throws MatineeError `store_corrupt`, `model_incompatible`. */
export async function decodeModel({ manifest, tensors: bytes, users, items }: ModelFiles): Promise<ModelParts> {
  const key = (file: string): string => storeKeys.model(manifest.version, file)
  const { tensors } = decodeSafetensors(bytes)
  const userIds = await Ids.of(parseUsers(users, key('users.json')), key('users.json'))
  const titles = parseItems(items, key('items.json'))
  await breathe()
  const titleIds = titles.map(({ program_id: id }) => id)
  const itemIds = await Ids.of(titleIds, key('items.json'))
  const parts = { manifest, users: userIds, items: titles, itemIds, catalogue: catalogueTables(titles), tensors, memories: new Map() }
  await breathe()
  return withModel(parts)
}

/** Makes the model of the tensors. @throws MatineeError `model_incompatible`. */
export async function withModel(parts: Omit<ModelParts, 'model'>): Promise<ModelParts> {
  const { manifest, tensors, memories } = parts
  const model = familyOf(manifest, storeKeys.model(manifest.version, 'manifest.json')).load(tensors, memories)
  await breathe()
  return { ...parts, model }
}

/**
 * As `parseDocument`, for long documents: a compiled check takes a hundredth of the interpreted one's time, during
 * which no request is answered. What it refuses `parseDocument` explains.
 */
function parser<Schema extends TSchema>(schema: Schema): (bytes: Uint8Array, key: string) => Static<Schema> {
  const compiled = Compile(schema)
  return (bytes, key) => {
    try {
      const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
      if (compiled.Check(value)) return value
    } catch {
      // not JSON: explained below
    }
    return parseDocument(schema, bytes, key)
  }
}
const parseUsers = parser(ModelUsers)
/** Also of some titles alone. */
export const parseItems = parser(ModelItems)

function familyOf({ algorithm }: ModelManifest, key: string): ModelFamily {
  const family = families.find((one) => one.algorithm === algorithm)
  if (family !== undefined) return family
  const known = families.map((one) => one.algorithm).join(', ')
  throw new MatineeError('model_incompatible', `${key} names algorithm "${algorithm}"; this version serves ${known}`, { details: { key } })
}
