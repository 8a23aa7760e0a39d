import assert from 'node:assert/strict'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { eventTableNames, KnexEventStore } from '../adapters/database/event-store.ts'
import { KnexSourceDatabase } from '../adapters/database/source.ts'
import { FeaturesReport, RawManifest } from '../contracts/documents.ts'
import { MatineeError } from '../contracts/errors.ts'
import type { EventSource } from '../contracts/ports.ts'
import type { ExtractedTable } from '../contracts/run.ts'
import type { ViewerEvent } from '../contracts/serving-ports.ts'
import type { LogTable } from '../contracts/source-tables.ts'
import { storeKeys } from '../contracts/store-keys.ts'
import { readDocument } from '../contracts/stored-documents.ts'
import { parseWeek } from '../contracts/week.ts'
import { importCsv } from '../importing/csv.ts'
import { extractAll, golden, newBench, quiet, readParquet, type FeaturesBench, type Row } from '../../test/support/features-bench.ts'
import { rowsOf } from '../../test/support/source-rows.ts'
import { extractEvents } from './extract-events.ts'
import { preprocess } from './preprocess.ts'

const week = parseWeek('2023-W52')

interface Told extends FeaturesBench {
  readonly events: KnexEventStore
  readonly source: KnexSourceDatabase
  readonly extract: (from?: EventSource) => Promise<ExtractedTable | null>
  /** Features of the golden week and of an extract of events, where there is one. */
  readonly features: (
    extract: ExtractedTable | null,
  ) => Promise<{ readonly digest: string; readonly pairs: Row[]; readonly report: FeaturesReport }>
}

async function told(context: TestContext): Promise<Told> {
  const bench = newBench(context)
  const { folder, store, engine } = bench
  const source = new KnexSourceDatabase({ kind: 'sqlite', path: join(folder, 'vod.db') }, 'Asia/Seoul')
  await importCsv({ kind: 'sqlite', path: join(folder, 'vod.db') }, join(golden, 'logs'))
  const place = { kind: 'sqlite', path: join(folder, 'events.db') } as const
  const events = new KnexEventStore(place)
  const log = new KnexSourceDatabase(place, 'Asia/Seoul', { names: eventTableNames })
  context.after(() => Promise.all([source.close(), events.close(), log.close()]))
  const extracts = await extractAll(bench, source, week)
  return {
    ...bench,
    events,
    source,
    extract: (from = log) => extractEvents({ week }, { store, columns: engine, progress: quiet, events: from }),
    async features(extract) {
      const all = extract === null ? extracts : [...extracts, extract]
      const { digest } = await preprocess({ week, extracts: all }, { store, columns: engine, progress: quiet })
      return {
        digest,
        pairs: await readParquet(bench, storeKeys.features(week, digest, 'interactions.parquet')),
        report: await readDocument(store, FeaturesReport, storeKeys.features(week, digest, 'report.json')),
      }
    },
  }
}

/** A row of the golden logs that lies in the week's past. */
async function rowOf(
  source: KnexSourceDatabase,
  table: LogTable,
  eBool: 0 | 1,
): Promise<{ readonly pair: Pick<ViewerEvent, 'userId' | 'programId'>; readonly day: string }> {
  const columns = ['subsr_id', 'program_id', 'log_dt', 'e_bool']
  for (const row of await rowsOf(source, table, { columns, before: '2023-12-31 00:00:00' })) {
    const [userId, programId, time, flag] = row.map(String)
    if (row.includes(null) || Number(flag) !== eBool || userId === undefined || programId === undefined || time === undefined) continue
    return { pair: { userId, programId }, day: time.slice(0, 10) }
  }
  throw new Error(`${table} has no row with e_bool ${eBool}`)
}

/** Texts of the pairs that are not the newcomer's. */
const others = (rows: readonly Row[]): string[] =>
  rows
    .filter((row) => row['subsr_id'] !== 'newcomer')
    .map((row) => JSON.stringify(row))
    .toSorted()

let counted = 0
const event = (fields: Partial<ViewerEvent>): ViewerEvent => ({
  eventId: `event-${++counted}`,
  type: 'viewing',
  userId: 'viewer',
  programId: '101',
  atMs: 0,
  localTime: '2023-12-20 21:00:00',
  episode: null,
  watchedSeconds: 300,
  lengthSeconds: 600,
  ...fields,
})

test('without events, or with none before the week ends, features are what they were', async (context) => {
  const { events, extract, features } = await told(context)
  const before = await features(null)
  assert.equal(await extract(), null, 'no database yet')
  await events.prepare()
  assert.equal(await extract(), null, 'an empty table')
  await events.append([event({ localTime: '2024-01-01 00:00:00' })])
  assert.equal(await extract(), null, 'an event of the next week')
  assert.equal(before.report.events, undefined)
  assert.equal((await features(await extract())).digest, before.digest)
})

test('events train where the source has no row of that user, title and day', async (context) => {
  const { events, source, store, extract, features } = await told(context)
  const viewed = await rowOf(source, 'vods_sumut', 0)
  const barred = await rowOf(source, 'vods_sumut', 1)
  const clicked = await rowOf(source, 'contlog', 0)

  await events.prepare()
  const before = await features(null)
  const repeated = event({ userId: 'newcomer', watchedSeconds: 150 })
  await events.append([
    // Logged by the set-top box too, at another minute of that day; and the box's row that the operator excluded.
    event({ ...viewed.pair, localTime: `${viewed.day} 23:59:59` }),
    event({ ...barred.pair, localTime: `${barred.day} 12:00:00` }),
    // A click of that day is no viewing of it, and the other way round.
    event({ type: 'click', ...clicked.pair, localTime: `${clicked.day} 00:00:01` }),
    event({ type: 'click', userId: 'newcomer', programId: '102', watchedSeconds: null, lengthSeconds: null }),
    repeated,
    { ...repeated, eventId: 'sent-by-another-client' },
    event({ userId: 'newcomer', programId: '103', watchedSeconds: null, lengthSeconds: null }),
    event({ type: 'dismissal', userId: 'newcomer', programId: '104' }),
    event({ userId: 'newcomer', programId: '105', localTime: '2024-01-01 00:00:00' }),
  ])
  const extracted = await extract()
  assert.ok(extracted !== null)
  assert.equal((await readDocument(store, RawManifest, extracted.manifestKey)).before, '2024-01-01 00:00:00')
  assert.deepEqual(await extract(), extracted, 'the same rows have the same digest')

  const after = await features(extracted)
  assert.notEqual(after.digest, before.digest)
  assert.deepEqual(after.report.events, {
    read: 8,
    repeats: 1,
    dismissals: 1,
    viewings_in_source: 2,
    viewings_used: 2,
    clicks_in_source: 1,
    clicks_used: 1,
  })
  const ofEvents: ReadonlySet<string> = new Set(['events', 'pairs', 'watched_pairs', 'users', 'programs'])
  const ofSource = (report: FeaturesReport): [string, unknown][] => Object.entries(report).filter(([key]) => !ofEvents.has(key))
  assert.deepEqual(ofSource(after.report), ofSource(before.report))
  assert.equal(after.report.pairs, before.report.pairs + 3)
  assert.equal(after.report.watched_pairs, before.report.watched_pairs + 2)
  assert.deepEqual(
    after.pairs
      .filter((row) => row['subsr_id'] === 'newcomer')
      .map((row) => [row['program_id'], row['rating'], row['watch_cnt'], row['click_cnt']]),
    [
      ['101', 0.25, 1, null],
      ['102', null, null, 1],
      ['103', 1, 1, null],
    ],
  )
  assert.deepEqual(others(after.pairs), others(before.pairs), 'what the source has is not counted twice')

  await events.append([event({ userId: 'newcomer', programId: '106' })])
  const later = await extract()
  assert.notEqual(later?.sha256, extracted.sha256, 'one more event is another extract')
})

test('an event database that is away is asked again', async (context) => {
  const { events, extract, folder } = await told(context)
  await events.prepare()
  await events.append([event({})])
  const log = new KnexSourceDatabase({ kind: 'sqlite', path: join(folder, 'events.db') }, 'Asia/Seoul', { names: eventTableNames })
  context.after(() => log.close())
  let refused = 0
  const flaky: EventSource = {
    location: log.location,
    hasTable: (table) => {
      if (refused++ === 0) throw new MatineeError('source_unreachable', 'away')
      return log.hasTable(table)
    },
    readLines: (table, options) => log.readLines(table, options),
    fingerprint: (table, options) => log.fingerprint(table, options),
    close: async () => {},
  }
  assert.equal((await extract(flaky))?.rows, 1)
})
