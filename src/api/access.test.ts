import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import test, { type TestContext } from 'node:test'
import { checkListenHost, identify, isHostAllowed, isLoopback, isOriginAllowed, type AccessPolicy } from './access.ts'
import { publishModel } from '../../test/support/publish-model.ts'
import { temporaryStores, testApp } from '../../test/support/test-api.ts'

const sha256 = (key: string): string => createHash('sha256').update(key).digest('hex')
const keys = (['read', 'write', 'admin'] as const).map((role) => ({ name: `the-${role}`, role, sha256: sha256(`key-${role}`) }))

/** The API with routes that change things, one a role, each answering who called. */
async function appWith(context: TestContext, access: Partial<AccessPolicy>) {
  const { store } = await temporaryStores()
  await publishModel(store, '2024-W01-00000001')
  const built = await testApp(context, store, { access })
  const { app } = built
  app.post('/v1/change', (request) => request.caller)
  app.post('/v1/govern', { config: { access: 'admin' } }, (request) => request.caller)
  app.post('/anyone', { config: { access: 'public', openToAllOrigins: true } }, (request) => request.caller)
  return built
}

const json = { 'content-type': 'application/json' }

test('with keys, every route but the open ones needs one', async (context) => {
  const { app } = await appWith(context, { keys })
  const urls = [
    '/v1/popular',
    '/v1/users/u-0/recommendations',
    '/v1/users/u-0/history',
    '/v1/programs',
    '/v1/models',
    '/v1/metrics',
    '/none',
  ]
  for (const url of urls) {
    const response = await app.inject({ url })
    assert.equal(response.statusCode, 401, url)
    assert.equal(response.json().code, 'unauthorized')
    assert.equal(response.headers['www-authenticate'], 'Bearer realm="matinee"')
  }
  for (const url of ['/healthz', '/readyz', '/metrics', '/docs', '/docs/errors.md', '/openapi.json'])
    assert.equal((await app.inject({ url })).statusCode, 200, url)
})

test('a key comes as a bearer token or in x-api-key; a wrong one is refused without being repeated', async (context) => {
  const { app, log } = await appWith(context, { keys })
  const status = async (headers: Record<string, string>) => (await app.inject({ url: '/v1/popular', headers })).statusCode
  assert.equal(await status({ authorization: 'Bearer key-read' }), 200)
  assert.equal(await status({ authorization: 'bearer key-read' }), 200)
  assert.equal(await status({ 'x-api-key': 'key-admin' }), 200)
  assert.equal(await status({ authorization: 'Basic key-read' }), 401)
  assert.equal(await status({ 'x-api-key': sha256('key-read') }), 401, 'what the configuration holds is no key')
  const wrong = await app.inject({ url: '/v1/popular', headers: { authorization: 'Bearer s3cret-guess' } })
  assert.equal(wrong.statusCode, 401)
  assert.doesNotMatch(wrong.body, /s3cret-guess/)
  assert.doesNotMatch(JSON.stringify(log()), /s3cret-guess|key-read|key-admin/)
})

test('a role may do what those below it may, and no more', async (context) => {
  const { app } = await appWith(context, { keys })
  const post = async (url: string, role: string) => {
    const response = await app.inject({ method: 'POST', url, headers: { ...json, 'x-api-key': `key-${role}` }, payload: '{}' })
    return [response.statusCode, response.json().name ?? response.json().code]
  }
  assert.deepEqual(await post('/v1/change', 'read'), [403, 'forbidden'])
  assert.deepEqual(await post('/v1/change', 'write'), [200, 'the-write'])
  assert.deepEqual(await post('/v1/change', 'admin'), [200, 'the-admin'])
  assert.deepEqual(await post('/v1/govern', 'write'), [403, 'forbidden'])
  assert.deepEqual(await post('/v1/govern', 'admin'), [200, 'the-admin'])
})

test('a write needs application/json, and an origin that is absent, the own one, or configured', async (context) => {
  const { app } = await appWith(context, { corsOrigins: ['https://tv.example'] })
  const post = async (headers: Record<string, string>) => {
    const response = await app.inject({ method: 'POST', url: '/v1/change', headers, payload: '{}' })
    return response.json().code ?? response.statusCode
  }
  assert.equal(await post(json), 200)
  assert.equal(await post({ 'content-type': 'application/json; charset=utf-8' }), 200)
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'application/jsonp'])
    assert.equal(await post({ 'content-type': type }), 'media_type_unsupported', type)
  assert.equal(await post({ ...json, origin: 'http://localhost:80', host: 'localhost' }), 200)
  assert.equal(await post({ ...json, origin: 'http://127.0.0.1:8080', host: '127.0.0.1:8080' }), 200)
  assert.equal(await post({ ...json, origin: 'https://tv.example', host: 'tv.example' }), 200)
  assert.equal(await post({ ...json, origin: 'https://evil.example' }), 'origin_refused')
  assert.equal(await post({ ...json, origin: 'http://localhost:3000', host: 'localhost:8080' }), 'origin_refused')
  assert.equal(await post({ ...json, origin: 'null' }), 'origin_refused')
  const open = await app.inject({
    method: 'POST',
    url: '/anyone',
    headers: { ...json, origin: 'https://evil.example', host: 'api.example' },
    payload: '{}',
  })
  assert.equal(open.statusCode, 200)
})

test('a name that was pointed at this machine is refused: for writes always, for reads where no key guards them', async (context) => {
  const open = await appWith(context, {})
  const guarded = await appWith(context, { keys })
  const headers = { host: 'rebound.example:8080', 'x-api-key': 'key-admin' }
  assert.equal((await open.app.inject({ url: '/v1/popular', headers })).json().code, 'origin_refused')
  assert.equal((await open.app.inject({ url: '/healthz', headers })).statusCode, 200)
  assert.equal((await guarded.app.inject({ url: '/v1/popular', headers })).statusCode, 200)
  for (const { app } of [open, guarded]) {
    const write = await app.inject({ method: 'POST', url: '/v1/change', headers: { ...headers, ...json }, payload: '{}' })
    assert.deepEqual([write.statusCode, write.json().code], [403, 'origin_refused'])
  }
})

test('which hosts are ours', () => {
  const policy = { keys: [], host: '127.0.0.1', corsOrigins: ['https://tv.example:8443'] }
  for (const host of ['localhost', 'LOCALHOST:8080', 'demo.localhost', '127.0.0.1:8080', '127.1.2.3', '[::1]:8080', 'tv.example'])
    assert.equal(isHostAllowed(host, policy), true, host)
  for (const host of [
    undefined,
    '',
    'evil.example',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    'user@localhost',
    'localhost/x',
    '10.0.0.5',
    '0.0.0.0',
  ])
    assert.equal(isHostAllowed(host, policy), false, host)
  const everywhere = { ...policy, host: '0.0.0.0' }
  assert.equal(isHostAllowed('10.0.0.5:8080', everywhere), true)
  assert.equal(isHostAllowed('evil.example', everywhere), false)
  assert.equal(isHostAllowed('api.example:8080', { ...policy, host: 'api.example' }), true)
  assert.equal(isHostAllowed('[fd00::1]:8080', { ...policy, host: 'fd00::1' }), true)
})

test('which origins are ours', () => {
  assert.equal(isOriginAllowed(undefined, 'localhost', []), true)
  assert.equal(isOriginAllowed('http://localhost:8080', 'localhost:8080', []), true)
  assert.equal(isOriginAllowed('https://tv.example', 'localhost', ['https://tv.example']), true)
  assert.equal(isOriginAllowed('http://tv.example', 'localhost', ['https://tv.example']), false)
  assert.equal(isOriginAllowed('http://localhost.evil.example', 'localhost', []), false)
  assert.equal(isOriginAllowed('null', 'localhost', []), false)
})

const listen = (host: string, withKeys = false): void => checkListenHost({ keys: withKeys ? keys : [], host, corsOrigins: [] })

test('without keys the server listens on loopback alone', () => {
  for (const host of ['127.0.0.1', '127.8.8.8', '::1', 'localhost']) assert.doesNotThrow(() => listen(host))
  for (const host of ['0.0.0.0', '::', '10.0.0.5', 'api.example', '::ffff:10.0.0.5'])
    assert.throws(() => listen(host), { code: 'configuration_invalid', message: /MATINEE_API_HOST.*MATINEE_API_KEYS/ }, host)
  assert.doesNotThrow(() => listen('0.0.0.0', true))
  assert.equal(isLoopback('[::1]'), true)
})

test('a key is told by its digest, whatever stands before it in the list', () => {
  assert.deepEqual(identify('key-write', keys), { name: 'the-write', role: 'write' })
  assert.equal(identify('', keys), undefined)
  assert.equal(identify('key-write ', keys), undefined)
})

test('pages of configured origins may call, others get no leave', async (context) => {
  const { app } = await appWith(context, { corsOrigins: ['https://tv.example'], keys })
  const preflight = (origin: string) =>
    app.inject({
      method: 'OPTIONS',
      url: '/v1/change',
      headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type,x-api-key' },
    })
  const leave = await preflight('https://tv.example')
  assert.equal(leave.statusCode, 204)
  assert.equal(leave.headers['access-control-allow-origin'], 'https://tv.example')
  assert.match(String(leave.headers['access-control-allow-headers']), /x-api-key/)
  assert.equal((await preflight('https://evil.example')).headers['access-control-allow-origin'], undefined)
  const refused = await app.inject({ url: '/v1/popular', headers: { origin: 'https://tv.example' } })
  assert.equal(refused.statusCode, 401)
  assert.equal(refused.headers['access-control-allow-origin'], 'https://tv.example', 'a page must be able to read why')
})
