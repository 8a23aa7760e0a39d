import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { withFileLock } from './file-lock.ts'

async function newLock(context: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'matinee-lock-'))
  context.after(() => rm(folder, { recursive: true, force: true }))
  return join(folder, 'lock')
}

test('one at a time, also within a process, and free again after an error', async (context) => {
  const path = await newLock(context)
  let inside = 0
  let most = 0
  const results = await Promise.allSettled(
    Array.from({ length: 20 }, (_, index) =>
      withFileLock(path, async () => {
        most = Math.max(most, ++inside)
        await new Promise((resolve) => setImmediate(resolve))
        inside--
        if (index % 3 === 0) throw new Error('on purpose')
        return index
      }),
    ),
  )
  assert.equal(most, 1)
  assert.equal(results.filter((result) => result.status === 'rejected').length, 7)
  assert.equal(await withFileLock(path, () => 'free'), 'free')
  assert.equal(await readFile(path, 'utf8'), '', 'nothing is written to it')
})

test('the lock of a killed process is free; until then others wait as long as they want to', async (context) => {
  const path = await newLock(context)
  const program = join(path, '..', 'holder.ts')
  const lockModule = JSON.stringify(new URL('file-lock.ts', import.meta.url).href)
  await writeFile(
    program,
    `import { withFileLock } from ${lockModule}
     await withFileLock(process.argv[2] ?? '', () => new Promise(() => { process.stdout.write('held'); setInterval(() => {}, 1000) }))`,
  )
  const holder = spawn(process.execPath, [program, path], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(holder.stdout, 'data')

  let waits = 0
  const impatient = withFileLock(path, () => 'never', { signal: AbortSignal.timeout(50), onWait: () => waits++ })
  await assert.rejects(impatient, { name: 'AbortError' })
  assert.equal(waits, 1)
  const patient = withFileLock(path, () => 'mine')
  holder.kill('SIGKILL')
  assert.equal(await patient, 'mine')
})
