/**
 * One of the two servers that bench/questionnaire.ts compares, in a process of its own: the API with a model of the questionnaire,
 * or a Fastify with nothing but `POST /recommendations` that returns a constant. Tells its port to its parent; ends with it.
 */
import { fastify } from 'fastify'
import { mkdtemp, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { DirectoryObjectStore } from '../../src/adapters/object-store/directory-store.ts'
import { startServer } from '../../src/api/server.ts'
import { createLog } from '../../src/api/log.ts'
import { publishQuestionnaire } from '../../test/support/publish-questionnaire.ts'

async function questionnairePort(): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'matinee-bench-'))
  const store = new DirectoryObjectStore(folder)
  await publishQuestionnaire(store, 'questionnaire-00000001')
  const { url } = await startServer({
    store,
    access: { keys: [], host: '127.0.0.1', corsOrigins: [] },
    port: 0,
    clock: { now: Date.now },
    log: createLog(pino.destination({ dest: '/dev/null', sync: false })),
  })
  while (!(await fetch(`${url}/v1/questionnaire`)).ok) await new Promise((resolve) => setTimeout(resolve, 50))
  await rm(folder, { recursive: true, force: true })
  return Number(new URL(url).port)
}

async function constantPort(): Promise<number> {
  const app = fastify()
  app.post('/recommendations', () => ({ recommendedMysfit: '4e53920c-505a-4a90-a694-b9300791f0ae' }))
  await app.listen({ host: '127.0.0.1', port: 0 })
  return (app.server.address() as AddressInfo).port
}

const port = process.argv[2] === 'questionnaire' ? await questionnairePort() : await constantPort()
process.send?.(port)
/** Microseconds of processor time so far, to whoever asks. */
process.on('message', () => {
  const { user, system } = process.cpuUsage()
  process.send?.(user + system)
})
process.on('disconnect', () => process.exit(0))
