/** What two real weekly runs on the golden logs leave in the store: made once a test process, by a real Temporal server and worker. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { openStore } from '../../src/adapters/object-store/open-store.ts'
import type { ObjectStore } from '../../src/contracts/ports.ts'
import { parseWeek, type Week } from '../../src/contracts/week.ts'
import { goldenLogs, startPipeline, type CommandResult } from './pipeline.ts'
import { temporaryFolder } from './temporary-folder.ts'

export interface FinishedRun {
  /** Folder of the store; goes with the test process. */
  readonly directory: string
  readonly store: ObjectStore
  /** The published weeks, oldest first. The newest one's model serves. */
  readonly weeks: readonly [Week, Week]
}

const weeks = [parseWeek('2023-W50'), parseWeek('2023-W52')] as const

let run: Promise<FinishedRun> | undefined

/** Nothing runs any more when it resolves; asked again it is the same store, so treat it as read-only. */
export function finishedRun(): Promise<FinishedRun> {
  return (run ??= runWeeks())
}

async function runWeeks(): Promise<FinishedRun> {
  const directory = join(await temporaryFolder('finished-run'), 'store')
  const pipeline = await startPipeline({ MATINEE_STORE_URL: `file:${directory}` })
  try {
    mustSucceed(await pipeline.matinee('import', 'csv', goldenLogs))
    await pipeline.startWorker()
    for (const week of weeks) mustSucceed(await pipeline.matinee('run', '--week', week, '--wait', '--record-breaches'))
  } finally {
    await pipeline.stop()
  }
  return { directory, store: openStore({ kind: 'file', path: directory }), weeks }
}

function mustSucceed({ exitCode, stdout, stderr }: CommandResult): void {
  assert.equal(exitCode, 0, `${stdout}${stderr}`)
}
