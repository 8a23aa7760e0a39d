/** Numbers and times as people of one language write them; times in the zone of the browser. */

export interface Formats {
  /** 12,345.6; at most `digits` after the point. */
  readonly number: (value: number, digits?: number) => string
  /** 1,250, 12K, 1.2만: for axes. */
  readonly compact: (value: number) => string
  /** A figure such as 0.1923: always four digits after the point, so that columns line up. */
  readonly figure: (value: number) => string
  /** A difference: the same with its sign. */
  readonly signed: (value: number) => string
  readonly percent: (share: number, digits?: number) => string
  readonly bytes: (count: number) => string
  /** Day and time of an instant. */
  readonly time: (instant: string | number) => string
  readonly day: (instant: string | number) => string
  /** A duration: "3 min 12 s". */
  readonly seconds: (count: number) => string
  /** From an instant until now, or the other way round: "2 days ago". */
  readonly ago: (instant: string | number, now?: number) => string
  readonly list: (words: readonly string[]) => string
  readonly compare: (a: string, b: string) => number
  readonly zone: string
}

const units = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
  ['second', 1],
] as const

export function makeFormats(language: string): Formats {
  const numbers = new Map<number, Intl.NumberFormat>()
  const numberFormat = (digits: number): Intl.NumberFormat => {
    const there = numbers.get(digits) ?? new Intl.NumberFormat(language, { maximumFractionDigits: digits })
    numbers.set(digits, there)
    return there
  }
  const compact = new Intl.NumberFormat(language, { notation: 'compact', maximumFractionDigits: 1 })
  const figure = new Intl.NumberFormat(language, { minimumFractionDigits: 4, maximumFractionDigits: 4 })
  const signed = new Intl.NumberFormat(language, { minimumFractionDigits: 4, maximumFractionDigits: 4, signDisplay: 'exceptZero' })
  const time = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' })
  const day = new Intl.DateTimeFormat(language, { dateStyle: 'medium' })
  const relative = new Intl.RelativeTimeFormat(language, { numeric: 'auto' })
  const list = new Intl.ListFormat(language, { type: 'conjunction', style: 'short' })
  const collator = new Intl.Collator(language, { numeric: true })
  const unit = (count: number, name: string, digits = 0): string =>
    new Intl.NumberFormat(language, { style: 'unit', unit: name, unitDisplay: 'short', maximumFractionDigits: digits }).format(count)
  return {
    number: (value, digits = 0) => numberFormat(digits).format(value),
    compact: (value) => (Math.abs(value) < 10_000 ? numberFormat(0) : compact).format(value),
    figure: (value) => figure.format(value),
    signed: (value) => signed.format(value),
    percent: (share, digits = 0) => new Intl.NumberFormat(language, { style: 'percent', maximumFractionDigits: digits }).format(share),
    bytes: (count) =>
      count < 1024 * 1024 ? unit(count / 1024, 'kilobyte', 1) : unit(count / 1024 / 1024, 'megabyte', count < 100 * 1024 * 1024 ? 1 : 0),
    time: (instant) => time.format(new Date(instant)),
    day: (instant) => day.format(new Date(instant)),
    seconds: (count) => {
      if (count < 1) return unit(Math.round(count * 1000), 'millisecond')
      if (count < 60) return unit(count, 'second', count < 10 ? 1 : 0)
      const whole = Math.round(count)
      if (whole < 3600) return `${unit(Math.floor(whole / 60), 'minute')} ${unit(whole % 60, 'second')}`
      if (whole < 86_400) return `${unit(Math.floor(whole / 3600), 'hour')} ${unit(Math.floor((whole % 3600) / 60), 'minute')}`
      return `${unit(Math.floor(whole / 86_400), 'day')} ${unit(Math.floor((whole % 86_400) / 3600), 'hour')}`
    },
    ago: (instant, now = Date.now()) => {
      const seconds = (new Date(instant).getTime() - now) / 1000
      const [name, size] = units.find(([, length]) => Math.abs(seconds) >= length) ?? units[3]
      return relative.format(Math.trunc(seconds / size), name)
    },
    list: (words) => list.format(words),
    compare: collator.compare,
    zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  }
}
