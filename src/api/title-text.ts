/** One title of a list, as `Recommendation` has it, in byte text. */
import type { Catalogue } from './catalogue.ts'
import { reasonOf } from './titles.ts'

/** A title of a list with what it owes to the history, in positions. */
export interface ListedTitle {
  readonly position: number
  readonly score: number
  readonly because?: { readonly position: number; readonly was: 'watched' | 'clicked' } | undefined
}

/** @param reason for a title that owes nothing to one of the history; byte text, as it stands within quotes */
export function textOfTitle(catalogue: Catalogue, { position, score, because }: ListedTitle, reason: string): string {
  const { title } = catalogue.textOf(position)
  if (because === undefined) return `${title},"score":${score},"reason":"${reason}"}`
  const { name, named } = catalogue.textOf(because.position)
  return `${title},"score":${score},"reason":"${reasonOf(name, because.was)}","because":${named}}`
}
