/** Answers with an entity tag: of what a client has already there is nothing to send, and what was made before is taken from the cache. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { AnswerCache, Kept } from './answer-cache.ts'
import type { ModelSnapshot } from './model-snapshot.ts'
import type { UserEvents } from './user-events.ts'

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
