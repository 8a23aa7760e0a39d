/** TypeScript from the OpenAPI document: an interface a component, and for each operation its method, path, parameters and answer. */

type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json }
type JsonObject = { readonly [name: string]: Json }

const isObject = (value: Json | undefined): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value)
const objectOf = (value: Json | undefined): JsonObject => (isObject(value) ? value : {})
const listOf = (value: Json | undefined): readonly Json[] => (Array.isArray(value) ? (value as readonly Json[]) : [])

const isName = (text: string): boolean => /^[A-Za-z_$][\w$]*$/.test(text)
const quote = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
const propertyName = (name: string): string => (isName(name) ? name : quote(name))
const literal = (value: Json): string => (typeof value === 'string' ? quote(value) : JSON.stringify(value))
const comment = (schema: JsonObject, indent: string): string =>
  typeof schema['description'] === 'string'
    ? `${indent}/** ${schema['description'].replaceAll('*/', '* /').replaceAll(/\s+/g, ' ')} */\n`
    : ''

/** The type of a JSON Schema of the kinds that TypeBox writes. @throws Error naming a schema that is of none of them. */
export function typeOf(schema: Json | undefined, indent = ''): string {
  if (!isObject(schema) || Object.keys(schema).length === 0) return 'unknown'
  const { $ref: reference, type } = schema
  if (typeof reference === 'string') return reference.split('/').at(-1) ?? 'unknown'
  if ('const' in schema) return literal(schema['const'] ?? null)
  const allowed = listOf(schema['enum'])
  if (allowed.length > 0) return allowed.map(literal).join(' | ')
  const either = [...listOf(schema['anyOf']), ...listOf(schema['oneOf'])]
  if (either.length > 0) return [...new Set(either.map((part) => typeOf(part, indent)))].join(' | ')
  const all = listOf(schema['allOf'])
  if (all.length > 0) return all.map((part) => `(${typeOf(part, indent)})`).join(' & ')
  if (Array.isArray(type)) return type.map((one) => typeOf({ ...schema, type: one as string }, indent)).join(' | ')
  if (typeof type !== 'string') return 'unknown'
  switch (type) {
    case 'string':
      return 'string'
    case 'number':
    case 'integer':
      return 'number'
    case 'boolean':
      return 'boolean'
    case 'null':
      return 'null'
    case 'array':
      return `readonly (${typeOf(schema['items'], indent)})[]`
    case 'object':
      return objectType(schema, indent)
    default:
      throw new Error(`no type for the schema ${JSON.stringify(schema).slice(0, 200)}`)
  }
}

function objectType(schema: JsonObject, indent: string): string {
  const properties = Object.entries(objectOf(schema['properties']))
  const rest = schema['additionalProperties'] ?? Object.values(objectOf(schema['patternProperties']))[0]
  if (properties.length === 0) return `{ readonly [name: string]: ${isObject(rest) ? typeOf(rest, indent) : 'unknown'} }`
  const required = new Set(listOf(schema['required']))
  const inner = `${indent}  `
  const lines = properties.map(
    ([name, value]) =>
      `${comment(objectOf(value), inner)}${inner}readonly ${propertyName(name)}${required.has(name) ? '' : '?'}: ${typeOf(value, inner)}\n`,
  )
  return `{\n${lines.join('')}${indent}}`
}

/** Parameters of one place (`path`, `query`) as the schema of an object. */
function parametersOf(operation: JsonObject, place: string): JsonObject | undefined {
  const parameters = listOf(operation['parameters'])
    .map(objectOf)
    .filter((parameter) => parameter['in'] === place)
  if (parameters.length === 0) return undefined
  return {
    type: 'object',
    properties: Object.fromEntries(
      parameters.map(({ name, schema, description }) => [
        textOf(name),
        { ...objectOf(schema), ...(description === undefined ? {} : { description }) },
      ]),
    ),
    required: parameters.filter(({ required }) => required === true).map(({ name }) => textOf(name)),
  }
}

const textOf = (value: Json | undefined): string => (typeof value === 'string' ? value : '')

const jsonContent = (holder: JsonObject): Json | undefined => objectOf(objectOf(holder['content'])['application/json'])['schema']

function operationType(operation: JsonObject): string {
  const lines: string[] = []
  for (const place of ['path', 'query']) {
    const parameters = parametersOf(operation, place)
    if (parameters === undefined) continue
    const optional = listOf(parameters['required']).length === 0
    lines.push(`    readonly ${place}${optional ? '?' : ''}: ${typeOf(parameters, '    ')}\n`)
  }
  const body = objectOf(operation['requestBody'])
  const bodySchema = jsonContent(body)
  if (bodySchema !== undefined) lines.push(`    readonly body${body['required'] === true ? '' : '?'}: ${typeOf(bodySchema, '    ')}\n`)
  const answers = Object.entries(objectOf(operation['responses']))
    .filter(([status]) => /^2\d\d$/.test(status))
    .map(([, response]) => {
      const schema = jsonContent(objectOf(response))
      return schema === undefined ? 'undefined' : typeOf(schema, '    ')
    })
  lines.push(`    readonly answer: ${[...new Set(answers)].join(' | ') || 'undefined'}\n`)
  return `{\n${lines.join('')}  }`
}

/** The whole file, as it is committed but for its formatting. */
export function clientTypes(document: unknown): string {
  const root = objectOf(document as Json)
  const components = Object.entries(objectOf(objectOf(root['components'])['schemas'])).map(
    ([name, schema]) => `${comment(objectOf(schema), '')}export type ${name} = ${typeOf(schema)}\n`,
  )
  const operations = Object.entries(objectOf(root['paths'])).flatMap(([path, methods]) =>
    Object.entries(objectOf(methods)).flatMap(([method, value]) => {
      const operation = objectOf(value)
      const id = operation['operationId']
      return typeof id === 'string' ? [{ id, method, path, operation }] : []
    }),
  )
  const interfaces = operations.map(({ id, operation }) => {
    const summary = typeof operation['summary'] === 'string' ? `  /** ${operation['summary']} */\n` : ''
    return `${summary}  readonly ${id}: ${operationType(operation)}\n`
  })
  const routes = operations.map(({ id, method, path }) => `  ${id}: { method: ${quote(method.toUpperCase())}, path: ${quote(path)} },\n`)
  return [
    '// Made by scripts/write-client.ts from docs/openapi.json; a test compares the two.\n',
    ...components,
    `export interface Operations {\n${interfaces.join('')}}\n`,
    `export const routes = {\n${routes.join('')}} as const satisfies { readonly [Name in keyof Operations]: { readonly method: string; readonly path: string } }\n`,
  ].join('\n')
}
