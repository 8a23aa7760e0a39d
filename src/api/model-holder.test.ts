import assert from 'node:assert/strict'
import { readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { setImmediate, setTimeout as delay } from 'node:timers/promises'
import { collectGarbage } from '../adapters/free-memory.ts'
import { MatineeError } from '../contracts/errors.ts'
import type { ObjectStore } from '../contracts/ports.ts'
import { storeKeys } from '../contracts/store-keys.ts'
import { ModelHolder, SnapshotHolder, type ModelHolderOptions, type ServedKind } from './model-holder.ts'
import { makeLatest, publishModel, userIds, writeModel } from '../../test/support/publish-model.ts'
import { silent, temporaryStores, testApp } from '../../test/support/test-api.ts'

const good = '2024-W01-00000001'
const next = '2024-W02-00000002'

/** A holder whose clock and looks the test moves by hand. */
function holderOf(store: ObjectStore, options: Partial<ModelHolderOptions> = {}) {
  const warnings: string[] = []
  const notes: string[] = []
  const time = { nowMs: 1_700_000_000_000 }
  const holder = new ModelHolder({
    store,
    clock: { now: () => time.nowMs },
    log: { info: (_fields, message) => void notes.push(message), warn: (_fields, message) => void warnings.push(message) },
    pollMs: 1000,
    ...options,
  })
  return { holder, warnings, notes, time }
}

/** A store that passes everything on, except what `changes` does in its place. */
const altered = (store: ObjectStore, changes: Partial<ObjectStore>): ObjectStore => ({
  location: store.location,
  read: (key) => store.read(key),
  stat: (key) => store.stat(key),
  download: (key, path) => store.download(key, path),
  write: (key, body, options) => store.write(key, body, options),
  upload: (key, path, options) => store.upload(key, path, options),
  list: (prefix) => store.list(prefix),
  remove: (key) => store.remove(key),
  ...changes,
})

const never = (): Promise<never> => new Promise(() => undefined)
const away = (): Promise<never> => Promise.reject(new MatineeError('store_unreachable', 'http://10.0.0.3:9000 does not answer'))

test('a newly published model serves from the next look on', async () => {
  const { store } = await temporaryStores()
  const { holder } = holderOf(store)
  assert.throws(() => holder.current(), { code: 'model_missing' })
  await holder.poll()
  assert.equal(holder.status().problem?.code, 'model_missing')

  await publishModel(store, good)
  await holder.poll()
  assert.equal(holder.current().version, good)
  assert.equal(holder.status().problem, undefined)
  await publishModel(store, next)
  await holder.poll()
  assert.equal(holder.current().version, next)
  await makeLatest(store, good) // rolled back
  await holder.poll()
  assert.equal(holder.current().version, good)
})

test('a large model that was replaced is collected before another is loaded', async () => {
  const { store } = await temporaryStores()
  const loads: string[] = []
  const file = new Uint8Array(33 * 1024 * 1024)
  const kind: ServedKind<{ readonly version: string }> = {
    latestKey: storeKeys.modelLatest,
    prefix: storeKeys.modelsPrefix,
    keyOf: storeKeys.model,
    load: (version) => {
      loads.push(version)
      return Promise.resolve({ snapshot: { version }, files: new Map([['file', file]]) })
    },
    describe: () => ({}),
    optional: false,
  }
  const holder = new SnapshotHolder(kind, { store, clock: { now: Date.now }, log: silent, pollMs: 1000 })
  const serve = async (version: string): Promise<void> => {
    await makeLatest(store, version)
    await holder.poll()
  }
  await serve(good)
  let held: object | undefined = holder.current()
  await serve(next)
  await makeLatest(store, '2024-W03-00000003')
  const polling = holder.poll()
  await delay(200)
  assert.deepEqual(loads, [good, next], `${JSON.stringify(held)} is still held`)
  held = undefined
  collectGarbage()
  await polling
  assert.deepEqual(loads, [good, next, '2024-W03-00000003'])
})

test('a look that finds the same entity tag reads nothing', async () => {
  const { store } = await temporaryStores()
  await publishModel(store, good)
  const { holder } = holderOf(store)
  await holder.poll()
  const read: string[] = []
  const watched = altered(store, {
    read: (key) => {
      read.push(key)
      return store.read(key)
    },
  })
  const second = holderOf(watched).holder
  await second.poll()
  read.length = 0
  await second.poll()
  assert.deepEqual(read, [])
})

type Break = (path: (file: string) => string, store: ObjectStore) => Promise<void>

const flipByte: (file: string) => Break = (file) => async (path) => {
  const bytes = await readFile(path(file))
  const middle = Math.floor(bytes.length / 2)
  bytes[middle] = (bytes[middle] ?? 0) ^ 1
  await writeFile(path(file), bytes)
}

const breaks: Readonly<Record<string, { readonly code: string; readonly detail: RegExp; readonly breakIt: Break }>> = {
  'one byte of the factors flipped': {
    code: 'store_corrupt',
    detail: /model\.safetensors has digest [0-9a-f]{64}, its manifest says [0-9a-f]{64}/,
    breakIt: flipByte('model.safetensors'),
  },
  'one byte of the users flipped': { code: 'store_corrupt', detail: /users\.json has digest/, breakIt: flipByte('users.json') },
  'the titles cut off': {
    code: 'store_corrupt',
    detail: /items\.json has 100 bytes, its manifest says \d+/,
    breakIt: (path) => truncate(path('items.json'), 100),
  },
  'a file missing': { code: 'store_missing', detail: /users\.json is not in the store/, breakIt: (path) => rm(path('users.json')) },
  'the manifest missing': {
    code: 'store_missing',
    detail: /manifest\.json is not in the store: model 2024-W02-00000002 is not there or not complete/,
    breakIt: (path) => rm(path('manifest.json')),
  },
  'the manifest torn': {
    code: 'store_corrupt',
    detail: /manifest\.json is not JSON/,
    breakIt: (path) => truncate(path('manifest.json'), 50),
  },
  'a manifest of another version': {
    code: 'store_corrupt',
    detail: /names version "2024-W02-0000ffff"/,
    breakIt: async (_path, store) => {
      await writeModel(store, next, { manifest: (manifest) => ({ ...manifest, version: '2024-W02-0000ffff' }) })
    },
  },
  'a format that is not known': {
    code: 'model_incompatible',
    detail: /is of format 2; this version serves format 1/,
    breakIt: async (_path, store) => {
      await writeModel(store, next, { manifest: () => ({ format: 2, version: next, anything: 'else' }) })
    },
  },
  'an algorithm that is not known': {
    code: 'model_incompatible',
    detail: /oracle/,
    breakIt: async (_path, store) => {
      await writeModel(store, next, { manifest: (manifest) => ({ ...manifest, algorithm: 'oracle' }) })
    },
  },
  'fewer users than factors': {
    code: 'store_corrupt',
    detail: /expected 2/,
    breakIt: async (_path, store) => {
      await writeModel(store, next, { userIds: ['u-0', 'u-1'] })
    },
  },
  'an id twice': {
    code: 'store_corrupt',
    detail: /users\.json: id "u-0" stands twice/,
    breakIt: async (_path, store) => {
      await writeModel(store, next, { userIds: ['u-0', 'u-1', 'u-0'] })
    },
  },
  'a watched position that is no title': {
    code: 'store_corrupt',
    detail: /seen_items is not ascending positions below 30 at user 1/,
    breakIt: async (_path, store) => {
      await writeModel(store, next, { tensors: (tensors) => tensors.set('seen_items', { shape: [3], data: new Uint32Array([0, 1, 30]) }) })
    },
  },
  'a factor that is no number': {
    code: 'model_incompatible',
    detail: /tensor user_factors has NaN at 1/,
    breakIt: async (_path, store) => {
      await writeModel(store, next, {
        tensors: (tensors) => tensors.set('user_factors', { shape: [3, 1], data: new Float32Array([1, NaN, 1]) }),
      })
    },
  },
  'a tensor missing': {
    code: 'model_incompatible',
    detail: /there is no tensor item_viewers/,
    breakIt: async (_path, store) => {
      await writeModel(store, next, { tensors: (tensors) => void tensors.delete('item_viewers') })
    },
  },
}

for (const [name, { code, detail, breakIt }] of Object.entries(breaks))
  test(`the last good model stays: ${name}`, async () => {
    const { store, cache, folder } = await temporaryStores()
    await publishModel(store, good)
    const { holder, warnings, notes, time } = holderOf(store, { cache })
    await holder.poll()
    await writeModel(store, next)
    await breakIt((file) => join(folder, 'store', storeKeys.model(next, file)), store)
    await makeLatest(store, next)
    for (let look = 0; look < 5; look++) {
      await holder.poll()
      time.nowMs += 60_000
    }
    assert.equal(holder.current().version, good)
    const { problem } = holder.status()
    assert.equal(problem?.code, code)
    assert.match(problem?.detail ?? '', detail)
    assert.equal(problem?.version, next)
    assert.equal(warnings.length, 1, 'one line for a state, however many looks find it')
    await holder.copied()
    assert.deepEqual(JSON.parse(new TextDecoder().decode((await cache.read(storeKeys.modelLatest))?.body)), { version: good })

    await writeModel(store, next) // mended in place: latest.json has not changed
    time.nowMs += 600_000
    await holder.poll()
    await holder.copied()
    assert.equal(holder.current().version, next)
    assert.equal(holder.status().problem, undefined)
    assert.equal(notes.filter((note) => note.includes('in order again')).length, 1)
  })

for (const [name, body, detail] of [
  ['torn', '{"version": "2024-', /models\/latest\.json is not JSON/],
  ['empty', '', /models\/latest\.json is not JSON/],
  ['of another form', '{"model": 1}', /models\/latest\.json does not have its form/],
  [
    'naming a version that is not there',
    '{"version": "2024-W09-00000009"}',
    /models\/2024-W09-00000009\/manifest\.json is not in the store/,
  ],
  ['naming a path', '{"version": "../../etc"}', /is not a model version/],
] as const)
  test(`the last good model stays: latest.json ${name}`, async () => {
    const { store } = await temporaryStores()
    await publishModel(store, good)
    const { holder } = holderOf(store)
    await holder.poll()
    await store.write(storeKeys.modelLatest, body)
    await holder.poll()
    assert.equal(holder.current().version, good)
    assert.match(holder.status().problem?.detail ?? '', detail)
    await store.remove(storeKeys.modelLatest)
    await holder.poll()
    assert.equal(holder.current().version, good)
    assert.equal(holder.status().problem?.code, 'model_missing')
  })

test('a model that cannot be loaded is tried again ever more rarely, another one at once', async () => {
  const { store } = await temporaryStores()
  let manifestReads = 0
  const counted = altered(store, {
    read: (key) => {
      if (key.endsWith('/manifest.json')) manifestReads++
      return store.read(key)
    },
  })
  const { holder, time } = holderOf(counted)
  await makeLatest(store, next)
  for (let second = 0; second < 100; second++) {
    await holder.poll()
    time.nowMs += 1000
  }
  assert.ok(manifestReads >= 4 && manifestReads <= 10, `${manifestReads} attempts in 100 seconds`)
  await publishModel(store, good)
  await holder.poll()
  assert.equal(holder.current().version, good)
})

test('the store goes away and comes back: the model stays, the state is said once', async () => {
  const { store } = await temporaryStores()
  await publishModel(store, good)
  let isAway = false
  const { holder, warnings, notes } = holderOf(altered(store, { stat: (key) => (isAway ? away() : store.stat(key)) }))
  await holder.poll()
  isAway = true
  for (let look = 0; look < 4; look++) await holder.poll()
  assert.equal(holder.current().version, good)
  assert.equal(holder.status().problem?.code, 'store_unreachable')
  assert.doesNotMatch(holder.status().problem?.detail ?? '', /10\.0\.0\.3/, 'an address of the operator is not for everyone')
  assert.deepEqual(warnings, [`the last good model ${good} stays`])
  isAway = false
  await holder.poll()
  assert.equal(holder.status().problem, undefined)
  assert.equal(notes.at(-1), 'the model to serve is in order again')
})

test('a store that never answers holds up no start, no look and no request', { timeout: 10_000 }, async (context) => {
  const { store } = await temporaryStores()
  const { holder, app } = await testApp(context, altered(store, { stat: never, read: never }), { answerWithinMs: 20 })
  assert.equal(holder.status().problem?.code, 'store_unreachable')
  assert.equal((await app.inject({ url: '/healthz' })).statusCode, 200)
  assert.equal((await app.inject({ url: '/readyz' })).statusCode, 503)
  const slow = await app.inject({ url: `/v1/models/${good}` })
  assert.deepEqual([slow.statusCode, slow.json().code], [503, 'store_unreachable'])
})

test('without the store the local copy serves, and the store takes over once it is back', async () => {
  const { store, cache } = await temporaryStores()
  await publishModel(store, good)
  const first = holderOf(store, { cache }).holder
  await first.poll()
  await first.stop()

  let isAway = true
  const flaky = altered(store, {
    stat: (key) => (isAway ? away() : store.stat(key)),
    read: (key) => (isAway ? away() : store.read(key)),
  })
  const { holder } = holderOf(flaky, { cache, pollMs: 3_600_000 })
  await holder.start()
  assert.equal(holder.current().version, good)
  await holder.poll()
  assert.equal(holder.status().origin, 'cache')
  assert.equal(holder.status().problem?.code, 'store_unreachable')
  const { titles } = holder.current().recommend(holder.current().historyOf({ id: 'u-0' }), 1, { excludeSeen: true, moment: 20240108000000 })
  assert.equal(titles[0]?.item.program_id, '102')

  isAway = false
  await holder.poll()
  assert.deepEqual([holder.status().origin, holder.status().problem], ['store', undefined])
  await publishModel(store, next)
  await holder.poll()
  await holder.stop()
  assert.equal(holder.current().version, next)
})

test('a broken local copy does not serve and is fetched anew', async () => {
  const { store, cache, folder } = await temporaryStores()
  await publishModel(store, good)
  const first = holderOf(store, { cache }).holder
  await first.poll()
  await first.stop()
  const copy = join(folder, 'cache', storeKeys.model(good, 'model.safetensors'))
  await flipByte('model.safetensors')(() => copy, cache)

  const { holder, warnings } = holderOf(altered(store, { stat: away }), { cache, pollMs: 3_600_000 })
  await holder.start()
  await holder.stop()
  assert.throws(() => holder.current(), { code: 'model_missing' })
  assert.match(warnings[0] ?? '', /the local copy of the last model cannot serve/)

  const { holder: second } = holderOf(store, { cache })
  await second.poll()
  await second.stop()
  assert.equal(second.current().version, good)
  assert.deepEqual(await readFile(copy), await readFile(join(folder, 'store', storeKeys.model(good, 'model.safetensors'))))
})

test('a copy spares the way to the store, and only two models are kept', async () => {
  const { store, cache } = await temporaryStores()
  const read: string[] = []
  const watched = altered(store, {
    read: (key) => {
      read.push(key)
      return store.read(key)
    },
  })
  const { holder } = holderOf(watched, { cache })
  for (const version of ['2024-W01-0000000a', '2024-W02-0000000b', '2024-W03-0000000c']) {
    await publishModel(store, version)
    await holder.poll()
    await holder.copied()
  }
  const kept = new Set<string>()
  for await (const { key } of cache.list(storeKeys.modelsPrefix)) kept.add(key.split('/')[1] ?? '')
  assert.deepEqual([...kept].toSorted(), ['2024-W02-0000000b', '2024-W03-0000000c', 'latest.json'])

  read.length = 0
  await makeLatest(store, '2024-W02-0000000b')
  await holder.poll()
  assert.equal(holder.current().version, '2024-W02-0000000b')
  assert.deepEqual(read, [storeKeys.modelLatest, storeKeys.model('2024-W02-0000000b', 'manifest.json')])
})

test('a copy that cannot be written harms nothing', async () => {
  const { store, cache } = await temporaryStores()
  await publishModel(store, good)
  const full = altered(cache, { write: () => Promise.reject(new Error('ENOSPC: no space left on device')) })
  const { holder, warnings } = holderOf(store, { cache: full })
  await holder.poll()
  await holder.stop()
  assert.equal(holder.current().version, good)
  assert.equal(holder.status().problem, undefined)
  assert.match(warnings[0] ?? '', /no local copy/)
})

test('every answer is of one model, whole, while models change under many requests', async (context) => {
  const { store } = await temporaryStores()
  const versions = [good, next] as const
  // In the second model the tastes of the first two users are exchanged.
  await writeModel(store, good)
  await writeModel(store, next, { userIds: [userIds[1], userIds[0], userIds[2]] })
  await makeLatest(store, good)
  const { app, holder } = await testApp(context, store)
  const seen = new Map<string, number>()
  const expected = new Map([
    [good, '102'],
    [next, '128'],
  ])
  const swapping = new AbortController()
  const askers = Array.from({ length: 8 }, async () => {
    while (!swapping.signal.aborted) {
      const response = await app.inject({ url: '/v1/users/u-0/recommendations?k=1' })
      const { model, week, items } = response.json()
      assert.equal(response.statusCode, 200)
      assert.equal(week, model.slice(0, 8))
      assert.equal(items[0].program_id, expected.get(model))
      seen.set(model, (seen.get(model) ?? 0) + 1)
      await setImmediate() // an injected request never leaves the microtask queue: let the load go on
    }
  })
  for (let swap = 1; swap <= 20; swap++) {
    await makeLatest(store, versions[swap % 2] ?? good)
    await holder.poll()
  }
  swapping.abort()
  await Promise.all(askers)
  assert.deepEqual([...seen.keys()].toSorted(), [...versions])
  assert.equal(holder.status().swaps, 21)
})

test('readiness and metrics tell which model serves and why a newer one does not', async (context: TestContext) => {
  const { store, folder } = await temporaryStores()
  const { app, holder } = await testApp(context, store)
  const before = await app.inject({ url: '/readyz' })
  assert.equal(before.statusCode, 503)
  assert.equal(before.json().code, 'model_missing')
  assert.match(before.json().detail, /no model has been published yet/)
  assert.match((await app.inject({ url: '/metrics' })).body, /^matinee_model_loaded 0$/m)

  await publishModel(store, good)
  await holder.poll()
  const ready = await app.inject({ url: '/readyz' })
  assert.deepEqual(ready.json(), { status: 'ready', model: good, week: '2024-W01', origin: 'store', problem: null })

  await publishModel(store, next)
  await truncate(join(folder, 'store', storeKeys.model(next, 'users.json')), 3)
  await holder.poll()
  const kept = await app.inject({ url: '/readyz' })
  assert.equal(kept.statusCode, 200)
  assert.equal(kept.json().model, good)
  assert.equal(kept.json().problem.code, 'store_corrupt')
  assert.equal(kept.json().problem.version, next)
  const metrics = (await app.inject({ url: '/metrics' })).body
  assert.match(metrics, /^matinee_model_problem\{code="store_corrupt"\} 1$/m)
  assert.match(metrics, /^matinee_model_info\{version="2024-W01-00000001",week="2024-W01",algorithm="warp"\} 1$/m)
  assert.match(metrics, /^matinee_model_failed_loads_total 1$/m)
  assert.match(metrics, /matinee_http_request_duration_seconds_count\{method="GET",route="\/readyz",status="503"\} 1/)
})

test('inspected versions are loaded once for askers at the same time', async () => {
  const { store } = await temporaryStores()
  await writeModel(store, good)
  await publishModel(store, next)
  let reads = 0
  const { holder } = holderOf(
    altered(store, {
      read: (key) => {
        if (key === storeKeys.model(good, 'model.safetensors')) reads++
        return store.read(key)
      },
    }),
    { log: silent },
  )
  await holder.poll()
  const [one, other] = await Promise.all([holder.version(good), holder.version(good)])
  assert.equal(one, other)
  assert.equal(reads, 1)
  assert.equal(await holder.version(next), holder.current())
  await assert.rejects(holder.version('2024-W40-00000009'), { code: 'not_found' })
})
