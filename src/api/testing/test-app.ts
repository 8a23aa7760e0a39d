/** The API over a directory store of the test's own, built without listening. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { pino } from 'pino'
import { DirectoryObjectStore } from '../../adapters/object-store/directory-store.ts'
import type { ObjectStore } from '../../contracts/ports.ts'
import type { AccessPolicy } from '../access.ts'
import type { Api } from '../api.ts'
import { buildApp } from '../app.ts'
import { DocumentReader } from '../document-reader.ts'
import { createLog } from '../log.ts'
import { createMetrics } from '../metrics.ts'
import { ModelHolder, type ModelHolderOptions } from '../model-holder.ts'

export const silent = pino({ level: 'silent' })

/** Stores in folders that go when the test ends. */
export async function temporaryStores(
  context: TestContext,
): Promise<{ readonly store: ObjectStore; readonly cache: ObjectStore; readonly folder: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'matinee-api-'))
  context.after(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }))
  const open = (name: string): ObjectStore => new DirectoryObjectStore(join(folder, name))
  return { store: open('store'), cache: open('cache'), folder }
}

export interface TestApp {
  readonly app: Api
  readonly holder: ModelHolder
  /** Lines of the log so far, parsed. */
  readonly log: () => readonly Readonly<Record<string, unknown>>[]
}

export async function testApp(
  context: TestContext,
  store: ObjectStore,
  options: Partial<ModelHolderOptions> & { readonly access?: Partial<AccessPolicy>; readonly answerWithinMs?: number } = {},
): Promise<TestApp> {
  const lines: string[] = []
  const log = createLog({ write: (line: string) => void lines.push(line) })
  const holder = new ModelHolder({ store, clock: { now: Date.now }, pollMs: 1000, log, ...options })
  const app = await buildApp({
    models: holder,
    documents: new DocumentReader(store, options.answerWithinMs),
    metrics: createMetrics(holder),
    access: { keys: [], host: '127.0.0.1', corsOrigins: [], ...options.access },
    log,
  })
  context.after(async () => {
    await holder.stop()
    await app.close()
  })
  await holder.poll()
  return {
    app,
    holder,
    log: () =>
      lines.map((line) => {
        const value: unknown = JSON.parse(line)
        return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {}
      }),
  }
}
