import test, { type TestContext } from 'node:test'
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import * as fc from 'fast-check'
import { readFeatures } from '../adapters/columns/read-features.ts'
import { lineOf } from '../adapters/database/row-line.ts'
import { KnexSourceDatabase } from '../adapters/database/source.ts'
import { FeaturesReport, RawManifest } from '../contracts/documents.ts'
import type { DayFingerprint, SourceDatabase, SourceValue, TimeRange } from '../contracts/ports.ts'
import type { FeaturesRef } from '../contracts/run.ts'
import type { RawTable, SourceTable } from '../contracts/source-tables.ts'
import { storeKeys } from '../contracts/store-keys.ts'
import { readDocument } from '../contracts/stored-documents.ts'
import { parseWeek, weekEnd, type Week } from '../contracts/week.ts'
import { importCsv } from '../importing/csv.ts'
import {
  assertClose,
  assertGolden,
  extractAll,
  golden,
  makeFeatures,
  newBench,
  quiet,
  readParquet,
  type FeaturesBench,
  type Row,
} from '../../test/support/features-bench.ts'
import { preprocess } from './preprocess.ts'

async function goldenSource(context: TestContext, { folder }: FeaturesBench): Promise<SourceDatabase> {
  const location = { kind: 'sqlite', path: join(folder, 'vod.db') } as const
  await importCsv(location, join(golden, 'logs'))
  const source = new KnexSourceDatabase(location, 'Asia/Seoul')
  context.after(() => source.close())
  return source
}

test('the golden logs give the golden interactions and reports, the same bytes on one thread and on two', async (context) => {
  const references: FeaturesRef[][] = []
  for (const threads of [2, 1]) {
    const bench = newBench(context, threads)
    references.push(await assertGolden(bench, await goldenSource(context, bench)))
  }
  assert.deepEqual(references[0], references[1])
})

test('extracting again writes the same keys; a manifest says what its file holds', async (context) => {
  const bench = newBench(context)
  const source = await goldenSource(context, bench)
  const week = parseWeek('2023-W50')
  const first = await extractAll(bench, source, week)
  assert.deepEqual(await extractAll(bench, source, week), first)
  assert.deepEqual(readdirSync(join(bench.folder, 'scratch')), [], 'nothing is left in the scratch folder')

  const viewings = first.find(({ table }) => table === 'vods_sumut')
  assert.ok(viewings)
  const manifest = await readDocument(bench.store, RawManifest, viewings.manifestKey)
  const rows: Row[] = []
  for (const { key } of manifest.partitions.flatMap(({ files }) => files)) rows.push(...(await readParquet(bench, key)))
  const times = rows.map((row) => row['log_dt']).filter((time) => time !== null)
  assert.equal(rows.length, manifest.rows)
  assert.equal(rows.length, 1048)
  assert.equal(manifest.before, '2023-12-18 00:00:00')
  assert.equal(manifest.newest, times.map(String).toSorted().at(-1))
  assert.ok(manifest.newest !== null && manifest.newest < manifest.before)
})

test('an extract that is not what its manifest says is refused', async (context) => {
  const bench = newBench(context)
  const week = parseWeek('2023-W50')
  const extracts = await extractAll(bench, await goldenSource(context, bench), week)
  const clicks = extracts.find(({ table }) => table === 'contlog')
  assert.ok(clicks)
  const key = (await readDocument(bench.store, RawManifest, clicks.manifestKey)).partitions[0]?.files[0]?.key ?? ''
  const stored = await bench.store.read(key)
  assert.ok(stored)
  const changed = Uint8Array.from(stored.body)
  changed[1000] = (changed[1000] ?? 0) ^ 1
  await bench.store.write(key, changed)
  await assert.rejects(preprocess({ week, extracts }, { store: bench.store, columns: bench.engine, progress: quiet }), {
    code: 'store_corrupt',
  })
})

test('features come into memory as positions in the order of the rows, with what is known of each programme', async (context) => {
  const bench = newBench(context)
  const reference = await makeFeatures(bench, await goldenSource(context, bench), parseWeek('2023-W52'))
  const features = await readFeatures(bench.store, reference, {
    memoryMib: 256,
    threads: 2,
    scratchDirectory: join(bench.folder, 'scratch'),
  })
  const rows = await readParquet(bench, storeKeys.features(reference.week, reference.digest, 'interactions.parquet'))
  assert.equal(features.user.length, rows.length)
  for (const [index, row] of rows.entries()) {
    assert.equal(features.userIds[features.user[index] ?? -1], row['subsr_id'])
    assert.equal(features.itemIds[features.item[index] ?? -1], row['program_id'])
    assert.deepEqual(features.rating[index], row['rating'] ?? Number.NaN)
    assert.equal(features.watched[index], row['watched'] === true ? 1 : 0)
    assert.equal(features.lastSeconds[index], Date.parse(`${String(row['last_dt'])}Z`) / 1000)
  }
  assert.equal(features.userIds.length, reference.users)
  assert.deepEqual(
    features.itemIds,
    [...new Set(rows.map((row) => String(row['program_id'])))].toSorted((a, b) => Number(a) - Number(b)),
  )
  const catalogue: Record<string, string>[] = parse(readFileSync(join(golden, 'logs', 'vodinfo.csv')), { columns: true })
  for (const [index, item] of features.items.entries()) {
    assert.equal(item.program_id, features.itemIds[index])
    const known = catalogue.find((programme) => programme['program_id'] === item.program_id)
    assert.equal(item.recommendable, known?.['e_bool'] === '0')
    assert.equal(item.program_name, known?.['program_name'] ?? null)
    assert.equal(item.age_limit, known === undefined ? null : Number(known['age_limit']))
  }
})

// --- against section 6 written down once more, slowly -----------------------------------------------------------------

type Tables = Readonly<Record<SourceTable, readonly Readonly<Record<string, SourceValue>>[]>>

/** The tables in memory, as a source that is honest about the port: rows before the cut, or without a time. */
function sourceOf(tables: Tables): SourceDatabase {
  const rowsOf = (table: RawTable, { columns, from, before }: TimeRange & { readonly columns: readonly string[] }): SourceValue[][] =>
    (table === 'events' ? [] : tables[table])
      .filter(({ log_dt: time = null }) => {
        if (from === undefined && before === undefined) return true
        const day = time === null ? null : String(time).slice(0, 10)
        return day === null ? from === undefined : day >= (from ?? '').slice(0, 10) && day < (before ?? '~').slice(0, 10)
      })
      .map((row) => columns.map((name) => row[name] ?? null))
  const fingerprint = (table: RawTable, options: TimeRange & { readonly columns: readonly string[] }): DayFingerprint[] => {
    const columns = ['log_dt', ...options.columns]
    const days = Map.groupBy(rowsOf(table, { ...options, columns }), ([time]) => (time === null ? null : String(time).slice(0, 10)))
    return [...days].map(([of, rows]) => ({
      day: of,
      rows: rows.length,
      sum: rows
        .map(([, ...values]) => JSON.stringify(values))
        .toSorted()
        .join(),
    }))
  }
  return {
    location: 'memory',
    checkTables: async () => {},
    async *readLines(table, options) {
      const time = options.columns.indexOf('log_dt')
      for (const row of rowsOf(table, options)) {
        const at = row[time] ?? null
        yield { lines: [lineOf(row)], times: time < 0 ? [] : [at === null ? null : String(at)] }
      }
      options.onFingerprint?.(fingerprint(table, options))
    },
    fingerprint: async (table, options) => fingerprint(table, options),
    viewingBounds: async () => undefined,
    close: async () => {},
  }
}

const secondsOf = (time: unknown): number => Date.parse(`${String(time).replace(' ', 'T')}Z`) / 1000

function quantile95(values: readonly number[]): number | null {
  const sorted = values.toSorted((a, b) => a - b)
  const place = (sorted.length - 1) * 0.95
  const low = sorted[Math.floor(place)]
  const high = sorted[Math.ceil(place)]
  return low === undefined || high === undefined ? null : low + (high - low) * (place - Math.floor(place))
}

/** Numeric where all are integers, else by UTF-8 bytes. */
function inOrder(ids: readonly string[]): string[] {
  if (ids.every((id) => /^-?\d+$/.test(id))) return ids.toSorted((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1))
  return ids.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
}

const group = (rows: readonly Row[]): Map<string, Row[]> => Map.groupBy(rows, (row) => JSON.stringify([row['subsr_id'], row['program_id']]))
const newest = (rows: readonly Row[]): string =>
  rows
    .map((row) => String(row['log_dt']))
    .toSorted()
    .at(-1) ?? ''

interface ReferenceFeatures {
  readonly interactions: Row[]
  readonly counts: Record<string, number | null>
  /** Values of the rows of `progress.parquet`. */
  readonly progress: unknown[][]
}

function referenceFeatures(tables: Tables, week: Week): ReferenceFeatures {
  const counts: Record<string, number | null> = {}
  const clean = (log: 'vods_sumut' | 'contlog', name: 'vods' | 'conts', identity: readonly string[]): Row[] => {
    const rows = tables[log].filter((row) => (row['log_dt'] ?? null) === null || String(row['log_dt']) < weekEnd(week))
    const whole = rows.filter((row) => ['subsr_id', 'program_id', 'log_dt', 'e_bool'].every((column) => (row[column] ?? null) !== null))
    const usable = whole.filter((row) => row['e_bool'] === 0)
    counts[`${name}_in`] = rows.length
    counts[`${name}_bad_row`] = rows.length - whole.length
    counts[`${name}_excluded`] = whole.length - usable.length
    let kept = usable
    if (name === 'vods') {
      const long = usable.filter((row) => row['disp_rtm_sec'] !== null && Number(row['disp_rtm_sec']) > 0)
      kept = long.filter((row) => row['use_tms'] !== null && Number(row['use_tms']) >= 0)
      counts['vods_bad_duration'] = usable.length - long.length
      counts['vods_bad_use'] = long.length - kept.length
    }
    const distinct = new Map(kept.map((row) => [JSON.stringify(identity.map((column) => row[column] ?? null)), row]))
    counts[`${name}_repeat`] = kept.length - distinct.size
    return [...distinct.values()]
  }
  const viewings = clean('vods_sumut', 'vods', ['subsr_id', 'program_id', 'episode_num', 'log_dt', 'use_tms', 'disp_rtm_sec'])
  const clicks = clean('contlog', 'conts', ['subsr_id', 'program_id', 'episode_num', 'log_dt'])

  const watched = group(viewings)
  const clicked = group(clicks)
  const watchCap = quantile95([...watched.values()].map((rows) => rows.length))
  const clickCap = quantile95([...clicked.values()].map((rows) => rows.length))
  counts['watch_cnt_cap'] = watchCap
  counts['click_cnt_cap'] = clickCap
  const newestClick = secondsOf(newest(clicks))
  const age = (rows: readonly Row[]): number => Math.floor((newestClick - secondsOf(newest(rows))) / 86_400)
  const greatestAge = Math.max(0, ...[...clicked.values()].map(age))

  const interactions = [...new Set([...watched.keys(), ...clicked.keys()])].map((key): Row => {
    const [user, programme]: string[] = JSON.parse(key)
    const views = watched.get(key)
    const clicksOfPair = clicked.get(key)
    const most = views === undefined ? null : Math.max(...views.map((row) => Number(row['use_tms']) / Number(row['disp_rtm_sec'])))
    return {
      subsr_id: user,
      program_id: programme,
      rating: most === null ? null : Math.min(most, 1),
      watched: most !== null && most > 0,
      watch_tms_max: most,
      watch_cnt: views === undefined ? null : Math.min(views.length, watchCap ?? 0),
      click_cnt: clicksOfPair === undefined ? null : Math.min(clicksOfPair.length, clickCap ?? 0),
      click_recency: clicksOfPair === undefined ? null : greatestAge - age(clicksOfPair),
      last_dt: newest([...(views ?? []), ...(clicksOfPair ?? [])]),
    }
  })
  const users = inOrder([...new Set(interactions.map((row) => String(row['subsr_id'])))])
  const programmes = inOrder([...new Set(interactions.map((row) => String(row['program_id'])))])
  const place = (row: Row): number => users.indexOf(String(row['subsr_id'])) * 1e6 + programmes.indexOf(String(row['program_id']))
  counts['pairs'] = interactions.length
  counts['watched_pairs'] = interactions.filter((row) => row['watched'] === true).length
  counts['users'] = users.length
  counts['programs'] = programmes.length
  const episodes = Map.groupBy(viewings, (row) => JSON.stringify([row['subsr_id'], row['program_id'], row['episode_num'] ?? null]))
  const left = [...episodes.values()].map((rows) => {
    const [newestOfEpisode] = rows.toSorted(
      (a, b) =>
        secondsOf(b['log_dt']) - secondsOf(a['log_dt']) ||
        Number(b['use_tms']) - Number(a['use_tms']) ||
        Number(b['disp_rtm_sec']) - Number(a['disp_rtm_sec']),
    )
    return newestOfEpisode ?? {}
  })
  const progress = left
    .toSorted((a, b) => place(a) - place(b) || Number(a['episode_num'] ?? 0) - Number(b['episode_num'] ?? 0))
    .map((row) => ['subsr_id', 'program_id', 'episode_num', 'use_tms', 'disp_rtm_sec', 'log_dt'].map((column) => row[column] ?? null))
  return { interactions: interactions.toSorted((a, b) => place(a) - place(b)), counts, progress }
}

const sometimesNull = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(arbitrary, { freq: 12 })

/** Few users, titles and moments, so that repeats and shared pairs abound; some of everything that may be wrong. */
function arbitraryTables(ids: fc.Arbitrary<string>): fc.Arbitrary<Tables> {
  const moment = fc
    .tuple(fc.integer({ min: 10, max: 20 }), fc.integer({ min: 0, max: 3 }), fc.constantFrom('00', '59'))
    .map(([day, hour, second]) => `2023-12-${day} 0${hour}:00:${second}`)
  const common = {
    subsr_id: sometimesNull(ids),
    program_id: sometimesNull(ids),
    episode_num: sometimesNull(fc.constantFrom('1', '2')),
    log_dt: sometimesNull(fc.oneof(moment, fc.constantFrom('2023-12-17 23:59:59', '2023-12-18 00:00:00'))),
    e_bool: sometimesNull(fc.constantFrom(0, 0, 0, 0, 0, 1)),
  }
  const viewing = fc.record({
    ...common,
    use_tms: sometimesNull(fc.constantFrom(0, 1, 7, 50, 100, 250, -1)),
    disp_rtm_sec: sometimesNull(fc.constantFrom(3, 100, 100, 700, 0, -5)),
  })
  return fc.record({
    userinfo: fc.array(fc.record({ subsr_id: sometimesNull(ids) }), { maxLength: 5 }),
    vods_sumut: fc.array(viewing, { maxLength: 60 }),
    contlog: fc.array(fc.record(common), { maxLength: 60 }),
    vodinfo: fc.array(fc.record({ program_id: sometimesNull(ids), e_bool: sometimesNull(fc.constantFrom(0, 1)) }), { maxLength: 5 }),
  })
}

test('random logs with nulls, repeats and wrong durations give what section 6 says', async (context) => {
  const bench = newBench(context)
  const week = parseWeek('2023-W50')
  const integers = fc.constantFrom('1', '2', '9', '10', '-3', '12345678901234567890')
  const texts = fc.constantFrom('1', '10', '9', 'a', 'A', '가', '😀', '￦')
  await fc.assert(
    fc.asyncProperty(fc.oneof(arbitraryTables(integers), arbitraryTables(texts)), async (tables) => {
      const reference = await makeFeatures(bench, sourceOf(tables), week)
      const expected = referenceFeatures(tables, week)
      const rows = await readParquet(bench, storeKeys.features(week, reference.digest, 'interactions.parquet'))
      assert.deepEqual(
        rows.map((row) => [row['subsr_id'], row['program_id']]),
        expected.interactions.map((row) => [row['subsr_id'], row['program_id']]),
      )
      for (const [index, row] of expected.interactions.entries())
        for (const [column, value] of Object.entries(row)) assertClose(rows[index]?.[column], value, `row ${index}, ${column}`)
      const report = await readDocument(bench.store, FeaturesReport, storeKeys.features(week, reference.digest, 'report.json'))
      for (const [key, value] of Object.entries(expected.counts)) assertClose(report[key as keyof FeaturesReport], value, key)
      await assertDimensions(bench, reference, tables, expected.interactions)
      const progress = await readParquet(bench, storeKeys.features(week, reference.digest, 'progress.parquet'))
      assert.deepEqual(
        progress.map((left) => Object.values(left)),
        expected.progress,
      )
    }),
    { numRuns: 20 },
  )
})

/** `users` and `items` hold everyone and everything that the pairs or the dimension tables name, once, in order. */
async function assertDimensions(bench: FeaturesBench, { week, digest }: FeaturesRef, tables: Tables, pairs: readonly Row[]): Promise<void> {
  const named = (rows: Tables[SourceTable], id: string): string[] =>
    rows
      .map((row) => row[id] ?? null)
      .filter((value) => value !== null)
      .map(String)
  const users = await readParquet(bench, storeKeys.features(week, digest, 'users.parquet'))
  const allUsers = new Set([...pairs.map((row) => String(row['subsr_id'])), ...named(tables.userinfo, 'subsr_id')])
  assert.deepEqual(
    users.map((row) => row['subsr_id']),
    inOrder([...allUsers]),
  )

  const items = await readParquet(bench, storeKeys.features(week, digest, 'items.parquet'))
  const listed = tables.vodinfo.filter((row) => (row['e_bool'] ?? null) !== null)
  const allItems = new Set([...pairs.map((row) => String(row['program_id'])), ...named(listed, 'program_id')])
  assert.deepEqual(
    items.map((row) => row['program_id']),
    inOrder([...allItems]),
  )
  for (const item of items) {
    const ofItem = pairs.filter((row) => row['program_id'] === item['program_id'])
    assert.equal(item['viewers'], ofItem.filter((row) => row['watch_cnt'] !== null).length)
    assert.equal(item['click_users'], ofItem.filter((row) => row['click_cnt'] !== null).length)
    const said = listed.filter((row) => row['program_id'] === item['program_id']).map((row) => row['e_bool'])
    assert.equal(item['recommendable'], said.length > 0 && said.every((flag) => flag === 0))
  }
}

test('times in other shapes: fractions count, a date is its midnight, what is no time is a bad row', async (context) => {
  const bench = newBench(context)
  const week = parseWeek('2023-W50')
  const clicks = [
    '2023-12-17 23:59:59.999999',
    '2023-12-17T23:00:00',
    '2023-12-17 22:00',
    '2023-12-16',
    '2023-12-18', // Monday's midnight: the next week, though as text it sorts before the cut
    '0000-00-00 00:00:00',
    '2023-02-30 00:00:00',
    '2023-12-15 10:00:00+09:00',
    'infinity',
    '10000-01-01 00:00:00', // as text it sorts before the cut
    '0044-03-15 (BC) 00:00:00',
    '',
  ].map((log_dt, index) => ({ subsr_id: index, program_id: 1, episode_num: '1', log_dt, e_bool: 0 }))
  const reference = await makeFeatures(bench, sourceOf({ userinfo: [], vods_sumut: [], contlog: clicks, vodinfo: [] }), week)
  const rows = await readParquet(bench, storeKeys.features(week, reference.digest, 'interactions.parquet'))
  assert.deepEqual(
    rows.map((row) => row['last_dt']),
    ['2023-12-17 23:59:59.999999', '2023-12-17 23:00:00', '2023-12-17 22:00:00', '2023-12-16 00:00:00'],
  )
  const report = await readDocument(bench.store, FeaturesReport, storeKeys.features(week, reference.digest, 'report.json'))
  assert.equal(report.conts_in, 10)
  assert.equal(report.conts_bad_row, 6)
})

test('an episode was left where its newest viewing ended, of several at one time the one that came farthest; one without a number is an episode', async (context) => {
  const bench = newBench(context)
  const week = parseWeek('2023-W50')
  const viewings: readonly (readonly [episode: string | null, log_dt: string, use_tms: number, disp_rtm_sec: number])[] = [
    [null, '2023-12-12 10:00:00', 90, 100],
    [null, '2023-12-13 10:00:00', 20, 100],
    [null, '2023-12-13 10:00:00', 30, 80],
    [null, '2023-12-13 10:00:00', 30, 70],
    ['1', '2023-12-13 10:00:00', 10, 100],
    ['2', '2023-12-14 10:00:00', 10, 100],
    ['2', '2023-12-13 10:00:00', 50, 100],
  ]
  const rows = viewings.map(([episode_num, log_dt, use_tms, disp_rtm_sec]) => ({
    subsr_id: 1, program_id: 1, episode_num, log_dt, use_tms, disp_rtm_sec, e_bool: 0,
  })) // prettier-ignore
  const { digest } = await makeFeatures(bench, sourceOf({ userinfo: [], vods_sumut: rows, contlog: [], vodinfo: [] }), week)
  const progress = await readParquet(bench, storeKeys.features(week, digest, 'progress.parquet'))
  assert.deepEqual(
    progress.map((left) => Object.values(left).slice(2)),
    [
      [null, 30, 80, '2023-12-13 10:00:00'],
      ['1', 10, 100, '2023-12-13 10:00:00'],
      ['2', 10, 100, '2023-12-14 10:00:00'],
    ],
  )
})

test('empty tables give empty features and a report of noughts', async (context) => {
  const bench = newBench(context)
  const week = parseWeek('2023-W50')
  const reference = await makeFeatures(bench, sourceOf({ userinfo: [], vods_sumut: [], contlog: [], vodinfo: [] }), week)
  assert.deepEqual({ ...reference, digest: '' }, { week, digest: '', pairs: 0, watchedPairs: 0, users: 0, programs: 0 })
  const report = await readDocument(bench.store, FeaturesReport, storeKeys.features(week, reference.digest, 'report.json'))
  assert.equal(report.watch_cnt_cap, null)
  const features = await readFeatures(bench.store, reference, { memoryMib: 256, threads: 1, scratchDirectory: bench.folder })
  assert.equal(features.user.length + features.userIds.length + features.itemIds.length, 0)
})

test('e_bool of userinfo counts where the column exists', async (context) => {
  const bench = newBench(context)
  const week = parseWeek('2023-W50')
  const userinfo = [
    { subsr_id: 1, e_bool: 0 },
    { subsr_id: 2, e_bool: 1 },
    { subsr_id: 3, e_bool: null },
    { subsr_id: 1, e_bool: 0 },
    { subsr_id: null, e_bool: 0 },
  ]
  const reference = await makeFeatures(bench, sourceOf({ userinfo, vods_sumut: [], contlog: [], vodinfo: [] }), week)
  assert.deepEqual(
    (await readParquet(bench, storeKeys.features(week, reference.digest, 'users.parquet'))).map((row) => row['subsr_id']),
    ['1'],
  )
  const report = await readDocument(bench.store, FeaturesReport, storeKeys.features(week, reference.digest, 'report.json'))
  assert.deepEqual([report.users_in, report.users_bad_row, report.users_excluded, report.users_repeat], [5, 2, 1, 1])
})
