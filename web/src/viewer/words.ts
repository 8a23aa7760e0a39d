/** What a title is called, and why it stands where it stands, in the app's language. */
import type { Messages } from '../i18n/en.ts'

export interface TitleLike {
  readonly program_id: string
  readonly program_name: string | null
  readonly genre: string | null
  readonly age_limit: number | null
}

export const nameOf = (title: { readonly program_id: string; readonly program_name: string | null }, messages: Messages): string =>
  title.program_name === null || title.program_name === '' ? messages.title.unnamed(title.program_id) : title.program_name

export function ageText(limit: number | null, messages: Messages): string {
  if (limit === null) return messages.title.ageUnknown
  return limit === 0 ? messages.title.ageAll : messages.title.ageLimit(String(limit))
}
