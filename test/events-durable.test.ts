/** Events over real processes: what was acknowledged survives kill -9, and counts on another instance within a second. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { createClient, type EventsAnswer, type ViewerEvent as Told } from '../client/index.ts'
import { KnexEventStore } from '../src/adapters/database/event-store.ts'
import { DirectoryObjectStore } from '../src/adapters/object-store/directory-store.ts'
import type { StoredEvent, ViewerEvent } from '../src/contracts/serving-ports.ts'
import { startApi, type ApiProcess } from './support/api-process.ts'
import { startMariaDb } from './support/mariadb.ts'
import { publishModel } from './support/publish-model.ts'
import { temporaryFolder } from './support/temporary-folder.ts'

async function start(context: TestContext, folder: string, name: string, eventsUrl: string): Promise<ApiProcess> {
  const environment = { MATINEE_STORE_URL: `file:${join(folder, 'store')}`, MATINEE_EVENTS_URL: eventsUrl }
  const instance = await startApi(context, { folder, copy: join(folder, name), environment })
  while ((await fetch(`${instance.url}/readyz`)).status !== 200) await delay(20)
  return instance
}

const post = ({ url }: ApiProcess, event: Told): Promise<EventsAnswer> => createClient({ url }).call('postEvents', { body: event })

/** Whether the title that everyone watched is among those that the user may get. */
async function isOffered({ url }: ApiProcess, user: string): Promise<boolean> {
  const { items } = await createClient({ url }).call('getRecommendations', { path: { id: user }, query: { k: 100 } })
  return items.some(({ program_id }) => program_id === '115')
}

async function durable(context: TestContext, eventsUrl: (folder: string) => string): Promise<void> {
  const folder = await temporaryFolder('events')
  await publishModel(new DirectoryObjectStore(join(folder, 'store')), '2024-W01-00000001')
  const location = eventsUrl(folder)
  const [doomed, other] = await Promise.all([start(context, folder, 'a', location), start(context, folder, 'b', location)])

  // Several clients tell events until the instance dies under them.
  const acknowledged: string[] = []
  const clients = Array.from({ length: 4 }, async (_, client) => {
    for (let n = 0; ; n++) {
      const user = `viewer-${client}-${n}`
      try {
        const { accepted } = await post(doomed, { event_id: `event-${client}-${n}`, type: 'viewing', user, program_id: '115' })
        if (accepted === 1) acknowledged.push(user)
      } catch {
        return
      }
    }
  })
  while (acknowledged.length < 40) await delay(5)
  const gone = once(doomed.process, 'exit')
  doomed.process.kill('SIGKILL')
  await Promise.all([...clients, gone])

  await delay(1000)
  for (const user of acknowledged) assert.equal(await isOffered(other, user), false, `${user} on the other instance`)
  const again = await start(context, folder, 'a', location)
  for (const user of acknowledged) assert.equal(await isOffered(again, user), false, `${user} after a start`)
  assert.equal(await isOffered(again, 'nobody'), true)
}

test('embedded database: no acknowledged event is lost', { timeout: 120_000 }, async (context) => {
  await durable(context, (folder) => `sqlite:${join(folder, 'events.db')}`)
})

test('MySQL: no acknowledged event is lost; racing writers of the same events store each once', { timeout: 240_000 }, async (context) => {
  const server = await startMariaDb()
  context.after(() => server.stop())
  await server.createDatabase('events')
  const user = { name: 'matinee_events', password: 'secret', database: 'events' }
  await server.createUser({ ...user, privileges: 'SELECT, INSERT, CREATE, INDEX' })
  await durable(context, () => server.url(user))

  const stores = [1, 2, 3, 4].map(() => new KnexEventStore(server.location(user)))
  context.after(() => Promise.all(stores.map((store) => store.close())))
  await Promise.all(stores.map((store) => store.prepare()))
  const events = Array.from({ length: 300 }, (_, n): ViewerEvent => ({
    eventId: `same-${n}`,
    type: 'click',
    userId: n % 2 === 0 ? '가' : '각',
    programId: String(n),
    atMs: 1_700_000_000_000 + n,
    localTime: '2023-11-15 07:13:20',
    episode: null,
    watchedSeconds: null,
    lengthSeconds: 12.5,
  }))
  const outcomes = await Promise.all(stores.map((store, n) => store.append(n % 2 === 0 ? events : events.toReversed())))
  assert.equal(outcomes.flat().filter((outcome) => outcome === 'stored').length, events.length)
  assert.equal(outcomes.flat().filter((outcome) => outcome === 'repeated').length, 3 * events.length)
  const read = await stores[0]?.eventsOf('가', 1000)
  assert.deepEqual(
    read?.toSorted((a, b) => a.atMs - b.atMs),
    events.filter(({ userId }) => userId === '가').map((event) => ({ ...event, sequence: sequenceOf(event.eventId, read) })),
  )
})

const sequenceOf = (eventId: string, events: readonly StoredEvent[] | undefined): number =>
  events?.find((event) => event.eventId === eventId)?.sequence ?? 0
