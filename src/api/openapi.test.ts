import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import test from 'node:test'
import { Type, type TSchema } from 'typebox'
import { Value } from 'typebox/value'
import { eventSchemas } from './event-schemas.ts'
import { operatorSchemas } from './operator-schemas.ts'
import { sharedSchemas } from './schemas.ts'
import { temporaryStores, testApp } from '../../test/support/test-api.ts'
import { openApiText } from './openapi.ts'

interface Operation {
  readonly operationId?: string
  readonly summary?: string
  readonly responses: Readonly<Record<string, { readonly content?: object }>>
}

test('docs/openapi.json is what the routes say: "node scripts/write-openapi.ts" writes it anew', async (context) => {
  const { store } = await temporaryStores()
  const { app } = await testApp(context, store)
  const served = await app.inject({ url: '/openapi.json' })
  assert.equal(served.statusCode, 200)
  const committed = readFileSync(new URL('../../docs/openapi.json', import.meta.url), 'utf8')
  assert.deepEqual(served.json(), JSON.parse(committed))
  assert.equal(openApiText(app), committed)
})

test('every operation has a name of its own, a summary, and problem documents for its refusals', async (context) => {
  const { store } = await temporaryStores()
  const { app } = await testApp(context, store)
  const document = (await app.inject({ url: '/openapi.json' })).json()
  const names: string[] = []
  for (const [path, operations] of Object.entries<Record<string, Operation>>(document.paths))
    for (const [method, { operationId, summary, responses }] of Object.entries(operations)) {
      const where = `${method} ${path}`
      assert.ok(operationId !== undefined && summary !== undefined, where)
      names.push(operationId)
      for (const [status, { content = {} }] of Object.entries(responses))
        assert.deepEqual(
          Object.keys(content),
          ['204', '304'].includes(status) ? [] : [status.startsWith('2') ? 'application/json' : 'application/problem+json'],
          `${where} ${status}`,
        )
    }
  assert.equal(new Set(names).size, names.length)
})

test('every example is what its schema allows', () => {
  const schemas = [...sharedSchemas, ...eventSchemas, ...operatorSchemas]
  const definitions = Object.fromEntries(schemas.map((schema) => [schema.$id, schema]))
  let checked = 0
  for (const schema of schemas) {
    const examples: unknown = 'examples' in schema ? schema.examples : []
    for (const example of Array.isArray(examples) ? examples : []) {
      assert.equal(Value.Check(definitions, schema as TSchema, example), true, `${schema.$id}: ${JSON.stringify(example)}`)
      checked++
    }
  }
  assert.ok(checked >= 8)
  assert.equal(Value.Check(definitions, Type.Ref('Recommendations'), {}), false, 'references are followed')
})

test('the documentation page loads from this server alone', async (context) => {
  const { store } = await temporaryStores()
  const { app } = await testApp(context, store)
  const page = await app.inject({ url: '/docs' })
  assert.equal(page.statusCode, 200)
  assert.match(String(page.headers['content-type']), /text\/html/)
  assert.match(String(page.headers['content-security-policy']), /default-src 'self'/)
  for (const [, url] of page.body.matchAll(/(?:src|href)="([^"]+)"/g)) {
    assert.doesNotMatch(url ?? '', /^(?:https?:)?\/\//)
    assert.equal((await app.inject({ url: new URL(url ?? '', 'http://localhost/docs').pathname })).statusCode, 200, url)
  }
  assert.match((await app.inject({ url: '/docs/static/swagger-initializer.js' })).body, /\/openapi\.json/)
})
