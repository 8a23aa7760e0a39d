/**
 * The activities by name, input and result: what workflows see of them (by type only), and what the worker has to provide.
 */
import type {
  Breach,
  CatalogueSnapshot,
  ChosenCandidate,
  EvaluateInput,
  EvaluatedSplit,
  ExtractedTable,
  FeaturesRef,
  FinalModel,
  LateRows,
  Notice,
  PublishedModel,
  PublishInput,
  ResolvedWeek,
  ResolveWeekInput,
  SearchedCandidate,
  SearchInput,
  TrainedSplit,
  TrainFinalInput,
  TrainInput,
} from '../contracts/run.ts'
import type { QuestionnaireActivities, QuestionnaireTrainingActivities } from '../contracts/questionnaire-run.ts'
import type { SourceTable } from '../contracts/source-tables.ts'
import type { Week } from '../contracts/week.ts'

/** Run on the main task queue: short, or waiting for the source and the store. */
export interface PipelineActivities extends QuestionnaireActivities {
  /** Settles which week a run is for. @throws `week_invalid`, `week_refused`. */
  resolveWeek(input: ResolveWeekInput): Promise<ResolvedWeek>
  /** Reads one table up to the week's end into an immutable Parquet file. */
  extractTable(input: { readonly week: Week; readonly table: SourceTable }): Promise<ExtractedTable>
  /** Reads the events up to the week's end in the same way; null where there are none. */
  extractEvents(input: { readonly week: Week }): Promise<ExtractedTable | null>
  /** Makes features of the extracts: contract section 6. */
  preprocess(input: { readonly week: Week; readonly extracts: readonly ExtractedTable[] }): Promise<FeaturesRef>
  /** The data gate: figures of the week against thresholds. */
  checkData(input: { readonly features: FeaturesRef }): Promise<readonly Breach[]>
  /** What changed in the source since it was trained, into the late-data ledger. */
  recordLateData(input: { readonly week: Week; readonly extracts: readonly ExtractedTable[] }): Promise<LateRows>
  /** Chooses among candidates by what the splits say. */
  chooseModel(input: { readonly evaluated: readonly EvaluatedSplit[] }): Promise<ChosenCandidate>
  /** Completes the model's folder with its manifest and lets it serve, unless a newer week's model does. */
  publishModel(input: PublishInput): Promise<PublishedModel>
  /** Writes the catalogue as the source has it now. @throws `catalogue_refused` where too much of it is gone at once. */
  snapshotCatalogue(): Promise<CatalogueSnapshot>
  /** Calls the webhook, where one is configured. */
  notify(input: Notice): Promise<void>
  /** Writes figures of the week and the six accuracy tables, then moves the week counter. */
  publishMetrics(input: PublishInput): Promise<{ readonly weeks: number; readonly counter: Week }>
}

/** Run on the training task queue, one at a time, each in a process of its own. */
export interface TrainingActivities extends QuestionnaireTrainingActivities {
  /** Searches for a candidate on the weeks before the test week. */
  search(input: SearchInput): Promise<SearchedCandidate>
  /** Fits each candidate on one split's training part. */
  train(input: TrainInput): Promise<TrainedSplit>
  /** Ranks for the test users of one split with each candidate, and measures. */
  evaluate(input: EvaluateInput): Promise<EvaluatedSplit>
  /** Fits the chosen candidate on all rows and writes the model's files. */
  trainFinal(input: TrainFinalInput): Promise<FinalModel>
}
