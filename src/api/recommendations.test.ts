import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import { publishModel, titles } from '../../test/support/publish-model.ts'
import { temporaryStores, testApp } from '../../test/support/test-api.ts'

const version = '2024-W01-0000000a'

async function serving(context: TestContext, algorithm = 'warp') {
  const { store } = await temporaryStores()
  await publishModel(store, version, { algorithm })
  const { app } = await testApp(context, store)
  return async (url: string) => {
    const response = await app.inject({ url })
    return { status: response.statusCode, body: response.json(), headers: response.headers }
  }
}

const ids = (body: { items: { program_id: string }[] }): string[] => body.items.map((item) => item.program_id)
const idsOf = (...positions: number[]): string[] => positions.map((position) => String(100 + position))

test('a known user gets titles in their own order, without what was watched and what may not be recommended', async (context) => {
  const get = await serving(context)
  const { status, body } = await get('/v1/users/u-0/recommendations')
  assert.equal(status, 200)
  assert.deepEqual({ ...body, items: undefined }, { user: 'u-0', model: version, week: '2024-W01', source: 'personal', items: undefined })
  assert.deepEqual(ids(body), idsOf(2, 3, 4, 5, 6, 8, 9, 10, 11, 12))
  assert.deepEqual(body.items[0], {
    program_id: '102',
    program_name: '쇼 2',
    genre: '뉴스/시사',
    age_limit: 15,
    score: -2,
    reason: 'because you watched 쇼 1',
    because: { program_id: '101', program_name: '쇼 1' },
  })
  assert.deepEqual(ids((await get('/v1/users/u-1/recommendations?k=2')).body), idsOf(28, 27))
})

test('exclude_seen=false leaves watched titles in', async (context) => {
  const get = await serving(context)
  assert.deepEqual(ids((await get('/v1/users/u-0/recommendations?k=3&exclude_seen=false')).body), idsOf(0, 1, 2))
  assert.deepEqual(ids((await get('/v1/users/u-0/recommendations?k=3&exclude_seen=true')).body), idsOf(2, 3, 4))
})

test('someone whom the model does not know, or of whom it has no viewing, gets what is popular', async (context) => {
  const get = await serving(context)
  for (const user of ['stranger', 'u-2', '사용자', 'a%2Fb']) {
    const { status, body } = await get(`/v1/users/${encodeURI(user)}/recommendations?k=5`)
    assert.equal(status, 200)
    assert.equal(body.source, 'popular')
    assert.deepEqual(ids(body), idsOf(15, 14, 16, 13, 17))
    assert.equal(body.items[0].reason, 'popular')
  }
  const { body } = await get('/v1/popular?k=5')
  assert.deepEqual(ids(body), idsOf(15, 14, 16, 13, 17))
  assert.equal(body.items[0].score, 100)
  assert.deepEqual({ model: body.model, week: body.week, source: body.source }, { model: version, week: '2024-W01', source: 'popular' })
})

test('what a popularity model gives is not called personal', async (context) => {
  const get = await serving(context, 'popularity')
  const { body } = await get('/v1/users/u-0/recommendations?k=3')
  assert.equal(body.source, 'popular')
  assert.deepEqual(ids(body), idsOf(15, 14, 16))
})

test('filters apply before the best are chosen', async (context) => {
  const get = await serving(context)
  const genre = encodeURIComponent('드라마')
  assert.deepEqual(ids((await get(`/v1/users/u-0/recommendations?k=3&genre=${genre}`)).body), idsOf(3, 6, 9))
  const two = `${genre},${encodeURIComponent('뉴스/시사')}`
  const either = idsOf(2, 3, 5, 6, 8)
  assert.deepEqual(ids((await get(`/v1/users/u-0/recommendations?k=5&genre=${two}`)).body), either)
  assert.deepEqual(ids((await get(`/v1/users/u-0/recommendations?k=5&genre=${two.replace(',', '&genre=')}`)).body), either)
  // Age limits are 0, 12, 15, 19 and unknown, in turn: 15 leaves out the last two.
  assert.deepEqual(ids((await get('/v1/users/u-0/recommendations?k=4&max_age=15')).body), idsOf(2, 5, 6, 10))
  assert.deepEqual(ids((await get('/v1/users/u-0/recommendations?k=2&max_age=0')).body), idsOf(5, 10))
})

test('a list is as long as there are titles, and no longer', async (context) => {
  const get = await serving(context)
  const { body } = await get('/v1/users/u-0/recommendations?k=100')
  assert.equal(body.items.length, titles.length - 1 - 2)
  assert.equal(new Set(ids(body)).size, body.items.length)
})

test('an empty parameter is no parameter', async (context) => {
  const get = await serving(context)
  const { status, body } = await get('/v1/users/u-0/recommendations?k=10&genre=&max_age=&exclude_seen=true')
  assert.equal(status, 200)
  assert.equal(body.items.length, 10)
})

test('a wrong parameter is named with its value and what is allowed', async (context) => {
  const get = await serving(context)
  const cases: readonly (readonly [string, string, string])[] = [
    ['k=0', 'k', 'k: 0 is not allowed; a whole number from 1 to 100 is'],
    ['k=101', 'k', 'k: 101 is not allowed; a whole number from 1 to 100 is'],
    ['k=ten', 'k', 'k: "ten" is not allowed; a whole number from 1 to 100 is'],
    ['k=1.5', 'k', 'k: "1.5" is not allowed; a whole number from 1 to 100 is'],
    ['k=1&k=2', 'k', 'k: ["1","2"] is not allowed; a whole number from 1 to 100 is'],
    ['max_age=-1', 'max_age', 'max_age: -1 is not allowed; a whole number from 0 to 150 is'],
    ['exclude_seen=maybe', 'exclude_seen', 'exclude_seen: "maybe" is not allowed; true or false is'],
    ['top=5', 'top', 'top is not known; parameters are k, genre, max_age, exclude_seen, diversity, reasons, model'],
  ]
  for (const [query, name, message] of cases) {
    const { status, body, headers } = await get(`/v1/users/u-0/recommendations?${query}`)
    assert.equal(status, 400, query)
    assert.match(String(headers['content-type']), /^application\/problem\+json/)
    assert.equal(body.code, 'request_invalid')
    assert.equal(body.detail, message)
    assert.deepEqual(body.errors, [{ in: 'query', name, message }])
    assert.equal(body.instance, '/v1/users/u-0/recommendations')
    assert.equal(body.request_id, headers['x-request-id'])
  }
})

test('a genre that no title has is refused with those that there are', async (context) => {
  const get = await serving(context)
  const { status, body } = await get('/v1/popular?genre=Western')
  assert.equal(status, 400)
  assert.equal(body.code, 'request_invalid')
  assert.equal(body.detail, 'genre: "Western" is not known; known are 뉴스/시사, 드라마, 영화')
})

test('?model= asks another version than the one that serves', async (context) => {
  const { store } = await temporaryStores()
  await publishModel(store, '2023-W52-0000000b', { algorithm: 'popularity' })
  await publishModel(store, version)
  const { app } = await testApp(context, store)
  const old = (await app.inject({ url: '/v1/users/u-0/recommendations?k=2&model=2023-W52-0000000b' })).json()
  assert.deepEqual(
    { model: old.model, week: old.week, ids: ids(old) },
    { model: '2023-W52-0000000b', week: '2023-W52', ids: idsOf(15, 14) },
  )
  assert.equal((await app.inject({ url: '/v1/users/u-0/recommendations' })).json().model, version)
  const none = await app.inject({ url: '/v1/users/u-0/recommendations?model=2023-W51-0000000c' })
  assert.equal(none.statusCode, 404)
  assert.equal(none.json().code, 'not_found')
  assert.equal((await app.inject({ url: '/v1/users/u-0/recommendations?model=../../etc' })).statusCode, 400)
})

test('history and titles, for inspectors', async (context) => {
  const get = await serving(context)
  const history = (await get('/v1/users/u-0/history')).body
  assert.deepEqual(ids(history), idsOf(0, 1))
  assert.equal(history.known, true)
  const unknown = (await get('/v1/users/stranger/history')).body
  assert.deepEqual({ known: unknown.known, items: unknown.items }, { known: false, items: [] })

  const programs = (await get('/v1/programs?limit=2&offset=1')).body
  assert.deepEqual(ids(programs), idsOf(14, 16))
  assert.equal(programs.total, titles.length - 1)
  assert.deepEqual(programs.genres, ['뉴스/시사', '드라마', '영화'])
  assert.deepEqual(ids((await get(`/v1/programs?q=${encodeURIComponent('쇼 29')}`)).body), idsOf(29))

  const program = await get('/v1/programs/115')
  assert.deepEqual(program.body, {
    program_id: '115',
    program_name: '쇼 15',
    genre: '드라마',
    age_limit: 0,
    category: 'TV',
    release_date: '2020-01-15',
    viewers: 100,
    recommendable: true,
  })
  assert.equal((await get('/v1/programs/107')).body.recommendable, false)
  const missing = await get('/v1/programs/999')
  assert.deepEqual([missing.status, missing.body.code], [404, 'not_found'])
})
