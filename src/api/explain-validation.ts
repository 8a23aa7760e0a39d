/** From a schema validator's findings to sentences that name the parameter, its value and what is allowed. */
import type { FastifySchemaValidationError } from 'fastify/types/schema.js'

export interface Invalid {
  /** Where it stands: `query`, `path`, `body` or `header`. */
  readonly in: string
  /** The parameter, or the place inside a body such as `history/0/rating`. */
  readonly name: string
  readonly message: string
}

const places: Readonly<Record<string, string>> = { querystring: 'query', params: 'path', body: 'body', headers: 'header' }

/** `findings` of Ajv with `verbose`, which adds `data`, `schema` and `parentSchema` to each. */
export function explainValidation(findings: readonly FastifySchemaValidationError[], context: string | undefined): readonly Invalid[] {
  const place = places[context ?? ''] ?? 'request'
  // Branches of a union are found wrong one by one and then as a whole: the whole is the last.
  const finding = findings.at(-1)
  return finding === undefined ? [] : [explain(finding, place)]
}

function explain(finding: FastifySchemaValidationError, place: string): Invalid {
  const path = finding.instancePath.slice(1).replaceAll('~1', '/').replaceAll('~0', '~')
  const inside = (name: unknown): string => [path, String(name)].filter((part) => part !== '').join('/')
  if (finding.keyword === 'required') {
    const name = inside(finding.params['missingProperty'])
    return { in: place, name, message: `${name} is missing from the ${place}` }
  }
  if (finding.keyword === 'additionalProperties') {
    const name = inside(finding.params['additionalProperty'])
    const known = Object.keys(record(record(finding, 'parentSchema'), 'properties'))
    return {
      in: place,
      name,
      message: `${name} is not known; ${place === 'query' ? 'parameters' : 'fields'} are ${known.join(', ') || 'none'}`,
    }
  }
  const name = path === '' ? place : path
  const value = 'data' in finding ? shown(finding.data) : 'this value'
  return {
    in: place,
    name,
    message: `${name}: ${value} is not allowed; ${allowed(record(finding, 'parentSchema')) ?? finding.message ?? 'see /docs'}`,
  }
}

function allowed(schema: Readonly<Record<string, unknown>>): string | undefined {
  const { type, minimum, maximum, minLength, maxLength, minItems, maxItems, pattern } = schema
  const values =
    schema['enum'] ?? (Array.isArray(schema['anyOf']) ? schema['anyOf'].map((branch) => record({ branch }, 'branch')['const']) : undefined)
  if (Array.isArray(values) && values.every((value) => value !== undefined)) return `one of ${values.map(shown).join(', ')} is`
  if (type === 'integer' || type === 'number') return `a ${type === 'integer' ? 'whole number' : 'number'}${range(minimum, maximum)} is`
  if (type === 'boolean') return 'true or false is'
  if (type === 'string')
    return typeof pattern === 'string' ? `text of the form ${pattern} is` : `text${range(minLength, maxLength, ' characters')} is`
  if (type === 'array') return `a list${range(minItems, maxItems, ' entries')} is`
  if (type === 'object') return 'an object is'
  return undefined
}

function range(from: unknown, to: unknown, unit = ''): string {
  if (typeof from === 'number' && typeof to === 'number') return ` from ${from} to ${to}${unit}`
  if (typeof from === 'number') return ` of at least ${from}${unit}`
  return typeof to === 'number' ? ` of at most ${to}${unit}` : ''
}

/** At most 80 characters: a value comes from outside and may be long. */
const shown = (value: unknown): string => {
  const text = JSON.stringify(value) ?? 'nothing'
  return text.length <= 80 ? text : `${text.slice(0, 80)}…`
}

function record(holder: object, name: string): Readonly<Record<string, unknown>> {
  const value: unknown = Object.entries(holder).find(([key]) => key === name)?.[1]
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {}
}
