import type { Messages } from '../i18n/en.ts'

/** The API gives reasons in a few English words; the app says them in its own. What it does not know is said as it came. */
export function reasonText(reason: string, { reasons }: Messages): string {
  if (reason === 'for you') return reasons.forYou
  if (reason === 'popular') return reasons.popular
  if (reason === 'trending') return reasons.trending
  if (reason === 'new') return reasons.new
  const because = /^because you watched (.+)$/i.exec(reason)?.[1]
  if (because !== undefined) return reasons.because(because)
  const like = /^like (.+)$/i.exec(reason)?.[1]
  if (like !== undefined) return reasons.similar(like)
  return reason === '' ? reasons.other : reason
}
