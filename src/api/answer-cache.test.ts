import assert from 'node:assert/strict'
import test from 'node:test'
import { Random } from '../model/random/random.ts'
import { AnswerCache } from './answer-cache.ts'

const bytesAtMost = 1024 * 1024

test('what is answered is what was kept last under that tag, whatever came and went; it takes no more than it may', () => {
  const cache = new AnswerCache(bytesAtMost)
  const random = Random.seeded(1)
  const kept = new Map<string, { tag: string; bytes: Buffer }>()
  let [found, gone] = [0, 0]
  for (let n = 0; n < 30_000; n++) {
    // Some keys come often and stay; some answers are longer than a slab.
    const key = `/${random.below(2) === 0 ? random.below(20) : random.below(2000)}`
    const tag = `t${random.below(2)}`
    const got = cache.get(key, tag)
    const expected = kept.get(key)
    if (got === undefined) gone += Number(expected?.tag === tag)
    else {
      found++
      assert.equal(expected?.tag, tag)
      assert.ok(got.bytes.equals(expected.bytes), key)
      continue
    }
    const bytes = Buffer.alloc(random.below(100) === 0 ? 70_000 + random.below(1000) : random.below(3000), n)
    cache.set(key, tag, { bytes, source: 'popular' })
    kept.set(key, { tag, bytes })
    assert.ok(cache.bytes <= bytesAtMost)
  }
  assert.ok(found > 5000 && gone > 1000, `${found} found, ${gone} gone`)
})

test('room of what is gone is used again: answers that come and go take no new memory', () => {
  const cache = new AnswerCache(bytesAtMost)
  const bytes = Buffer.alloc(8000)
  const keep = (from: number): void => {
    for (let n = from; n < from + 1000; n++) cache.set(`/${n}`, 't', { bytes, source: 'popular' })
  }
  keep(0)
  const before = process.memoryUsage().arrayBuffers
  keep(1000)
  assert.ok(process.memoryUsage().arrayBuffers <= before)
})

test('an answer that is longer than the cache is not kept, and none goes for it', () => {
  const cache = new AnswerCache(1000)
  cache.set('/before', 't', { bytes: Buffer.from('before'), source: 'popular' })
  cache.set('/long', 't', { bytes: Buffer.alloc(2000), source: 'popular' })
  assert.equal(cache.get('/long', 't'), undefined)
  assert.equal(cache.get('/before', 't')?.bytes.toString(), 'before')
  cache.set('/short', 't', { bytes: Buffer.from('short'), source: 'popular' })
  assert.equal(cache.get('/short', 't')?.bytes.toString(), 'short')
})

test('what is asked for again and again stays, whatever comes meanwhile', () => {
  const cache = new AnswerCache(bytesAtMost)
  const answer = { bytes: Buffer.alloc(1000, 1), source: 'popular' }
  const asked = Array.from({ length: 100 }, (_, n) => `/asked/${n}`)
  for (const key of [...asked, '/forgotten']) cache.set(key, 't', answer)
  for (let n = 0; n < 10_000; n++) {
    cache.set(`/${n}`, 't', { bytes: Buffer.alloc(1000, 2), source: 'personal' })
    assert.deepEqual(cache.get(asked[n % asked.length] ?? '', 't'), answer)
  }
  assert.equal(cache.get('/forgotten', 't'), undefined)
})

test('keys of the same hash, and tags that begin alike, have each its own answer', () => {
  const cache = new AnswerCache(bytesAtMost)
  const entries = [
    ['/users/0hjgl39', 't'],
    ['/users/1wt0nz3', 't'],
    ['/users/a', 't'],
    ['/users/acb77phg', 't'],
    ['/users/b', 'tag'],
  ] as const
  for (const [key, tag] of entries) cache.set(key, tag, { bytes: Buffer.from(key), source: key })
  for (const [key, tag] of entries) {
    const found = cache.get(key, tag)
    assert.equal(found?.bytes.toString(), key)
    assert.equal(found.source, key)
  }
  assert.equal(cache.get('/users/b', 't'), undefined)
  cache.set('/users/long', 't', { bytes: Buffer.from('ag'), source: 'popular' })
  assert.equal(cache.get('/users/long', 'tag'), undefined)
})

test('however many entries have the same hash, few are looked at', () => {
  const cache = new AnswerCache(bytesAtMost)
  const answer = { bytes: Buffer.from('answer'), source: 'popular' }
  cache.set('/users/0hjgl39', 't', answer)
  for (let tag = 0; tag < 20; tag++) cache.set('/users/1wt0nz3', `t${tag}`, answer)
  assert.deepEqual(cache.get('/users/0hjgl39', 't'), answer)
  for (let tag = 0; tag < 1000; tag++) cache.set('/users/1wt0nz3', `t${tag}`, answer)
  assert.equal(cache.get('/users/0hjgl39', 't'), undefined)
  cache.set('/users/0hjgl39', 't', answer)
  assert.deepEqual(cache.get('/users/0hjgl39', 't'), answer)
})

test('a text beyond Latin-1 is not taken for one that is written with the same bytes', () => {
  const cache = new AnswerCache(bytesAtMost)
  cache.set('/A', 't', { bytes: Buffer.from('A'), source: 'popular' })
  for (const [key, tag] of [
    ['/\u0141', 't'],
    ['/A', '\u0174'],
  ] as const)
    assert.equal(cache.get(key, tag), undefined)
})
