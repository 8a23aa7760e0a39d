/** What a key of the object store may be: the same for every adapter, so that a store can move from one to another. */
import { MatineeError } from '../../contracts/errors.ts'

/** S3's limit, in bytes of UTF-8, less room for a prefix. */
const longestKey = 900
/** File systems' limit for one name, in bytes of UTF-8. */
const longestSegment = 255

// Control characters and backslashes: what shells, XML and other systems' paths take for something else.
// eslint-disable-next-line no-control-regex -- refusing them is the point
const refusedCharacters = /[\u0000-\u001f\u007f\\]/

/** Why a text is not a key; undefined when it is one. A segment that begins with a dot covers `.` and `..`. */
function problemOf(key: string): string | undefined {
  if (!key.isWellFormed() || refusedCharacters.test(key)) return 'it holds a character that keys may not have'
  if (Buffer.byteLength(key) > longestKey) return `it is longer than ${longestKey} bytes`
  for (const segment of key.split('/')) {
    if (segment === '') return 'a part between slashes is empty'
    if (segment.startsWith('.')) return 'a part begins with a dot'
    if (Buffer.byteLength(segment) > longestSegment) return `a part is longer than ${longestSegment} bytes`
  }
  return undefined
}

/** @throws MatineeError `request_invalid`: no absolute path, no `..`, no empty part, nothing unprintable. */
export function requireKey(key: string): void {
  const problem = problemOf(key)
  if (problem !== undefined)
    throw new MatineeError('request_invalid', `${JSON.stringify(key)} is not a key of the object store: ${problem}`)
}

/** A prefix is the beginning of a key, so that it may end anywhere. @throws MatineeError `request_invalid`. */
export function requirePrefix(prefix: string): void {
  if (prefix !== '') requireKey(prefix.endsWith('/') ? prefix.slice(0, -1) : prefix)
}

/** Byte order of UTF-8, which differs from JavaScript's where characters outside the basic plane are. */
export const compareKeys = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b))
