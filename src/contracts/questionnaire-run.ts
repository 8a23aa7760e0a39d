/** What the questionnaire's workflow and its activities tell each other: object keys, digests and counts. */
import type { LearnerName } from './questionnaire.ts'
import type { Breach, OnBreach } from './run.ts'
import type { Outcome } from './temporal-names.ts'

/** Of the shuffle and of the folds. Part of a model's identity: another seed is another model. */
export const questionnaireSeed = 0

export interface RetrainQuestionnaireInput {
  readonly onBreach: OnBreach
  readonly holdHours: number
}

export interface RetrainQuestionnaireResult {
  readonly outcome: Outcome
  readonly workflowId: string
  readonly version: string
  readonly model: LearnerName
  readonly accuracy: number
  readonly reason: string
}

/** Data set and definition of a run, settled at its start: an import while it runs is for the next one. */
export interface QuestionnaireData {
  readonly data: string
  readonly definition: string
  readonly rows: number
}

export interface QuestionnaireSplit extends QuestionnaireData {
  /** Digest of everything that the results depend on; they lie under `questionnaire/training/<job>/`. */
  readonly job: string
  readonly seed: number
  readonly trainRows: number
  readonly sampleRows: number
  readonly testRows: number
}

export interface FittedQuestionnaire {
  /** The model's files lie under `questionnaire/training/<job>/` until it is published. */
  readonly split: QuestionnaireSplit
  readonly version: string
  readonly learner: LearnerName
  readonly choice: string
}

export interface EvaluatedQuestionnaire {
  readonly fitted: FittedQuestionnaire
  /** Where the `QuestionnaireEvaluation` lies. */
  readonly resultKey: string
  readonly accuracy: number
  readonly low: number
  readonly high: number
  readonly chance: number
  readonly majority: number
}

export interface PublishQuestionnaireInput {
  readonly evaluated: EvaluatedQuestionnaire
  readonly breaches: readonly Breach[]
  readonly createdAtMs: number
  readonly run: { readonly workflowId: string; readonly runId: string }
}

export interface PublishedQuestionnaire {
  /** `published`: it serves now. `kept`: it served already. `archived`: that of a later training goes on serving. */
  readonly outcome: 'published' | 'kept' | 'archived'
  readonly servingVersion: string
}

/** Run on the main task queue. */
export interface QuestionnaireActivities {
  /** Names the data that a run is about. @throws `no_training_data` where nothing was imported. */
  resolveQuestionnaire(): Promise<QuestionnaireData>
  /** The gate: is the model better than guessing? */
  checkQuestionnaire(input: EvaluatedQuestionnaire): Promise<readonly Breach[]>
  /** Completes the model's folder with its manifest and lets it serve. */
  publishQuestionnaire(input: PublishQuestionnaireInput): Promise<PublishedQuestionnaire>
}

/** Run on the training task queue, each in a process of its own. */
export interface QuestionnaireTrainingActivities {
  /** Shuffles, and sets the test rows and the neighbours' sample apart. */
  splitQuestionnaire(input: QuestionnaireData & { readonly seed: number }): Promise<QuestionnaireSplit>
  /** Fits both learners, chooses by cross-validation, and writes the table of all entries. */
  trainQuestionnaire(input: QuestionnaireSplit): Promise<FittedQuestionnaire>
  /** Measures on the test rows. */
  evaluateQuestionnaire(input: FittedQuestionnaire): Promise<EvaluatedQuestionnaire>
}

/** The same as jobs of the training process: what each takes and leaves. */
export interface QuestionnaireJobs {
  splitQuestionnaire: { readonly input: QuestionnaireData & { readonly seed: number }; readonly result: QuestionnaireSplit }
  trainQuestionnaire: { readonly input: QuestionnaireSplit; readonly result: FittedQuestionnaire }
  evaluateQuestionnaire: { readonly input: FittedQuestionnaire; readonly result: EvaluatedQuestionnaire }
}
