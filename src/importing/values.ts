/** What the text of a cell can be stored as without a change. */

import { MatineeError } from '../contracts/errors.ts'

/** Whether text is an integer in its only form (no sign, no leading zero) and fits a signed 64-bit column. */
export function isCanonicalInteger(text: string): boolean {
  if (!/^(?:0|-?[1-9]\d{0,18})$/.test(text)) return false
  if (text.length < 19) return true
  const value = BigInt(text)
  return value === BigInt.asIntN(64, value)
}

/** Whether text is a decimal number. */
export const isNumber = (text: string): boolean => /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text) && Number.isFinite(Number(text))

/** Whether text is a day that exists, as `2023-10-08`. */
export function isDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false
  const time = Date.parse(`${text}T00:00:00Z`)
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text)
}

/** Whether text is a wall-clock time that exists, as `2023-10-08 23:59:59`. */
export const isLocalTime = (text: string): boolean => /^.{10} (?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d$/.test(text) && isDate(text.slice(0, 10))

/**
 * @throws MatineeError `import_invalid` for a name that is no column name in SQLite or MySQL: empty, too long, with a
 * dot or backquote, or the same as another but for case.
 */
export function checkColumnNames(names: readonly string[], path: string): void {
  const known = new Set<string>()
  for (const name of names) {
    if (!/^[^.`\p{Cc}]{1,64}$/u.test(name) || name.trim() !== name)
      throw new MatineeError('import_invalid', `${path} line 1: "${name}" cannot be the name of a column; rename it or leave it out`)
    if (known.has(name.toLowerCase())) throw new MatineeError('import_invalid', `${path} line 1 names the column ${name} twice`)
    known.add(name.toLowerCase())
  }
}
