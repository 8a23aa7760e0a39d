/** What answers of one user are put together of, in byte text: how they begin, and each title of a list, as `Recommendation` has it. */
import { jsonOf } from './byte-text.ts'
import { reasonText, type Catalogue } from './catalogue.ts'
import type { ModelSnapshot, Ranking } from './model-snapshot.ts'

/** A title of a list with what it owes to the history, in positions. */
export interface ListedTitle {
  readonly position: number
  /** See `scoreText`. */
  readonly score: string
  readonly because?: { readonly position: number; readonly was: 'watched' | 'clicked' } | undefined
}

/** The fields that come first, up to a comma. */
export const beginningOf = (user: string, source: Ranking['source'], { version, manifest }: ModelSnapshot): string =>
  `{"user":${jsonOf(user)},"model":"${version}","week":"${manifest.week}","source":"${source}",`

/** Why a title that owes nothing to one of the history is in a list. */
export const plainReason = (source: Ranking['source']): string => (source === 'personal' ? 'for you' : 'popular')

/** @param reason for a title that owes nothing to one of the history; byte text, as it stands within quotes */
export function textOfTitle(catalogue: Catalogue, { position, score, because }: ListedTitle, reason: string): string {
  const { title } = catalogue.textOf(position)
  if (because === undefined) return `${title}${score},"reason":"${reason}"}`
  const { watched } = catalogue.textOf(because.position)
  return `${title}${score}${because.was === 'watched' ? watched : reasonText(catalogue.item(because.position), because.was)}`
}
