import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { after } from 'node:test'
import { DirectoryObjectStore } from '../../adapters/object-store/directory-store.ts'
import type { ObjectStore } from '../../contracts/ports.ts'
import type { CandidateSpec, TrainHeartbeat } from '../../contracts/run.ts'
import { encodeSafetensors } from '../../model/artifact/safetensors.ts'
import { callersThread } from '../../model/kernels/kernels.ts'
import { Random } from '../../model/random/random.ts'
import { buildInteractions } from '../../model/sparse/interactions.ts'
import { fitModel, type FittedModel } from './fit-model.ts'
import type { JobPorts } from './job-ports.ts'

const folder = mkdtempSync(join(tmpdir(), 'matinee-fit-'))
after(() => rmSync(folder, { recursive: true }))
const files = new DirectoryObjectStore(folder)

const random = Random.seeded(1)
const pairs = buildInteractions(60, 40, {
  users: Uint32Array.from({ length: 500 }, () => random.below(60)),
  items: Uint32Array.from({ length: 500 }, () => random.below(40)),
})
const candidate: CandidateSpec = { name: 'ials', algorithm: 'ials', parameters: { factors: 8, iterations: 1000 } }

const unused = (): never => assert.fail('a fit reads no features')

/** Stands in for what happens at 100 ms a batch and `writeMs` a write. */
class Attempt {
  readonly reports: TrainHeartbeat[] = []
  nowMs = 0
  writes = 0
  writingMs = 0
  readonly #stopAfter: number
  readonly #writeMs: number
  #batches = 0

  constructor(writeMs: number, stopAfter = Infinity) {
    this.#writeMs = writeMs
    this.#stopAfter = stopAfter
  }

  run(key: string, memoryMib = 100): Promise<FittedModel> {
    const store: ObjectStore = Object.assign(Object.create(files) as ObjectStore, {
      read: (...args: Parameters<ObjectStore['read']>) => files.read(...args),
      write: (...args: Parameters<ObjectStore['write']>) => {
        this.writes++
        this.writingMs += this.#writeMs
        this.nowMs += this.#writeMs
        return files.write(...args)
      },
    })
    const ports: JobPorts = {
      store,
      columns: { preprocess: unused } as unknown as JobPorts['columns'],
      readFeatures: unused,
      report: (progress) => void this.reports.push(progress),
      breathe: async () => {
        this.nowMs += 100
        if (++this.#batches >= this.#stopAfter) throw new Error('stopped')
      },
      threads: callersThread,
      memoryMib,
      searchSeconds: 0,
      searchFits: 0,
      monotonicMs: () => this.nowMs,
    }
    return fitModel({ pairs }, candidate, 1, key, ports)
  }
}

const bytesOf = ({ model }: FittedModel): Uint8Array => encodeSafetensors(model.tensors())

test('checkpoints take at most 2 % of the time, however slow the store is', async () => {
  for (const writeMs of [1, 300, 2500]) {
    const attempt = new Attempt(writeMs)
    await attempt.run(`share-${writeMs}`)
    assert.ok(attempt.writes >= 1, `${attempt.writes} checkpoints of ${writeMs} ms`)
    // The first write of a store shows how slow it is; all later ones keep to the share.
    assert.ok(attempt.writingMs <= Math.max(0.02 * attempt.nowMs, writeMs), `${attempt.writingMs} of ${attempt.nowMs} ms`)
  }
})

test('a fit that is stopped within a batch goes on from its checkpoint to the same bytes', async () => {
  const whole = await new Attempt(1).run('whole')
  const stopped = new Attempt(1, 700)
  await assert.rejects(stopped.run('resumed'), { message: 'stopped' })
  assert.equal(stopped.reports.length, 700, 'a stop is heard after every batch')
  const second = new Attempt(1)
  const resumed = await second.run('resumed')
  assert.ok((second.reports[0]?.epoch ?? 0) >= (stopped.reports.at(-1)?.checkpointEpoch ?? Infinity))
  assert.deepEqual(bytesOf(resumed), bytesOf(whole))
})

test('a checkpoint that cannot be read is as none', async () => {
  await files.write('broken', 'no tensors')
  assert.deepEqual(bytesOf(await new Attempt(1).run('broken')), bytesOf(await new Attempt(1).run('fresh')))
})

test('what does not fit into memory is refused before any work, with both figures', async () => {
  const attempt = new Attempt(1)
  await assert.rejects(attempt.run('large', 0), {
    code: 'training_memory',
    message: /^ials needs \d+ MiB for 60 users, 40 items, \d+ pairs; a training may use 0: raise MATINEE_MEMORY_MIB/,
  })
  assert.equal(attempt.reports.length, 0)
})
