/** The client as a package: compiled, installed beside a program that knows nothing of ours, and asked of a real API. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { DirectoryObjectStore } from '../src/adapters/object-store/directory-store.ts'
import { ApiError, createClient } from '../client/index.ts'
import { startApi } from './support/api-process.ts'
import { root, textOf } from './support/project-files.ts'
import { publishModel } from './support/publish-model.ts'
import { temporaryFolder } from './support/temporary-folder.ts'

const consumer = `
import { ApiError, createClient, type Recommendations } from 'matinee-client'
const matinee = createClient({ url: process.argv[2] ?? '', key: 'the-key' })
const answer: Recommendations = await matinee.call('getRecommendations', { path: { id: 'u/0' }, query: { k: 3, genre: ['드라마', '영화'] } })
const refused = await matinee.call('getPopular', { query: { k: 0 } }).catch((error: unknown) => error)
if (!(refused instanceof ApiError)) throw new Error('k=0 is refused')
console.log(JSON.stringify({ user: answer.user, model: answer.model, code: refused.problem?.code }))
`

test('the package works for a program in a folder of its own, and holds what its types say', { timeout: 120_000 }, async (context) => {
  const folder = await temporaryFolder('client')
  const version = '2024-W01-00000001'
  await publishModel(new DirectoryObjectStore(join(folder, 'store')), version)
  const environment = { MATINEE_STORE_URL: `file:${join(folder, 'store')}` }
  const { url } = await startApi(context, { folder, copy: join(folder, 'copy'), environment })
  const matinee = createClient({ url: `${url}/` })
  while ((await matinee.call('getReadiness', {}).catch(() => undefined)) === undefined) await delay(20)

  const node = process.execPath
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  const installed = join(folder, 'program/node_modules/matinee-client')
  mkdirSync(installed, { recursive: true })
  const compiled = spawnSync(node, [tsc, '-p', join(root, 'client'), '--outDir', join(installed, 'dist')], { encoding: 'utf8' })
  assert.equal(compiled.status, 0, compiled.stdout)
  cpSync(join(root, 'client/package.json'), join(installed, 'package.json'))
  cpSync(join(root, 'node_modules/@types/node'), join(folder, 'program/node_modules/@types/node'), { recursive: true })
  cpSync(join(root, 'node_modules/undici-types'), join(folder, 'program/node_modules/undici-types'), { recursive: true })
  const program = join(folder, 'program/ask.ts')
  writeFileSync(program, consumer)
  writeFileSync(join(folder, 'program/package.json'), JSON.stringify({ type: 'module' }))
  const typed = spawnSync(
    node,
    [tsc, '--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', '--target', 'es2022', '--types', 'node', program],
    { encoding: 'utf8', cwd: join(folder, 'program') },
  )
  assert.equal(typed.status, 0, typed.stdout)
  const { stdout, stderr, status: ended } = spawnSync(node, [program, url], { encoding: 'utf8' })
  assert.equal(ended, 0, stderr)
  assert.deepEqual(JSON.parse(stdout), { user: 'u/0', model: version, code: 'request_invalid' })

  const { status: unanswered } = await createClient({ url: 'http://127.0.0.1:1' })
    .call('getHealth', {})
    .then(() => ({ status: 200 }))
    .catch((error: unknown) => (error instanceof ApiError ? error : Promise.reject(error)))
  assert.equal(unanswered, 0, 'nothing answers there')
})

const versionOf = (path: string): unknown => {
  const value: unknown = JSON.parse(textOf(path))
  return typeof value === 'object' && value !== null && 'version' in value ? value.version : undefined
}

test('it has the version of the API that it was made for, and is ready to be packed', () => {
  assert.equal(versionOf('client/package.json'), versionOf('package.json'))
  assert.match(readFileSync(join(root, 'client/README.md'), 'utf8'), /createClient\(/)
})
