/** How operators' pages write what several of them show. */
import { useMessages } from '../i18n/language.tsx'

/** A dash where nothing was measured. */
export const figureText = (value: number | undefined | null, format: (value: number) => string): string =>
  value === undefined || value === null ? '–' : format(value)

export const parametersText = (parameters: Readonly<Record<string, number | boolean>>): string =>
  Object.entries(parameters)
    .map(([name, value]) => `${name} ${String(value)}`)
    .join(', ')

export function useSegmentName(): (segment: string) => string {
  const { models } = useMessages()
  return (segment) => models.segments[segment] ?? segment
}
