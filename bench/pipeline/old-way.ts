/** The system that Matinee replaces, as a script that lies outside the project, given by its path. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { Type } from 'typebox'
import { parseDocument } from '../../src/contracts/documents.ts'
import { MatineeError } from '../../src/contracts/errors.ts'
import { watchMemory } from '../support/resident-memory.ts'
import type { TimedRun } from './timed-run.ts'

/** Its last line. The clock runs from after its imports to the end, in its favour. */
const Told = Type.Object({
  metrics: Type.Object({ precision: Type.Number(), recall: Type.Number() }),
  seconds: Type.Record(Type.String(), Type.Number()),
  total: Type.Number(),
})

export interface OldWaySetup {
  readonly python: string
  readonly script: string
  readonly databaseUrl: string
  /** As MySQL's WEEK() numbers them: rows up to it are read. */
  readonly weekNumber: number
  readonly outFolder: string
}

export async function timeOldWay({ python, script, databaseUrl, weekNumber, outFolder }: OldWaySetup): Promise<TimedRun> {
  const child = spawn(python, ['-W', 'ignore', script, databaseUrl, String(weekNumber), outFolder], { stdio: ['ignore', 'pipe', 'pipe'] })
  const memory = watchMemory(child.pid ?? 0)
  const [said, complaints] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  const peakMiB = memory.stop()
  if (child.exitCode !== 0)
    throw new MatineeError('internal', `${script} ended with ${child.exitCode ?? child.signalCode}: ${complaints.trim().slice(-800)}`)
  const { metrics, seconds, total } = parseDocument(Told, said.trim().split('\n').at(-1) ?? '', `the last line of ${script}`)
  return {
    seconds: total,
    ...(peakMiB === undefined ? {} : { peakMiB }),
    fetchSeconds: seconds['fetch'] ?? 0,
    stages: seconds,
    quality: [{ model: 'LightFM WARP', precisionAt10: metrics.precision, recallAt10: metrics.recall }],
  }
}
