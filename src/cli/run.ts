/** `matinee run`, `runs`, `status`, `cancel`. */
import { Command } from 'commander'
import { connectClient } from '../adapters/temporal/connect.ts'
import { findRun, listRuns, progressOf, startRun, type RunSummary } from '../adapters/temporal/runs.ts'
import type { StagesProgress, WeeklyRetrainingResult } from '../contracts/run.ts'
import { MatineeError } from '../contracts/errors.ts'
import { workflowTypes } from '../contracts/temporal-names.ts'
import { parseWeek } from '../contracts/week.ts'
import type { CliContext } from './context.ts'
import { table } from './table.ts'

/** Nobody answers within this time: say what is missing, and go on waiting. */
const WORKER_HINT_MS = 10_000

export function runCommand({ config, out, progress }: CliContext): Command {
  return new Command('run')
    .description('Retrain one week; without --week the one after the newest published week.')
    .option('--week <week>', 'ISO week, as 2023-W40')
    .option('--wait', 'wait until the run has ended; exit 0 only where it published')
    .option('--record-breaches', 'where the data gate says no, write it down and go on instead of waiting for a person')
    .option('--json', 'print the result as JSON')
    .action(async (options: { week?: string; wait?: true; recordBreaches?: true; json?: true }) => {
      const week = options.week === undefined ? undefined : parseWeek(options.week)
      const { temporal, taskQueue, holdHours } = config()
      const client = await connectClient(temporal)
      const hint = setTimeout(
        () => progress(`no worker has answered yet on task queue ${taskQueue}; start one with "matinee worker"`),
        WORKER_HINT_MS,
      )
      try {
        const run = await startRun(client, taskQueue, {
          holdHours,
          ...(week === undefined ? {} : { week }),
          ...(options.recordBreaches === undefined ? {} : { onBreach: 'record' }),
        }).finally(() => clearTimeout(hint))
        const started = { week: run.settled.week, because: run.settled.because, workflowId: run.workflowId, runId: run.runId }
        if (options.wait === undefined) {
          out(options.json ? JSON.stringify(started) : `started week ${started.week} (${started.because}): ${started.workflowId}`)
          return
        }
        progress(`week ${started.week} (${started.because}) is running: ${started.workflowId}`)
        const result = await run.result()
        out(options.json ? JSON.stringify(result) : resultText(result))
        if (result.outcome === 'rejected') process.exitCode = 1
      } finally {
        clearTimeout(hint)
        await client.connection.close()
      }
    })
}

function resultText(result: WeeklyRetrainingResult): string {
  if (result.outcome === 'already running') return `week ${result.week} is already running: ${result.workflowId}`
  return [`week ${result.week} ${result.outcome}`, result.version ?? '', result.reason].filter((part) => part !== '').join(': ')
}

export function runsCommand({ config, out }: CliContext): Command {
  return new Command('runs')
    .description('List runs, newest first.')
    .option('--json', 'print as JSON')
    .action(async (options: { json?: true }) => {
      const client = await connectClient(config().temporal)
      try {
        const runs = await listRuns(client)
        out(options.json ? JSON.stringify(runs) : runs.length === 0 ? 'no run yet; "matinee run" starts one' : table(runs.map(runRow)))
      } finally {
        await client.connection.close()
      }
    })
}

const runRow = (run: RunSummary): Record<string, string> => ({
  week: run.week ?? '',
  outcome: run.outcome ?? '',
  stage: run.stage ?? '',
  status: run.status,
  model: run.version ?? '',
  started: run.startedAt,
  ended: run.endedAt ?? '',
  workflow: run.workflowId,
})

export function statusCommand({ config, out }: CliContext): Command {
  return new Command('status')
    .description('Show where a run is.')
    .argument('<run>', 'a week, a workflow id or a run id')
    .option('--json', 'print as JSON')
    .action(async (name: string, options: { json?: true }) => {
      const client = await connectClient(config().temporal)
      try {
        const handle = await findRun(client, name)
        const { status, type } = await handle.describe()
        if (type !== workflowTypes.retrainWeek && type !== workflowTypes.retrainQuestionnaire)
          throw new MatineeError('run_state', `${handle.workflowId} is a ${type}; its week's run is named by "matinee runs"`)
        const progress = await progressOf(handle)
        out(options.json ? JSON.stringify({ status: status.name, ...progress }) : statusText(handle.workflowId, status.name, progress))
      } finally {
        await client.connection.close()
      }
    })
}

function statusText(workflowId: string, status: string, progress: StagesProgress): string {
  const rows = progress.stages.map((stage) => ({
    stage: stage.name,
    state: stage.state,
    seconds:
      stage.startedAtMs === undefined || stage.endedAtMs === undefined ? '' : ((stage.endedAtMs - stage.startedAtMs) / 1000).toFixed(1),
    detail: stage.detail ?? '',
  }))
  const held =
    progress.heldUntilMs === undefined ? [] : [`held until ${new Date(progress.heldUntilMs).toISOString()}: approve or reject it`]
  const breaches = progress.breaches.map(({ check, detail }) => `breach: ${check}: ${detail}`)
  return [`${workflowId}: ${progress.outcome ?? progress.stage} (${status})`, table(rows), ...breaches, ...held].join('\n')
}

export function cancelCommand({ config, out }: CliContext): Command {
  return new Command('cancel')
    .description('Cancel a run; what serves stays as it is.')
    .argument('<run>', 'a week, a workflow id or a run id')
    .action(async (name: string) => {
      const client = await connectClient(config().temporal)
      try {
        const handle = await findRun(client, name)
        await handle.cancel()
        out(`asked ${handle.workflowId} to stop`)
      } finally {
        await client.connection.close()
      }
    })
}
