/**
 * Which model of a kind serves now. Follows the kind's `latest.json` and swaps atomically; requests only ever read the
 * reference held here, so that a slow, missing or broken store stops none of them.
 *
 * The last good model stays where the new one cannot serve, and a copy of it lies in `cache` (a store of the same
 * layout, on local disk), from which a start without the store serves too.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { LatestModel, parseDocument } from '../contracts/documents.ts'
import { MatineeError, type ErrorCode } from '../contracts/errors.ts'
import type { Clock, ObjectStore } from '../contracts/ports.ts'
import { storeKeys } from '../contracts/store-keys.ts'
import { answerWithin } from './answer-within.ts'
import { loadSnapshot, type LoadedModel } from './load-model.ts'
import type { ModelSnapshot } from './model-snapshot.ts'
import { publicMessage } from './problems.ts'

export interface HolderLog {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
}

export interface ModelHolderOptions {
  readonly store: ObjectStore
  /** Where a copy of the last good model lies; undefined: no copy is kept. */
  readonly cache?: ObjectStore | undefined
  readonly clock: Clock
  readonly log: HolderLog
  /** Milliseconds between two looks at `models/latest.json`. */
  readonly pollMs: number
  /** Milliseconds after which a look that got no answer counts as failed. */
  readonly answerWithinMs?: number
  /** Has V8 collect its heap, which holds up requests; absent: another model is loaded all the same. */
  readonly collectGarbage?: () => void
}

/** What is held of a model: ready to answer. */
export interface Snapshot {
  readonly version: string
}

/** A kind of models that are served: where they lie and how one is loaded. */
export interface ServedKind<Held extends Snapshot> {
  /** Names the version that should serve. */
  readonly latestKey: string
  /** All keys of all models, and no others, begin with this. */
  readonly prefix: string
  keyOf(version: string, file: string): string
  /**
   * Takes files from `cache` where the copies there are right.
   * @param beside while another answers, which it is not to hold up
   * @throws MatineeError as `loadSnapshot`.
   */
  load(version: string, store: ObjectStore, cache: ObjectStore | undefined, beside: boolean): Promise<LoadedModel<Held>>
  /** For the log. */
  describe(snapshot: Held): object
  /** Whether a store without any is nothing to worry about. */
  readonly optional: boolean
}

/** Why the model that should serve does not. */
export interface ModelProblem {
  readonly code: ErrorCode
  readonly detail: string
  /** The version that could not be loaded, where one is known. */
  readonly version?: string | undefined
  readonly sinceMs: number
}

export interface ModelStatus<Held extends Snapshot = ModelSnapshot> {
  readonly serving: Held | undefined
  /** Where the serving model came from: the store, or the local copy while the store has not confirmed it. */
  readonly origin: 'store' | 'cache' | undefined
  readonly problem: ModelProblem | undefined
  /** When the store last answered what should serve; undefined before the first time. */
  readonly checkedMs: number | undefined
  readonly swaps: number
  readonly failedLoads: number
}

/** What routes need of the holder. */
export interface ServingModels<Held extends Snapshot = ModelSnapshot> {
  status(): ModelStatus<Held>
  /** @throws MatineeError `model_missing` until a model is loaded. */
  current(): Held
  /** Any version of the store, for inspectors. @throws MatineeError `not_found`, and as `loadSnapshot`. */
  version(version: string): Promise<Held>
}

const longestRetryMs = 5 * 60_000
/** A load that takes longer is given up, so that a store which falls silent midway does not end all following. */
const loadWithinMs = 15 * 60_000
/** So long V8 has to collect a model that was replaced by itself, before another is loaded. */
const collectedWithinMs = 2000
/** Of its files; smaller ones are not waited for. */
const largeBytes = 32 * 1024 * 1024
const inspectedVersions = 2
const inspectWithinMs = 60_000

export class SnapshotHolder<Held extends Snapshot> implements ServingModels<Held> {
  readonly #kind: ServedKind<Held>
  readonly #options: ModelHolderOptions
  #serving: Held | undefined
  /** Of its files. */
  #servingBytes = 0
  /** What served before, where it is large. */
  #replaced: WeakRef<Held> | undefined
  #origin: 'store' | 'cache' | undefined
  #problem: ModelProblem | undefined
  #checkedMs: number | undefined
  #swaps = 0
  #failedLoads = 0
  /** Entity tag of the `latest.json` whose model serves. */
  #settledTag: string | undefined
  /** A `latest.json` whose model could not be loaded: tried again, ever more rarely, since its files may yet be mended. */
  #failed: { readonly tag: string; readonly retryAtMs: number; readonly waitMs: number } | undefined
  #polling: Promise<void> | undefined
  #copying: Promise<void> = Promise.resolve()
  #timer: NodeJS.Timeout | undefined
  #stopped = false
  /** Inspected versions, the latest used last. One is loaded at a time: a model may take much memory. */
  readonly #inspected = new Map<string, Promise<Held>>()
  #inspecting: Promise<unknown> = Promise.resolve()

  constructor(kind: ServedKind<Held>, options: ModelHolderOptions) {
    this.#kind = kind
    this.#options = options
  }

  status(): ModelStatus<Held> {
    return {
      serving: this.#serving,
      origin: this.#origin,
      problem: this.#problem,
      checkedMs: this.#checkedMs,
      swaps: this.#swaps,
      failedLoads: this.#failedLoads,
    }
  }

  current(): Held {
    if (this.#serving === undefined)
      throw new MatineeError('model_missing', `no model is loaded yet${this.#problem === undefined ? '' : `: ${this.#problem.detail}`}`)
    return this.#serving
  }

  async version(version: string): Promise<Held> {
    if (version === this.#serving?.version) return this.#serving
    let snapshot = this.#inspected.get(version)
    if (snapshot === undefined) {
      const { store } = this.#options
      const manifestKey = this.#kind.keyOf(checkVersion(version), 'manifest.json')
      const loading = this.#inspecting.then(() => answerWithin(inspectWithinMs, manifestKey, this.#load(version, store)))
      this.#inspecting = loading.catch(() => undefined)
      snapshot = loading.then(
        (loaded) => loaded.snapshot,
        (error: unknown) => {
          this.#inspected.delete(version)
          if (error instanceof MatineeError && error.code === 'store_missing' && error.details['key'] === manifestKey)
            throw new MatineeError('not_found', `there is no model ${version}; /v1/models lists those that there are`, { cause: error })
          throw error
        },
      )
    }
    this.#inspected.delete(version)
    this.#inspected.set(version, snapshot)
    for (const oldest of this.#inspected.keys()) {
      if (this.#inspected.size <= inspectedVersions) break
      this.#inspected.delete(oldest)
    }
    return snapshot
  }

  /** Serves the local copy, where there is one, and begins to follow the store. Never fails, never waits for the store. */
  async start(): Promise<void> {
    await this.#loadCopy()
    this.#follow()
  }

  /** Ends following; waits for a copy that is being written. */
  async stop(): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#timer)
    await this.#copying
  }

  /** Looks once at what should serve, and swaps where it is another. Looks do not overlap. Never fails. */
  poll(): Promise<void> {
    this.#polling ??= this.#look().finally(() => {
      this.#polling = undefined
    })
    return this.#polling
  }

  /** Waits until the local copy is that of the serving model. */
  copied(): Promise<void> {
    return this.#copying
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
    const { store, cache, clock, answerWithinMs = 10_000 } = this.#options
    let version: string | undefined
    try {
      const key = this.#kind.latestKey
      const entry = await answerWithin(answerWithinMs, key, store.stat(key))
      this.#checkedMs = clock.now()
      if (entry !== undefined && entry.entityTag === this.#settledTag) {
        this.#origin = 'store'
        return this.#setProblem(undefined)
      }
      if (entry !== undefined && entry.entityTag === this.#failed?.tag && clock.now() < this.#failed.retryAtMs) return
      await this.#untilCollected()
      const latest = entry === undefined ? undefined : await answerWithin(answerWithinMs, key, store.read(key))
      if (latest === undefined) throw new MatineeError('model_missing', `${key} is not in the store: no model has been published yet`)
      try {
        version = checkVersion(parseDocument(LatestModel, latest.body, key).version)
        if (version !== this.#serving?.version)
          this.#swap(await answerWithin(loadWithinMs, this.#kind.keyOf(version, ''), this.#load(version, store, cache)), 'store')
      } catch (error) {
        const waitMs = this.#failed?.tag === latest.entityTag ? Math.min(this.#failed.waitMs * 2, longestRetryMs) : this.#options.pollMs
        this.#failed = { tag: latest.entityTag, waitMs, retryAtMs: clock.now() + waitMs }
        this.#failedLoads++
        throw error
      }
      this.#settledTag = latest.entityTag
      this.#failed = undefined
      this.#origin = 'store'
      this.#setProblem(undefined)
    } catch (error) {
      this.#setProblem(error, version)
    }
  }

  /** So that two are held while another is loaded, and not three. */
  async #untilCollected(): Promise<void> {
    const deadline = performance.now() + collectedWithinMs
    while (this.#replaced?.deref() !== undefined && performance.now() < deadline && !this.#stopped) await delay(50)
    const remains = this.#replaced?.deref() !== undefined
    this.#replaced = undefined
    await delay(0) // what was looked at lives until the turn ends
    if (remains) this.#options.collectGarbage?.()
  }

  #load(version: string, store: ObjectStore, cache?: ObjectStore): Promise<LoadedModel<Held>> {
    return this.#kind.load(version, store, cache, this.#serving !== undefined)
  }

  #swap(loaded: LoadedModel<Held>, origin: 'store' | 'cache'): void {
    const before = this.#serving?.version
    if (this.#serving !== undefined && this.#servingBytes >= largeBytes) this.#replaced = new WeakRef(this.#serving)
    this.#serving = loaded.snapshot
    this.#servingBytes = [...loaded.files.values()].reduce((sum, { byteLength }) => sum + byteLength, 0)
    this.#origin = origin
    this.#swaps++
    const { version } = loaded.snapshot
    this.#options.log.info({ model: version, before, origin, ...this.#kind.describe(loaded.snapshot) }, `model ${version} serves`)
    if (origin === 'store') this.#copying = this.#copying.then(() => this.#writeCopy(loaded, before))
  }

  /** One log line a change, not one a look. */
  #setProblem(error: unknown, version?: string): void {
    const before = this.#problem
    if (error === undefined) {
      this.#problem = undefined
      if (before !== undefined)
        this.#options.log.info({ model: this.#serving?.version, was: before.code }, 'the model to serve is in order again')
      return
    }
    const code = error instanceof MatineeError ? error.code : 'internal'
    const same = before?.code === code && before.version === version
    this.#problem = { code, detail: publicMessage(error), version, sinceMs: same ? before.sinceMs : this.#options.clock.now() }
    if (same) return
    const nothingThere = this.#kind.optional && code === 'model_missing'
    this.#options.log[nothingThere ? 'info' : 'warn'](
      { code, version, serving: this.#serving?.version, err: error },
      this.#serving === undefined ? 'no model can be loaded' : `the last good model ${this.#serving.version} stays`,
    )
  }

  // --- the local copy ------------------------------------------------------------------------------------------

  async #loadCopy(): Promise<void> {
    const { cache, log } = this.#options
    if (cache === undefined) return
    try {
      const latest = await cache.read(this.#kind.latestKey)
      if (latest === undefined) return
      const version = checkVersion(parseDocument(LatestModel, latest.body, this.#kind.latestKey).version)
      const loaded = await this.#load(version, cache)
      if (this.#serving === undefined) this.#swap(loaded, 'cache')
    } catch (error) {
      log.warn({ err: error, cache: cache.location }, 'the local copy of the last model cannot serve and is left aside')
    }
  }

  /** The name is written last, so that a torn copy is never taken for a whole one. Keeps this model and the one before. */
  async #writeCopy({ snapshot, files }: LoadedModel<Held>, before: string | undefined): Promise<void> {
    const { cache, log } = this.#options
    if (cache === undefined || this.#serving !== snapshot) return
    try {
      for (const [key, bytes] of files) await cache.write(key, bytes)
      await cache.write(this.#kind.latestKey, JSON.stringify({ version: snapshot.version } satisfies LatestModel))
      const kept = [snapshot.version, before].flatMap((version) => (version === undefined ? [] : [this.#kind.keyOf(version, '')]))
      const old: string[] = []
      for await (const { key } of cache.list(this.#kind.prefix))
        if (key !== this.#kind.latestKey && !kept.some((prefix) => key.startsWith(prefix))) old.push(key)
      for (const key of old) await cache.remove(key)
    } catch (error) {
      log.warn(
        { err: error, cache: cache.location, model: snapshot.version },
        'no local copy of the model could be written; a start without the store cannot serve it',
      )
    }
  }
}

/** Bytes of tensors. A smaller model is looked through before a thread has started. */
const worthAThread = 2 * 1024 * 1024

const recommender: ServedKind<ModelSnapshot> = {
  latestKey: storeKeys.modelLatest,
  prefix: storeKeys.modelsPrefix,
  keyOf: storeKeys.model,
  load: (version, store, cache, beside) => loadSnapshot(version, store, cache, beside ? worthAThread : Infinity),
  describe: ({ manifest: { week, algorithm, users, items } }) => ({ week, algorithm, users, items }),
  optional: false,
}

/** Of the models that recommend titles. */
export class ModelHolder extends SnapshotHolder<ModelSnapshot> {
  constructor(options: ModelHolderOptions) {
    super(recommender, options)
  }
}

/** A version becomes a part of keys and paths: nothing but letters, digits, `.`, `_` and `-`. */
function checkVersion(version: string): string {
  if (/^[A-Za-z0-9][\w.-]{0,127}$/.test(version)) return version
  throw new MatineeError('store_corrupt', `"${version.slice(0, 64)}" is not a model version such as 2024-W01-0a1b2c3d`)
}
