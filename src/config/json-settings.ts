/** Settings that are tables, and so lie in JSON files that variables name. */
import { readFileSync } from 'node:fs'
import { Type, type Static, type TSchema } from 'typebox'
import { Value } from 'typebox/value'
import { GateThresholds } from '../contracts/data-gate.ts'
import { MatineeError } from '../contracts/errors.ts'
import { sourceTableNames, sourceTables, type SourceColumn, type TableNames } from '../contracts/source-tables.ts'

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
  if (path === undefined) return {}
  const names = readJson(variable, path, TableNamesFile)
  for (const table of sourceTableNames) {
    const inUse = new Map<string, string>()
    const columns: readonly SourceColumn[] = sourceTables[table]
    for (const { name, required } of columns) {
      const given = names[table]?.columns?.[name]
      if (given === undefined && !required) continue
      const column = given ?? name
      const other = inUse.get(column.toLowerCase())
      if (other !== undefined)
        throw new MatineeError(
          'configuration_invalid',
          `${variable}: ${path} gives ${other} and ${name} of ${table} the same column, "${column}"`,
          { details: { variable } },
        )
      inUse.set(column.toLowerCase(), name)
    }
  }
  return names
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
  const [first] = Value.Errors(schema, value)
  const place = first?.instancePath || '/'
  const unknownIn = first?.keyword === 'boolean' ? /^#(.*)\/additionalProperties$/.exec(first.schemaPath)?.[1] : undefined
  if (unknownIn === undefined) throw wrong(`is wrong at ${place}: ${first?.message ?? 'not of its form'}`)
  throw wrong(`is wrong at ${place}: there is no such name; known are ${propertiesAt(schema, unknownIn).join(', ')}`)
}

/** Names of an object's properties, by a JSON pointer from the schema to it. */
function propertiesAt(schema: TSchema, pointer: string): string[] {
  const at = pointer
    .split('/')
    .slice(1)
    .reduce<unknown>((part, step) => (typeof part === 'object' && part !== null ? Reflect.get(part, step) : undefined), schema)
  return typeof at === 'object' && at !== null && 'properties' in at ? Object.keys(at.properties as object) : []
}
