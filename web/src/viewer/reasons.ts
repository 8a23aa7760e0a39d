import type { Messages } from '../i18n/en.ts'
import { nameOf } from './words.ts'

interface Reasoned {
  readonly reason: string
  /** The title of the history that counted most. */
  readonly because?: { readonly program_id: string; readonly program_name: string | null }
}

/** The API's reasons are a few fixed English phrases; the app says them in its own. One that it does not know is said as it came. */
export function reasonText({ reason, because }: Reasoned, messages: Messages): string {
  const { reasons } = messages
  if (because !== undefined) {
    const name = nameOf(because, messages)
    return reason.startsWith('because you looked at ') ? reasons.becauseClicked(name) : reasons.because(name)
  }
  const known: Readonly<Record<string, string>> = {
    '': reasons.other,
    'for you': reasons.forYou,
    popular: reasons.popular,
    trending: reasons.trending,
    new: reasons.new,
    'continue watching': reasons.continued,
    'next episode': reasons.nextEpisode,
  }
  const like = /^like (.+)$/s.exec(reason)?.[1]
  return known[reason] ?? (like === undefined ? reason : reasons.similar(like))
}
