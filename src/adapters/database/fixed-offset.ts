/** A zone's distance from UTC, for database servers that do not know zones by name. */

const DAY_MS = 86_400_000

/**
 * The offset (`+09:00`) that a zone had on every day from one instant to another; undefined where it changed in between,
 * or was not a whole number of minutes.
 */
export function fixedOffset(timeZone: string, fromMs: number, toMs: number): string | undefined {
  const format = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' })
  const offsetAt = (instantMs: number): string =>
    format
      .formatToParts(instantMs)
      .find(({ type }) => type === 'timeZoneName')
      ?.value.slice('GMT'.length) ?? ''
  const offset = offsetAt(fromMs)
  for (let instantMs = fromMs + DAY_MS; instantMs < toMs; instantMs += DAY_MS) if (offsetAt(instantMs) !== offset) return undefined
  if (offsetAt(toMs) !== offset) return undefined
  if (offset === '') return '+00:00'
  return /^[+-]\d\d:\d\d$/.test(offset) ? offset : undefined
}
