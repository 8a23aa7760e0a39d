/**
 * What answers were made from, or answers as they went out, each with the tag of its origin: the model, the moment's catalogue, the user's
 * events. Under another tag it is made anew; the one used longest ago goes first when the cache is full.
 */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { LRUCache } from 'lru-cache'
import type { ModelSnapshot } from './model-snapshot.ts'
import type { UserEvents } from './user-events.ts'

/** What an entry takes beside its bytes and its key, roughly. */
const entryBytes = 200

/** What is kept of an answer. */
export interface Kept<Source extends string = string> {
  readonly bytes: Buffer
  /** For the count of lists by source. */
  readonly source: Source
}

/**
 * A buffer of its own for each answer would take more than what is in it, and one of Node's pool would keep what lies beside it alive. Slabs
 * without a live entry are written to again: buffers that come and go make V8 collect its whole heap as if it had grown by them.
 */
interface Slab {
  readonly bytes: Buffer
  liveEntries: number
}

interface Entry<Source extends string> {
  readonly tag: string
  readonly source: Source
  readonly slab: Slab
  readonly start: number
  readonly end: number
}

const slabBytes = 65_536

export class AnswerCache<Source extends string = string> {
  // Not a Map from which the oldest key is taken: V8 looks for that one through all the places of those that were taken before.
  readonly #entries: LRUCache<string, Entry<Source>>
  #slab: Slab = { bytes: Buffer.alloc(0), liveEntries: 0 }
  /** Of that slab. */
  #used = 0
  readonly #free: Slab[] = []
  /** Of the newest entry: nearly all have the same, which is kept once. */
  #tag = ''

  constructor(bytesAtMost = 20 * 1024 * 1024) {
    this.#entries = new LRUCache({
      maxSize: bytesAtMost,
      sizeCalculation: ({ start, end }, key) => end - start + key.length + entryBytes,
      dispose: ({ slab }) => {
        slab.liveEntries--
        if (slab !== this.#slab) this.#keepIfFree(slab)
      },
    })
  }

  get bytes(): number {
    return this.#entries.calculatedSize
  }

  /** The bytes are a view, good until the next answer is kept. */
  get(key: string, tag: string): Kept<Source> | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    if (entry.tag === tag) return { bytes: entry.slab.bytes.subarray(entry.start, entry.end), source: entry.source }
    this.#entries.delete(key)
    return undefined
  }

  /** Copies the bytes. */
  set(key: string, tag: string, { bytes, source }: Kept<Source>): void {
    if (this.#used + bytes.length > this.#slab.bytes.length) this.#takeSlab(bytes.length)
    if (tag !== this.#tag) this.#tag = tag
    const start = this.#used
    this.#used += bytes.copy(this.#slab.bytes, start)
    this.#slab.liveEntries++
    this.#entries.set(key, { tag: this.#tag, source, slab: this.#slab, start, end: this.#used })
  }

  #takeSlab(length: number): void {
    const full = this.#slab
    const free = length > slabBytes ? undefined : this.#free.pop()
    this.#slab = free ?? { bytes: Buffer.allocUnsafeSlow(Math.max(slabBytes, length)), liveEntries: 0 }
    this.#used = 0
    this.#keepIfFree(full)
  }

  #keepIfFree(slab: Slab): void {
    if (slab.liveEntries === 0 && slab.bytes.length === slabBytes) this.#free.push(slab)
  }
}

/** Weak: two answers with the same tag say the same. Of one URL; other parameters are another URL. */
export const tagOf = (snapshot: ModelSnapshot, moment: number, events?: UserEvents): string =>
  `W/"${snapshot.version}.${snapshot.listing.slice(0, 8)}.${snapshot.catalogue.epoch(moment)}.${events?.version ?? 0}"`

/** How an answer is made, and made again from what is kept of it. */
export interface Answering<Source extends string> {
  readonly cache: AnswerCache<Source>
  readonly tag: string
  readonly onSource?: (source: string) => void
  readonly make: () => Kept<Source>
  /** The body; absent: the kept bytes are it. */
  readonly write?: (kept: Kept<Source>) => Buffer
}

/** Answers from the cache, or with what `make` gives; with 304 and nothing where the client has it already. */
export function answerTagged<Source extends string>(
  request: FastifyRequest,
  reply: FastifyReply,
  { cache, tag, onSource, make, write }: Answering<Source>,
): FastifyReply {
  void reply.header('etag', tag).header('cache-control', 'private, no-cache')
  if (matches(request.headers['if-none-match'], tag)) return reply.code(304).send()
  const known = cache.get(request.url, tag)
  const kept = known ?? make()
  if (known === undefined) cache.set(request.url, tag, kept)
  onSource?.(kept.source)
  // What is sent may still be on its way when the cache writes over its own.
  const body = write?.(kept) ?? (known === undefined ? kept.bytes : Buffer.from(kept.bytes))
  return reply.header('content-type', json).send(body)
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
