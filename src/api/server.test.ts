import assert from 'node:assert/strict'
import { request } from 'node:http'
import { connect, createServer, type AddressInfo } from 'node:net'
import test, { type TestContext } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import type { ObjectStore } from '../contracts/ports.ts'
import { storeKeys } from '../contracts/store-keys.ts'
import { startServer, type RunningServer, type ServerOptions } from './server.ts'
import { makeLatest, publishModel, writeModel } from '../../test/support/publish-model.ts'
import { silent, temporaryStores } from '../../test/support/test-api.ts'

async function running(context: TestContext, store: ObjectStore, options: Partial<ServerOptions> = {}): Promise<RunningServer> {
  const server = await startServer({
    store,
    access: { keys: [], host: '127.0.0.1', corsOrigins: [] },
    port: 0,
    clock: { now: Date.now },
    log: silent,
    pollMs: 10,
    ...options,
  })
  context.after(() => server.close())
  return server
}

async function ready(url: string): Promise<void> {
  while ((await fetch(`${url}/readyz`)).status !== 200) await setTimeout(10)
}

test('listens, becomes ready when a model is published, and answers from the newest', { timeout: 30_000 }, async (context) => {
  const { store } = await temporaryStores()
  const { url } = await running(context, store)
  const early = await fetch(`${url}/v1/users/u-0/recommendations`)
  assert.equal(early.status, 503)
  assert.equal(early.headers.get('retry-after'), '5')
  await publishModel(store, '2024-W01-00000001')
  await ready(url)
  const answer: unknown = await (await fetch(`${url}/v1/users/u-0/recommendations?k=1`)).json()
  assert.ok(typeof answer === 'object' && answer !== null && 'model' in answer)
  assert.equal(answer.model, '2024-W01-00000001')
  assert.match(await (await fetch(`${url}/metrics`)).text(), /^process_cpu_seconds_total /m)
})

test('no request over the network fails while models change', { timeout: 60_000 }, async (context) => {
  const { store } = await temporaryStores()
  const versions = ['2024-W01-00000001', '2024-W02-00000002'] as const
  for (const version of versions) await writeModel(store, version)
  await makeLatest(store, versions[0])
  const { url } = await running(context, store)
  await ready(url)
  const seen = new Set<string>()
  const answers = { newest: '' }
  const done = new AbortController()
  const askers = Array.from({ length: 4 }, async () => {
    while (!done.signal.aborted) {
      const response = await fetch(`${url}/v1/users/u-1/recommendations?k=3`)
      const text = await response.text()
      assert.equal(response.status, 200, text)
      answers.newest = /"model":"([^"]+)"/.exec(text)?.[1] ?? text
      seen.add(answers.newest)
    }
  })
  for (let swap = 1; swap <= 10; swap++) {
    const version = versions[swap % 2] ?? versions[0]
    await makeLatest(store, version)
    while (answers.newest !== version) await setTimeout(5)
  }
  done.abort()
  await Promise.all(askers)
  assert.deepEqual([...seen].toSorted(), [...versions])
})

test('a stop lets requests under way end, and takes no new connection', { timeout: 30_000 }, async (context) => {
  const { store } = await temporaryStores()
  await publishModel(store, '2024-W01-00000001')
  const asked = Promise.withResolvers<undefined>()
  const release = Promise.withResolvers<undefined>()
  const slow: ObjectStore = {
    location: store.location,
    stat: (key) => store.stat(key),
    read: async (key) => {
      if (key === storeKeys.model('2023-W01-00000009', 'manifest.json')) {
        asked.resolve(undefined)
        await release.promise
      }
      return store.read(key)
    },
    list: (prefix) => store.list(prefix),
    download: (key, path) => store.download(key, path),
    write: (key, body) => store.write(key, body),
    upload: (key, path) => store.upload(key, path),
    remove: (key) => store.remove(key),
  }
  const server = await running(context, slow)
  const { url } = server
  await ready(url)
  const underWay = fetch(`${url}/v1/models/2023-W01-00000009`)
  await asked.promise
  const closing = server.close()
  await setTimeout(20)
  await assert.rejects(fetch(`${url}/healthz`))
  release.resolve(undefined)
  const response = await underWay
  assert.equal(response.status, 404)
  assert.equal(response.headers.get('connection'), 'close')
  await closing
})

test('a request that hangs is cut off at the end of the time to drain', { timeout: 30_000 }, async (context) => {
  const { store } = await temporaryStores()
  const server = await running(context, store, { drainMs: 50 })
  const hanging = request(`${server.url}/v1/none`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'content-length': '100' },
  })
  hanging.write('{')
  const cut = new Promise((resolve) => hanging.once('error', resolve))
  await setTimeout(50)
  await server.close()
  await cut
})

test('a port that is taken is named with the way out', async (context) => {
  const { store } = await temporaryStores()
  const other = createServer()
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
  context.after(() => other.close())
  const { port } = other.address() as AddressInfo
  await assert.rejects(running(context, store, { port }), { code: 'port_taken', message: new RegExp(`port ${port} .* MATINEE_API_PORT`) })
})

test('without keys it does not listen where others can reach it', async (context) => {
  const { store } = await temporaryStores()
  await assert.rejects(running(context, store, { access: { keys: [], host: '0.0.0.0', corsOrigins: [] } }), {
    code: 'configuration_invalid',
  })
})

test('what is not HTTP is refused in our form', { timeout: 30_000 }, async (context) => {
  const { store } = await temporaryStores()
  const { url } = await running(context, store)
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  socket.end('HELLO\r\n\r\n')
  const answer = (await socket.setEncoding('utf8').toArray()).join('')
  assert.match(answer, /^HTTP\/1\.1 400 Bad Request\r\n/)
  assert.match(answer, /content-type: application\/problem\+json\r\n/)
  assert.match(answer, /"code":"request_invalid"/)
})
