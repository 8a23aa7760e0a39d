/** What a user's events say of each title: the newest word counts. */
import type { StoredEvent } from '../contracts/serving-ports.ts'

export interface Viewing {
  readonly programId: string
  readonly episode: string | null
  /** Share watched, 0 to 1; 1 where it was not told. */
  readonly share: number
  readonly atMs: number
}

export interface UserEvents {
  /** The newest sequence among them: changes whenever they do. */
  readonly version: number
  /** Titles watched, with the largest share of any viewing (as `rating` is in training). */
  readonly watched: ReadonlyMap<string, number>
  readonly clicked: ReadonlySet<string>
  /** Dismissed, and not watched or clicked since. */
  readonly dismissed: ReadonlySet<string>
  /** By time, the newest first. */
  readonly viewings: readonly Viewing[]
}

export function userEventsOf(events: readonly StoredEvent[]): UserEvents {
  const watched = new Map<string, number>()
  const clicked = new Set<string>()
  const dismissed = new Set<string>()
  const viewings: Viewing[] = []
  for (const event of events.toSorted((a, b) => a.atMs - b.atMs || a.sequence - b.sequence)) {
    const { programId, episode, atMs } = event
    if (event.type === 'dismissal') {
      dismissed.add(programId)
      continue
    }
    dismissed.delete(programId)
    if (event.type === 'click') {
      clicked.add(programId)
      continue
    }
    const share = shareOf(event)
    if (share === 0) continue // opened and left: as in training, no viewing
    viewings.push({ programId, episode, share, atMs })
    watched.set(programId, Math.max(share, watched.get(programId) ?? 0))
  }
  return {
    version: events.reduce((newest, { sequence }) => Math.max(newest, sequence), 0),
    watched,
    clicked,
    dismissed,
    viewings: viewings.toReversed(),
  }
}

function shareOf({ watchedSeconds, lengthSeconds }: StoredEvent): number {
  if (watchedSeconds === null) return 1
  if (lengthSeconds === null) return watchedSeconds > 0 ? 1 : 0
  return Math.min(1, watchedSeconds / lengthSeconds)
}
