/** What schemas are made of: names that the OpenAPI document knows them by, references, problem documents, parameters. */
import { Type, type Static, type TSchema } from 'typebox'
import { errorKinds, type ErrorCode } from '../contracts/errors.ts'

/** A reference to a shared schema that keeps its type. */
export const ref = <Schema extends TSchema & { readonly $id: string }>(schema: Schema) => Type.Unsafe<Static<Schema>>(Type.Ref(schema.$id))

/** `$id` is what `ref` needs to see in the type. (A copy by spreading would lose what TypeBox keeps hidden in a schema.) */
export const shared = <Id extends string, Schema extends TSchema>($id: Id, schema: Schema): Schema & { readonly $id: Id } =>
  Object.assign(schema, { $id })

export const nullable = <Schema extends TSchema>(schema: Schema) => Type.Union([schema, Type.Null()])

/** One of several words, as an `enum` that generators of clients understand. */
export const oneOf = <const Words extends readonly string[]>(words: Words, description: string) =>
  Type.Unsafe<Words[number]>(Type.String({ enum: [...words], description }))

// --- errors ---------------------------------------------------------------------------------------------------

const errorCodes = Object.keys(errorKinds) as ErrorCode[]

export const Problem = shared(
  'Problem',
  Type.Object(
    {
      type: Type.String({ description: 'Where this kind of problem is explained', format: 'uri-reference' }),
      title: Type.String({ description: 'What happened, the same for every problem of this code' }),
      status: Type.Integer(),
      detail: Type.String({ description: 'What happened this time, and the way out' }),
      code: Type.Unsafe<ErrorCode>(Type.String({ enum: errorCodes, description: 'Stable; programs decide by this' })),
      instance: Type.String({ description: 'The path that was asked for' }),
      request_id: Type.String({ description: 'The same as the x-request-id header and in the log' }),
      errors: Type.Optional(
        Type.Array(
          Type.Object({
            in: Type.String({ description: 'query, path, body or header' }),
            name: Type.String(),
            message: Type.String(),
          }),
          { description: 'What is wrong with which parameter' },
        ),
      ),
    },
    {
      description: 'RFC 9457 problem document',
      examples: [
        {
          type: '/docs/errors.md#request_invalid',
          title: 'The request is malformed',
          status: 400,
          detail: 'k: 500 is not allowed; a whole number from 1 to 100 is',
          code: 'request_invalid',
          instance: '/v1/users/1001/recommendations',
          request_id: '7d0f6f0e-3c5c-4f0e-9a52-0d5b8f3f6a11',
          errors: [{ in: 'query', name: 'k', message: 'k: 500 is not allowed; a whole number from 1 to 100 is' }],
        },
      ],
    },
  ),
)
export type Problem = Static<typeof Problem>

/** Refusals for a route's `response`: those of access, and the given ones. */
export const problems = (...statuses: readonly number[]) => problemAnswers([401, 403, ...statuses])

/** The same for a route that everyone may call. */
export const publicProblems = (...statuses: readonly number[]) => problemAnswers(statuses)

const problemAnswers = (statuses: readonly number[]) =>
  Object.fromEntries(
    statuses.map((status) => [
      status,
      { description: problemDescriptions[status] ?? 'Problem', content: { 'application/problem+json': { schema: Type.Ref(Problem.$id) } } },
    ]),
  )

const problemDescriptions: Readonly<Record<number, string>> = {
  400: 'A parameter or the body is wrong; `errors` names which',
  401: 'A key is needed, or the one given is not known',
  403: 'The role does not suffice, or origin or host is not allowed',
  404: 'There is nothing by that name',
  409: 'The state of things does not allow it',
  413: 'The body is too large',
  415: 'The body is not application/json',
  429: 'Too much in too short a time; `retry-after` says when to go on',
  500: 'An unexpected fault; the log has more of it under the request id',
  501: 'The server has not been given what this needs',
  503: 'No model is loaded yet, or what stands behind does not answer',
}

// --- parameters -----------------------------------------------------------------------------------------------

export const UserId = Type.String({ minLength: 1, maxLength: 256, description: 'Subscriber (`subsr_id`)', examples: ['1001'] })
export const ProgramId = Type.String({ minLength: 1, maxLength: 256, description: 'Title (`program_id`)', examples: ['20'] })
export const versionParameter = (description: string) =>
  Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$', description, examples: ['2024-W01-5f0c2a9b'] })

export const model = Type.String({ description: 'Model version: leads to its run and data', examples: ['2024-W01-5f0c2a9b'] })
export const week = Type.String({ description: 'The week that the model was trained for', examples: ['2024-W01'] })
