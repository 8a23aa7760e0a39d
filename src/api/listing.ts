/** Which titles the catalogue lists now, as `catalogue/latest.json` says: between two trainings newer than what a model knows of them. */
import { parquetReadObjects } from 'hyparquet'
import { createHash } from 'node:crypto'
import { Compile } from 'typebox/compile'
import { CatalogueLatest, ModelItems, parseDocument, type ModelItem } from '../contracts/documents.ts'
import { MatineeError } from '../contracts/errors.ts'
import type { ObjectStore } from '../contracts/ports.ts'
import { storeKeys } from '../contracts/store-keys.ts'
import { answerWithin } from './answer-within.ts'
import type { HolderLog } from './model-holder.ts'

export interface Listing {
  readonly digest: string
  readonly titles: ReadonlyMap<string, ModelItem>
  /** When the source was asked, the last time that it said this. Milliseconds since 1970. */
  readonly takenMs: number
}

export interface ListingHolderOptions {
  readonly store: ObjectStore
  /** Where a copy of the last listing lies, for a start without the store; undefined: no copy is kept. */
  readonly cache?: ObjectStore | undefined
  readonly log: HolderLog
  /** Milliseconds between two looks. */
  readonly pollMs: number
  /** Milliseconds after which a look that got no answer counts as failed. */
  readonly answerWithinMs?: number
}

const columns = ['program_id', 'program_name', 'ct_cl', 'program_genre', 'release_date', 'age_limit', 'recommendable']
const checkedItems = Compile(ModelItems)

/** Follows `catalogue/latest.json`. The last listing stays where the next cannot be had; there may be none at all. */
export class ListingHolder {
  readonly #options: ListingHolderOptions
  #current: Listing | undefined
  #settledTag: string | undefined
  #failure: string | undefined
  #polling: Promise<void> | undefined
  #timer: NodeJS.Timeout | undefined
  #stopped = false

  constructor(options: ListingHolderOptions) {
    this.#options = options
  }

  current(): Listing | undefined {
    return this.#current
  }

  /** Takes the local copy, where there is one, and begins to follow the store. Never fails, never waits for the store. */
  async start(): Promise<void> {
    const { cache, log } = this.#options
    try {
      const copy = await cache?.read(storeKeys.catalogueLatest)
      if (cache !== undefined && copy !== undefined) {
        const latest = parseDocument(CatalogueLatest, copy.body, storeKeys.catalogueLatest)
        const titles = await readTitles(await readFile(latest, cache), storeKeys.catalogue(latest.digest))
        this.#current = { digest: latest.digest, titles, takenMs: Date.parse(latest.taken_at) }
      }
    } catch (error) {
      log.warn({ err: error, cache: cache?.location }, 'the local copy of the catalogue is left aside')
    }
    this.#follow()
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
  }

  /** Looks once whether there is another. Looks do not overlap. Never fails. */
  poll(): Promise<void> {
    this.#polling ??= this.#look().finally(() => {
      this.#polling = undefined
    })
    return this.#polling
  }

  #follow(): void {
    if (this.#stopped) return
    void this.poll().finally(() => {
      if (this.#stopped) return
      this.#timer = setTimeout(() => this.#follow(), this.#options.pollMs)
      this.#timer.unref()
    })
  }

  async #look(): Promise<void> {
    const { store, log, answerWithinMs = 10_000 } = this.#options
    const key = storeKeys.catalogueLatest
    try {
      const entry = await answerWithin(answerWithinMs, key, store.stat(key))
      if (entry?.entityTag !== this.#settledTag) {
        const latest = await answerWithin(answerWithinMs, key, store.read(key))
        if (latest !== undefined) await this.#take(latest.body)
        this.#settledTag = latest?.entityTag
      }
      if (this.#failure !== undefined) log.info({ catalogue: this.#current?.digest }, 'the catalogue is followed again')
      this.#failure = undefined
    } catch (error) {
      const failure = error instanceof MatineeError ? error.code : String(error)
      if (failure !== this.#failure) log.warn({ err: error, catalogue: this.#current?.digest }, 'the last catalogue stays')
      this.#failure = failure
    }
  }

  async #take(body: Uint8Array): Promise<void> {
    const { store, cache, log, answerWithinMs = 10_000 } = this.#options
    const latest = parseDocument(CatalogueLatest, body, storeKeys.catalogueLatest)
    const before = this.#current
    const takenMs = Date.parse(latest.taken_at)
    if (before?.digest === latest.digest) {
      this.#current = { ...before, takenMs }
      return
    }
    const key = storeKeys.catalogue(latest.digest)
    const bytes = await answerWithin(6 * answerWithinMs, key, readFile(latest, store))
    this.#current = { digest: latest.digest, titles: await readTitles(bytes, key), takenMs }
    log.info({ catalogue: latest.digest, titles: latest.titles }, 'another catalogue is in force')
    if (cache === undefined) return
    // The name comes last, so that a torn copy is never taken for a whole one.
    await cache.write(key, bytes)
    await cache.write(storeKeys.catalogueLatest, body)
    if (before !== undefined) await cache.remove(storeKeys.catalogue(before.digest))
  }
}

/** @throws MatineeError `store_missing`, `store_corrupt` where it has not the digest that it is named by. */
async function readFile({ digest }: CatalogueLatest, store: ObjectStore): Promise<Uint8Array> {
  const key = storeKeys.catalogue(digest)
  const stored = await store.read(key)
  if (stored === undefined) throw new MatineeError('store_missing', `${key} is not in the store`, { details: { key } })
  const found = createHash('sha256').update(stored.body).digest('hex')
  if (found !== digest) throw new MatineeError('store_corrupt', `${key} has digest ${found}`, { details: { key } })
  return stored.body
}

async function readTitles(bytes: Uint8Array, key: string): Promise<ReadonlyMap<string, ModelItem>> {
  const file = {
    byteLength: bytes.byteLength,
    slice: (start: number, end?: number) => Uint8Array.from(bytes.subarray(start, end)).buffer,
  }
  const rows: unknown = await parquetReadObjects({ file, columns })
  if (!checkedItems.Check(rows)) throw new MatineeError('store_corrupt', `${key} does not hold titles`, { details: { key } })
  return new Map(rows.map((row) => [row.program_id, row]))
}
