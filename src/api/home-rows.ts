/** The rows of a home page, from top to bottom, no title in two of them. */
import type { ModelItem } from '../contracts/documents.ts'
import { weekEnd, isWeek } from '../contracts/week.ts'
import { includes, union } from '../model/top-k/positions.ts'
import { nameOf } from './catalogue.ts'
import { momentOf } from './local-moment.ts'
import { byTrend, type ModelSnapshot, type RankedTitle, type Viewer, type ViewerHistory } from './model-snapshot.ts'
import type { HomeRow } from './schemas.ts'
import type { TitleFilter } from './title-masks.ts'
import { recommendationOf } from './titles.ts'
import type { Viewing } from './user-events.ts'

/** Watched to here counts as watched to the end: what follows is credits. */
const watchedToEnd = 0.92
/** So many days before the end of the model's week, and later, count as new. */
const newDays = 60
/** What a row "because you watched" may start from: enough of it was watched to have liked it. */
const likedShare = 0.5

export interface HomeRows {
  readonly source: 'personal' | 'popular'
  readonly rows: readonly HomeRow[]
}

export function homeRows(snapshot: ModelSnapshot, viewer: Viewer, count: number, filter: TitleFilter): HomeRows {
  const history = snapshot.historyOf(viewer)
  const order = snapshot.orderFor(history)
  const personal = order.by === 'history'
  const going = continued(snapshot, viewer, count, filter)
  let taken = union(union(history.seen, history.dismissed), Uint32Array.from(going, ({ position }) => position).toSorted())
  const take = (titles: readonly RankedTitle[]): readonly RankedTitle[] => {
    taken = union(taken, Uint32Array.from(titles, ({ position }) => position).toSorted())
    return titles
  }
  // Those that share an order come one after the other, for its scores are then made once; the page has an order of its own.
  const forYou = take(snapshot.best(order, count, filter, taken))
  const genre = personal ? favouriteGenre(snapshot, history, filter) : undefined
  const ofGenre = genre === undefined ? [] : take(snapshot.best(order, count, { ...filter, genres: new Set([genre]) }, taken))
  const liked = personal ? lastLiked(snapshot, viewer, history) : undefined
  const alike = liked === undefined ? [] : take(snapshot.similar(liked.position, count, filter, taken).titles)
  // Together: what is prepared of the history for the one serves for the other.
  const reasons = personal ? snapshot.explain([...forYou, ...ofGenre], history) : forYou
  const trending = take(snapshot.best(byTrend, count, filter, taken))
  const fresh = take(newest(snapshot, count, filter, taken))

  const rows: HomeRow[] = [
    { kind: 'continue_watching', title: 'Continue watching', items: going.map(({ row }) => row) },
    {
      kind: 'for_you',
      title: personal ? 'For you' : 'Popular',
      items: reasons.slice(0, forYou.length).map((title) => recommendationOf(title, personal ? 'for you' : 'popular')),
    },
    ...(liked === undefined
      ? []
      : [
          {
            kind: 'because_you_watched' as const,
            title: `Because you watched ${nameOf(liked.item)}`,
            because: { program_id: liked.item.program_id, program_name: liked.item.program_name },
            items: alike.map((title) => recommendationOf(title, `like ${nameOf(liked.item)}`)),
          },
        ]),
    { kind: 'trending', title: 'Trending', items: trending.map((title) => recommendationOf(title, 'trending')) },
    { kind: 'new', title: 'New', items: fresh.map((title) => recommendationOf(title, 'new')) },
    ...(genre === undefined
      ? []
      : [
          {
            kind: 'genre' as const,
            title: `${genre} for you`,
            genre,
            items: reasons.slice(forYou.length).map((title) => recommendationOf(title, 'for you')),
          },
        ]),
  ]
  return { source: personal ? 'personal' : 'popular', rows: rows.filter(({ items }) => items.length > 0) }
}

interface Continued {
  readonly position: number
  readonly row: HomeRow['items'][number]
}

/** Of each title the newest viewing: an episode that was left is gone on with, after one that was ended the next. The latest first. */
function continued(snapshot: ModelSnapshot, { events }: Viewer, count: number, filter: TitleFilter): readonly Continued[] {
  const { marks: allowed } = snapshot.catalogue.allowed(filter)
  const looked = new Set<string>()
  const rows: Continued[] = []
  for (const viewing of events?.viewings ?? []) {
    if (rows.length === count) break
    const { programId, share } = viewing
    const position = snapshot.positionOf(programId)
    const item = position === undefined ? undefined : snapshot.items[position]
    if (looked.has(programId) || position === undefined || item === undefined || events?.dismissed.has(programId)) continue
    looked.add(programId)
    const next = share < watchedToEnd ? viewing : nextEpisode(viewing)
    if (next === undefined || allowed[position] === 0) continue
    const reason = next === viewing ? 'continue watching' : 'next episode'
    rows.push({
      position,
      row: {
        ...recommendationOf({ position, item, score: viewing.atMs }, reason),
        episode: next.episode,
        watched_share: next.share,
      },
    })
  }
  return rows
}

/** Where episodes are numbered. Whether there is a next one the catalogue does not say: the client's player knows. */
function nextEpisode(viewing: Viewing): Pick<Viewing, 'episode' | 'share'> | undefined {
  const number = viewing.episode === null ? NaN : Number(viewing.episode)
  return Number.isInteger(number) && number > 0 ? { episode: String(number + 1), share: 0 } : undefined
}

/** The genre that most of what was watched is of, among those with titles to show. */
function favouriteGenre(snapshot: ModelSnapshot, history: ViewerHistory, { genres: asked }: TitleFilter): string | undefined {
  const weights = new Map<string, number>()
  history.items.forEach((position, n) => {
    const genre = snapshot.items[position]?.program_genre
    if (genre && snapshot.catalogue.genreSet.has(genre) && (asked === undefined || asked.size === 0 || asked.has(genre)))
      weights.set(genre, (weights.get(genre) ?? 0) + (history.weights[n] ?? 0))
  })
  return [...weights].toSorted(([a, weightA], [b, weightB]) => weightB - weightA || (a < b ? -1 : 1))[0]?.[0]
}

/** The title that was watched last of those that were watched for the most part, else the one watched last. */
function lastLiked(
  snapshot: ModelSnapshot,
  { id, events }: Viewer,
  history: ViewerHistory,
): { readonly position: number; readonly item: ModelItem } | undefined {
  const byEvent = (events?.viewings ?? []).flatMap(({ programId }) => snapshot.positionOf(programId) ?? [])
  const latest = [...byEvent, ...snapshot.latestSeen(id)]
  const weightOf = new Map([...history.items].map((position, n) => [position, history.weights[n] ?? 0]))
  const position = latest.find((candidate) => (weightOf.get(candidate) ?? 0) >= likedShare) ?? latest[0]
  const item = position === undefined ? undefined : snapshot.items[position]
  return position === undefined || item === undefined ? undefined : { position, item }
}

/** Released lately, the newest first. */
function newest(snapshot: ModelSnapshot, count: number, filter: TitleFilter, exclude: Uint32Array): readonly RankedTitle[] {
  const { week } = snapshot.manifest
  const end = isWeek(week) ? Date.parse(`${weekEnd(week).slice(0, 10)}T00:00:00Z`) : 0
  const since = momentOf(new Date(end - newDays * 86_400_000).toISOString().slice(0, 10)) ?? 0
  const { marks: allowed } = snapshot.catalogue.allowed(filter)
  const titles: RankedTitle[] = []
  for (const position of snapshot.catalogue.newestFirst) {
    const score = snapshot.catalogue.releasedAt(position)
    if (score < since || titles.length === count) break
    const item = snapshot.items[position]
    if (item !== undefined && allowed[position] === 1 && !includes(exclude, position)) titles.push({ position, item, score })
  }
  return titles
}
