/** From a model's titles to what goes over the wire, and from a request's parameters to a filter. */
import type { ModelItem } from '../contracts/documents.ts'
import { MatineeError } from '../contracts/errors.ts'
import type { ModelSnapshot, Ranking, Title, TitleFilter } from './model-snapshot.ts'
import type { Program, Recommendation } from './schemas.ts'

export const titleOf = ({ program_id, program_name, program_genre, age_limit }: ModelItem) => ({
  program_id,
  program_name,
  genre: program_genre,
  age_limit,
})

export const programOf = ({ item, viewers }: Title): Program => ({
  ...titleOf(item),
  category: item.ct_cl,
  release_date: item.release_date,
  viewers,
  recommendable: item.recommendable,
})

export const recommendationsOf = ({ source, titles }: Ranking): Recommendation[] =>
  titles.map(({ item, score }) => ({ ...titleOf(item), score, reason: source === 'personal' ? 'for you' : 'popular' }))

/** @throws MatineeError `request_invalid` naming a genre that no title has, and those that there are. */
export function filterOf(
  snapshot: ModelSnapshot,
  query: { readonly genre?: readonly string[] | undefined; readonly max_age?: number | undefined },
): TitleFilter {
  const known = new Set(snapshot.genres)
  const genres = new Set(
    (query.genre ?? [])
      .flatMap((text) => (known.has(text) ? [text] : text.split(',').map((part) => part.trim())))
      .filter((genre) => genre !== ''),
  )
  const unknown = [...genres].find((genre) => !known.has(genre))
  if (unknown !== undefined)
    throw new MatineeError(
      'request_invalid',
      `genre: "${unknown.slice(0, 80)}" is not known; known are ${snapshot.genres.join(', ') || 'none'}`,
    )
  return { genres, maxAge: query.max_age }
}
