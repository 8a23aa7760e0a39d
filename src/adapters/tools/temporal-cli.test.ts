import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { promisify } from 'node:util'
import { freePort } from './free-port.ts'
import { findOnPath } from './programs.ts'
import { findTemporal } from './temporal-cli.ts'

const run = promisify(execFile)
const answer = (server: string): string => `#!/bin/sh\necho "temporal version 1.5.1 (Server ${server}, UI 2.42.1)"\n`

interface Machine {
  readonly folder: string
  readonly environment: Readonly<Record<string, string>>
  readonly lines: string[]
}

/** A machine with nothing on it but tar and gzip: no Temporal, an empty cache, and no way for Go to fetch anything. */
async function newMachine(context: TestContext): Promise<Machine> {
  const folder = await mkdtemp(join(tmpdir(), 'matinee-cli-'))
  context.after(() => rm(folder, { recursive: true, force: true }))
  const bin = join(folder, 'bin')
  await mkdir(bin)
  for (const name of ['tar', 'gzip']) await symlink((await findOnPath(name, process.env)) ?? name, join(bin, name))
  return {
    folder,
    lines: [],
    environment: {
      PATH: bin,
      HOME: folder,
      XDG_CACHE_HOME: join(folder, 'cache'),
      GOPROXY: 'off',
      GOMODCACHE: join(folder, 'go'),
      GOFLAGS: '',
    },
  }
}

/** Answers as Temporal's site does, and counts the questions. */
async function newSite(context: TestContext, script: string): Promise<{ readonly site: string; readonly questions: string[] }> {
  const folder = await mkdtemp(join(tmpdir(), 'matinee-site-'))
  context.after(() => rm(folder, { recursive: true, force: true }))
  await writeFile(join(folder, 'temporal'), script)
  await run('tar', ['-czf', join(folder, 'archive.tar.gz'), '-C', folder, 'temporal'])
  const questions: string[] = []
  const port = await freePort()
  const server = createServer((request, response) => {
    questions.push(request.url ?? '')
    const archiveUrl = `http://127.0.0.1:${port}/archive/temporal.tar.gz`
    if (request.url?.startsWith('/archive') === true) void readFile(join(folder, 'archive.tar.gz')).then((archive) => response.end(archive))
    else response.end(JSON.stringify({ archiveUrl, fileToExtract: 'temporal', more: true }))
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  context.after(() => server.close())
  return { site: `http://127.0.0.1:${port}`, questions }
}

const find = ({ environment, lines }: Machine, site: string): Promise<string> =>
  findTemporal({ environment, log: (line) => lines.push(line), site })

test('a Temporal on PATH is used, with no word and no question', async (context) => {
  const machine = await newMachine(context)
  const { site, questions } = await newSite(context, answer('1.29.1'))
  const path = join(machine.folder, 'bin', 'temporal')
  await writeFile(path, answer('1.28.0'), { mode: 0o755 })
  assert.equal(await find(machine, site), path)
  assert.deepEqual([machine.lines, questions], [[], []])
})

test('one that is too old, or does not run, is passed over: downloaded once, then from the cache', async (context) => {
  const machine = await newMachine(context)
  const { site, questions } = await newSite(context, answer('1.29.1'))
  const installed = join(machine.folder, 'bin', 'temporal')
  await writeFile(installed, answer('1.9.9'), { mode: 0o755 })
  const path = await find(machine, site)
  assert.equal(path, join(machine.folder, 'cache', 'matinee', 'bin', 'temporal-v1.5.1'))
  assert.match(machine.lines[0] ?? '', /^Not using .*temporal: its server 1\.9 is older than 1\.28$/)
  assert.match(questions[0] ?? '', /^\/cli\/v1\.5\.1\?arch=(amd64|arm64)&platform=(linux|darwin|windows)$/)
  assert.equal(questions.length, 2)
  await writeFile(installed, '#!/bin/sh\nexit 1\n')
  assert.equal(await find(machine, site), path)
  assert.equal(questions.length, 2)
  assert.deepEqual(await readdir(join(path, '..')), ['temporal-v1.5.1'])
})

test('where every way fails the error names each and the way out, and nothing is left in the cache', async (context) => {
  const machine = await newMachine(context)
  const { site } = await newSite(context, '#!/bin/sh\necho not a temporal\n')
  await assert.rejects(find(machine, site), (error: unknown) => {
    assert.ok(error instanceof Error && 'code' in error)
    assert.equal(error.code, 'tool_missing')
    assert.match(
      error.message,
      /not on PATH; download from http:.*: "--version" answered "not a temporal"; build with Go: .*; install it from https:/,
    )
    return true
  })
  const cached = await readdir(join(machine.folder, 'cache', 'matinee', 'bin'))
  assert.deepEqual(
    cached.filter((name) => !name.endsWith('.lock')),
    [],
  )
  const away = `http://127.0.0.1:${await freePort()}`
  await assert.rejects(find(machine, away), new RegExp(`download from ${away}: connect ECONNREFUSED`))
})
