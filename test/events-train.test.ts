/** Events that clients tell the API train the week they are of: through a real MariaDB, which is away for a while, and a worker that is killed. */
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'node:test'
import { createClient } from '../client/index.ts'
import { readFeatures } from '../src/adapters/columns/read-features.ts'
import { KnexSourceDatabase } from '../src/adapters/database/source.ts'
import { FeaturesCurrent, FeaturesReport, ModelManifest } from '../src/contracts/documents.ts'
import { storeKeys } from '../src/contracts/store-keys.ts'
import { readDocument } from '../src/contracts/stored-documents.ts'
import { localTime, weekEnd, weekOfLocal, weekStart } from '../src/contracts/week.ts'
import { startApi } from './support/api-process.ts'
import { startMariaDb } from './support/mariadb.ts'
import { startPipeline } from './support/pipeline.ts'
import { rowsOf } from './support/source-rows.ts'
import { temporaryFolder } from './support/temporary-folder.ts'
import { waitFor } from './support/wait-for.ts'

const timeZone = 'Asia/Seoul'
const hourMs = 3_600_000

await test('events train', { timeout: 600_000 }, async (t) => {
  const server = await startMariaDb()
  t.after(() => server.stop())
  await server.createDatabase('events')
  const user = { name: 'matinee_events', password: 'secret', database: 'events' }
  await server.createUser({ ...user, privileges: 'SELECT, INSERT, CREATE, INDEX' })

  // The generated week is whole, whatever day it is today.
  const gate = join(await temporaryFolder('gate'), 'gate.json')
  await writeFile(gate, JSON.stringify({ most_future_rows: 100_000 }))
  const pipeline = await startPipeline({ MATINEE_EVENTS_URL: server.url(user), MATINEE_DATA_GATE: gate })
  t.after(() => pipeline.stop())
  const { matinee, client, config, environment, directory, store } = pipeline
  // The API takes no old events, so the week is the one that the moment before the test lies in.
  const at = Date.now() - hourMs
  const local = localTime(at, timeZone)
  const week = weekOfLocal(local)
  const generated = await matinee('generate', '--users', '300', '--programs', '80', '--rows', '8000', '--weeks', '3', '--end', week)
  assert.equal(generated.exitCode, 0, generated.stderr)

  const source = new KnexSourceDatabase(config.database, timeZone)
  t.after(() => source.close())
  const columns = ['subsr_id', 'program_id', 'log_dt', 'e_bool']
  const rows = await rowsOf(source, 'vods_sumut', { columns, from: weekStart(week), before: weekEnd(week) })
  const viewings = rows.filter((row) => !row.includes(null) && Number(row[3]) === 0).map((row) => row.map(String))
  const [logged] = viewings
  assert.ok(logged !== undefined)
  const [loggedUser = '', loggedTitle = '', loggedTime = ''] = logged

  const api = await startApi(t, { folder: directory, copy: join(directory, 'copy'), environment })
  const moment = new Date(at).toISOString()
  const viewing = { type: 'viewing' as const, at: moment, use_tms: 600, disp_rtm_sec: 2400 }
  const told = await createClient({ url: api.url }).call('postEvents', {
    body: {
      events: [
        { ...viewing, event_id: 'new-1', user: 'tablet-viewer', program_id: loggedTitle },
        { ...viewing, event_id: 'new-2', user: 'tablet-viewer', program_id: loggedTitle },
        { event_id: 'click-1', type: 'click', at: moment, user: 'tablet-viewer', program_id: '1' },
        { event_id: 'gone-1', type: 'dismissal', at: moment, user: 'tablet-viewer', program_id: '2' },
      ],
    },
  })
  assert.partialDeepStrictEqual(told, { accepted: 4, refused: [] })
  // What the set-top box logged too. Its day may be later than now, which the API refuses: it goes in beside it.
  await server.query(
    `insert into events.matinee_events (event_id, type, user_id, program_id, at_ms, local_time, use_tms, disp_rtm_sec, batch)
     values ('box-1', 'viewing', ?, ?, 0, ?, 7, 7, 'box')`,
    [loggedUser, loggedTitle, `${loggedTime.slice(0, 10)} 23:59:58`],
  )

  await t.test('a run waits for a database that is away, and goes on after its worker was killed', async () => {
    await server.kill()
    const worker = await pipeline.startWorker()
    const run = matinee('run', '--week', week, '--wait', '--json')
    const handle = client.workflow.getHandle(`retrain-${week}`)
    await waitFor('the extraction of events', async () => {
      const { raw } = await handle.describe().catch(() => ({ raw: undefined }))
      return (
        raw?.pendingActivities?.some(
          ({ activityType, lastHeartbeatTime }) => activityType?.name === 'extractEvents' && lastHeartbeatTime,
        ) || undefined
      )
    })
    await worker.kill()
    await server.restart()
    await pipeline.startWorker()
    const { exitCode, stdout, stderr } = await run
    assert.equal(exitCode, 0, stderr)
    assert.equal(JSON.parse(stdout).outcome, 'published')
  })

  await t.test('the features have what only the events tell, and nothing twice', async () => {
    const { digest } = await readDocument(store, FeaturesCurrent, storeKeys.featuresCurrent(week))
    const report = await readDocument(store, FeaturesReport, storeKeys.features(week, digest, 'report.json'))
    assert.deepEqual(report.events, {
      read: 5,
      repeats: 1,
      dismissals: 1,
      viewings_in_source: 1,
      viewings_used: 1,
      clicks_in_source: 0,
      clicks_used: 1,
    })
    const reference = {
      week,
      digest,
      pairs: report.pairs,
      watchedPairs: report.watched_pairs,
      users: report.users,
      programs: report.programs,
    }
    const features = await readFeatures(store, reference, { memoryMib: 256, threads: 1, scratchDirectory: join(directory, 'scratch') })
    const position = features.userIds.indexOf('tablet-viewer')
    const pairs = [...features.user.keys()].filter((index) => features.user[index] === position)
    const found = pairs.map(
      (index) => [features.itemIds[features.item[index] ?? -1], [features.rating[index], features.watched[index]]] as const,
    )
    assert.deepEqual(
      new Map(found),
      new Map([
        ['1', [Number.NaN, 0]],
        [loggedTitle, [0.25, 1]],
      ]),
    )
    const version = JSON.parse((await matinee('run', '--week', week, '--wait', '--json')).stdout).version
    const manifest = await readDocument(store, ModelManifest, storeKeys.model(version, 'manifest.json'))
    assert.ok(manifest.data.raw['events'] !== undefined, 'the model names the events that it was made of')
    assert.equal(manifest.data.features, digest, 'a re-run of the same rows gives the same features')
  })

  await t.test('without the database of events a run takes in none', async () => {
    const without = await matinee('check-data', '--week', week, '--json')
    assert.equal(JSON.parse(without.stdout).report.events.read, 5)
    const { stdout } = await pipeline.matineeWith({ MATINEE_EVENTS_URL: '' }, 'check-data', '--week', week, '--json')
    assert.equal(JSON.parse(stdout).report.events, undefined)
  })
})
