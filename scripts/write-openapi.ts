/** Writes docs/openapi.json from the routes' schemas; a test compares the two. */
import { writeFile } from 'node:fs/promises'
import { pino } from 'pino'
import { Value } from 'typebox/value'
import { buildApp } from '../src/api/app.ts'
import { DocumentReader } from '../src/api/document-reader.ts'
import { LocalClock } from '../src/api/local-moment.ts'
import { createMetrics } from '../src/api/metrics.ts'
import { ModelHolder } from '../src/api/model-holder.ts'
import { QuestionnaireHolder } from '../src/api/questionnaire-snapshot.ts'
import { openApiText } from '../src/api/openapi.ts'
import { DirectoryObjectStore } from '../src/adapters/object-store/directory-store.ts'
import { GateThresholds } from '../src/contracts/data-gate.ts'

// Nothing is read or served: only the routes' descriptions are asked for.
const store = new DirectoryObjectStore('.matinee/none')
const log = pino({ level: 'silent' })
const models = new ModelHolder({ store, clock: { now: Date.now }, log, pollMs: 60_000 })
const app = await buildApp({
  models,
  questionnaire: new QuestionnaireHolder({ store, clock: { now: Date.now }, log, pollMs: 60_000 }),
  documents: new DocumentReader(store),
  metrics: createMetrics(models),
  store,
  gate: Value.Create(GateThresholds),
  clock: new LocalClock({ now: Date.now }, 'UTC'),
  access: { keys: [], host: '127.0.0.1', corsOrigins: [] },
  log,
})
await app.ready()
await writeFile(new URL('../docs/openapi.json', import.meta.url), openApiText(app))
await app.close()
