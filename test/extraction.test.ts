/** Extraction from both databases: only what changed is read, and what is broken off goes on where it was, with the same bytes. */
import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import test, { after, before, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { extractTable } from '../src/activities/extract-table.ts'
import { DuckDbEngine } from '../src/adapters/columns/duckdb.ts'
import { connect } from '../src/adapters/database/connect.ts'
import { KnexSourceDatabase } from '../src/adapters/database/source.ts'
import { DirectoryObjectStore } from '../src/adapters/object-store/directory-store.ts'
import type { DatabaseLocation } from '../src/config/locations.ts'
import { RawManifest } from '../src/contracts/documents.ts'
import type { ObjectStore, SourceDatabase } from '../src/contracts/ports.ts'
import { logTables } from '../src/contracts/source-tables.ts'
import { readDocument } from '../src/contracts/stored-documents.ts'
import { parseWeek, type Week } from '../src/contracts/week.ts'
import { importCsv } from '../src/importing/csv.ts'
import { generateInto } from '../src/importing/generate-into.ts'
import { Random } from '../src/model/random/random.ts'
import { startMariaDb, type MariaDb } from './support/mariadb.ts'
import { temporaryFolder } from './support/temporary-folder.ts'

const goldenLogs = fileURLToPath(new URL('golden/logs', import.meta.url))
const extractProcess = fileURLToPath(new URL('support/extract-process.ts', import.meta.url))
const password = 's3cret'
const week = parseWeek('2023-W52')

let server: MariaDb
before(async () => {
  server = await startMariaDb()
})
after(() => server.stop())

interface Bench {
  readonly folder: string
  readonly store: ObjectStore
  readonly columns: DuckDbEngine
}

async function newBench(context: TestContext): Promise<Bench> {
  const folder = await temporaryFolder('extraction')
  context.after(() => rm(folder, { recursive: true, force: true }))
  return {
    folder,
    store: new DirectoryObjectStore(join(folder, 'store')),
    columns: new DuckDbEngine({ memoryMib: 128, threads: 1, scratchDirectory: join(folder, 'scratch') }),
  }
}

async function newMysql(name: string): Promise<DatabaseLocation & { kind: 'mysql' }> {
  const user = { name, password, database: name }
  await server.createDatabase(name)
  await server.createUser({ ...user, privileges: 'ALL' })
  return server.location(user)
}

/** The source, and which ranges of which tables were read of it. */
function watched(source: SourceDatabase): { source: SourceDatabase; readings: string[] } {
  const readings: string[] = []
  return {
    readings,
    source: {
      location: source.location,
      checkTables: (tables) => source.checkTables(tables),
      readLines: (table, options) => {
        readings.push(`${table} ${options.from?.slice(0, 10) ?? 'undated'} to ${options.before?.slice(0, 10) ?? 'all'}`)
        return source.readLines(table, options)
      },
      fingerprint: (table, options) => source.fingerprint(table, options),
      viewingBounds: () => source.viewingBounds(),
      close: () => source.close(),
    },
  }
}

async function extractLogs({ store, columns }: Bench, source: SourceDatabase, of: Week): Promise<RawManifest[]> {
  const progress = { heartbeat: () => {}, signal: new AbortController().signal }
  const manifests: RawManifest[] = []
  for (const table of logTables) {
    const { manifestKey } = await extractTable({ week: of, table }, { store, source, columns, progress })
    manifests.push(await readDocument(store, RawManifest, manifestKey))
  }
  return manifests
}

for (const kind of ['mysql', 'sqlite'] as const)
  test(`a run reads the weeks whose rows changed, and no others (${kind})`, async (context) => {
    const bench = await newBench(context)
    const location = kind === 'mysql' ? await newMysql('changes') : ({ kind, path: join(bench.folder, 'vod.db') } as const)
    await importCsv(location, goldenLogs)
    const { source, readings } = watched(new KnexSourceDatabase(location, 'Asia/Seoul'))
    const writer = connect(location)
    context.after(() => Promise.all([source.close(), writer.destroy()]))

    const before50 = await extractLogs(bench, source, parseWeek('2023-W50'))
    readings.length = 0
    await extractLogs(bench, source, week)
    assert.deepEqual(readings, ['vods_sumut 2023-12-18 to 2024-01-01', 'contlog 2023-12-18 to 2024-01-01'])
    readings.length = 0
    await extractLogs(bench, source, week)
    assert.deepEqual(readings, [])

    const anOldRow = { subsr_id: 193, program_id: 124, log_dt: '2023-12-14 07:35:21' }
    const changes: readonly [Record<string, string | number>, readonly string[]][] = [
      [{ e_bool: 0 }, ['vods_sumut 2023-12-11 to 2023-12-18']],
      [{ use_tms: 4321 }, ['vods_sumut 2023-12-11 to 2023-12-18']],
      [{ log_dt: '2023-12-15 00:00:00' }, ['vods_sumut 2023-12-11 to 2023-12-18']],
      [{ log_dt: '2023-12-18 00:00:00' }, ['vods_sumut 2023-12-11 to 2023-12-25']],
    ]
    let row: Record<string, string | number> = anOldRow
    for (const [change, expected] of changes) {
      assert.equal(await writer('vods_sumut').where(row).update(change), 1)
      row = { ...row, ...('log_dt' in change ? change : {}) }
      await extractLogs(bench, source, week)
      assert.deepEqual(readings.splice(0), expected, JSON.stringify(change))
    }
    // Back to what it was: nothing needs reading, and what a run has is what it had.
    assert.equal(
      await writer('vods_sumut')
        .where(row)
        .update({ ...anOldRow, e_bool: 1, use_tms: 0 }),
      1,
    )
    assert.deepEqual(await extractLogs(bench, source, parseWeek('2023-W50')), before50)
    assert.deepEqual(readings, [])

    // Two rows that change in the same way do not cancel out.
    const twins = await writer('contlog')
      .whereRaw("log_dt >= '2023-12-11' and log_dt < '2023-12-18' and e_bool = 0")
      .limit(2)
      .select('subsr_id', 'log_dt')
    for (const twin of twins) await writer('contlog').where(twin).update({ e_bool: 1 })
    await extractLogs(bench, source, week)
    assert.deepEqual(readings, ['contlog 2023-12-11 to 2023-12-18'])
  })

const generated = { users: 400, programs: 80, rows: 60_000, weeks: 6, seed: 3, end: week }

test('a database that restarts in the middle of a part, or freezes, costs no attempt and no byte', async (context) => {
  const bench = await newBench(context)
  const location = await newMysql('restarts')
  await generateInto(location, generated)
  const source = new KnexSourceDatabase(location, 'Asia/Seoul')
  context.after(() => source.close())
  const undisturbed = await extractLogs(bench, source, week)

  const accidents = [() => server.restart(), freezeAWhile]
  const disturbed: SourceDatabase = {
    ...watched(source).source,
    async *readLines(table, options) {
      let accident = accidents.shift()
      for await (const batch of source.readLines(table, options)) {
        yield batch
        await accident?.()
        accident = undefined
      }
    },
  }
  const other = { ...bench, store: new DirectoryObjectStore(join(bench.folder, 'other-store')) }
  assert.deepEqual(await extractLogs(other, disturbed, week), undisturbed)
  assert.equal(accidents.length, 0)
})

async function freezeAWhile(): Promise<void> {
  await server.freeze()
  setTimeout(() => server.thaw(), 25_000)
}

const isInsidePart = (state: unknown): boolean => /"phase":"(read|write)"/.test(JSON.stringify(state) ?? '')

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await delay(20)
}

test('a worker or a database that is killed at any moment of an extraction changes no byte of it', async (context) => {
  const bench = await newBench(context)
  const location = await newMysql('kills')
  await generateInto(location, generated)
  const source = new KnexSourceDatabase(location, 'Asia/Seoul')
  const undisturbed = await extractLogs(bench, source, week)
  await source.close()

  const url = `${server.url({ name: 'kills', password, database: 'kills' })}?rows_per_second=6000`
  const store = join(bench.folder, 'killed-store')
  let kills = 0
  let insideParts = 0
  const random = Random.seeded(20231231, 0)
  for (let results: unknown; results === undefined;) {
    const worker = fork(extractProcess, [url, store, join(bench.folder, 'scratch'), week], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    let state: unknown
    worker.on('message', (message: { readonly progress?: unknown; readonly results?: unknown }) => {
      state = message.progress ?? state
      results = message.results
    })
    const ended = new Promise<number | null>((resolve) => worker.once('exit', (code) => resolve(code)))
    if (kills < 10) {
      // Most kills wait until a part is open, whatever the machine's speed; the others come when they come.
      if (kills % 4 !== 3) await until(() => results !== undefined || isInsidePart(state))
      await delay(random.below(1500))
      kills++
      const phase = JSON.stringify(state)
      if (kills % 3 === 0) {
        await server.kill()
        await server.restart()
      }
      worker.kill('SIGKILL')
      if (isInsidePart(state)) insideParts++
      context.diagnostic(`kill ${kills} (${kills % 3 === 0 ? 'database and worker' : 'worker'}): ${phase}`)
      results = undefined
      await ended
    } else assert.equal(await ended, 0)
  }
  assert.ok(insideParts >= 6, `${insideParts} kills inside an open part`)
  const killed = { ...bench, store: new DirectoryObjectStore(store) }
  const again = new KnexSourceDatabase(location, 'Asia/Seoul')
  const { source: idle, readings } = watched(again)
  assert.deepEqual(await extractLogs(killed, idle, week), undisturbed)
  assert.deepEqual(readings, [])
  await again.close()
})
