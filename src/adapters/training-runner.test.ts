import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { temporaryFolder } from '../../test/support/temporary-folder.ts'
import type { SearchInput } from '../contracts/run.ts'
import { parseWeek } from '../contracts/week.ts'
import { ChildProcessRunner, type RunnerOptions } from './training-runner.ts'

/** Speaks as the training process does. The job says by `seed` how it ends; the result's `trials` is the process's id. */
const entryModule = `
process.on('disconnect', () => process.exit(1))
process.on('message', ({ input: { seed } }) => {
  if (seed === 1) return process.send({ type: 'error', code: 'training_diverged', message: 'too fast', details: {} }, () => process.disconnect())
  if (seed === 2) return process.kill(process.pid, 'SIGKILL')
  if (seed === 3) return
  const waits = seed !== 4
  process.send({ type: 'result', result: { trials: process.pid }, waits }, () => waits || process.disconnect())
})
`
const [well, fails, dies, hangs, leavesNoRoom] = [0, 1, 2, 3, 4]

async function newRunner(context: TestContext, options?: RunnerOptions): Promise<(seed: number, signal?: AbortSignal) => Promise<number>> {
  const entry = join(await temporaryFolder('runner'), 'entry.mjs')
  await writeFile(entry, entryModule)
  const setup = {
    store: { kind: 'file', path: '/' },
    scratchDirectory: '/',
    memoryMib: 1,
    threads: 1,
    searchSeconds: 0,
    searchFits: 0,
  } as const
  const runner = new ChildProcessRunner(entry, setup, options)
  context.after(() => runner.close())
  const features: SearchInput['features'] = { week: parseWeek('2023-W40'), digest: '', pairs: 0, watchedPairs: 0, users: 0, programs: 0 }
  return async (seed, signal = new AbortController().signal) =>
    (await runner.run('search', { features, seed }, { onProgress: () => {}, signal })).trials
}

test('jobs that follow each other share a process; one that failed, died or left no room is the last of its own', async (context) => {
  const run = await newRunner(context)
  const first = await run(well)
  assert.equal(await run(well), first)
  await assert.rejects(run(fails), { code: 'training_diverged', message: 'too fast' })
  const second = await run(well)
  assert.notEqual(second, first)
  await assert.rejects(run(dies), { code: 'training_failed' })
  const third = await run(leavesNoRoom)
  assert.notEqual(third, second)
  assert.notEqual(await run(well), third)
})

test('a stopped job takes its process with it', async (context) => {
  const run = await newRunner(context)
  const first = await run(well)
  const stop = new AbortController()
  const hanging = run(hangs, stop.signal)
  stop.abort(new Error('cancelled'))
  await assert.rejects(hanging, /cancelled/)
  assert.notEqual(await run(well), first)
})

test('a process that nobody needs any more ends by itself, and one that ended meanwhile is not asked', async (context) => {
  const run = await newRunner(context, { idleMs: 1 })
  const first = await run(well)
  while (isAlive(first)) await delay(10)
  assert.notEqual(await run(well), first)
})

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
