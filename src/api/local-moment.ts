/**
 * Local wall-clock moments as numbers that compare: 2024-01-07 21:03:11 is 20240107210311. Catalogue dates are wall-clock text without a
 * zone; a number each makes "released by now" one comparison a title.
 */
import type { Clock } from '../contracts/ports.ts'
import { localTime } from '../contracts/week.ts'

/** Undefined where the text is no date. What is missing at its end is taken as its beginning: 2024-01 is 2024-01-01 00:00:00. */
export function momentOf(text: string): number | undefined {
  const match = /^(\d{4})(?:-?(\d{2})(?:-?(\d{2})(?:[ T](\d{2}):(\d{2})(?::(\d{2}))?.*)?)?)?$/.exec(text.trim())
  if (match === null) return undefined
  const [, year = '', month = '01', day = '01', hour = '00', minute = '00', second = '00'] = match
  return Number(`${year}${month}${day}${hour}${minute}${second}`)
}

/** Now in a zone. A zone's clock is asked once a second: it takes longer than a recommendation. */
export class LocalClock {
  readonly #clock: Clock
  readonly #timeZone: string
  #second = NaN
  #moment = 0

  constructor(clock: Clock, timeZone: string) {
    this.#clock = clock
    this.#timeZone = timeZone
  }

  nowMs(): number {
    return this.#clock.now()
  }

  moment(): number {
    const ms = this.#clock.now()
    const second = Math.floor(ms / 1000)
    if (second !== this.#second) {
      this.#second = second
      this.#moment = momentOf(localTime(ms, this.#timeZone)) ?? 0
    }
    return this.#moment
  }

  /** `2024-01-07 21:03:11` of an instant. */
  text(ms: number): string {
    return localTime(ms, this.#timeZone)
  }
}
