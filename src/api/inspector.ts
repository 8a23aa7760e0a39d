/**
 * A thread that takes a model's files apart and checks them while this one goes on answering. What it finds comes back without being copied:
 * arrays, and the memories of kernels, lie in memory that both share; titles come in pieces of JSON, which are parsed one at a time.
 */
import { setImmediate as breathe } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import type { ModelItem, ModelManifest } from '../contracts/documents.ts'
import { MatineeError, type ErrorCode } from '../contracts/errors.ts'
import { storeKeys } from '../contracts/store-keys.ts'
import type { KernelMemories, Tensors } from '../model/model.ts'
import type { IdTable } from '../model/sparse/id-index.ts'
import { programFile } from '../project-files.ts'
import type { CatalogueTables } from './catalogue.ts'
import { parseItems, withModel, type ModelFiles } from './decode-model.ts'
import type { ModelParts, PairCounts } from './model-snapshot.ts'
import { Ids } from './ids.ts'

export type Question = { readonly ask: 'sha256'; readonly bytes: Uint8Array } | ({ readonly ask: 'inspect' } & ModelFiles)

export type Answer<Result = unknown> =
  | { readonly result: Result }
  | { readonly code: ErrorCode | undefined; readonly message: string; readonly details: MatineeError['details'] }

/** A model that was looked through. */
export interface Inspected {
  readonly users: IdTable
  readonly itemIds: IdTable
  readonly catalogue: CatalogueTables
  /** As in `items.json`, each some titles. */
  readonly items: readonly Uint8Array[]
  readonly tensors: Tensors
  readonly memories: KernelMemories
  readonly counts: PairCounts
}

export class Inspector {
  readonly #worker = new Worker(programFile('api/inspector-thread'))
  /** Rejects when the thread is over. */
  readonly #over: Promise<never>

  constructor() {
    const { promise, reject } = Promise.withResolvers<never>()
    this.#worker.once('error', reject).once('exit', () => reject(new Error('the thread that looks through models has ended')))
    this.#worker.unref()
    this.#over = promise
    this.#over.catch(() => {}) // whoever asks hears of it; there may be nobody any more
  }

  /** Lower-case hex. */
  sha256(bytes: Uint8Array): Promise<string> {
    return this.#ask({ ask: 'sha256', bytes })
  }

  /** @throws MatineeError `store_corrupt`, `model_incompatible`. */
  async inspect(files: ModelFiles): Promise<ModelParts> {
    const { users, itemIds, items: pieces, ...found } = await this.#ask<Inspected>({ ask: 'inspect', ...files })
    const manifest: ModelManifest = files.manifest
    const items: ModelItem[] = []
    for (const piece of pieces) {
      items.push(...parseItems(piece, storeKeys.model(manifest.version, 'items.json')))
      await breathe()
    }
    const counted = new ArrayBuffer(files.tensors.byteLength)
    return withModel({ manifest, users: new Ids(users), items, itemIds: new Ids(itemIds), ...found, counted })
  }

  close(): void {
    void this.#worker.terminate()
  }

  /** One question after the other. */
  async #ask<Result>(question: Question): Promise<Result> {
    const { promise, resolve } = Promise.withResolvers<Answer<Result>>()
    const worker = this.#worker.once('message', resolve)
    worker.postMessage(question, [])
    const answer = await Promise.race([promise, this.#over])
    if ('result' in answer) return answer.result
    if (answer.code === undefined) throw new Error(answer.message)
    throw new MatineeError(answer.code, answer.message, { details: answer.details })
  }
}
