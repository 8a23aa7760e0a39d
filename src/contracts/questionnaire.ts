/**
 * The questionnaire: some questions with a few options each, and one of several labels as the answer. What stands in the
 * store of it (a definition, data sets, models, what was measured), one schema each.
 *
 * An answer is a whole number from 0 to the number of a question's options: the data number the options from 0, the
 * first version's form numbers them from 1, and both are taken as they come. Answers to all questions in a row are an
 * entry; the number of possible entries is small enough for a model to be a table of them all.
 */
import { Type, type Static } from 'typebox'
import { Finding } from './data-gate.ts'
import { FileEntry } from './documents.ts'
import { MatineeError } from './errors.ts'

const closed = { additionalProperties: false } as const
const Digest = Type.String({ pattern: '^[0-9a-f]{64}$', description: 'SHA-256, lower-case hex' })
const Share = Type.Number({ minimum: 0, maximum: 1 })

// --- definition ------------------------------------------------------------------------------------------------

const Wording = Type.Object({ ko: Type.String({ minLength: 1 }), en: Type.String({ minLength: 1 }) }, closed)
const Question = Type.Object(
  {
    id: Type.String({ pattern: '^[a-z][a-z0-9_]*$' }),
    text: Wording,
    options: Type.Array(Wording, { minItems: 2, maxItems: 30, description: 'In the order of their numbers' }),
  },
  closed,
)
const Label = Type.Object(
  { id: Type.String({ minLength: 1, maxLength: 200, description: 'What a client gets' }), name: Type.Optional(Type.String()) },
  closed,
)

/** A JSON file that an operator may hand in with the data; `questionnaire-default.ts` has the one that holds without. */
export const QuestionnaireDefinition = Type.Object(
  {
    questions: Type.Array(Question, { minItems: 1, maxItems: 12 }),
    labels: Type.Array(Label, { minItems: 2, maxItems: 100, description: 'In the order of their numbers in the data' }),
  },
  closed,
)
export type QuestionnaireDefinition = Static<typeof QuestionnaireDefinition>

/** A model is a table of all entries with the probability of each label: this many numbers at most (80 MB). */
const MOST_TABLE_CELLS = 20_000_000

/** How many different answers each question takes: its options, and one for those who number them from 1. */
export const answerCounts = ({ questions }: QuestionnaireDefinition): readonly number[] =>
  questions.map(({ options }) => options.length + 1)

/** What a schema cannot say. @throws MatineeError `import_invalid` naming what stands twice or is too much. */
export function checkDefinition(definition: QuestionnaireDefinition, name: string): QuestionnaireDefinition {
  const { questions, labels } = definition
  for (const [what, ids] of [
    ['question', questions.map(({ id }) => id)],
    ['label', labels.map(({ id }) => id)],
  ] as const) {
    const twice = ids.find((id, place) => ids.indexOf(id) < place)
    if (twice !== undefined) throw new MatineeError('import_invalid', `${name}: two ${what}s have the id "${twice}"; each needs its own`)
  }
  const cells = answerCounts(definition).reduce((product, count) => product * count, labels.length)
  if (cells > MOST_TABLE_CELLS)
    throw new MatineeError(
      'import_invalid',
      `${name}: ${cells} pairs of an entry and a label are possible, at most ${MOST_TABLE_CELLS} are allowed; ask fewer questions or offer fewer options`,
    )
  return definition
}

// --- data ------------------------------------------------------------------------------------------------------

/** `questionnaire/current.json`: the data set and the definition that the next training takes. */
export const QuestionnaireCurrent = Type.Object({
  /** Digest of the data set, which is part of its key. */
  data: Digest,
  definition: Digest,
  rows: Type.Integer({ minimum: 1 }),
  imported_at: Type.String(),
  source: Type.String({ description: 'Name of the file that it came from' }),
})
export type QuestionnaireCurrent = Static<typeof QuestionnaireCurrent>

// --- what was measured --------------------------------------------------------------------------------------------

/** Accuracy on rows that had no part in training, and where it would lie were they asked anew (Wilson's interval). */
const Accuracy = Type.Object({ accuracy: Share, low: Share, high: Share })

export const learnerNames = ['nearest-neighbours', 'smoothed-counts'] as const
export type LearnerName = (typeof learnerNames)[number]
const Learner = Type.Unsafe<LearnerName>(Type.String({ enum: [...learnerNames] }))

/** `questionnaire/evaluations/<job>.json`. */
export const QuestionnaireEvaluation = Type.Object({
  version: Type.String(),
  /** The learner that cross-validation chose: its figures are those of the model. */
  model: Learner,
  accuracy: Share,
  interval: Type.Object({ level: Share, low: Share, high: Share }),
  /** Of guessing every label alike. */
  chance: Share,
  /** Of always giving the label that is most frequent in training; measured on the same rows. */
  majority: Share,
  better_than_chance: Type.Boolean({ description: 'Whether the whole interval lies above both' }),
  verdict: Type.String({ description: 'The same in a sentence' }),
  rows: Type.Object({ train: Type.Integer(), sample: Type.Integer(), test: Type.Integer() }),
  learners: Type.Array(Type.Object({ name: Learner, cross_validated: Share, ...Accuracy.properties })),
  choice: Type.String({ description: 'Why this learner, in words that an operator understands' }),
  /** `confusion[t][p]`: test rows of label t that the model gives label p. */
  confusion: Type.Array(Type.Array(Type.Integer())),
  labels: Type.Array(Type.String(), { description: 'Ids, in the order of the confusion table' }),
  /** Milliseconds that the answers to one batch of test rows take. */
  latency: Type.Object({
    batches: Type.Integer(),
    batch_rows: Type.Integer(),
    mean_ms: Type.Number(),
    p50_ms: Type.Number(),
    p99_ms: Type.Number(),
  }),
  seconds: Type.Object({ train: Type.Number() }),
  data: Digest,
  definition: Digest,
  seed: Type.Integer(),
})
export type QuestionnaireEvaluation = Static<typeof QuestionnaireEvaluation>

// --- models ----------------------------------------------------------------------------------------------------

/** `questionnaire/models/<version>/manifest.json`. */
export const QuestionnaireManifest = Type.Object({
  format: Type.Literal(1),
  version: Type.String(),
  learner: Learner,
  created_at: Type.String(),
  run: Type.Object({ workflow_id: Type.String(), run_id: Type.String() }),
  code_version: Type.String(),
  evaluation: QuestionnaireEvaluation,
  /** What the gate said and a person or the run's own setting overruled. */
  breaches: Type.Array(Type.Object({ check: Type.String(), detail: Type.String(), finding: Type.Optional(Finding) })),
  files: Type.Record(Type.String(), FileEntry),
})
export type QuestionnaireManifest = Static<typeof QuestionnaireManifest>

/** `questionnaire/models/latest.json`: what serves now. `created_at` lets a later training win over an earlier one. */
export const LatestQuestionnaire = Type.Object({ version: Type.String(), created_at: Type.Optional(Type.String()) })
export type LatestQuestionnaire = Static<typeof LatestQuestionnaire>

/** What the training leaves for the steps after it: the files of the model, all but its manifest. */
export const QuestionnaireFit = Type.Object({
  version: Type.String(),
  learner: Learner,
  learners: Type.Array(Type.Object({ name: Learner, cross_validated: Share })),
  choice: Type.String(),
  files: Type.Record(Type.String(), FileEntry),
  train_seconds: Type.Number(),
})
export type QuestionnaireFit = Static<typeof QuestionnaireFit>
