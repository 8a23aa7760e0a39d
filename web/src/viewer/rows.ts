/** The rows of a home page, as the API tells them; put together from its lists where it does not. */
import type { Recommendation } from '../api/schema.ts'
import type { Messages } from '../i18n/en.ts'
import { nameOf } from './words.ts'

export interface RowTitle extends Recommendation {
  readonly episode?: string | null
  /** Of the episode, 0 to 1. */
  readonly watched_share?: number
}

export interface HomeRow {
  readonly kind: 'continue_watching' | 'for_you' | 'because_you_watched' | 'trending' | 'new' | 'genre' | 'popular'
  readonly because?: { readonly program_id: string; readonly program_name: string | null }
  readonly genre?: string
  readonly items: readonly RowTitle[]
}

/** What is said above a row. */
export function rowHeading({ kind, because, genre }: HomeRow, messages: Messages): string {
  const { home } = messages
  const headings: Readonly<Record<HomeRow['kind'], string>> = {
    continue_watching: home.continueWatching,
    for_you: home.forYou,
    because_you_watched: because === undefined ? home.forYou : home.becauseYouWatched(nameOf(because, messages)),
    trending: home.trending,
    new: home.newTitles,
    genre: home.genre(genre ?? ''),
    popular: home.popular,
  }
  return headings[kind]
}
