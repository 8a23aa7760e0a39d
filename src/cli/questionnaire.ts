/** `matinee questionnaire`: brings answered questionnaires, trains on them, and says what the model is worth. */
import { Command } from 'commander'
import { openStore } from '../adapters/object-store/open-store.ts'
import { connectClient } from '../adapters/temporal/connect.ts'
import { endOfQuestionnaireRun, startQuestionnaireRun } from '../adapters/temporal/questionnaire-runs.ts'
import { evaluateCurrent } from '../activities/questionnaire/evaluate-current.ts'
import type { QuestionnaireEvaluation } from '../contracts/questionnaire.ts'
import { importQuestionnaire } from '../importing/questionnaire.ts'
import type { CliContext } from './context.ts'
import { table } from './table.ts'

/** Nobody works within this time: say what is missing, and go on waiting. */
const WORKER_HINT_MS = 10_000

export function questionnaireCommand(context: CliContext): Command {
  return new Command('questionnaire')
    .description('Five answers, one of twelve: the model behind POST /recommendations.')
    .addCommand(importCommand(context))
    .addCommand(trainCommand(context))
    .addCommand(evaluateCommand(context))
}

const importCommand = ({ config, out }: CliContext): Command =>
  new Command('import')
    .description('Bring answered questionnaires: CSV lines of answers with the label last, plain or gzip; all or nothing.')
    .argument('<file>', 'a first line without numbers is a header')
    .option('--definition <file>', 'JSON that names questions, options and labels; without it the one before stays, at first the default')
    .option('--json', 'print what was stored as JSON')
    .action(async (file: string, options: { definition?: string; json?: true }) => {
      const store = openStore(config().store)
      const current = await importQuestionnaire(store, file, { now: Date.now }, options.definition)
      out(
        options.json
          ? JSON.stringify(current)
          : `${current.rows} rows, data set ${current.data.slice(0, 8)} in ${store.location}; "matinee questionnaire train" trains on them`,
      )
    })

const trainCommand = ({ config, out, progress }: CliContext): Command =>
  new Command('train')
    .description('Train on the current data set and publish, unless the model is no better than chance: then a person decides.')
    .option('--wait', 'wait also while the run is held; exit 0 only where it published')
    .option('--record-breaches', 'where the gate says no, write it down and publish instead of waiting for a person')
    .option('--json', 'print the result as JSON')
    .action(async (options: { wait?: true; recordBreaches?: true; json?: true }) => {
      const { temporal, taskQueue, holdHours } = config()
      const client = await connectClient(temporal)
      const hint = setTimeout(
        () => progress(`no result yet; a worker has to run on task queue ${taskQueue} ("matinee worker")`),
        WORKER_HINT_MS,
      )
      try {
        const onBreach = options.recordBreaches === true ? 'record' : 'hold'
        const run = await startQuestionnaireRun(client, taskQueue, { onBreach, holdHours })
        const end = await endOfQuestionnaireRun(run, options.wait === true)
        if (end.held) {
          const breaches = end.progress.breaches.map(({ detail }) => detail)
          const heldUntil = new Date(end.progress.heldUntilMs ?? 0).toISOString()
          out(
            options.json
              ? JSON.stringify({ outcome: 'held', workflowId: run.workflowId, version: end.progress.version, held_until: heldUntil, reason: breaches.join('; ') }) // prettier-ignore
              : `held until ${heldUntil}: ${breaches.join('; ')}; "matinee approve ${run.workflowId}" publishes it all the same, "matinee reject ${run.workflowId} --reason …" does not`,
          )
          return
        }
        const { outcome, version, model, reason } = end.result
        out(options.json ? JSON.stringify(end.result) : `${outcome}: ${version} (${model}): ${reason}`)
        if (outcome === 'rejected') process.exitCode = 1
      } finally {
        clearTimeout(hint)
        await client.connection.close()
      }
    })

const evaluateCommand = ({ config, out, progress }: CliContext): Command =>
  new Command('evaluate')
    .description('Print what the model of the current data set is worth on rows that it has not seen; measures where no training has.')
    .option('--json', 'print as JSON')
    .action(async (options: { json?: true }) => {
      const evaluation = await evaluateCurrent(openStore(config().store), {
        report: progress,
        monotonicMs: () => performance.now(),
      })
      out(options.json ? JSON.stringify(evaluation) : evaluationText(evaluation))
    })

const four = (value: number): string => value.toFixed(4)

function evaluationText(evaluation: QuestionnaireEvaluation): string {
  const { learners, rows, latency, interval } = evaluation
  const guesses = [
    { name: 'always the most frequent label', 'cross-validated': '', accuracy: four(evaluation.majority), from: '', to: '' },
    { name: 'chance', 'cross-validated': '', accuracy: four(evaluation.chance), from: '', to: '' },
  ]
  const confusion = evaluation.confusion.map((line, actual) => ({
    'actual \\ given': String(actual),
    ...Object.fromEntries(line.map((count, given) => [`${given} `, String(count)])),
  }))
  return [
    evaluation.verdict,
    '',
    `${evaluation.version}: ${evaluation.choice}`,
    `${rows.train} rows to train on, ${rows.sample} of them neighbours; ${rows.test} to test; intervals of ${interval.level * 100} %`,
    table([
      ...learners.map((learner) => ({
        name: `${learner.name}${learner.name === evaluation.model ? ' (chosen)' : ''}`,
        'cross-validated': four(learner.cross_validated),
        accuracy: four(learner.accuracy),
        from: four(learner.low),
        to: four(learner.high),
      })),
      ...guesses,
    ]),
    '',
    table(confusion),
    evaluation.labels.map((id, label) => `${label} ${id}`).join('\n'),
    '',
    `a batch of ${latency.batch_rows} answers takes ${latency.p50_ms} ms in the middle, ${latency.p99_ms} ms at the slow end (${latency.batches} batches)`,
  ].join('\n')
}
