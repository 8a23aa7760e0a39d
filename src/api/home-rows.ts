/** The rows of a home page, from top to bottom, no title in two of them. */
import { includes, placeOf, union } from '../model/top-k/positions.ts'
import { byTrend, positionsOf, type ModelSnapshot, type RankedTitle, type Viewer, type ViewerHistory } from './model-snapshot.ts'
import type { HomeRow } from './schemas.ts'
import type { TitleFilter } from './title-masks.ts'
import type { Viewing } from './user-events.ts'

/** Watched to here counts as watched to the end: what follows is credits. */
const watchedToEnd = 0.92
/** What a row "because you watched" may start from: enough of it was watched to have liked it. */
const likedShare = 0.5

export interface HomePage {
  readonly source: 'personal' | 'popular'
  /** From top to bottom; none is empty. */
  readonly rows: readonly PageRow[]
}

export interface RowTitle extends RankedTitle {
  /** Of what is gone on with: where. */
  readonly next?: Pick<Viewing, 'episode' | 'share'>
}

export interface PageRow {
  readonly kind: HomeRow['kind']
  /** The position of the title that the row starts from. */
  readonly because?: number | undefined
  /** Its place in the catalogue's. */
  readonly genre?: number | undefined
  readonly titles: readonly RowTitle[]
}

export function homePage(snapshot: ModelSnapshot, viewer: Viewer, count: number, filter: TitleFilter): HomePage {
  const history = snapshot.historyOf(viewer)
  const order = snapshot.orderFor(history)
  const personal = order.by === 'history'
  const going = continued(snapshot, viewer, count, filter)
  let taken = union(union(history.seen, history.dismissed), positionsOf(going).toSorted())
  const take = (titles: readonly RankedTitle[]): readonly RankedTitle[] => {
    taken = union(taken, positionsOf(titles).toSorted())
    return titles
  }
  // Those that share an order come one after the other, for its scores are then made once; the page has an order of its own.
  const forYou = take(snapshot.best(order, count, filter, taken))
  const genre = personal ? favouriteGenre(snapshot, history, filter) : undefined
  const genreName = genre === undefined ? undefined : snapshot.catalogue.genres[genre]
  const ofGenre = genreName === undefined ? [] : take(snapshot.best(order, count, { ...filter, genres: new Set([genreName]) }, taken))
  const liked = personal ? lastLiked(snapshot, viewer, history) : undefined
  const alike = liked === undefined ? [] : take(snapshot.similar(liked, count, filter, taken).titles)
  // Together: what is prepared of the history for the one serves for the other.
  const explained = personal ? snapshot.explain([...forYou, ...ofGenre], history) : forYou
  const trending = take(snapshot.best(byTrend, count, filter, taken))
  const fresh = take(newest(snapshot, count, filter, taken))

  const rows: PageRow[] = [
    { kind: 'continue_watching', titles: going },
    { kind: 'for_you', titles: explained.slice(0, forYou.length) },
    { kind: 'because_you_watched', because: liked, titles: alike },
    { kind: 'trending', titles: trending },
    { kind: 'new', titles: fresh },
    { kind: 'genre', genre, titles: explained.slice(forYou.length) },
  ]
  return { source: personal ? 'personal' : 'popular', rows: rows.filter(({ titles }) => titles.length > 0) }
}

/** Of each title the newest viewing: an episode that was left is gone on with, after one that was ended the next. The latest first. */
function continued(snapshot: ModelSnapshot, { events }: Viewer, count: number, filter: TitleFilter): readonly RowTitle[] {
  const { marks: allowed } = snapshot.catalogue.allowed(filter)
  const looked = new Set<string>()
  const titles: RowTitle[] = []
  for (const viewing of events?.viewings ?? []) {
    if (titles.length === count) break
    const { programId, share } = viewing
    const position = snapshot.positionOf(programId)
    const item = position === undefined ? undefined : snapshot.items[position]
    if (looked.has(programId) || position === undefined || item === undefined || events?.dismissed.has(programId)) continue
    looked.add(programId)
    const next = share < watchedToEnd ? viewing : nextEpisode(viewing)
    if (next !== undefined && allowed[position] === 1) titles.push({ position, item, score: viewing.atMs, next })
  }
  return titles
}

/** Where episodes are numbered. Whether there is a next one the catalogue does not say: the client's player knows. */
function nextEpisode(viewing: Viewing): Pick<Viewing, 'episode' | 'share'> | undefined {
  const number = viewing.episode === null ? NaN : Number(viewing.episode)
  return Number.isInteger(number) && number > 0 ? { episode: String(number + 1), share: 0 } : undefined
}

/** The place of the genre that most of what was watched is of, among those with titles to show; of equal ones the first by name. */
function favouriteGenre({ catalogue }: ModelSnapshot, history: ViewerHistory, { genres: asked }: TitleFilter): number | undefined {
  const { genres } = catalogue
  const weights = new Float64Array(genres.length)
  let favourite = -1
  for (let n = 0; n < history.items.length; n++) {
    const genre = catalogue.genreNumberOf(history.items[n] as number)
    if (genre < genres.length) weights[genre] = (weights[genre] as number) + (history.weights[n] as number)
  }
  for (let genre = 0; genre < genres.length; genre++) {
    const isAsked = asked === undefined || asked.size === 0 || asked.has(genres[genre] as string)
    if (isAsked && (weights[genre] as number) > (weights[favourite] ?? 0)) favourite = genre
  }
  return favourite === -1 ? undefined : favourite
}

/** The position of the title that was watched last of those that were watched for the most part, else of the one watched last. */
function lastLiked(snapshot: ModelSnapshot, { id, events }: Viewer, { items, weights }: ViewerHistory): number | undefined {
  const isLiked = (position: number): boolean => (weights[placeOf(items, position)] ?? 0) >= likedShare
  const byEvent = (events?.viewings ?? []).flatMap(({ programId }) => snapshot.positionOf(programId) ?? [])
  return byEvent.find(isLiked) ?? snapshot.lastSeen(id, isLiked) ?? byEvent[0] ?? snapshot.lastSeen(id)
}

/** Released lately, the newest first. */
function newest(snapshot: ModelSnapshot, count: number, filter: TitleFilter, exclude: Uint32Array): readonly RankedTitle[] {
  const { marks: allowed } = snapshot.catalogue.allowed(filter)
  const titles: RankedTitle[] = []
  for (const position of snapshot.catalogue.newestFirst) {
    const score = snapshot.catalogue.releasedAt(position)
    if (score < snapshot.newSince || titles.length === count) break
    const item = snapshot.items[position]
    if (item !== undefined && allowed[position] === 1 && !includes(exclude, position)) titles.push({ position, item, score })
  }
  return titles
}
