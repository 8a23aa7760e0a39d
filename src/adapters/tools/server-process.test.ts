import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { freePort, isPortFree, requireListener, requirePort } from './free-port.ts'
import { startServerProcess, type ServerCommand } from './server-process.ts'

/** A server that writes what happens to its output before it happens: it may be killed as soon as it listens. */
const program = `
  const [port, manners] = process.argv.slice(1)
  console.log('serving')
  process.on('SIGTERM', () => { console.log('asked to stop'); if (manners === 'polite') process.exit(0) })
  process.on('SIGINT', () => console.log('interrupted'))
  require('node:net').createServer().listen(Number(port), '127.0.0.1')
`

async function newServer(context: TestContext, manners: 'polite' | 'stubborn'): Promise<ServerCommand & { readonly port: number }> {
  const folder = await mkdtemp(join(tmpdir(), 'matinee-server-'))
  context.after(() => rm(folder, { recursive: true, force: true }))
  const port = await freePort()
  return {
    port,
    name: 'the test server',
    command: process.execPath,
    args: ['-e', program, String(port), manners],
    environment: process.env,
    logPath: join(folder, 'logs', 'server.log'),
    graceMs: manners === 'polite' ? 10_000 : 1000,
    probe: () => requireListener('127.0.0.1', port),
  }
}

test('a server is there when it started, and gone when it stopped', async (context) => {
  const command = await newServer(context, 'polite')
  const server = await startServerProcess(command, 'internal')
  assert.equal(server.running, true)
  await assert.rejects(requirePort('127.0.0.1', command.port, 'a test', 'choose another'), {
    code: 'port_taken',
    message: `port ${command.port} on 127.0.0.1, wanted for a test, is taken by another program; choose another`,
  })
  await server.stop()
  assert.equal(server.running, false)
  assert.equal(await isPortFree('127.0.0.1', command.port), true)
  assert.equal(await readFile(command.logPath, 'utf8'), 'serving\nasked to stop\n')
  await server.stop()
})

test('one that does not want to stop is killed after its time', async (context) => {
  const command = await newServer(context, 'stubborn')
  const server = await startServerProcess(command, 'internal')
  await server.stop()
  assert.equal(await isPortFree('127.0.0.1', command.port), true)
  assert.equal(await readFile(command.logPath, 'utf8'), 'serving\nasked to stop\n')
})

test('a kill does not ask', async (context) => {
  const command = await newServer(context, 'polite')
  const server = await startServerProcess(command, 'internal')
  await server.kill()
  assert.equal(await isPortFree('127.0.0.1', command.port), true)
  assert.equal(await readFile(command.logPath, 'utf8'), 'serving\n')
  const again = await startServerProcess(command, 'internal')
  await again.stop()
})

test('one that ends while starting is an error with its last words and its log', async (context) => {
  const command = await newServer(context, 'polite')
  const failing = { ...command, args: ['-e', 'console.error("first"); console.error("no such folder"); process.exit(3)'] }
  await assert.rejects(startServerProcess(failing, 'temporal_unreachable'), {
    code: 'temporal_unreachable',
    message: `the test server ended while starting: no such folder; its log is ${command.logPath}`,
  })
  await assert.rejects(startServerProcess({ ...command, command: '/no/such/program' }, 'internal'), /no such program|ENOENT/i)
})

test('one that never serves is an error, and is not left behind', async (context) => {
  const command = await newServer(context, 'polite')
  const never = { ...command, startLimitMs: 200, probe: () => Promise.reject(new Error('not yet')) }
  await assert.rejects(startServerProcess(never, 'internal'), /did not serve within 0\.2 s/)
  assert.equal(await isPortFree('127.0.0.1', command.port), true)
})

test('Ctrl-C in the terminal does not reach it; the death of whoever started it ends it', async (context) => {
  const command = await newServer(context, 'polite')
  const parentProgram = join(command.logPath, '..', '..', 'parent.ts')
  const { probe: _, ...rest } = command
  await writeFile(
    parentProgram,
    `import { startServerProcess } from ${JSON.stringify(new URL('server-process.ts', import.meta.url).href)}
     import { requireListener } from ${JSON.stringify(new URL('free-port.ts', import.meta.url).href)}
     const command = ${JSON.stringify({ ...rest, environment: {} })}
     await startServerProcess({ ...command, probe: () => requireListener('127.0.0.1', ${command.port}) }, 'internal')
     process.on('SIGINT', () => {})
     setInterval(() => {}, 1000)
     process.stdout.write('started')`,
  )
  // A group of its own stands for the terminal's.
  const parent = spawn(process.execPath, [parentProgram], { detached: true, stdio: ['ignore', 'pipe', 'inherit'] })
  await once(parent.stdout, 'data')
  assert.ok(parent.pid)
  process.kill(-parent.pid, 'SIGINT')
  await requireListener('127.0.0.1', command.port)
  process.kill(-parent.pid, 'SIGKILL')
  while (!(await isPortFree('127.0.0.1', command.port))) await delay(10)
  assert.equal(await readFile(command.logPath, 'utf8'), 'serving\nasked to stop\n')
})

test('a program that starts a server may end without stopping it', async (context) => {
  const command = await newServer(context, 'polite')
  const { probe: _, ...rest } = command
  const parentProgram = join(command.logPath, '..', '..', 'parent.ts')
  await writeFile(
    join(parentProgram, '..', 'parent.ts'),
    `import { startServerProcess } from ${JSON.stringify(new URL('server-process.ts', import.meta.url).href)}
     await startServerProcess({ ...${JSON.stringify({ ...rest, environment: {} })}, probe: async () => {} }, 'internal')`,
  )
  const parent = spawn(process.execPath, [parentProgram], { stdio: 'inherit' })
  const [code] = await once(parent, 'exit')
  assert.equal(code, 0)
  while (!(await isPortFree('127.0.0.1', command.port))) await delay(10)
})
