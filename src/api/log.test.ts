import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLog } from './log.ts'

function logged(fields: object): string {
  const lines: string[] = []
  createLog({ write: (line) => void lines.push(line) }).warn(fields, 'said')
  return lines.join('')
}

test('headers of whatever is logged are left out, since keys are in them; the rest of it stays', () => {
  const headers = { authorization: 'Bearer secret-1', 'x-api-key': 'secret-2', cookie: 'matinee=secret-3' }
  const request = { method: 'GET', headers }
  const line = logged({ request, reply: { status: 200, headers }, route: '/v1/popular' })
  assert.doesNotMatch(line, /secret/)
  assert.match(line, /"request":\{"method":"GET","headers":"\[Redacted\]"\}/)
  assert.match(line, /"status":200/)
  assert.match(line, /"route":"\/v1\/popular"/)
  assert.equal(request.headers, headers, 'what was handed over is not changed')
})

test('of an error its name, message, code and cause are logged, and no other field', () => {
  const cause = Object.assign(new Error('connection refused'), { code: 'ECONNREFUSED', headers: { authorization: 'secret-4' } })
  const line = logged({ err: Object.assign(new TypeError('broken', { cause }), { headers: { cookie: 'secret-5' }, query: 'secret-6' }) })
  assert.doesNotMatch(line, /secret/)
  const { err } = JSON.parse(line) as { readonly err: unknown }
  assert.partialDeepStrictEqual(err, {
    type: 'TypeError',
    message: 'broken',
    cause: { message: 'connection refused', code: 'ECONNREFUSED' },
  })
})
