/** Rows of a source taken apart, as no part of the system needs them. */
import { valuesOf } from '../../src/adapters/database/row-line.ts'
import type { RowSource } from '../../src/contracts/ports.ts'

export type TextRow = readonly (string | null)[]

export async function rowsOf(source: RowSource, ...asked: Parameters<RowSource['readLines']>): Promise<TextRow[]> {
  const rows: TextRow[] = []
  for await (const { lines } of source.readLines(...asked)) for (const line of lines) rows.push(valuesOf(line))
  return rows
}
