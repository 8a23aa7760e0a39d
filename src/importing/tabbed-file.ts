/** Tab separated files whose first line names the columns as `name:type`. */
import { MatineeError } from '../contracts/errors.ts'
import { readLines } from './text-file.ts'

export const malformedLine = (path: string, line: number, reason: string): MatineeError =>
  new MatineeError('import_invalid', `${path} line ${line}: ${reason}`, { details: { line } })

interface Columns<Name extends string> {
  readonly names: readonly string[]
  /** Where the wanted columns stand in a line. */
  readonly index: Readonly<Record<Name, number>>
}

export interface Line {
  /** In the file, from 1. */
  readonly number: number
  readonly values: readonly string[]
}

/**
 * The lines below the header, in batches; empty ones are skipped.
 * @throws MatineeError `import_invalid` for a file without the wanted columns and a line with another number of values.
 */
export async function* readTabbed<const Name extends string>(
  path: string,
  wanted: readonly Name[],
): AsyncGenerator<{ readonly columns: Columns<Name>; readonly lines: readonly Line[] }> {
  let columns: Columns<Name> | undefined
  let number = 0
  for await (const texts of readLines(path)) {
    const lines: Line[] = []
    for (const text of texts) {
      number++
      if (columns === undefined) columns = readHeader(text, wanted, path)
      else if (text !== '') {
        const values = text.split('\t')
        if (values.length !== columns.names.length)
          throw malformedLine(path, number, `it has ${values.length} values where the header names ${columns.names.length}`)
        lines.push({ number, values })
      }
    }
    if (columns !== undefined) yield { columns, lines }
  }
  if (columns === undefined) throw new MatineeError('import_invalid', `${path} is empty; its first line must name the columns`)
}

function readHeader<const Name extends string>(text: string, wanted: readonly Name[], path: string): Columns<Name> {
  const names = text.split('\t').map((name) => name.replace(/:[a-z_]+$/, ''))
  const missing = wanted.filter((name) => !names.includes(name))
  if (missing.length > 0)
    throw malformedLine(path, 1, `it lacks the column${missing.length > 1 ? 's' : ''} ${missing.join(', ')}; it has ${names.join(', ')}`)
  return { names, index: Object.fromEntries(wanted.map((name) => [name, names.indexOf(name)])) as Record<Name, number> }
}

/** A file that is small enough to be held. */
export interface TabbedTable<Name extends string> extends Columns<Name> {
  readonly path: string
  readonly rows: readonly (readonly string[])[]
}

/** @throws MatineeError as `readTabbed`, and where the first of the wanted columns, the id, is empty or stands twice. */
export async function readTabbedTable<const Name extends string>(
  path: string,
  wanted: readonly [Name, ...Name[]],
): Promise<TabbedTable<Name>> {
  const [idColumn] = wanted
  const rows: (readonly string[])[] = []
  const ids = new Set<string>()
  let header: Columns<Name> | undefined
  for await (const { columns, lines } of readTabbed(path, wanted)) {
    header = columns
    for (const { number, values } of lines) {
      const id = values[columns.index[idColumn]] ?? ''
      if (id === '') throw malformedLine(path, number, `${idColumn} is empty`)
      if (ids.has(id)) throw malformedLine(path, number, `${idColumn} ${id} stands in an earlier line too`)
      ids.add(id)
      rows.push(values)
    }
  }
  if (header === undefined) throw new MatineeError('internal', `${path} gave no header`)
  return { ...header, path, rows }
}
