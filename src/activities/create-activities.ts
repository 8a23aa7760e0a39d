/** Joins the activities to their ports: what the worker registers on its two queues. */
import { Context } from '@temporalio/activity'
import type { GateThresholds } from '../contracts/data-gate.ts'
import type {
  Clock,
  ColumnEngine,
  EventSource,
  Notifier,
  ObjectStore,
  Progress,
  SourceDatabase,
  TrainingJobKind,
  TrainingJobs,
  TrainingRunner,
} from '../contracts/ports.ts'
import type { Week } from '../contracts/week.ts'
import type { PipelineActivities, TrainingActivities } from './activities.ts'
import { checkData } from './check-data.ts'
import { chooseModel } from './choose-model.ts'
import { extractEvents } from './extract-events.ts'
import { extractTable } from './extract-table.ts'
import { recordLateData } from './late-data.ts'
import { preprocess } from './preprocess.ts'
import { publishMetrics } from './publish-metrics.ts'
import { publishModel } from './publish-model.ts'
import { createQuestionnaireActivities } from './questionnaire/questionnaire-activities.ts'
import { snapshotCatalogue } from './snapshot-catalogue.ts'
import { resolveWeek } from './resolve-week.ts'

export interface PipelinePorts {
  readonly store: ObjectStore
  readonly source: SourceDatabase
  /** Undefined where no events are kept. */
  readonly events: EventSource | undefined
  readonly columns: ColumnEngine
  /** For extractions, which run side by side and put one part after the other in order: much less memory will do. */
  readonly extractColumns: ColumnEngine
  readonly codeVersion: string
  readonly timeZone: string
  readonly firstWeek: Week | undefined
  readonly clock: Clock
  readonly thresholds: GateThresholds
  readonly notifier: Notifier
}

export function createPipelineActivities(ports: PipelinePorts): PipelineActivities {
  const { store } = ports
  return {
    resolveWeek: (input) => resolveWeek(input, ports),
    extractTable: (input) => extractTable(input, { ...ports, columns: ports.extractColumns, progress: activityProgress() }),
    extractEvents: (input) => extractEvents(input, { ...ports, columns: ports.extractColumns, progress: activityProgress() }),
    preprocess: (input) => preprocess(input, { ...ports, progress: activityProgress() }),
    checkData: ({ features }) => checkData(features, ports),
    recordLateData: (input) => recordLateData(input, { ...ports, columns: ports.extractColumns, progress: activityProgress() }),
    chooseModel: ({ evaluated }) => chooseModel(evaluated, store),
    publishModel: (input) => publishModel(input, ports),
    publishMetrics: (input) => publishMetrics(input, store),
    snapshotCatalogue: () => snapshotCatalogue({ ...ports, columns: ports.extractColumns, progress: activityProgress() }),
    notify: (notice) => ports.notifier.notify(notice),
    ...createQuestionnaireActivities(ports),
  }
}

/** @param searches false: `search` answers at once that it found nothing */
export function createTrainingActivities(runner: TrainingRunner, searches: boolean): TrainingActivities {
  const inProcess =
    <Kind extends TrainingJobKind>(kind: Kind) =>
    (input: TrainingJobs[Kind]['input']): Promise<TrainingJobs[Kind]['result']> => {
      const progress = activityProgress()
      return runner.run(kind, input, { onProgress: (details) => progress.heartbeat(details), signal: progress.signal })
    }
  return {
    search: searches ? inProcess('search') : () => Promise.resolve({ trials: 0 }),
    train: inProcess('train'),
    evaluate: inProcess('evaluate'),
    trainFinal: inProcess('trainFinal'),
    splitQuestionnaire: inProcess('splitQuestionnaire'),
    trainQuestionnaire: inProcess('trainQuestionnaire'),
    evaluateQuestionnaire: inProcess('evaluateQuestionnaire'),
  }
}

/** Heartbeat and stop signal of the activity that calls this. Taken once, at its start: later there may be no context. */
function activityProgress(): Progress {
  const context = Context.current()
  return { heartbeat: (details) => context.heartbeat(details), signal: context.cancellationSignal }
}
