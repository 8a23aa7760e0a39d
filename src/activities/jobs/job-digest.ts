/** The name of a job's folder in the store: a digest of everything that its result depends on. */
import { createHash } from 'node:crypto'

/** `parts` is plain JSON data; the order of an object's keys does not matter. 16 hex digits. */
export function jobDigest(...parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts, sortedKeys)).digest('hex').slice(0, 16)
}

export const sha256 = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex')

function sortedKeys(_key: string, value: unknown): unknown {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
}
