/**
 * Answers as they went out, each with the tag of what it was made from: the model, its titles, the moment's catalogue, the user's events. Under
 * another tag it is made anew; the one used longest ago goes first when the cache is full.
 */
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { ModelSnapshot } from './model-snapshot.ts'
import type { UserEvents } from './user-events.ts'

/** What an entry takes beside its bytes, roughly. */
const entryBytes = 300

interface Answer {
  readonly tag: string
  readonly body: Buffer
  /** For the count of lists by source. */
  readonly source: string
}

export class AnswerCache {
  readonly #bytesAtMost: number
  readonly #answers = new Map<string, Answer>()
  #bytes = 0

  constructor(bytesAtMost = 64 * 1024 * 1024) {
    this.#bytesAtMost = bytesAtMost
  }

  get bytes(): number {
    return this.#bytes
  }

  get(key: string, tag: string): Answer | undefined {
    const answer = this.#answers.get(key)
    if (answer === undefined) return undefined
    this.#answers.delete(key)
    if (answer.tag !== tag) {
      this.#bytes -= sizeOf(key, answer)
      return undefined
    }
    this.#answers.set(key, answer)
    return answer
  }

  set(key: string, answer: Answer): void {
    const before = this.#answers.get(key)
    if (before !== undefined) this.#bytes -= sizeOf(key, before)
    this.#answers.delete(key)
    this.#answers.set(key, answer)
    this.#bytes += sizeOf(key, answer)
    for (const [oldest, { tag, body, source }] of this.#answers) {
      if (this.#bytes <= this.#bytesAtMost) break
      this.#answers.delete(oldest)
      this.#bytes -= sizeOf(oldest, { tag, body, source })
    }
  }
}

const sizeOf = (key: string, { body }: Answer): number => body.byteLength + 2 * key.length + entryBytes

/** Weak: two answers with the same tag say the same. Of one URL; other parameters are another URL. */
export const tagOf = (snapshot: ModelSnapshot, moment: number, events?: UserEvents): string =>
  `W/"${snapshot.version}.${snapshot.listing.slice(0, 8)}.${snapshot.catalogue.epoch(moment)}.${events?.version ?? 0}"`

/** Answers from the cache, or with what `make` gives; with 304 and nothing where the client has it already. */
export function answerTagged(
  request: FastifyRequest,
  reply: FastifyReply,
  { cache, tag, onSource }: { readonly cache: AnswerCache; readonly tag: string; readonly onSource?: (source: string) => void },
  make: () => { readonly source: string },
): FastifyReply {
  void reply.header('etag', tag).header('cache-control', 'private, no-cache')
  if (matches(request.headers['if-none-match'], tag)) return reply.code(304).send()
  let answer = cache.get(request.url, tag)
  if (answer === undefined) {
    const made = make()
    const text = reply.serialize(made)
    answer = { tag, body: typeof text === 'string' ? Buffer.from(text) : Buffer.from(new Uint8Array(text)), source: made.source }
    cache.set(request.url, answer)
  }
  onSource?.(answer.source)
  return reply.type('application/json; charset=utf-8').send(answer.body)
}

/** By RFC 9110, weakly. */
function matches(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false
  const bare = tag.slice(2)
  return header.split(',').some((part) => {
    const given = part.trim()
    return given === '*' || given.replace(/^W\//, '') === bare
  })
}
