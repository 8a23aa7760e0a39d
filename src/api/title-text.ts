/** One title of a list, as `Recommendation` has it, in byte text. */
import { reasonText, type Catalogue } from './catalogue.ts'

/** A title of a list with what it owes to the history, in positions. */
export interface ListedTitle {
  readonly position: number
  readonly score: number
  readonly because?: { readonly position: number; readonly was: 'watched' | 'clicked' } | undefined
}

/** @param reason for a title that owes nothing to one of the history; byte text, as it stands within quotes */
export function textOfTitle(catalogue: Catalogue, { position, score, because }: ListedTitle, reason: string): string {
  const { title } = catalogue.textOf(position)
  if (because === undefined) return `${title}${score},"reason":"${reason}"}`
  const { watched } = catalogue.textOf(because.position)
  return `${title}${score}${because.was === 'watched' ? watched : reasonText(catalogue.item(because.position), because.was)}`
}
