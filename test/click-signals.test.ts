/** Clicks from the logs to the model: what was looked at and not watched is learnt from, and never taken as watched. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import type { JobPorts } from '../src/activities/jobs/job-ports.ts'
import { signalsOf, startDayOf, weekSplit } from '../src/activities/jobs/split-features.ts'
import { trainFinalJob } from '../src/activities/jobs/train-final-job.ts'
import { readFeatures } from '../src/adapters/columns/read-features.ts'
import { KnexSourceDatabase } from '../src/adapters/database/source.ts'
import { loadSnapshot } from '../src/api/load-model.ts'
import { FinalResult } from '../src/contracts/documents.ts'
import type { Features, ObjectStore, SourceDatabase } from '../src/contracts/ports.ts'
import type { CandidateSpec, FeaturesRef } from '../src/contracts/run.ts'
import { storeKeys } from '../src/contracts/store-keys.ts'
import { putDocument, readDocument } from '../src/contracts/stored-documents.ts'
import { addWeeks, weekStart } from '../src/contracts/week.ts'
import { demoParameters, generateInto } from '../src/importing/generate-into.ts'
import { callersThread } from '../src/model/kernels/kernels.ts'
import { itemsOfUser } from '../src/model/sparse/interactions.ts'
import { makeFeatures, newBench, readParquet, type FeaturesBench, type Row } from './support/features-bench.ts'
import { writeModel } from './support/publish-model.ts'

const week = demoParameters.end

async function generated(context: TestContext): Promise<{ bench: FeaturesBench; reference: FeaturesRef; data: Features }> {
  const bench = newBench(context)
  const location = { kind: 'sqlite', path: join(bench.folder, 'vod.db') } as const
  await generateInto(location, { ...demoParameters, users: 250, programs: 120, rows: 9000, weeks: 6 })
  const source: SourceDatabase & { close(): Promise<void> } = new KnexSourceDatabase(location, 'Asia/Seoul')
  context.after(() => source.close())
  const reference = await makeFeatures(bench, source, week)
  return { bench, reference, data: await read(bench, reference) }
}

const read = ({ store, folder }: FeaturesBench, reference: FeaturesRef): Promise<Features> =>
  readFeatures(store, reference, { memoryMib: 256, threads: 2, scratchDirectory: join(folder, 'scratch'), weekly: true })

/** Fits as the end of a weekly run does, and loads what it leaves as the API does. */
async function published({ bench, reference }: { readonly bench: FeaturesBench; readonly reference: FeaturesRef }, clickWeight: number) {
  const parameters: CandidateSpec['parameters'] = { neighbours: 20, 'signals.click_weight': clickWeight }
  const candidate = { name: 'searched', algorithm: 'item-knn', parameters }
  const { store } = bench
  const ports: JobPorts = {
    store,
    columns: bench.engine,
    readFeatures: (features) => read(bench, features),
    report: () => {},
    breathe: async () => {},
    threads: callersThread,
    memoryMib: 500,
    searchSeconds: 0,
    searchFits: 0,
    monotonicMs: () => 0,
  }
  const { version, resultKey, users, items, pairs } = await trainFinalJob({ features: reference, candidate, seed: 0 }, ports)
  const { files } = await readDocument(store, FinalResult, resultKey)
  const { manifest } = await writeModel(store, `${week}-template`)
  await putDocument(store, storeKeys.model(version, 'manifest.json'), {
    ...manifest,
    version,
    algorithm: candidate.algorithm,
    parameters,
    users,
    items,
    pairs,
    files,
  })
  return (await loadSnapshot(version, store)).snapshot
}

test('clicks', async (context) => {
  const world = await generated(context)
  await context.test('of each week’s past are there that had led to no viewing by then', () => assertEarlyClicks(world))
  await context.test('that weigh something change the model, and are in nobody’s watched titles', (inner) => assertModels(world, inner))
  await context.test('of features from before there was a file of them are none', () => assertOlderFeatures(world))
})

type World = Awaited<ReturnType<typeof generated>>

async function assertEarlyClicks({ bench, reference, data }: World): Promise<void> {
  const rows = await readParquet(bench, storeKeys.features(week, reference.digest, 'interactions.parquet'))
  const clicks = await readParquet(bench, storeKeys.features(week, reference.digest, 'clicks.parquet'))
  const watchedOrNot = new Map(rows.map((row) => [keyOf(row), row['watched'] === true]))
  assert.ok(clicks.some((row) => watchedOrNot.get(keyOf(row)) === true) && clicks.some((row) => watchedOrNot.get(keyOf(row)) === false))

  for (const back of [0, 2]) {
    const { train } = weekSplit(data, startDayOf(addWeeks(week, -back)))
    const { pairs, clicks: counts } = signalsOf(data, train, startDayOf(addWeeks(week, -back)))
    const end = weekStart(addWeeks(week, -back)).slice(0, 10)
    const before = clicks.filter((row) => String(row['week_start']).slice(0, 10) < end)
    const found = new Map<string, number>()
    for (let user = 0; user < pairs.userCount; user++)
      for (const [n, item] of itemsOfUser(pairs, user).entries()) {
        const pair = (pairs.offsets[user] ?? 0) + n
        const isWatched = itemsOfUser(train, user).includes(item)
        assert.equal((pairs.weights[pair] ?? 0) > 0, isWatched)
        if (!isWatched) found.set(`${data.userIds[user]} ${data.itemIds[item]}`, counts?.[pair] ?? 0)
      }
    const expected = new Map<string, number>()
    for (const row of before) {
      const [user, item] = [data.userIds.indexOf(String(row['subsr_id'])), data.itemIds.indexOf(String(row['program_id']))]
      if (itemsOfUser(train, user).includes(item)) continue
      expected.set(keyOf(row), (expected.get(keyOf(row)) ?? 0) + Number(row['clicks']))
    }
    assert.ok(expected.size > 50, `${expected.size} pairs were clicked alone before ${end}`)
    assert.deepEqual(Object.fromEntries(found), Object.fromEntries(expected))
  }
}

const keyOf = (row: Row): string => `${String(row['subsr_id'])} ${String(row['program_id'])}`

/** A history is folded in as it was learnt. */
async function assertModels(world: World, context: TestContext): Promise<void> {
  const [without, beside] = [await published(world, 0), await published(world, 0.25)]
  assert.notEqual(without.version, beside.version)
  const options = { moment: Number.MAX_SAFE_INTEGER, excludeSeen: true } as const
  let changed = 0
  let strangers = 0
  for (const id of world.data.userIds) {
    assert.deepEqual(beside.seenBefore(id), without.seenBefore(id))
    const history = beside.historyOf({ id })
    const clicked = history.items.filter((position) => !history.seen.includes(position))
    for (const position of clicked) assert.ok(!beside.seenBefore(id).includes(position))
    const [before, after] = [without.recommend(without.historyOf({ id }), 10, options), beside.recommend(history, 10, options)]
    changed += Number(before.titles.map(({ position }) => position).join() !== after.titles.map(({ position }) => position).join())
    // Who only ever looked has a list of his own.
    if (history.seen.length === 0 && clicked.length > 0) {
      strangers++
      assert.deepEqual([before.source, after.source], ['popular', 'personal'])
    }
    // By its history alone, as after an event.
    const folded = beside.recommend({ ...history, user: undefined }, 10, options)
    assert.deepEqual(
      folded.titles.map(({ position, score }) => [position, score]),
      after.titles.map(({ position, score }) => [position, score]),
    )
  }

  assert.ok(changed > world.data.userIds.length / 4, `${changed} lists changed`)
  context.diagnostic(`${changed} of ${world.data.userIds.length} lists changed; ${strangers} users had only looked`)
  assert.deepEqual(
    beside.recommend(beside.historyOf({ id: 'nobody' }), 10, options).titles.map(({ position }) => position),
    without.recommend(without.historyOf({ id: 'nobody' }), 10, options).titles.map(({ position }) => position),
    'strangers get what most users watched',
  )
}

async function assertOlderFeatures({ bench, reference }: World): Promise<void> {
  const store: ObjectStore = Object.assign(Object.create(bench.store) as ObjectStore, {
    download: (key: string, path: string) => bench.store.download(key.endsWith('clicks.parquet') ? `${key}.missing` : key, path),
  })
  const features = await read({ ...bench, store }, reference)
  assert.equal(features.earlyClicks?.user.length, 0)
  assert.ok((features.weekly?.user.length ?? 0) > 0)
}
