/** From the files of a store to a snapshot that may serve: every byte is checked before any of it is used. */
import { createHash } from 'node:crypto'
import { setImmediate as breathe } from 'node:timers/promises'
import type { Static, TSchema } from 'typebox'
import { ModelManifest, parseDocument } from '../contracts/documents.ts'
import { MatineeError } from '../contracts/errors.ts'
import type { ObjectStore } from '../contracts/ports.ts'
import { storeKeys } from '../contracts/store-keys.ts'
import { decodeModel } from './decode-model.ts'
import { Inspector } from './inspector.ts'
import { ModelSnapshot } from './model-snapshot.ts'

/** The one format of `manifest.json` that this version serves. */
const servedFormat = 1

type ModelFile = 'model.safetensors' | 'users.json' | 'items.json'

export interface LoadedModel<Snapshot = ModelSnapshot> {
  readonly snapshot: Snapshot
  /** The checked bytes by key, manifest last, as a copy of the model must be written. */
  readonly files: ReadonlyMap<string, Uint8Array>
}

/**
 * Loads a version whose manifest lies in `store`. A file is taken from `cache` where the copy there has the
 * manifest's digest, else from `store`.
 * @param besideFromBytes a model whose tensors take so much is looked through on a thread of its own, so that this one goes on answering
 * @throws MatineeError `store_missing` (no manifest, or no file that it names), `store_corrupt` (size, digest or
 * content is wrong), `model_incompatible` (another format or an unknown algorithm), `store_unreachable`.
 */
export async function loadSnapshot(
  version: string,
  store: ObjectStore,
  cache?: ObjectStore,
  besideFromBytes = Infinity,
): Promise<LoadedModel> {
  const manifestKey = storeKeys.model(version, 'manifest.json')
  const stored = await store.read(manifestKey)
  if (stored === undefined)
    throw new MatineeError('store_missing', `${manifestKey} is not in the store: model ${version} is not there or not complete`, {
      details: { key: manifestKey, version },
    })
  const manifest = parseManifest(ModelManifest, stored.body, manifestKey)
  if (manifest.version !== version)
    throw new MatineeError('store_corrupt', `${manifestKey} names version "${manifest.version}"`, {
      details: { key: manifestKey, version },
    })

  const files = new Map<string, Uint8Array>()
  const large = (manifest.files['model.safetensors']?.bytes ?? 0) >= besideFromBytes
  const inspector = large ? new Inspector() : undefined
  const read = async (file: ModelFile): Promise<Uint8Array> => {
    const key = storeKeys.model(version, file)
    const bytes = await readVerified(key, manifest.files[file], cache === undefined ? [store] : [cache, store], inspector)
    files.set(key, bytes)
    return bytes
  }
  try {
    const tensors = await read('model.safetensors')
    const model = { manifest, tensors, users: await read('users.json'), items: await read('items.json') }
    const snapshot = await ModelSnapshot.create(inspector === undefined ? await decodeModel(model) : await inspector.inspect(model))
    files.set(manifestKey, stored.body)
    return { snapshot, files }
  } finally {
    inspector?.close()
  }
}

/** The format is looked at before the rest: a newer manifest may differ in everything else. */
export function parseManifest<Schema extends TSchema>(schema: Schema, body: Uint8Array, key: string): Static<Schema> {
  let format: unknown
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(body))
    format = typeof value === 'object' && value !== null && 'format' in value ? value.format : undefined
  } catch {
    format = undefined // parseDocument below says what is wrong
  }
  if (typeof format === 'number' && format !== servedFormat)
    throw new MatineeError('model_incompatible', `${key} is of format ${format}; this version serves format ${servedFormat}`, {
      details: { key },
    })
  return parseDocument(schema, body, key)
}

/**
 * The first copy that has the manifest's size and digest; the last store's fault where none has.
 * @param inspector whose thread makes the digests, absent: this one, in slices
 * @throws MatineeError `store_missing`, `store_corrupt`.
 */
export async function readVerified(
  key: string,
  expected: { readonly sha256: string; readonly bytes: number } | undefined,
  stores: readonly ObjectStore[],
  inspector?: Inspector,
): Promise<Uint8Array> {
  if (expected === undefined) throw new MatineeError('store_corrupt', `the manifest does not name ${key}`, { details: { key } })
  let fault: unknown
  for (const store of stores) {
    try {
      const stored = await store.read(key, { shared: inspector !== undefined })
      if (stored === undefined) throw new MatineeError('store_missing', `${key} is not in the store`, { details: { key } })
      if (stored.body.byteLength !== expected.bytes)
        throw new MatineeError('store_corrupt', `${key} has ${stored.body.byteLength} bytes, its manifest says ${expected.bytes}`, {
          details: { key },
        })
      const digest = await (inspector === undefined ? sha256InSlices(stored.body) : inspector.sha256(stored.body))
      if (digest !== expected.sha256)
        throw new MatineeError('store_corrupt', `${key} has digest ${digest}, its manifest says ${expected.sha256}`, { details: { key } })
      return stored.body
    } catch (error) {
      fault = error
    }
  }
  throw fault
}

const sliceBytes = 1024 * 1024

/** Lower-case hex. A slice takes some two milliseconds; requests are answered between slices. */
async function sha256InSlices(bytes: Uint8Array): Promise<string> {
  const hash = createHash('sha256')
  for (let start = 0; start < bytes.byteLength; start += sliceBytes) {
    hash.update(bytes.subarray(start, start + sliceBytes))
    await breathe()
  }
  return hash.digest('hex')
}
