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

test('an answer that is longer than the cache is not kept', () => {
  const cache = new AnswerCache(1000)
  cache.set('/long', 't', { bytes: Buffer.alloc(2000), source: 'popular' })
  assert.equal(cache.get('/long', 't'), undefined)
  cache.set('/short', 't', { bytes: Buffer.from('short'), source: 'popular' })
  assert.equal(cache.get('/short', 't')?.bytes.toString(), 'short')
})
