import assert from 'node:assert/strict'
import test from 'node:test'
import { callersThread, type KernelThreads } from '../model/kernels/kernels.ts'
import { floatsAt, MemoryPlan, wordsAt } from '../model/kernels/memory.ts'
import { Random } from '../model/random/random.ts'
import { WorkerKernelThreads } from './kernel-threads.ts'

const [rows, factors, tasks] = [4096, 64, 64]

/** Gram matrices of blocks of rows: their bytes, and whether the second thread has left anything in its scratch memory. */
class Grams {
  readonly #memory: WebAssembly.Memory
  readonly #address: Readonly<Record<'counter' | 'rows' | 'blocks' | 'scratch', number>>

  constructor() {
    const plan = new MemoryPlan()
    this.#address = {
      counter: plan.takeWords(1),
      rows: plan.takeWords(rows * factors),
      blocks: plan.take(tasks * 8 * factors * factors),
      scratch: plan.takeWords(2 * factors * factors),
    }
    this.#memory = plan.create()
    const random = Random.seeded(1)
    const values = floatsAt(this.#memory, this.#address.rows, rows * factors)
    for (let n = 0; n < values.length; n++) values[n] = random.normal()
  }

  run(threads: KernelThreads, rowsAddress = this.#address.rows): Buffer {
    const { counter, blocks, scratch } = this.#address
    wordsAt(this.#memory, counter, 1)[0] = 0
    threads.run(this.#memory, 'gramTasks', [counter, tasks, rowsAddress, rows, factors, blocks, scratch])
    return Buffer.from(new Uint8Array(this.#memory.buffer, blocks, tasks * 8 * factors * factors))
  }

  secondThreadTookPart(): boolean {
    return floatsAt(this.#memory, this.#address.scratch + 4 * factors * factors, factors * factors).some((value) => value !== 0)
  }
}

test('a call that begins before a helper has started comes to the same, and later ones are shared', async () => {
  const expected = new Grams().run(callersThread)
  const threads = new WorkerKernelThreads(2)
  const grams = new Grams()
  assert.deepEqual(grams.run(threads), expected)
  await threads.ready()
  while (!grams.secondThreadTookPart()) assert.deepEqual(grams.run(threads), expected)
  await threads.close()
})

test('a kernel that fails fails its call, and not the next', async () => {
  const threads = new WorkerKernelThreads(2)
  await threads.ready()
  const grams = new Grams()
  const expected = grams.run(threads)
  assert.throws(() => grams.run(threads, 0x7fff_0000))
  assert.deepEqual(grams.run(threads), expected)
  await threads.close()
})
