/** Settings that are tables, and so lie in JSON files that variables name. */
import { readFileSync } from 'node:fs'
import { Type, type Static, type TSchema } from 'typebox'
import { Value } from 'typebox/value'
import { GateThresholds } from '../contracts/data-gate.ts'
import { MatineeError } from '../contracts/errors.ts'
import { sourceTableNames, sourceTables, type TableNames } from '../contracts/source-tables.ts'

const Name = Type.String({ minLength: 1 })

/** Every table and column that the contract names may have another name. */
const TableNamesFile = Type.Object(
  Object.fromEntries(
    sourceTableNames.map((table) => {
      const columns = Object.fromEntries(sourceTables[table].map(({ name }) => [name, Type.Optional(Name)]))
      const names = Type.Object(
        { table: Type.Optional(Name), columns: Type.Optional(Type.Object(columns, { additionalProperties: false })) },
        { additionalProperties: false },
      )
      return [table, Type.Optional(names)]
    }),
  ),
  { additionalProperties: false },
)

/** Nothing is renamed where no file is named. @throws MatineeError `configuration_invalid`. */
export function readTableNames(variable: string, path: string | undefined): TableNames {
  return path === undefined ? {} : readJson(variable, path, TableNamesFile)
}

/** What the file leaves out, or all where none is named, is as usual. @throws MatineeError `configuration_invalid`. */
export function readThresholds(variable: string, path: string | undefined): GateThresholds {
  const usual = Value.Create(GateThresholds)
  return path === undefined
    ? usual
    : { ...usual, ...readJson(variable, path, Type.Partial(GateThresholds, { additionalProperties: false })) }
}

function readJson<Schema extends TSchema>(variable: string, path: string, schema: Schema): Static<Schema> {
  const wrong = (problem: string, cause?: unknown): MatineeError =>
    new MatineeError('configuration_invalid', `${variable}: ${path} ${problem}`, { cause, details: { variable } })
  let value: unknown
  try {
    value = JSON.parse(readFileSync(path, 'utf8'))
  } catch (cause) {
    throw wrong('cannot be read as JSON', cause)
  }
  if (Value.Check(schema, value)) return value
  const first = Value.Errors(schema, value)[0]
  const known = Object.keys(first !== undefined && 'properties' in schema ? (schema.properties as object) : {})
  throw wrong(`is wrong at ${first?.instancePath || '/'}: ${first?.message ?? 'not of its form'}; known names are ${known.join(', ')}`)
}
