/**
 * The store's small JSON documents (manifests, metrics) for dashboards. A document is read again only when its
 * entity tag has changed; askers at the same time share one listing; an answer that takes too long is a problem
 * document of that one request and holds up nothing else.
 */
import type { Static, TSchema } from 'typebox'
import { parseDocument } from '../contracts/documents.ts'
import { MatineeError } from '../contracts/errors.ts'
import type { ObjectEntry, ObjectStore } from '../contracts/ports.ts'
import { answerWithin } from './answer-within.ts'

/** Reads at the same time: a store answers several as fast as one, and must not be flooded. */
const parallelReads = 8

export class DocumentReader {
  readonly #store: ObjectStore
  readonly #answerWithinMs: number
  readonly #cache = new Map<string, { readonly entityTag: string; readonly value: unknown }>()
  readonly #pending = new Map<string, Promise<readonly unknown[]>>()

  constructor(store: ObjectStore, answerWithinMs = 10_000) {
    this.#store = store
    this.#answerWithinMs = answerWithinMs
  }

  /**
   * The documents below `prefix` whose keys match, in the order of their keys; one kind of document a prefix. One that is broken is left out and
   * told to `onBroken`: it must not take the others with it.
   * @throws MatineeError `store_unreachable` where the store does not answer in time.
   */
  async list<Schema extends TSchema>(
    prefix: string,
    matches: (key: string) => boolean,
    schema: Schema,
    onBroken: (error: unknown) => void,
  ): Promise<readonly Static<Schema>[]> {
    let pending = this.#pending.get(prefix)
    if (pending === undefined) {
      pending = this.#readAll(prefix, matches, schema, onBroken).finally(() => this.#pending.delete(prefix))
      this.#pending.set(prefix, pending)
    }
    return (await answerWithin(this.#answerWithinMs, prefix, pending)) as readonly Static<Schema>[]
  }

  /** @throws MatineeError `not_found` with `absent` where the key holds nothing; `store_corrupt`, `store_unreachable`. */
  async read<Schema extends TSchema>(key: string, schema: Schema, absent: string): Promise<Static<Schema>> {
    const stored = await answerWithin(this.#answerWithinMs, key, this.#store.read(key))
    if (stored === undefined) throw new MatineeError('not_found', absent, { details: { key } })
    return parseDocument(schema, stored.body, key)
  }

  async #readAll(
    prefix: string,
    matches: (key: string) => boolean,
    schema: TSchema,
    onBroken: (error: unknown) => void,
  ): Promise<readonly unknown[]> {
    const entries: ObjectEntry[] = []
    for await (const entry of this.#store.list(prefix)) if (matches(entry.key)) entries.push(entry)
    const present = new Set(entries.map(({ key }) => key))
    for (const key of this.#cache.keys()) if (key.startsWith(prefix) && matches(key) && !present.has(key)) this.#cache.delete(key)
    const values: unknown[] = []
    for (let start = 0; start < entries.length; start += parallelReads)
      values.push(
        ...(await Promise.all(entries.slice(start, start + parallelReads).map((entry) => this.#document(entry, schema, onBroken)))),
      )
    return values.filter((value) => value !== undefined)
  }

  async #document(entry: ObjectEntry, schema: TSchema, onBroken: (error: unknown) => void): Promise<unknown> {
    const known = this.#cache.get(entry.key)
    if (known?.entityTag === entry.entityTag) return known.value
    const stored = await this.#store.read(entry.key)
    if (stored === undefined) return undefined // removed since the listing
    try {
      const value: unknown = parseDocument(schema, stored.body, entry.key)
      this.#cache.set(entry.key, { entityTag: stored.entityTag, value })
      return value
    } catch (error) {
      onBroken(error)
      return undefined
    }
  }
}
