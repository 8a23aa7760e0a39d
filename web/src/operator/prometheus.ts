/** Reads the text that `/metrics` answers. Pure. */

export interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

export function readSamples(text: string): readonly Sample[] {
  return text.split('\n').flatMap((line) => {
    const match = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/.exec(line)
    if (match === null) return []
    const labels = Object.fromEntries(
      [...(match[2] ?? '').matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, name = '', value = '']) => [name, value]),
    )
    return [{ name: match[1] ?? '', labels, value: Number(match[3]) }]
  })
}

export const valueOf = (samples: readonly Sample[], name: string): number | undefined =>
  samples.find((sample) => sample.name === name)?.value

export interface RouteFigures {
  readonly route: string
  readonly requests: number
  readonly errors: number
  /** Mean, in seconds. */
  readonly seconds: number
}

const DURATION = 'matinee_http_request_duration_seconds'

/** Requests by route, the most asked first. */
export function routesOf(samples: readonly Sample[]): readonly RouteFigures[] {
  const routes = new Map<string, { requests: number; errors: number; seconds: number }>()
  for (const { name, labels, value } of samples) {
    if (name !== `${DURATION}_count` && name !== `${DURATION}_sum`) continue
    const route = `${labels['method'] ?? ''} ${labels['route'] ?? ''}`
    const figures = routes.get(route) ?? { requests: 0, errors: 0, seconds: 0 }
    routes.set(route, figures)
    if (name === `${DURATION}_sum`) figures.seconds += value
    else {
      figures.requests += value
      if (labels['status']?.startsWith('5') === true) figures.errors += value
    }
  }
  return [...routes]
    .map(([route, { requests, errors, seconds }]) => ({ route, requests, errors, seconds: seconds / Math.max(1, requests) }))
    .toSorted((a, b) => b.requests - a.requests)
}
