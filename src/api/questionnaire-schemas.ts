/** What goes over the wire of the questionnaire, as schemas.ts has it of the rest. */
import { Type } from 'typebox'
import { model, nullable, shared } from './schema-parts.ts'

const Wording = Type.Object({ ko: Type.String(), en: Type.String() })
const entry = Type.Array(Type.Integer({ minimum: 0 }), {
  description: 'One answer a question: a whole number from 0 to the number of its options',
  examples: [[1, 2, 3, 4, 5]],
})
const exampleLabel = '4e53920c-505a-4a90-a694-b9300791f0ae'

export const FirstVersionEntry = shared(
  'FirstVersionEntry',
  Type.Object({ entry }, { description: 'As the first version took it', examples: [{ entry: [1, 2, 3, 4, 5] }] }),
)
export const FirstVersionAnswer = shared(
  'FirstVersionAnswer',
  Type.Object(
    { recommendedMysfit: Type.String() },
    { description: 'As the first version gave it', examples: [{ recommendedMysfit: exampleLabel }] },
  ),
)

export const QuestionnaireEntry = shared(
  'QuestionnaireEntry',
  Type.Object(
    { entry, probabilities: Type.Optional(Type.Boolean({ default: false, description: 'Whether to tell those of all labels' })) },
    { examples: [{ entry: [1, 2, 3, 4, 5], probabilities: true }] },
  ),
)

const labelProbability = { id: Type.String(), name: nullable(Type.String()), probability: Type.Number({ minimum: 0, maximum: 1 }) }

export const QuestionnaireAnswer = shared(
  'QuestionnaireAnswer',
  Type.Object(
    {
      model,
      ...labelProbability,
      probabilities: Type.Optional(Type.Array(Type.Object(labelProbability), { description: 'Of all labels, the most probable first' })),
    },
    {
      description: 'The label for the answers given',
      examples: [{ model: 'questionnaire-5f0c2a9b', id: exampleLabel, name: null, probability: 0.4 }],
    },
  ),
)

export const Questionnaire = shared(
  'Questionnaire',
  Type.Object(
    {
      model,
      verdict: Type.String({ description: 'What the model is worth, in a sentence' }),
      better_than_chance: Type.Boolean({ description: 'The same in a word' }),
      questions: Type.Array(
        Type.Object({
          id: Type.String(),
          text: Wording,
          options: Type.Array(Type.Object({ value: Type.Integer({ description: 'What an entry holds for it' }), text: Wording })),
        }),
        { description: 'In the order of an entry' },
      ),
      labels: Type.Array(Type.Object({ id: Type.String(), name: nullable(Type.String()) })),
    },
    {
      description: 'Questions and options, for a form',
      examples: [
        {
          model: 'questionnaire-5f0c2a9b',
          verdict: 'better than chance: accuracy 0.4100 on 1000 rows',
          better_than_chance: true,
          questions: [
            {
              id: 'colour',
              text: { ko: '어떤 색을 가장 좋아하세요?', en: 'Which colour do you like best?' },
              options: [{ value: 0, text: { ko: '빨강', en: 'Red' } }],
            },
          ],
          labels: [{ id: exampleLabel, name: null }],
        },
      ],
    },
  ),
)

export const questionnaireSchemas = [FirstVersionEntry, FirstVersionAnswer, QuestionnaireEntry, QuestionnaireAnswer, Questionnaire] as const
