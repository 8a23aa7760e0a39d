import assert from 'node:assert/strict'
import test from 'node:test'
import { fnv1a } from './fnv-1a.ts'

test('the published values of FNV-1a', () => {
  for (const [text, hash] of [
    ['', 0x811c9dc5],
    ['a', 0xe40c292c],
    ['foobar', 0xbf9cf968],
  ] as const)
    assert.equal(fnv1a(text), hash)
})
