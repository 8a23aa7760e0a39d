/** From a model's titles to what goes over the wire, and from a request's parameters to a filter. */
import { MatineeError } from '../contracts/errors.ts'
import { namedOf, reasonOf, titleOf } from './catalogue.ts'
import type { TitleFilter } from './title-masks.ts'
import type { ModelSnapshot, RankedTitle, Ranking, Title } from './model-snapshot.ts'
import { scoreText } from './number-text.ts'
import type { Program, Recommendation } from './schemas.ts'
import { plainReason } from './title-text.ts'

export const programOf = ({ item, viewers }: Title): Program => ({
  ...titleOf(item),
  category: item.ct_cl,
  release_date: item.release_date,
  viewers,
  recommendable: item.recommendable,
})

/** `reason` is for titles that owe nothing to one of the history. */
export function recommendationOf(title: RankedTitle, reason: string): Recommendation {
  const { item, because } = title
  const score = Number(scoreText(title.score))
  if (because === undefined) return { ...titleOf(item), score, reason }
  return { ...titleOf(item), score, reason: reasonOf(because.item, because.was), because: namedOf(because.item) }
}

export const recommendationsOf = ({ source, titles }: Ranking): Recommendation[] =>
  titles.map((title) => recommendationOf(title, plainReason(source)))

/** @throws MatineeError `request_invalid` naming a genre that no title has, and those that there are. */
export function filterOf(
  { catalogue: { genres: known, genreSet } }: ModelSnapshot,
  moment: number,
  query: { readonly genre?: readonly string[] | undefined; readonly max_age?: number | undefined },
): TitleFilter {
  const genres = new Set(
    (query.genre ?? [])
      .flatMap((text) => (genreSet.has(text) ? [text] : text.split(',').map((part) => part.trim())))
      .filter((genre) => genre !== ''),
  )
  const unknown = [...genres].find((genre) => !genreSet.has(genre))
  if (unknown !== undefined)
    throw new MatineeError('request_invalid', `genre: "${unknown.slice(0, 80)}" is not known; known are ${known.join(', ') || 'none'}`)
  return { genres, maxAge: query.max_age, moment }
}
