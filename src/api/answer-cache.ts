/**
 * What answers were made from, or answers as they went out, each with the tag of its origin: the model, the moment's catalogue, the user's
 * events. Under another tag it is made anew; the one used longest ago goes first when the cache is full.
 */
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { ModelSnapshot } from './model-snapshot.ts'
import type { UserEvents } from './user-events.ts'

/** What an entry takes beside its bytes, roughly. */
const entryBytes = 300

/** What is kept of an answer. */
export interface Kept {
  readonly bytes: Buffer
  /** For the count of lists by source. */
  readonly source: string
}

interface Entry<What extends Kept> {
  readonly tag: string
  readonly kept: What
}

export class AnswerCache<What extends Kept = Kept> {
  readonly #bytesAtMost: number
  readonly #entries = new Map<string, Entry<What>>()
  #bytes = 0

  constructor(bytesAtMost = 24 * 1024 * 1024) {
    this.#bytesAtMost = bytesAtMost
  }

  get bytes(): number {
    return this.#bytes
  }

  get(key: string, tag: string): What | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    this.#entries.delete(key)
    if (entry.tag !== tag) {
      this.#bytes -= sizeOf(key, entry.kept)
      return undefined
    }
    this.#entries.set(key, entry)
    return entry.kept
  }

  set(key: string, tag: string, kept: What): void {
    const before = this.#entries.get(key)
    if (before !== undefined) this.#bytes -= sizeOf(key, before.kept)
    this.#entries.delete(key)
    this.#entries.set(key, { tag, kept })
    this.#bytes += sizeOf(key, kept)
    for (const [oldest, entry] of this.#entries) {
      if (this.#bytes <= this.#bytesAtMost) break
      this.#entries.delete(oldest)
      this.#bytes -= sizeOf(oldest, entry.kept)
    }
  }
}

const sizeOf = (key: string, { bytes }: Kept): number => bytes.byteLength + 2 * key.length + entryBytes

/** Weak: two answers with the same tag say the same. Of one URL; other parameters are another URL. */
export const tagOf = (snapshot: ModelSnapshot, moment: number, events?: UserEvents): string =>
  `W/"${snapshot.version}.${snapshot.listing.slice(0, 8)}.${snapshot.catalogue.epoch(moment)}.${events?.version ?? 0}"`

/** How an answer is made, and made again from what is kept of it. */
export interface Answering<What extends Kept> {
  readonly cache: AnswerCache<What>
  readonly tag: string
  readonly onSource?: (source: string) => void
  readonly make: () => What
  /** The body; absent: the kept bytes are it. */
  readonly write?: (kept: What) => Buffer
}

/** Answers from the cache, or with what `make` gives; with 304 and nothing where the client has it already. */
export function answerTagged<What extends Kept>(
  request: FastifyRequest,
  reply: FastifyReply,
  { cache, tag, onSource, make, write }: Answering<What>,
): FastifyReply {
  void reply.header('etag', tag).header('cache-control', 'private, no-cache')
  if (matches(request.headers['if-none-match'], tag)) return reply.code(304).send()
  let kept = cache.get(request.url, tag)
  if (kept === undefined) cache.set(request.url, tag, (kept = make()))
  onSource?.(kept.source)
  return reply.header('content-type', json).send(write === undefined ? kept.bytes : write(kept))
}

/** An answer that is kept as it goes out, by its route's schema. */
export function keptBody(reply: FastifyReply, answer: { readonly source: string; readonly [field: string]: unknown }): Kept {
  const text = reply.serialize(answer)
  return { bytes: typeof text === 'string' ? Buffer.from(text) : Buffer.from(new Uint8Array(text)), source: answer.source }
}

const json = 'application/json; charset=utf-8'

/** By RFC 9110, weakly. */
function matches(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false
  const bare = tag.slice(2)
  return header.split(',').some((part) => {
    const given = part.trim()
    return given === '*' || given.replace(/^W\//, '') === bare
  })
}
