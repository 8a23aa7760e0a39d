/** The API over a directory store of the test's own, built without listening. */
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { pino } from 'pino'
import { Value } from 'typebox/value'
import { DirectoryObjectStore } from '../../src/adapters/object-store/directory-store.ts'
import { GateThresholds } from '../../src/contracts/data-gate.ts'
import type { ObjectStore } from '../../src/contracts/ports.ts'
import type { AccessPolicy } from '../../src/api/access.ts'
import type { Api, ApiDependencies } from '../../src/api/api.ts'
import { buildApp } from '../../src/api/app.ts'
import { DocumentReader } from '../../src/api/document-reader.ts'
import { ListedModels } from '../../src/api/listed-models.ts'
import { ListingHolder } from '../../src/api/listing.ts'
import { LocalClock } from '../../src/api/local-moment.ts'
import { createLog } from '../../src/api/log.ts'
import { createMetrics } from '../../src/api/metrics.ts'
import { temporaryFolder } from './temporary-folder.ts'
import { QuestionnaireHolder } from '../../src/api/questionnaire-snapshot.ts'
import { ModelHolder, type ModelHolderOptions } from '../../src/api/model-holder.ts'

export const silent = pino({ level: 'silent' })

/** Two stores in one folder: that of the published models, and that of the API's copies. */
export async function temporaryStores(): Promise<{ readonly store: ObjectStore; readonly cache: ObjectStore; readonly folder: string }> {
  const folder = await temporaryFolder('api')
  const open = (name: string): ObjectStore => new DirectoryObjectStore(join(folder, name))
  return { store: open('store'), cache: open('cache'), folder }
}

export interface TestApp {
  readonly app: Api
  readonly holder: ModelHolder
  readonly listings: ListingHolder
  readonly questionnaire: QuestionnaireHolder
  /** Lines of the log so far, parsed. */
  readonly log: () => readonly Readonly<Record<string, unknown>>[]
}

export async function testApp(
  context: TestContext,
  store: ObjectStore,
  options: Partial<ModelHolderOptions> &
    Pick<Partial<ApiDependencies>, 'events' | 'runs' | 'eventRate'> & {
      readonly access?: Partial<AccessPolicy>
      readonly answerWithinMs?: number
    } = {},
): Promise<TestApp> {
  const lines: string[] = []
  const log = createLog({ write: (line: string) => void lines.push(line) })
  const holder = new ModelHolder({ store, clock: { now: Date.now }, pollMs: 1000, log, ...options })
  const listings = new ListingHolder({ store, log, pollMs: 1000, ...options })
  const questionnaire = new QuestionnaireHolder({ store, clock: { now: Date.now }, pollMs: 1000, log })
  const app = await buildApp({
    models: new ListedModels(holder, listings),
    questionnaire,
    documents: new DocumentReader(store, options.answerWithinMs),
    metrics: createMetrics(holder, listings),
    store,
    events: options.events,
    runs: options.runs,
    gate: Value.Create(GateThresholds),
    eventRate: options.eventRate,
    clock: new LocalClock(options.clock ?? { now: Date.now }, 'Asia/Seoul'),
    access: { keys: [], host: '127.0.0.1', corsOrigins: [], ...options.access },
    log,
  })
  context.after(async () => {
    listings.stop()
    await Promise.all([holder.stop(), questionnaire.stop()])
    await app.close()
  })
  await Promise.all([holder.poll(), listings.poll()])
  return {
    app,
    holder,
    listings,
    questionnaire,
    log: () =>
      lines.map((line) => {
        const value: unknown = JSON.parse(line)
        return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {}
      }),
  }
}
