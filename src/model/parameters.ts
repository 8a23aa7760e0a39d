/** Model parameters as people give them, checked against what the family says of each. */
import { MatineeError } from '../contracts/errors.ts'
import type { ModelFamily, Parameters, ParameterSpec } from './model.ts'

type Family = Pick<ModelFamily, 'algorithm' | 'parameters'>

/**
 * Every parameter of the family: given or by default.
 * @throws MatineeError `parameter_invalid` naming algorithm, parameter, value, and what is allowed.
 */
export function resolveParameters(family: Family, given: Readonly<Record<string, unknown>>): Parameters {
  for (const [name, value] of Object.entries(given))
    if (!family.parameters.some((spec) => spec.name === name)) throw unknown(family, name, value)
  return Object.fromEntries(
    family.parameters.map((spec) => {
      const value = given[spec.name] ?? spec.default
      if (!isAllowed(spec, value)) throw invalid(family, spec, value)
      return [spec.name, value]
    }),
  )
}

/** `name=value` as on a command line; the value in the type of its parameter. @throws MatineeError `parameter_invalid`. */
export function parseParameter(family: Family, text: string): readonly [name: string, value: number | boolean] {
  const [, name = text, valueText = ''] = /^([^=]*)=(.*)$/s.exec(text) ?? []
  const spec = family.parameters.find((one) => one.name === name)
  if (spec === undefined) throw unknown(family, name, valueText)
  const value = spec.type === 'boolean' ? booleans.get(valueText) : valueText.trim() === '' ? undefined : Number(valueText)
  if (!isAllowed(spec, value)) throw invalid(family, spec, valueText)
  return [name, value]
}

/** A number that `resolveParameters` has checked. */
export function numberParameter(parameters: Parameters, name: string): number {
  const value = parameters[name]
  if (typeof value !== 'number')
    throw new MatineeError('internal', `parameter ${name}: got ${value}, expected a number; resolve parameters before a fit`)
  return value
}

/** In words: `integer from 1 to 1024`. */
export function describeAllowed({ type, minimum, maximum }: ParameterSpec): string {
  if (type === 'boolean') return 'true or false'
  const from = minimum === undefined ? '' : ` from ${minimum}`
  const to = maximum === undefined ? '' : ` to ${maximum}`
  return `${type}${from}${to}`
}

const booleans: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['false', false],
])

function isAllowed({ type, minimum = -Infinity, maximum = Infinity }: ParameterSpec, value: unknown): value is number | boolean {
  if (type === 'boolean') return typeof value === 'boolean'
  if (typeof value !== 'number' || !Number.isFinite(value)) return false
  return (type === 'number' || Number.isInteger(value)) && value >= minimum && value <= maximum
}

const invalid = (family: Family, spec: ParameterSpec, value: unknown): MatineeError =>
  new MatineeError('parameter_invalid', `${family.algorithm}: ${spec.name} is ${String(value)}, allowed is ${describeAllowed(spec)}`, {
    details: { algorithm: family.algorithm, parameter: spec.name },
  })

function unknown(family: Family, name: string, value: unknown): MatineeError {
  const known = family.parameters.map((spec) => spec.name).join(', ')
  return new MatineeError(
    'parameter_invalid',
    `${family.algorithm}: there is no parameter ${name} (given ${String(value)}); allowed are ${known}`,
    {
      details: { algorithm: family.algorithm, parameter: name },
    },
  )
}
