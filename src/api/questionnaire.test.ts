import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import test, { type TestContext } from 'node:test'
import { Value } from 'typebox/value'
import { defaultQuestionnaire } from '../contracts/questionnaire-default.ts'
import { questionnaireKeys } from '../contracts/store-keys.ts'
import { publishQuestionnaire } from '../../test/support/publish-questionnaire.ts'
import { temporaryStores, testApp, type TestApp } from '../../test/support/test-api.ts'
import { questionnaireSchemas } from './questionnaire-schemas.ts'

const labels = defaultQuestionnaire.labels.map(({ id }) => id)
const labelOf = (entry: readonly number[], shift = 0): string => labels[entry.reduce((sum, answer) => sum + answer, shift) % 12] ?? ''
const key = 'matinee_secret'
const keys = [{ name: 'front', role: 'read', sha256: createHash('sha256').update(key).digest('hex') }] as const

async function serving(context: TestContext, options: Parameters<typeof testApp>[2] = {}): Promise<TestApp> {
  const { store } = await temporaryStores()
  await publishQuestionnaire(store, 'questionnaire-00000001')
  const api = await testApp(context, store, options)
  await api.questionnaire.poll()
  return api
}

const ask = ({ app }: TestApp, payload: string, headers: Record<string, string> = {}) =>
  app.inject({ method: 'POST', url: '/recommendations', payload, headers: { 'content-type': 'application/json', ...headers } })

test('the first version’s clients get their answer: any content type, any page, no key', async (context) => {
  const api = await serving(context, { access: { keys, host: '0.0.0.0', corsOrigins: ['https://tv.example'] } })
  const payload = '{"entry": [1,2,3,4,5]}'
  for (const headers of [
    {},
    { 'content-type': 'application/x-www-form-urlencoded' },
    { 'content-type': 'application/json' },
    { 'content-type': 'application/json;charset=UTF-8' },
    { 'content-type': 'text/plain' },
    { 'content-type': '' },
    { 'content-type': 'application/json', origin: 'https://anywhere.example', host: 'public.example' },
    { 'content-type': 'application/json', origin: 'https://tv.example' },
  ]) {
    const answer = await api.app.inject({ method: 'POST', url: '/recommendations', payload, headers })
    assert.equal(answer.statusCode, 200, JSON.stringify(headers))
    assert.equal(answer.body, `{"recommendedMysfit":"${labelOf([1, 2, 3, 4, 5])}"}`)
    assert.match(String(answer.headers['content-type']), /^application\/json/)
    assert.equal(answer.headers['access-control-allow-origin'], '*')
    assert.equal(answer.headers['cross-origin-resource-policy'], undefined, 'nothing that would keep a page from reading it')
  }
})

test('a preflight is answered as API Gateway did, with and without configured origins', async (context) => {
  for (const corsOrigins of [[], ['https://tv.example']]) {
    const { app } = await serving(context, { access: { keys, host: '0.0.0.0', corsOrigins } })
    for (const headers of [
      {},
      { 'content-type': 'application/json' },
      { origin: 'https://anywhere.example', 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type' },
    ]) {
      const answer = await app.inject({ method: 'OPTIONS', url: '/recommendations', headers })
      assert.equal(answer.statusCode, 200)
      assert.equal(answer.headers['access-control-allow-origin'], '*')
      assert.equal(
        answer.headers['access-control-allow-headers'],
        'Content-Type,X-Amz-Date,Authorization,X-Api-Key,X-Amz-Security-Token,X-Amz-User-Agent',
      )
      assert.match(String(answer.headers['access-control-allow-methods']), /\bPOST\b/)
    }
    const other = await app.inject({ method: 'OPTIONS', url: '/v1/questionnaire', headers: { origin: 'https://anywhere.example', 'access-control-request-method': 'POST' } }) // prettier-ignore
    assert.notEqual(other.headers['access-control-allow-origin'], '*', 'this route alone')
  }
})

test('what is not an entry is refused by name, and the page that asked may read why', async (context) => {
  const api = await serving(context)
  for (const [payload, name, pattern] of [
    ['{"entry":[1,2,3,4]}', 'entry', /entry: \[1,2,3,4\] is not allowed/],
    ['{"entry":[1,2,3,4,5,6]}', 'entry', /entry/],
    ['{"entry":"12345"}', 'entry', /entry: "12345" is not allowed/],
    ['{"entry":{"0":1}}', 'entry', /entry/],
    ['{"entry":null}', 'entry', /entry: null is not allowed/],
    ['{"entry":[1,2,3,4,9]}', 'entry/4', /entry\/4: 9 is not allowed; a whole number from 0 to 8 is/],
    ['{"entry":[-1,2,3,4,5]}', 'entry/0', /entry\/0: -1 is not allowed/],
    ['{"entry":[1,2.5,3,4,5]}', 'entry/1', /entry\/1: 2.5 is not allowed/],
    ['{"entry":[1,2,"3",4,5]}', 'entry/2', /entry\/2: "3" is not allowed/],
    ['{"entry":[1,2,null,4,5]}', 'entry/2', /entry\/2/],
    ['{"entry":[true,2,3,4,5]}', 'entry/0', /entry\/0/],
    ['{}', 'entry', /entry is missing from the body/],
    ['[1,2,3,4,5]', 'entry', /entry is missing from the body/],
    ['null', 'entry', /entry is missing/],
    ['{"__proto__":{"entry":[1,2,3,4,5]}}', 'entry', /entry is missing/],
    ['{"entry":[1,2,', undefined, /not JSON; send \{"entry":/],
    ['entry=1', undefined, /not JSON/],
    ['', undefined, /not JSON/],
  ] as const) {
    const answer = await ask(api, payload)
    assert.equal(answer.statusCode, 400, payload)
    assert.match(String(answer.headers['content-type']), /^application\/problem\+json/)
    assert.equal(answer.headers['access-control-allow-origin'], '*')
    const problem = answer.json()
    assert.equal(problem.code, 'request_invalid')
    assert.match(problem.detail, pattern, payload)
    assert.equal(problem.errors?.[0]?.name, name, payload)
  }
  const long = await ask(api, JSON.stringify({ entry: [1, 2, 3, 4, 5], more: 'x'.repeat(20_000) }))
  assert.equal(long.statusCode, 413)
  assert.equal(long.headers['access-control-allow-origin'], '*')
})

test('entries 0 to 8 are used as given, and further fields do not disturb', async (context) => {
  const api = await serving(context)
  for (const entry of [
    [0, 0, 0, 0, 0],
    [8, 8, 8, 8, 8],
    [0, 8, 0, 8, 0],
    [1, 2, 3, 4, 5.0],
  ])
    // prettier-ignore
    assert.deepEqual((await ask(api, JSON.stringify({ entry, user: 'x' }))).json(), { recommendedMysfit: labelOf(entry) })
})

test('before a model is trained the answer is 503, readable by any page; a model is swapped in without a pause', async (context) => {
  const { store } = await temporaryStores()
  const api = await testApp(context, store)
  await api.questionnaire.poll()
  const early = await ask(api, '{"entry":[1,2,3,4,5]}')
  assert.equal(early.statusCode, 503)
  assert.equal(early.json().code, 'model_missing')
  assert.equal(early.headers['access-control-allow-origin'], '*')
  assert.equal((await api.app.inject({ url: '/v1/questionnaire' })).statusCode, 503)
  const worries = api.log().filter((line) => Number(line['level']) >= 40 && JSON.stringify(line).includes(questionnaireKeys.modelLatest))
  assert.deepEqual(worries, [], 'a store without questionnaires is in order')

  for (const [version, shift] of [
    ['questionnaire-00000001', 0],
    ['questionnaire-00000002', 5],
  ] as const) {
    // prettier-ignore
    await publishQuestionnaire(store, version, { shift })
    await api.questionnaire.poll()
    assert.deepEqual((await ask(api, '{"entry":[1,2,3,4,5]}')).json(), { recommendedMysfit: labelOf([1, 2, 3, 4, 5], shift) })
  }
  await store.write(questionnaireKeys.model('questionnaire-00000003', 'manifest.json'), '{"format":1}')
  await store.write(questionnaireKeys.modelLatest, '{"version":"questionnaire-00000003"}')
  await api.questionnaire.poll()
  assert.deepEqual((await ask(api, '{"entry":[1,2,3,4,5]}')).json(), { recommendedMysfit: labelOf([1, 2, 3, 4, 5], 5) }, 'the last good one stays') // prettier-ignore
  assert.equal(api.questionnaire.status().problem?.code, 'store_corrupt')
})

test('a model of another format, or of other questions than its table, does not serve', async (context) => {
  const { store } = await temporaryStores()
  const { questionnaire } = await testApp(context, store)
  const manifest = await publishQuestionnaire(store, 'questionnaire-00000001')
  const manifestKey = questionnaireKeys.model('questionnaire-00000001', 'manifest.json')
  await store.write(manifestKey, JSON.stringify({ ...manifest, format: 2 }))
  await questionnaire.poll()
  assert.equal(questionnaire.status().problem?.code, 'model_incompatible')

  const definition = { ...defaultQuestionnaire, questions: defaultQuestionnaire.questions.slice(1) }
  const other = await publishQuestionnaire(store, 'questionnaire-00000002', { definition })
  await store.write(
    questionnaireKeys.model('questionnaire-00000001', 'definition.json'),
    (await store.read(questionnaireKeys.model('questionnaire-00000002', 'definition.json')))?.body ?? '',
  )
  await store.write(
    manifestKey,
    JSON.stringify({ ...manifest, files: { ...manifest.files, 'definition.json': other.files['definition.json'] } }),
  )
  await store.write(questionnaireKeys.modelLatest, '{"version":"questionnaire-00000001"}\n')
  await questionnaire.poll()
  assert.match(questionnaire.status().problem?.detail ?? '', /has answers \[9, 9, 9, 9, 9\] and 12 labels, its definition \[9, 9, 9, 9\]/)
})

test('a form learns its questions, and an answer its probabilities and the model it came from', async (context) => {
  const { app } = await serving(context)
  const form = (await app.inject({ url: '/v1/questionnaire' })).json()
  assert.equal(form.model, 'questionnaire-00000001')
  assert.deepEqual(
    form.questions.map(({ id }: { id: string }) => id),
    ['age_group', 'occupation', 'relaxation', 'colour', 'sport'],
  )
  for (const { text, options } of form.questions) {
    assert.match(text.ko, /[가-힣]/)
    assert.match(text.en, /[a-z]/)
    assert.deepEqual(
      options.map(({ value }: { value: number }) => value),
      [0, 1, 2, 3, 4, 5, 6, 7],
    )
  }
  const post = (payload: object) => app.inject({ method: 'POST', url: '/v1/questionnaire', payload })
  const short = await post({ entry: [0, 0, 0, 0, 3] })
  assert.deepEqual(short.json(), { model: 'questionnaire-00000001', id: labels[3], name: null, probability: 0.75 })
  const long = (await post({ entry: [0, 0, 0, 0, 3], probabilities: true })).json()
  assert.equal(long.probabilities.length, 12)
  assert.equal(long.probabilities[0].id, labels[3])
  assert.ok(Math.abs(long.probabilities.reduce((sum: number, { probability }: { probability: number }) => sum + probability, 0) - 1) < 1e-6)
  assert.equal((await post({ entry: [0, 0, 0, 0, '3'] })).json().errors[0].name, 'entry/4')
  assert.equal((await post({ entry: [0, 0, 0, 0, 3], probabilities: 'yes' })).json().errors[0].name, 'probabilities')
  const form2 = await app.inject({ method: 'POST', url: '/v1/questionnaire', payload: 'x', headers: { 'content-type': 'text/plain' } })
  assert.equal(form2.statusCode, 415, 'this route takes JSON alone')
})

test('the newer routes need a key of role read where keys are configured', async (context) => {
  const { app } = await serving(context, { access: { keys, host: '0.0.0.0' } })
  const payload = { entry: [1, 2, 3, 4, 5] }
  assert.equal((await app.inject({ url: '/v1/questionnaire' })).statusCode, 401)
  assert.equal((await app.inject({ method: 'POST', url: '/v1/questionnaire', payload })).statusCode, 401)
  const headers = { 'x-api-key': key }
  assert.equal((await app.inject({ url: '/v1/questionnaire', headers })).statusCode, 200)
  assert.equal((await app.inject({ method: 'POST', url: '/v1/questionnaire', payload, headers })).statusCode, 200)
})

test('every example of a schema is what the schema allows', () => {
  for (const schema of questionnaireSchemas) {
    const examples: unknown = 'examples' in schema ? schema.examples : undefined
    assert.ok(Array.isArray(examples) && examples.length > 0, schema.$id)
    for (const example of examples) assert.ok(Value.Check(schema, example), `${schema.$id}: ${JSON.stringify(example)}`)
  }
})
