/** Reading and writing the store's JSON documents through the port: checked on the way in, conditional on the way out. */
import type { Static, TSchema } from 'typebox'
import { parseDocument } from './documents.ts'
import { MatineeError } from './errors.ts'
import type { ObjectStore } from './ports.ts'

const JSON_TYPE = 'application/json'
const CONFLICTS_AT_MOST = 50

/** @throws MatineeError `store_missing` where the key holds nothing, `store_corrupt` where it has not its form. */
export async function readDocument<Schema extends TSchema>(store: ObjectStore, schema: Schema, key: string): Promise<Static<Schema>> {
  const stored = await store.read(key)
  if (stored === undefined) throw new MatineeError('store_missing', `${key} is not in ${store.location}`, { details: { key } })
  return parseDocument(schema, stored.body, key)
}

export const documentText = (value: unknown): string => `${JSON.stringify(value, null, 1)}\n`

/** Writes a document whatever was there before. */
export async function putDocument(store: ObjectStore, key: string, value: unknown): Promise<void> {
  await store.write(key, documentText(value), { contentType: JSON_TYPE })
}

/** Writes an object that never changes. Where it exists already with the same bytes, that is success. */
export async function createOnce(store: ObjectStore, key: string, body: string | Uint8Array, contentType = JSON_TYPE): Promise<void> {
  const result = await store.write(key, body, { precondition: { absent: true }, contentType })
  if (result.written) return
  const there = await store.read(key)
  if (there !== undefined && sameBytes(there.body, typeof body === 'string' ? new TextEncoder().encode(body) : body)) return
  throw new MatineeError('store_conflict', `${key} exists with other content`, { details: { key } })
}

const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && a.every((byte, index) => byte === b[index])

/**
 * Reads, changes and writes back a document in one conditional write; starts over where another writer was first.
 * `change` gets undefined where there is none yet, and answers undefined to leave things as they are.
 */
export async function updateDocument<Schema extends TSchema>(
  store: ObjectStore,
  schema: Schema,
  key: string,
  change: (current: Static<Schema> | undefined) => Static<Schema> | undefined,
): Promise<Static<Schema> | undefined> {
  for (let attempt = 0; attempt < CONFLICTS_AT_MOST; attempt++) {
    const stored = await store.read(key)
    const current = stored === undefined ? undefined : parseDocument(schema, stored.body, key)
    const next = change(current)
    if (next === undefined) return current
    const result = await store.write(key, documentText(next), {
      precondition: stored === undefined ? { absent: true } : { entityTag: stored.entityTag },
      contentType: JSON_TYPE,
    })
    if (result.written) return next
  }
  throw new MatineeError('store_conflict', `${key} was changed by others ${CONFLICTS_AT_MOST} times in a row; try again`, {
    details: { key },
  })
}
