/** A million answered questionnaires: imported, trained through the workflow, evaluated. Seconds and memory of each step. */
import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline as copy } from 'node:stream/promises'
import { parseArgs } from 'node:util'
import { MatineeError } from '../src/contracts/errors.ts'
import { Random } from '../src/model/random/random.ts'
import { startPipeline } from '../test/support/pipeline.ts'
import { watchMemory } from './support/resident-memory.ts'

/** Five answers of 0..7 and a label of 0..11, which follows from two of the answers in seven rows of ten. */
function* plantedRows(count: number): Generator<string> {
  const random = Random.seeded(1)
  for (let row = 0; row < count; row++) {
    const entry = Array.from({ length: 5 }, () => random.below(8))
    const label = random.below(10) < 7 ? ((entry[2] ?? 0) * 3 + (entry[4] ?? 0)) % 12 : random.below(12)
    yield `${entry.join(',')},${label}\n`
  }
}

export async function run(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: { rows: { type: 'string', default: '1000000' }, help: { type: 'boolean', default: false } },
  })
  if (values.help) {
    process.stdout.write('npm run bench -- questionnaire-rows [--rows 1000000]\n')
    return
  }
  const pipeline = await startPipeline()
  try {
    const file = join(pipeline.directory, 'answers.csv')
    await copy(Readable.from(plantedRows(Number(values.rows))), createWriteStream(file))
    const worker = await pipeline.startWorker()
    const commands = { import: [file], train: ['--wait'], evaluate: [] }
    for (const [command, rest] of Object.entries(commands)) {
      const [ours, workers] = [watchMemory(process.pid), watchMemory(worker.pid)] // the worker is a child of this process
      const started = performance.now()
      const { exitCode, stderr } = await pipeline.matinee('questionnaire', command, ...rest)
      if (exitCode !== 0) throw new MatineeError('internal', `matinee questionnaire ${command}: ${stderr}`)
      const seconds = (performance.now() - started) / 1000
      const [all, ofWorker] = [ours.stop(), workers.stop()]
      process.stdout.write(
        `${JSON.stringify({ command, seconds: Math.round(seconds * 10) / 10, workerMiB: ofWorker, allProcessesMiB: all })}\n`,
      )
    }
  } finally {
    await pipeline.stop()
  }
}
