import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import test from 'node:test'
import { Value } from 'typebox/value'
import { errorKinds, MatineeError, type ErrorCode } from '../contracts/errors.ts'
import { problemOf } from './problems.ts'
import { Problem } from './schema-parts.ts'
import { publishModel } from '../../test/support/publish-model.ts'
import { temporaryStores, testApp } from '../../test/support/test-api.ts'

const page = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8')

test('docs/errors.md has every code with what the table says of it, and no other', () => {
  const documented = [...page.matchAll(/^### (\w+)\n(.+)\n\n(\S.{40,})$/gm)].map(([, code, facts]) => [code, facts])
  const expected = Object.entries(errorKinds).map(([code, { title, status, exitCode, retryable }]) => [
    code,
    `${title}. HTTP ${status}, exit code ${exitCode}. Trying again ${retryable ? 'helps' : 'does not help'}.`,
  ])
  assert.equal(documented.length, expected.length)
  assert.deepEqual(Object.fromEntries(documented), Object.fromEntries(expected))
})

test('every code makes a whole problem document', () => {
  for (const code of Object.keys(errorKinds) as ErrorCode[]) {
    const problem = problemOf(new MatineeError(code, 'this happened'), { id: 'request-1', url: '/v1/popular?k=1' })
    assert.equal(Value.Check(Problem, problem), true)
    assert.equal(problem.type, `/docs/errors.md#${code}`)
    assert.equal(problem.instance, '/v1/popular')
  }
})

test('what concerns the operator alone stays out of answers', () => {
  const request = { id: 'request-1', url: '/' }
  const store = problemOf(new MatineeError('store_unreachable', 'http://10.0.0.3:9000 refused'), request)
  assert.equal(store.detail, 'The object store does not answer')
  const fault = problemOf(new Error('SELECT * FROM userinfo failed for reader@10.0.0.7'), request)
  assert.deepEqual([fault.status, fault.code], [500, 'internal'])
  assert.equal(fault.detail, 'An unexpected fault; the log has more of it under request request-1')
})

test('faults of every layer are problem documents', async (context) => {
  const { store } = await temporaryStores()
  await publishModel(store, '2024-W01-00000001')
  const { app, log } = await testApp(context, store)
  app.get('/v1/fault', () => {
    throw Object.assign(new Error('boom at /srv/secret'), { sql: 'SELECT secret' })
  })
  app.post('/v1/echo', { schema: { body: { type: 'object', required: ['id'], properties: { id: { type: 'integer' } } } } }, () => ({}))
  const post = (payload: string, headers: Record<string, string> = { 'content-type': 'application/json' }) =>
    app.inject({ method: 'POST', url: '/v1/echo', headers, payload })
  const cases = [
    [await app.inject({ url: '/v1/none' }), 404, 'not_found', /there is no GET \/v1\/none/],
    [
      await app.inject({ method: 'POST', url: '/v1/popular', headers: { 'content-type': 'application/json' }, payload: '{}' }),
      404,
      'not_found',
      /there is no POST/,
    ],
    [await app.inject({ url: '/v1/programs/%zz' }), 400, 'request_invalid', /not a valid url component/],
    [
      await app.inject({ url: `/v1/programs/${'x'.repeat(300)}` }),
      400,
      'request_invalid',
      /id: .* is not allowed; text from 1 to 256 characters is/,
    ],
    [await app.inject({ url: '/v1/fault' }), 500, 'internal', /unexpected fault/],
    [await post('{"id":'), 400, 'request_invalid', /JSON/],
    [await post(''), 400, 'request_invalid', /empty/],
    [await post('{}'), 400, 'request_invalid', /id is missing from the body/],
    [await post('{"id":"x"}'), 400, 'request_invalid', /id: "x" is not allowed; a whole number is/],
    [await post(`{"id":1,"fill":"${'x'.repeat(1024 * 1024)}"}`), 413, 'body_too_large', /too large/],
    [await post('id=1', { 'content-type': 'application/x-www-form-urlencoded' }), 415, 'media_type_unsupported', /application\/json is/],
  ] as const
  for (const [response, status, code, detail] of cases) {
    assert.deepEqual([response.statusCode, response.json().code], [status, code], response.body)
    assert.match(String(response.headers['content-type']), /^application\/problem\+json/)
    assert.match(response.json().detail, detail)
    assert.equal(Value.Check(Problem, response.json()), true)
    assert.equal(response.json().request_id, response.headers['x-request-id'])
    assert.doesNotMatch(response.body, /boom|secret|at file:/)
  }
  const logged = JSON.stringify(log())
  assert.match(logged, /boom at/, 'the log has what the answer leaves out')
  assert.doesNotMatch(logged, /SELECT secret/, 'and no field that a driver hung on its error')
})

test('the page that a problem points at is served', async (context) => {
  const { store } = await temporaryStores()
  const { app } = await testApp(context, store)
  const { type } = (await app.inject({ url: '/none' })).json()
  const response = await app.inject({ url: type.split('#')[0] })
  assert.equal(response.statusCode, 200)
  assert.equal(response.body, page)
})

test('every answer has a request id and headers that keep browsers from guessing', async (context) => {
  const { store } = await temporaryStores()
  const { app, log } = await testApp(context, store)
  for (const url of ['/healthz', '/none', '/v1/users/secret-user/recommendations', '/metrics', '/openapi.json']) {
    const { headers } = await app.inject({ url })
    assert.match(String(headers['x-request-id']), /^[0-9a-f-]{36}$/)
    assert.equal(headers['x-content-type-options'], 'nosniff')
    assert.equal(headers['x-frame-options'], 'DENY')
    assert.equal(headers['cache-control'], 'no-store')
    assert.match(String(headers['content-security-policy']), /default-src 'none'/)
  }
  const given = await app.inject({ url: '/healthz', headers: { 'x-request-id': 'trace-0123456789' } })
  assert.equal(given.headers['x-request-id'], 'trace-0123456789')
  const forged = await app.inject({ url: '/healthz', headers: { 'x-request-id': 'a b"\\u0007' } })
  assert.match(String(forged.headers['x-request-id']), /^[0-9a-f-]{36}$/)
  assert.doesNotMatch(JSON.stringify(log()), /secret-user/, 'ids of users stay out of the log')
})
