/** A row as a line, as `RowLines` has it, where the database cannot write it so. */
import { sourceValue } from './source-value.ts'

/** Digits and signs, as the servers write numbers and times: never a comma, and never the beginning of a coded text. */
const plain = /^[-+]?[0-9][-+:. 0-9e]*$/

export const lineOf = (values: readonly unknown[]): string => values.map(fieldOf).join(',')

function fieldOf(given: unknown): string {
  const value = sourceValue(given)
  if (value === null) return ''
  if (typeof value === 'string') return plain.test(value) ? value : `x${Buffer.from(value, 'utf8').toString('hex')}`
  return typeof value === 'bigint' || Number.isFinite(value) ? String(value) : ''
}

/** What stands in a line, as text. */
export const valuesOf = (line: string): (string | null)[] =>
  line.split(',').map((field) => {
    if (field === '') return null
    return field.startsWith('x') ? Buffer.from(field.slice(1), 'hex').toString('utf8') : field
  })
