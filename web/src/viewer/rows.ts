/** The rows of a home page in the app's language: the API gives their kind, and what they are about. */
import type { HomeRow } from '../../../client/schema.ts'
import type { Messages } from '../i18n/en.ts'
import { nameOf } from './words.ts'

/** What is said above a row. */
export function rowHeading({ kind, because, genre }: HomeRow, personal: boolean, messages: Messages): string {
  const { home } = messages
  const headings: Readonly<Record<HomeRow['kind'], string>> = {
    continue_watching: home.continueWatching,
    for_you: personal ? home.forYou : home.popular,
    because_you_watched: because === undefined ? home.forYou : home.becauseYouWatched(nameOf(because, messages)),
    trending: home.trending,
    new: home.newTitles,
    genre: home.genre(genre ?? ''),
  }
  return headings[kind]
}
