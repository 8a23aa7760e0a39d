/** What workflows and activities tell each other: object keys, digests and counts. Data never travels here. */
import type { Finding } from './data-gate.ts'
import type { RawTable } from './source-tables.ts'
import type { Outcome } from './temporal-names.ts'
import type { Week } from './week.ts'

// --- weeklyRetraining: which week --------------------------------------------------------------------------------

/** What a run does when the data gate or the quality gate says no: wait for a person, or write it down and go on. */
export type OnBreach = 'hold' | 'record'

export interface WeeklyRetrainingInput {
  /** As a person gave it; checked by `resolveWeek`. Without it: the schedule's nominal time, else the counter. */
  readonly week?: string
  readonly onBreach?: OnBreach
}

export type WeeklyRetrainingResult =
  | { readonly outcome: 'already running'; readonly week: Week; readonly workflowId: string }
  | RetrainWeekResult

export interface ResolveWeekInput {
  readonly week?: string
  /** Milliseconds since 1970: the schedule's nominal time of this run. */
  readonly nominalTimeMs?: number
  /** Milliseconds since 1970 at which the run really started. */
  readonly startTimeMs: number
}

export interface ResolvedWeek {
  readonly week: Week
  readonly because: 'asked' | 'scheduled' | 'counter' | 'first week'
  /** True where a schedule's nominal time lies so far back that only a backfill can have made this run. */
  readonly backfill: boolean
}

// --- retrainWeek --------------------------------------------------------------------------------------------------

export interface RetrainWeekInput {
  readonly week: Week
  readonly onBreach: OnBreach
  readonly holdHours: number
}

export interface RetrainWeekResult {
  readonly outcome: Outcome
  readonly week: Week
  readonly workflowId: string
  readonly version?: string
  readonly candidate?: string
  readonly reason: string
}

export interface ExtractedTable {
  readonly table: RawTable
  readonly manifestKey: string
  readonly sha256: string
  readonly rows: number
}

export interface FeaturesRef {
  readonly week: Week
  readonly digest: string
  readonly pairs: number
  readonly watchedPairs: number
  readonly users: number
  readonly programs: number
}

/** What a run found changed in the source since it was trained: distinct weeks, and rows of both logs. */
export interface LateRows {
  readonly weeks: number
  readonly added: number
  readonly removed: number
}

/** A gate's figure that broke its threshold, in words and numbers. */
export interface Breach {
  readonly check: string
  readonly detail: string
  readonly finding?: Finding
}

export interface CandidateSpec {
  /** Unique among a run's candidates: `warp`, `popularity-4-weeks`. */
  readonly name: string
  readonly algorithm: string
  readonly parameters: Readonly<Record<string, number | boolean>>
}

export type SplitSpec = { readonly kind: 'random'; readonly share: number; readonly seed: number } | { readonly kind: 'time' }

export interface SearchInput {
  readonly features: FeaturesRef
  readonly seed: number
}

export interface SearchedCandidate {
  /** Absent where the search is turned off, or no week before the test week can be measured by. */
  readonly candidate?: CandidateSpec
  /** What the week before published, where it was found by a search and is not what this one found. */
  readonly champion?: CandidateSpec
  readonly trials: number
}

export interface TrainInput {
  readonly features: FeaturesRef
  readonly candidates: readonly CandidateSpec[]
  readonly split: SplitSpec
  readonly seed: number
}

export interface TrainedSplit {
  readonly split: SplitSpec
  readonly fits: readonly TrainedCandidate[]
  /** Names of candidates whose training diverged: out of this week's choice. */
  readonly diverged: readonly string[]
}

export interface TrainedCandidate {
  /** Digest of everything that the fit depends on; its results lie under `training/<week>/<job>/`. */
  readonly job: string
  readonly candidate: CandidateSpec
  readonly trainSeconds: number
}

export interface EvaluateInput {
  readonly features: FeaturesRef
  readonly trained: TrainedSplit
}

export interface EvaluatedSplit {
  readonly split: SplitSpec
  /** Where the `SplitResult` and the figures of each user lie. */
  readonly resultKey: string
  readonly usersKey: string
  readonly testUsers: number
  /** nDCG@10 by candidate, for people who watch the run. */
  readonly headline: Readonly<Record<string, number>>
}

export interface ChosenCandidate {
  readonly candidate: CandidateSpec
  readonly by: SplitSpec['kind']
  readonly metric: string
  readonly value: number
  readonly reason: string
}

export interface TrainFinalInput {
  readonly features: FeaturesRef
  readonly candidate: CandidateSpec
  readonly seed: number
}

export interface FinalModel {
  readonly version: string
  /** Where figures of the finished model (diversity over all users) and its files' digests lie. */
  readonly resultKey: string
  readonly users: number
  readonly items: number
  readonly pairs: number
}

export interface PublishInput {
  readonly week: Week
  readonly features: FeaturesRef
  readonly extracts: readonly ExtractedTable[]
  readonly evaluated: readonly EvaluatedSplit[]
  readonly chosen: ChosenCandidate
  readonly final: FinalModel
  readonly seed: number
  readonly createdAtMs: number
  readonly run: { readonly workflowId: string; readonly runId: string }
}

export interface PublishedModel {
  readonly version: string
  /** `published`: it serves now. `archived`: a newer week's model goes on serving. */
  readonly outcome: 'published' | 'archived'
  readonly servingVersion: string
}

/** What an activity tells with a heartbeat; a hint for people, never the truth that a retry goes on from. */
export interface TrainHeartbeat {
  readonly phase: string
  readonly epoch?: number
  readonly epochs?: number
  readonly loss?: number
  readonly secondsLeft?: number
  readonly checkpointEpoch?: number
}

/** What the webhook is told of a run, as JSON. Nothing in it is secret. */
export interface Notice {
  readonly event: 'failed' | 'held' | 'published'
  /** Absent where the run is of none: the catalogue's, the questionnaire's, and one that found no week to train. */
  readonly week?: Week
  readonly workflowId: string
  readonly runId: string
  /** One line for people. */
  readonly text: string
  readonly version?: string
  readonly breaches?: readonly Breach[]
  /** When a hold ends by itself, in milliseconds since 1970. */
  readonly heldUntilMs?: number
}

// --- refreshCatalogue ---------------------------------------------------------------------------------------------

export interface CatalogueSnapshot {
  readonly digest: string
  readonly titles: number
  readonly recommendable: number
  /** Whether it differs from the one before. */
  readonly changed: boolean
}

// --- queries and updates --------------------------------------------------------------------------------------------

export type StageState = 'waiting' | 'running' | 'done' | 'failed'

export interface StageProgress {
  readonly name: string
  readonly state: StageState
  readonly startedAtMs?: number
  readonly endedAtMs?: number
  /** Rows, figures, choices: one short line. */
  readonly detail?: string
  /** The same as fields. */
  readonly figures?: readonly StageFigure[]
}

/** One thing that a stage came to: a count, a figure, a name. */
export interface StageFigure {
  /** `rows`, `pairs`, `ndcg@10`, `version`, … */
  readonly name: string
  /** A table or a candidate. */
  readonly of?: string
  readonly split?: SplitSpec['kind']
  readonly value: number | string
}

/** Answer of the query `progress` on `retrainQuestionnaire`. */
export interface StagesProgress {
  readonly stage: string
  readonly stages: readonly StageProgress[]
  readonly breaches: readonly Breach[]
  readonly version?: string
  readonly outcome?: Outcome
  /** Set while the run waits for a person. */
  readonly heldUntilMs?: number
}

/** Answer of the query `progress` on `retrainWeek`. */
export interface RunProgress extends StagesProgress {
  readonly week: Week
}

/** Answer of the query `progress` on `weeklyRetraining`. */
export interface WeeklyProgress {
  readonly week?: Week
  readonly because?: ResolvedWeek['because']
  readonly child?: string
}

export interface Verdict {
  readonly by: string
  readonly reason: string
}
