/** The weekly run, from tables to a served model, against a real Temporal server: the golden logs of two weeks. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import test from 'node:test'
import { connect } from '../src/adapters/database/connect.ts'
import { LatestModel, ModelManifest, SearchTrace, WeekInfo, WeekMetrics, AccuracyTable, ModelUsers } from '../src/contracts/documents.ts'
import { accuracyMetrics, storeKeys } from '../src/contracts/store-keys.ts'
import { readDocument } from '../src/contracts/stored-documents.ts'
import { WeekReport } from '../src/contracts/week-report.ts'
import { parseWeek } from '../src/contracts/week.ts'
import { goldenLogs, startPipeline, type Pipeline } from './support/pipeline.ts'

const keysOf = async (pipeline: Pipeline, prefix = ''): Promise<string[]> => {
  const keys: string[] = []
  for await (const { key } of pipeline.store.list(prefix)) keys.push(key)
  return keys
}

const counterOf = async ({ store }: Pipeline): Promise<string | undefined> => {
  const stored = await store.read(storeKeys.weekInfo)
  return stored === undefined ? undefined : (await readDocument(store, WeekInfo, storeKeys.weekInfo)).week
}

await test('the weekly run', { timeout: 900_000 }, async (t) => {
  const pipeline = await startPipeline({ MATINEE_SEARCH_SECONDS: '2' })
  t.after(() => pipeline.stop())
  const { matinee, store, client } = pipeline
  assert.equal((await matinee('import', 'csv', goldenLogs)).exitCode, 0)

  await t.test('without a worker a run says what is missing, and a refused week costs nothing', async () => {
    const wrong = await matinee('run', '--week', '2023-W53')
    assert.equal(wrong.exitCode, 2)
    assert.match(wrong.stderr, /week 2023-W53 does not exist: 2023 has weeks W01 to W52/)
    assert.equal((await matinee('run', '--week', '2023-W00')).exitCode, 2)
  })

  await pipeline.startWorker()

  await t.test('refuses weeks that have nothing to train, and leaves the counter alone', async () => {
    const late = await matinee('run', '--week', '2024-W03', '--wait')
    assert.equal(late.exitCode, 1)
    assert.match(late.stderr, /week 2024-W03 is after the newest usable viewing/)
    const early = await matinee('run', '--week', '2023-W40')
    assert.equal(early.exitCode, 1)
    assert.match(early.stderr, /week 2023-W40 has no viewing of its own or before/)
    assert.equal(await counterOf(pipeline), undefined)
    assert.deepEqual(await keysOf(pipeline), [])
  })

  let firstVersion = ''
  await t.test('trains a week and publishes it', async () => {
    const { exitCode, stdout, stderr } = await matinee('run', '--week', '2023-W52', '--wait', '--json')
    assert.equal(exitCode, 0, stderr)
    const result: unknown = JSON.parse(stdout)
    assert.ok(typeof result === 'object' && result !== null && 'outcome' in result && 'version' in result && 'workflowId' in result)
    assert.equal(result.outcome, 'published')
    assert.equal(result.workflowId, 'retrain-2023-W52')
    firstVersion = String(result.version)
    assert.match(firstVersion, /^2023-W52-[0-9a-f]{8}$/)
    assert.equal((await readDocument(store, LatestModel, storeKeys.modelLatest)).version, firstVersion)
    assert.equal(await counterOf(pipeline), '2023-W52')
  })

  await t.test('leaves every key of the contract, and nothing of the work in between', async () => {
    const keys = await keysOf(pipeline)
    const patterns = [
      /^week_info\/week_info\.json$/,
      /^raw\/vods_sumut\/.+\.parquet$/,
      /^features\/2023-W52\/[^/]+\/interactions\.parquet$/,
      /^features\/2023-W52\/[^/]+\/users\.parquet$/,
      /^features\/2023-W52\/[^/]+\/items\.parquet$/,
      /^features\/2023-W52\/[^/]+\/report\.json$/,
      /^features\/2023-W52\/current\.json$/,
      new RegExp(`^models/${firstVersion}/manifest\\.json$`),
      new RegExp(`^models/${firstVersion}/model\\.safetensors$`),
      /^models\/latest\.json$/,
      new RegExp(`^metrics/2023-W52/${firstVersion}\\.json$`),
      new RegExp(`^metrics/2023-W52/${firstVersion}\\.users\\.parquet$`),
      ...accuracyMetrics.map((metric) => new RegExp(`^model_accuracy/${metric}\\.json$`)),
    ]
    for (const pattern of patterns)
      assert.ok(
        keys.some((key) => pattern.test(key)),
        `${pattern} is in the store`,
      )
    assert.deepEqual(
      keys.filter((key) => key.startsWith('training/')),
      [],
    )
  })

  await t.test('says of the model what it is and where it comes from', async () => {
    const manifest = await readDocument(store, ModelManifest, storeKeys.model(firstVersion, 'manifest.json'))
    const report: unknown = JSON.parse(await readFile(new URL('golden/report-2023-W52.json', import.meta.url), 'utf8'))
    assert.ok(typeof report === 'object' && report !== null && 'watched_pairs' in report)
    assert.equal(manifest.pairs, report.watched_pairs)
    assert.equal(manifest.week, '2023-W52')
    assert.deepEqual(Object.keys(manifest.data.raw).toSorted(), ['contlog', 'userinfo', 'vodinfo', 'vods_sumut'])
    assert.equal(manifest.splits[0]?.test_pairs, Math.ceil(manifest.pairs / 4))
    const users = await readDocument(store, ModelUsers, storeKeys.model(firstVersion, 'users.json'))
    assert.equal(users.length, manifest.users)
    assert.equal(manifest.run.workflow_id, 'retrain-2023-W52')
  })

  await t.test('shows the run to those who watch it', async () => {
    const description = await client.workflow.getHandle('retrain-2023-W52').describe()
    assert.deepEqual(description.searchAttributes['MatineeWeek'], ['2023-W52'])
    assert.deepEqual(description.searchAttributes['MatineeOutcome'], ['published'])
    assert.deepEqual(description.searchAttributes['MatineeModelVersion'], [firstVersion])
    const status = await matinee('status', '2023-W52')
    assert.equal(status.exitCode, 0, status.stderr)
    assert.match(status.stdout, /2023-W52: published/)
    const runs = await matinee('runs', '--json')
    assert.equal(JSON.parse(runs.stdout).length, 1)
    const handle = client.workflow.getHandle('retrain-2023-W52')
    const history = await handle.fetchHistory()
    const steps = (history.events ?? []).flatMap((event) => event.activityTaskScheduledEventAttributes?.activityType?.name ?? [])
    const order = [...new Set(steps)]
    const due = ['extractTable', 'preprocess', 'train', 'evaluate', 'publishModel', 'publishMetrics']
    assert.deepEqual(
      order.filter((step) => due.includes(step)),
      due,
    )
    const largest = Math.max(
      ...(history.events ?? []).flatMap(
        (event) => event.activityTaskCompletedEventAttributes?.result?.payloads?.map((payload) => payload.data?.length ?? 0) ?? [],
      ),
    )
    assert.ok(largest < 4096, `the largest payload has ${largest} bytes: data does not go through Temporal`)
  })

  await t.test('a re-run of the same data is a new run with the same model', async () => {
    const again = await matinee('run', '--week', '2023-W52', '--wait', '--json')
    assert.equal(again.exitCode, 0, again.stderr)
    assert.equal(JSON.parse(again.stdout).version, firstVersion)
    assert.equal((await keysOf(pipeline, 'models/')).filter((key) => key.endsWith('manifest.json')).length, 1)
    assert.equal((await readDocument(store, AccuracyTable, storeKeys.accuracy('precision'))).weeks.length, 1)
  })

  await t.test('without a week takes the one after the counter, over New Year, and tells what changed since it was trained', async () => {
    assert.match((await matinee('late-data')).stdout, /^no week has changed/)
    const source = connect(pipeline.config.database)
    const aRow = source('contlog').min('rowid').where('log_dt', 'like', '2023-12-14%').where('e_bool', 0)
    assert.equal(await source('contlog').where('rowid', aRow).update({ e_bool: 1 }), 1)
    await source.destroy()
    const next = await matinee('run', '--wait', '--json')
    assert.equal(next.exitCode, 0, next.stderr)
    const result = JSON.parse(next.stdout)
    assert.equal(result.week, '2024-W01')
    assert.equal(result.outcome, 'published')
    assert.equal(await counterOf(pipeline), '2024-W01')
    assert.match((await matinee('status', '2024-W01')).stdout, /weeks changed since they were trained: 1 \(rows: 1 added, 1 removed\)/)
    const [late]: unknown[] = JSON.parse((await matinee('late-data', '--json')).stdout)
    assert.partialDeepStrictEqual(late, { table: 'contlog', week: '2023-W50', added: 1, removed: 1, trained_again: result.version })
    const report = await readDocument(store, WeekReport, storeKeys.weekReport(parseWeek('2024-W01'), 'report.json'))
    assert.deepEqual(report.late_data, [late])
    assert.match((await matinee('late-data')).stdout, new RegExp(`2023-W50 +contlog +1 +1 +${firstVersion}`))
    assert.equal(JSON.parse((await matinee('run', '--wait', '--json')).stdout).week, '2024-W02')
    const past = await matinee('run', '--wait')
    assert.equal(past.exitCode, 1)
    assert.match(past.stderr, /week 2024-W03 is after the newest usable viewing/)
    assert.equal(await counterOf(pipeline), '2024-W02')
  })

  await t.test('an older week is archived: it is measured, serves nobody, and moves no counter', async () => {
    const older = await matinee('run', '--week', '2023-W50', '--wait', '--json')
    assert.equal(older.exitCode, 0, older.stderr)
    assert.equal(JSON.parse(older.stdout).outcome, 'archived')
    assert.match((await readDocument(store, LatestModel, storeKeys.modelLatest)).version, /^2024-W02-/)
    assert.equal(await counterOf(pipeline), '2024-W02')
    for (const metric of accuracyMetrics) {
      const table = await readDocument(store, AccuracyTable, storeKeys.accuracy(metric))
      assert.deepEqual(table.weeks, ['2023-W50', '2023-W52', '2024-W01', '2024-W02'])
      assert.equal(table.values.length, 4)
      assert.match(table.columns[0]?.[0] ?? '', /\(2023\.12\.11\)$/)
      for (const [value] of table.values) assert.equal(value, Math.round((value ?? 0) * 1e5) / 1e5)
    }
  })

  await t.test('the accuracy tables say what the weeks were measured at', async () => {
    const { version } = await readDocument(store, LatestModel, storeKeys.modelLatest)
    const metrics = await readDocument(store, WeekMetrics, storeKeys.metrics(parseWeek('2024-W02'), version))
    const published = metrics.splits
      .find(({ kind }) => kind === 'random')
      ?.candidates.find(({ candidate }) => candidate === metrics.candidate)
    const table = await readDocument(store, AccuracyTable, storeKeys.accuracy('precision'))
    assert.equal(table.values.at(-1)?.[0], Math.round((published?.metrics['precision@10'] ?? 0) * 1e5) / 1e5)
  })

  await t.test('the report says what was tried, what won and by how much, and for whom', async () => {
    const week = parseWeek('2024-W02')
    const { version } = await readDocument(store, LatestModel, storeKeys.modelLatest)
    const metrics = await readDocument(store, WeekMetrics, storeKeys.metrics(week, version))
    for (const { candidates, test_users: users } of metrics.splits)
      for (const { candidate, metrics: figures, segments, intervals } of candidates) {
        assert.equal(segments?.['all_users']?.['users'], users)
        assert.ok(Math.abs((segments?.['all_users']?.['ndcg@10'] ?? NaN) - (figures['ndcg@10'] ?? NaN)) < 1e-12)
        for (const name of ['novelty@10', 'popularity_lift@10', 'genre_diversity@10', 'miscalibration@10', 'coverage@10'])
          assert.ok(Number.isFinite(figures[name]), `${candidate} has ${name}`)
        for (const { low, difference, high } of intervals ?? []) assert.ok(low <= difference && difference <= high)
        assert.ok((intervals ?? []).length >= 2)
      }
    const report = await readDocument(store, WeekReport, storeKeys.weekReport(week, 'report.json'))
    assert.equal(report.candidate, metrics.candidate)
    assert.equal(report.week_before?.week, '2024-W01')
    const tried = report.tried.map(({ candidate }) => candidate).filter((name) => name !== 'champion')
    assert.deepEqual(tried.toSorted(), ['ials', 'popularity', 'popularity-4-weeks', 'searched', 'warp'])
    const trace = await readDocument(store, SearchTrace, storeKeys.search(week))
    assert.deepEqual(report.search, trace)
    assert.ok(trace.trials.length > 1 && trace.validation.users > 0)
    const { algorithm, parameters } = await readDocument(store, SearchTrace, storeKeys.search(parseWeek('2024-W01')))
    assert.deepEqual(trace.carried, { algorithm, parameters }, 'a search goes on from the last week’s')
    assert.ok(report.gains.length > 0 && report.segments.length > 1 && report.lists.length === 6)
    const text = new TextDecoder().decode((await store.read(storeKeys.weekReport(week, 'report.md')))?.body)
    assert.ok(text.startsWith(`# 2024-W02: ${metrics.candidate}\n\n**${metrics.candidate}** is the week’s choice, \`${version}\``), text)
    assert.match(text, /## What the search tried/)
    assert.doesNotMatch(text, /NaN|undefined/)
  })

  await t.test('a week that is running already is named, not run twice', async () => {
    const [one, two] = await Promise.all([
      matinee('run', '--week', '2023-W51', '--wait', '--json'),
      matinee('run', '--week', '2023-W51', '--wait', '--json'),
    ])
    const outcomes = new Set([one, two].map(({ stdout }) => JSON.parse(stdout).outcome))
    assert.deepEqual(outcomes, new Set(['already running', 'archived']))
  })

  await t.test('reads the counter of the old system', async () => {
    await store.write(storeKeys.weekInfo, '{"columns":["week_info"],"values":[50]}')
    const run = await matinee('run', '--wait', '--json')
    assert.equal(run.exitCode, 0, run.stderr)
    assert.equal(JSON.parse(run.stdout).week, '2023-W51')
    assert.equal(await counterOf(pipeline), '2023-W51')
  })

  await t.test('an unknown run is named with the way out', async () => {
    const { exitCode, stderr } = await matinee('status', '2021-W05')
    assert.equal(exitCode, 1)
    assert.match(stderr, /there is no run "2021-W05"; name a week/)
    const hold = await matinee('approve', '2023-W52')
    assert.equal(hold.exitCode, 1)
  })
})
