/**
 * The questionnaire: the form's questions, the answer with its probabilities, and `POST /recommendations` as the first version's
 * clients call it: from any page, without a key, with JSON under whatever content type (curl's is that of a form).
 */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { MatineeError } from '../../contracts/errors.ts'
import type { Api, ApiDependencies } from '../api.ts'
import type { QuestionnaireSnapshot } from '../questionnaire-snapshot.ts'
import {
  FirstVersionAnswer, FirstVersionEntry, Questionnaire, QuestionnaireAnswer, QuestionnaireEntry, questionnaireSchemas,
} from '../questionnaire-schemas.ts' // prettier-ignore
import { problems, publicProblems, ref } from '../schema-parts.ts'

/** Entries are short; nothing longer is read. */
const bodyLimitBytes = 16 * 1024

const json = 'application/json; charset=utf-8'

/** What API Gateway sent for the first version. Answers and refusals alike. */
const firstVersionHeaders = { 'access-control-allow-origin': '*' }
const preflightHeaders = {
  'access-control-allow-headers': 'Content-Type,X-Amz-Date,Authorization,X-Api-Key,X-Amz-Security-Token,X-Amz-User-Agent',
  'access-control-allow-methods': 'OPTIONS,POST',
  'access-control-max-age': '600',
}

export async function questionnaireRoutes(app: Api, dependencies: ApiDependencies): Promise<void> {
  for (const schema of questionnaireSchemas) app.addSchema(schema)
  formRoute(app, dependencies)
  await app.register(async (scope: Api) => {
    // Bodies are checked against the model's own questions, without turning "1" into 1.
    scope.setValidatorCompiler(() => () => true)
    answerRoute(scope, dependencies)
  })
  await app.register(async (scope: Api) => {
    scope.setValidatorCompiler(() => () => true)
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('application/json', { parseAs: 'string', bodyLimit: bodyLimitBytes }, (_request, body, done) => {
      try {
        done(null, JSON.parse(String(body)))
      } catch (cause) {
        done(new MatineeError('request_invalid', 'the body is not JSON; send {"entry":[1,2,3,4,5]}', { cause }))
      }
    })
    firstVersionRoutes(scope, dependencies)
  })
}

function formRoute(app: Api, { questionnaire }: ApiDependencies): void {
  app.get(
    '/v1/questionnaire',
    {
      schema: {
        operationId: 'getQuestionnaire',
        tags: ['questionnaire'],
        summary: 'Questions and options of the model that serves, for a form',
        response: { 200: ref(Questionnaire), ...problems(503) },
      },
    },
    () => {
      const { version, definition, manifest } = questionnaire.current()
      return {
        model: version,
        verdict: manifest.evaluation.verdict,
        better_than_chance: manifest.evaluation.better_than_chance,
        questions: definition.questions.map(({ id, text, options }) => ({
          id,
          text,
          options: options.map((option, value) => ({ value, text: option })),
        })),
        labels: definition.labels.map(({ id, name = null }) => ({ id, name })),
      }
    },
  )
}

function answerRoute(scope: Api, { questionnaire }: ApiDependencies): void {
  scope.post(
    '/v1/questionnaire',
    {
      config: { access: 'read' },
      bodyLimit: bodyLimitBytes,
      schema: {
        operationId: 'answerQuestionnaire',
        tags: ['questionnaire'],
        summary: 'The label for the answers given, and how probable it is',
        body: Type.Unsafe<unknown>(ref(QuestionnaireEntry)),
        response: { 200: ref(QuestionnaireAnswer), ...problems(400, 413, 415, 503) },
      },
    },
    ({ body }) => {
      const snapshot = questionnaire.current()
      const entry = readEntry(body, snapshot)
      const all = fieldOf(body, 'probabilities')
      if (all !== undefined && typeof all !== 'boolean') throw invalid('/probabilities', all, { type: 'boolean' })
      const probabilities = snapshot.probabilitiesOf(entry)
      const labels = snapshot.definition.labels.map(({ id, name = null }, place) => ({ id, name, probability: probabilities[place] ?? 0 }))
      const { id = '', name = null, probability = 0 } = labels[snapshot.labelOf(entry)] ?? {}
      return {
        model: snapshot.version,
        id,
        name,
        probability,
        ...(all === true ? { probabilities: labels.toSorted((a, b) => b.probability - a.probability) } : {}),
      }
    },
  )
}

const takeAny = (request: FastifyRequest, reply: FastifyReply, done: () => void): void => {
  void reply.header('access-control-allow-origin', '*')
  request.raw.headers['content-type'] = 'application/json' // whatever the client calls it
  done()
}

/** Answers before a body, whatever it is, would be read. */
const allow = (_request: FastifyRequest, reply: FastifyReply): void => {
  void reply.headers({ ...firstVersionHeaders, ...preflightHeaders }).send()
}

function firstVersionRoutes(scope: Api, { questionnaire }: ApiDependencies): void {
  const config = { access: 'public', openToAllOrigins: true, cors: false } as const
  /** One text a label: the answers of a model that serves are made once. */
  const texts = new WeakMap<QuestionnaireSnapshot, readonly string[]>()
  const textsOf = (snapshot: QuestionnaireSnapshot): readonly string[] => {
    const known = texts.get(snapshot)
    if (known !== undefined) return known
    const made = snapshot.definition.labels.map(({ id }) => JSON.stringify({ recommendedMysfit: id }))
    texts.set(snapshot, made)
    return made
  }

  scope.post(
    '/recommendations',
    {
      config,
      onRequest: takeAny,
      bodyLimit: bodyLimitBytes,
      schema: {
        operationId: 'recommendMysfit',
        tags: ['questionnaire'],
        summary: "The label for the answers given, for the first version's clients",
        description: 'Needs no key, may be called from any page, and takes JSON under any content type.',
        security: [],
        body: Type.Unsafe<unknown>(ref(FirstVersionEntry)),
        response: { 200: ref(FirstVersionAnswer), ...publicProblems(400, 413, 503) },
      },
    },
    (request, reply) => {
      const snapshot = questionnaire.current()
      const label = snapshot.labelOf(readEntry(request.body, snapshot))
      send(reply, textsOf(snapshot)[label] ?? '')
    },
  )
  scope.options('/recommendations', { config, onRequest: allow, schema: { hide: true } }, allow)
}

/** A text goes out as it is, past the answer's schema. */
function send(reply: FastifyReply, text: string): void {
  void reply.header('content-type', json).send(text)
}

const fieldOf = (body: unknown, name: string): unknown =>
  typeof body === 'object' && body !== null && Object.hasOwn(body, name) ? Reflect.get(body, name) : undefined

/** @throws a validation error that names the entry, what of it is wrong and what is allowed. */
function readEntry(body: unknown, { answerCounts }: QuestionnaireSnapshot): readonly number[] {
  const entry = fieldOf(body, 'entry')
  if (entry === undefined) throw validationError({ keyword: 'required', instancePath: '', params: { missingProperty: 'entry' } })
  const length = answerCounts.length
  if (!Array.isArray(entry) || entry.length !== length)
    throw invalid('/entry', entry, { type: 'array', minItems: length, maxItems: length })
  const answers: readonly unknown[] = entry
  for (let place = 0; place < length; place++) {
    const answer = answers[place]
    const maximum = (answerCounts[place] ?? 0) - 1
    if (!Number.isInteger(answer) || Number(answer) < 0 || Number(answer) > maximum)
      throw invalid(`/entry/${place}`, answer, { type: 'integer', minimum: 0, maximum })
  }
  return entry
}

const invalid = (instancePath: string, data: unknown, parentSchema: object): Error =>
  validationError({ keyword: 'type', instancePath, params: {}, data, parentSchema })

/** As a schema's validator would have it, so that it is told in the same words as every other refusal. */
const validationError = (finding: object): Error =>
  Object.assign(new Error('the body is not an entry'), { statusCode: 400, validation: [finding], validationContext: 'body' })
