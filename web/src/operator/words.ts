/** The words of operators' pages in the language that is chosen. */
import { useFormats, useMessages } from '../i18n/language.tsx'
import type { Words } from './sentences.ts'

export function useWords(): Words {
  return { messages: useMessages(), formats: useFormats() }
}

export function useSegmentName(): (segment: string) => string {
  const { models } = useMessages()
  return (segment) => models.segments[segment] ?? segment
}
