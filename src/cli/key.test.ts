import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import test from 'node:test'
import { readConfig } from '../config/environment.ts'
import { keyCommand } from './key.ts'

async function create(...parameters: string[]): Promise<string[]> {
  const lines: string[] = []
  const command = keyCommand({
    config: () => assert.fail('needs no configuration'),
    out: (text) => void lines.push(text),
    progress: () => undefined,
  })
  await command.parseAsync(['create', ...parameters], { from: 'user' })
  return lines
}

test('the entry is what MATINEE_API_KEYS takes, and its digest is the key’s', async () => {
  const [keyLine = '', entryLine = ''] = await create('web-1.example', 'write')
  const key = keyLine.replace('key    ', '')
  const entry = entryLine.replace('entry  ', '')
  assert.match(key, /^matinee_[\w-]{43}$/)
  assert.deepEqual(readConfig({ MATINEE_API_KEYS: entry }).api.keys, [
    { name: 'web-1.example', role: 'write', sha256: createHash('sha256').update(key).digest('hex') },
  ])
})

test('no two keys are alike', async () => {
  const keys = await Promise.all(Array.from({ length: 20 }, async () => (await create('a', 'read'))[0]))
  assert.equal(new Set(keys).size, keys.length)
})

test('--json prints one object', async () => {
  const [line = '', ...rest] = await create('a', 'admin', '--json')
  assert.deepEqual(rest, [])
  const { name, role, key, entry } = JSON.parse(line)
  assert.deepEqual([name, role, entry], ['a', 'admin', `a:admin:${createHash('sha256').update(key).digest('hex')}`])
})

test('a name that would break the list is refused', async () => {
  for (const name of ['a,b', 'a:b', 'a b', '']) await assert.rejects(create(name, 'read'), { code: 'usage_invalid' })
})
