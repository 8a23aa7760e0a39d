/**
 * Believable logs of a VOD operator, as a pure function of its parameters: the same ones give the same rows, in the
 * same order, on every machine. Viewer by viewer, so that memory does not grow with the number of rows.
 *
 * Random streams of the seed: 0 the catalogue, 1 the viewers' ids, 2 + 2u the character of viewer u, 3 + 2u what u does.
 */
import { MatineeError } from '../contracts/errors.ts'
import type { SourceValue } from '../contracts/ports.ts'
import type { SourceTable } from '../contracts/source-tables.ts'
import { addWeeks, isWeek, weekStart, type Week } from '../contracts/week.ts'
import { Random } from '../model/random/random.ts'
import type { RowBatch, SourceRow } from './load-tables.ts'
import { usualDefinition, type TableDefinition } from './source-schema.ts'
import { isMarked, makeCatalogue, shelves, type Catalogue, type Title } from './synthetic/catalogue.ts'
import { makeViewer, preference, styleShare, type Viewer } from './synthetic/viewers.ts'

export interface GenerateParameters {
  /** Rows of `userinfo`; a hundredth more, whom it lacks, are in the logs. */
  readonly users: number
  /** Rows of `vodinfo`; a hundredth more, which it lacks, are in the logs. */
  readonly programs: number
  /** Rows of `vods_sumut`, faulty ones included. Clicks come on top. */
  readonly rows: number
  readonly weeks: number
  readonly seed: number
  /** The last week, filled to its end. */
  readonly end: Week
}

/** Shares of log rows with a fault of real logs. Each is drawn on its own, save `repeat`, which writes a row once more. */
export const logFaults = {
  repeat: 0.015,
  excluded: 0.02,
  durationZero: 0.006,
  durationMissing: 0.004,
  useNegative: 0.004,
  useMissing: 0.004,
  useBeyondDuration: 0.015,
  withoutUser: 0.001,
  withoutProgram: 0.001,
  withoutTime: 0.001,
  withoutExclusion: 0.001,
} as const
/** Share of users whom `userinfo` lacks. */
const UNLISTED_USERS = 0.01

const limits: Readonly<Record<Exclude<keyof GenerateParameters, 'end'>, readonly [number, number]>> = {
  users: [1, 5_000_000],
  programs: [1, 50_000],
  rows: [0, 1_000_000_000],
  weeks: [1, 520],
  seed: [0, Number.MAX_SAFE_INTEGER],
}

const DAY_SECONDS = 86_400
const ROWS_PER_BATCH = 2000

/** The columns of each generated table; rows have their values in this order. */
export const generatedTables: readonly TableDefinition[] = [
  {
    table: 'userinfo',
    columns: [
      { name: 'subsr_id', type: 'integer' },
      { name: 'gender', type: 'text' },
      { name: 'age_group', type: 'integer' },
      { name: 'region', type: 'text' },
    ],
  },
  usualDefinition('vodinfo'),
  usualDefinition('vods_sumut'),
  usualDefinition('contlog'),
]

/** Catalogue, users and calendar: everything but the logs. */
export interface World {
  readonly parameters: GenerateParameters
  readonly catalogue: Catalogue
  /** Ids of all users of the logs, ascending. */
  readonly userIds: Float64Array
  readonly isListed: (user: number) => boolean
  viewer(user: number): Viewer
  /** Planted chance of each title, by position in `catalogue.titles`, to be what a user picks next in a week (0 is the first). */
  preference(user: number, week: number): Float64Array
}

/** @throws MatineeError `usage_invalid` naming the parameter and what it may be. */
export function checkParameters(parameters: GenerateParameters): void {
  for (const name of ['users', 'programs', 'rows', 'weeks', 'seed'] as const) {
    const [least, greatest] = limits[name]
    const value = parameters[name]
    if (!Number.isSafeInteger(value) || value < least || value > greatest)
      throw new MatineeError('usage_invalid', `--${name} ${value}: a whole number from ${least} to ${greatest} is allowed`)
  }
  if (!isWeek(parameters.end))
    throw new MatineeError('usage_invalid', `--end ${String(parameters.end)}: a week such as 2024-W01 is allowed`)
}

/** @throws as `checkParameters` */
export function makeWorld(parameters: GenerateParameters): World {
  checkParameters(parameters)
  const { users, programs, weeks, seed, end } = parameters
  const catalogue = makeCatalogue(programs, weeks, addWeeks(end, 1 - weeks), Random.seeded(seed, 0))
  const unlisted = users >= 50 ? Math.max(1, Math.round(users * UNLISTED_USERS)) : 0
  const userIds = ascendingIds(users + unlisted, 10_000, Random.seeded(seed, 1))
  const viewer = (user: number): Viewer => makeViewer(catalogue, weeks, Random.seeded(seed, 2 + 2 * user))
  return {
    parameters,
    catalogue,
    userIds,
    isListed: (user) => !isMarked(user, unlisted, users + unlisted),
    viewer,
    preference: (user, week) => preference(catalogue, viewer(user).taste, week, weeks),
  }
}

/** With gaps, as where accounts were closed. */
function ascendingIds(count: number, above: number, random: Random): Float64Array {
  const ids = new Float64Array(count)
  let id = above
  for (let index = 0; index < count; index++) ids[index] = id += 1 + random.below(4)
  return ids
}

/** All rows of the four tables: first users and catalogue, then viewings and clicks by turns. @throws as `makeWorld` */
export function* generate(parameters: GenerateParameters): Generator<RowBatch> {
  const world = makeWorld(parameters)
  yield* inBatches('userinfo', userRows(world))
  yield* inBatches('vodinfo', catalogueRows(world.catalogue))
  yield* logBatches(world)
}

function* inBatches(table: SourceTable, rows: Iterable<SourceRow>): Generator<RowBatch> {
  let batch: SourceRow[] = []
  for (const row of rows) {
    batch.push(row)
    if (batch.length < ROWS_PER_BATCH) continue
    yield { table, rows: batch }
    batch = []
  }
  yield { table, rows: batch }
}

const regions = ['서울', '경기', '부산', '대구', '인천', '광주', '대전', '울산', '강원', '제주'] as const
const ageGroups = { children: [30, 40], young: [10, 20, 30], family: [40, 50], elder: [60, 70] } as const

function* userRows(world: World): Generator<SourceRow> {
  const random = Random.seeded(world.parameters.seed, 1)
  for (const [user, id] of world.userIds.entries()) {
    const ages = ageGroups[world.viewer(user).household]
    const row = [
      id,
      random.below(2) === 0 ? 'F' : 'M',
      ages[random.below(ages.length)] ?? 30,
      regions[random.below(regions.length)] ?? '서울',
    ]
    if (world.isListed(user)) yield row
  }
}

function* catalogueRows(catalogue: Catalogue): Generator<SourceRow> {
  for (const title of catalogue.titles) {
    const shelf = shelves[title.shelf]
    if (title.listed && shelf !== undefined)
      yield [title.id, title.name, shelf.category, shelf.genre, title.releaseDate, title.ageLimit, title.excluded ? 1 : 0]
  }
}

function* logBatches(world: World): Generator<RowBatch> {
  const writer = new LogWriter(world)
  for (const [user, viewings] of viewingsOfUsers(world)) {
    writer.writeUser(user, viewings)
    if (writer.size >= ROWS_PER_BATCH) yield* writer.take()
  }
  yield* writer.take()
}

/** Splits the wanted rows among users in proportion to activity; the parts sum to exactly `rows`. */
function* viewingsOfUsers(world: World): Generator<readonly [user: number, viewings: number]> {
  const { rows, weeks } = world.parameters
  const activities = Float64Array.from(world.userIds, (_, user) => {
    const { activity, joins, leaves } = world.viewer(user)
    return (activity * (leaves - joins + 1)) / weeks
  })
  const total = activities.reduce((sum, activity) => sum + activity, 0)
  let running = 0
  let given = 0
  for (const [user, activity] of activities.entries()) {
    running += activity
    const until = user === activities.length - 1 ? rows : Math.round((running / total) * rows)
    yield [user, until - given]
    given = until
  }
}

/** Chance of a session to begin in each hour of the day. */
const hourWeights = {
  weekday: [3, 2, 1, 0.5, 0.3, 0.3, 1, 2, 2, 2, 2, 2, 3, 3, 3, 3, 4, 5, 8, 11, 13, 14, 12, 7],
  weekend: [5, 3, 2, 1, 0.5, 0.4, 1, 2, 4, 6, 7, 7, 8, 9, 9, 9, 9, 9, 10, 12, 13, 13, 11, 8],
  children: [0, 0, 0, 0, 0, 0.5, 4, 9, 6, 4, 4, 4, 4, 4, 5, 8, 12, 14, 12, 8, 3, 1, 0.3, 0],
} as const
const dayWeights = [1, 1, 1, 1.05, 1.4, 1.9, 1.8] as const

function drawWeighted(weights: readonly number[], random: Random): number {
  let rest = random.unit() * weights.reduce((sum, weight) => sum + weight, 0)
  return Math.max(
    0,
    weights.findIndex((weight) => (rest -= weight) < 0),
  )
}

/** One sitting in front of the television. */
interface Session {
  /** Seconds from the start of the first week. */
  readonly start: number
  readonly viewings: number
}

const MAX_SESSION_VIEWINGS = 6
/** No viewing, with the pause after it, is longer. */
const MAX_VIEWING_SECONDS = 9800

/** What one viewer is in the middle of. */
interface Shelfmark {
  /** Newest episode seen of each title by position, 0 where none; a film counts as one. */
  readonly seen: Uint16Array
  /** Positions of titles with a mark in `seen`, so that the next viewer can start afresh. */
  readonly touched: number[]
  /** Series under way, newest first. */
  readonly ongoing: number[]
}

class LogWriter {
  readonly #world: World
  readonly #days: readonly string[]
  readonly #mark: Shelfmark
  #viewings: SourceRow[] = []
  #clicks: SourceRow[] = []

  constructor(world: World) {
    const { end, weeks } = world.parameters
    const first = Date.parse(`${weekStart(addWeeks(end, 1 - weeks)).slice(0, 10)}T00:00:00Z`)
    this.#world = world
    this.#days = Array.from({ length: weeks * 7 }, (_, day) => new Date(first + day * DAY_SECONDS * 1000).toISOString().slice(0, 10))
    this.#mark = { seen: new Uint16Array(world.catalogue.titles.length), touched: [], ongoing: [] }
  }

  /** Rows that wait to be taken. */
  get size(): number {
    return this.#viewings.length + this.#clicks.length
  }

  take(): readonly RowBatch[] {
    const batches: readonly RowBatch[] = [
      { table: 'vods_sumut', rows: this.#viewings },
      { table: 'contlog', rows: this.#clicks },
    ]
    this.#viewings = []
    this.#clicks = []
    return batches
  }

  writeUser(user: number, viewings: number): void {
    const viewer = this.#world.viewer(user)
    const random = Random.seeded(this.#world.parameters.seed, 3 + 2 * user)
    const id = this.#world.userIds[user] ?? 0
    let left = viewings
    for (const session of sessionsOf(viewer, viewings, this.#days.length, random))
      left -= this.#writeSession(id, viewer, session, left, random)
    for (const title of this.#mark.touched) this.#mark.seen[title] = 0
    this.#mark.touched.length = 0
    this.#mark.ongoing.length = 0
  }

  /** @returns the viewing rows written, repeats included: at least the session's, at most `left` */
  #writeSession(id: number, viewer: Viewer, session: Session, left: number, random: Random): number {
    const { catalogue } = this.#world
    const week = Math.floor(session.start / (7 * DAY_SECONDS))
    const before = this.#viewings.length
    let clock = session.start
    while (random.unit() < 0.45) {
      // looking around without watching
      this.#writeClick(id, this.#pick(viewer, week, random).title, undefined, clock, random)
      clock += 5 + random.below(90)
    }
    for (let count = 0; count < session.viewings; count++) {
      if (this.#viewings.length - before >= left) break // repeats of earlier sessions have used up the user's rows
      const { title, affinity } = this.#next(viewer, week, count > 0, random)
      const details = catalogue.titles[title]
      if (details === undefined) continue
      const episode = this.#advance(title, details)
      if (random.unit() < (count > 0 && episode !== undefined && episode > 1 ? 0.35 : 0.92)) {
        this.#writeClick(id, title, episode, clock, random)
        clock += 8 + random.below(80)
      }
      const share = watchedShare(details, affinity, episode, random)
      if (share < 0.35 && random.unit() < 0.6) this.#drop(title)
      const seconds = Math.round(share * details.durationSeconds)
      const row = this.#viewingRow(id, title, episode, clock, seconds, random)
      this.#viewings.push(row)
      if (random.unit() < logFaults.repeat && this.#viewings.length - before < left) this.#viewings.push(row)
      clock += seconds + 5 + random.below(240)
    }
    return this.#viewings.length - before
  }

  /** The title of the next viewing: mostly the next episode of what is under way, else something new. */
  #next(viewer: Viewer, week: number, isBinge: boolean, random: Random): { title: number; affinity: number } {
    const { ongoing, seen } = this.#mark
    const current = isBinge ? ongoing[0] : ongoing[random.below(Math.max(1, ongoing.length))]
    if (current !== undefined && random.unit() < (isBinge ? 0.65 : 0.4)) return { title: current, affinity: 0.8 }
    let picked = this.#pick(viewer, week, random)
    // Few watch a film again or start a series over.
    for (let attempt = 0; attempt < 5 && (seen[picked.title] ?? 0) > 0 && random.unit() < 0.9; attempt++)
      picked = this.#pick(viewer, week, random)
    return picked
  }

  /** Draws from the planted preference. `affinity`: how strong the taste behind the choice is, 0 to 1. */
  #pick(viewer: Viewer, week: number, random: Random): { title: number; affinity: number } {
    const { catalogue, parameters } = this.#world
    const { taste } = viewer
    if (random.unit() >= taste.chart) {
      let rest = random.unit()
      for (const [index, style] of taste.styles.entries()) {
        const share = styleShare(taste, index, week, parameters.weeks)
        if ((rest -= share) >= 0 && index < taste.styles.length - 1) continue
        const title = catalogue.styles[style]?.draw(week, random)
        if (title !== undefined) return { title, affinity: 0.5 + 0.5 * share }
        break
      }
    }
    return { title: catalogue.chart.draw(week, random) ?? 0, affinity: 0.15 }
  }

  /** Marks the next episode as seen (a series starts over after its last). @returns its number; undefined for films */
  #advance(title: number, { episodes }: Title): number | undefined {
    const { seen, touched, ongoing } = this.#mark
    const last = seen[title] ?? 0
    if (last === 0) touched.push(title)
    const episode = episodes === undefined ? 1 : (last % episodes) + 1
    seen[title] = episode
    if (episodes === undefined) return undefined
    this.#drop(title)
    if (episode < episodes) ongoing.unshift(title)
    if (ongoing.length > 3) ongoing.pop()
    return episode
  }

  #drop(title: number): void {
    const position = this.#mark.ongoing.indexOf(title)
    if (position >= 0) this.#mark.ongoing.splice(position, 1)
  }

  #viewingRow(id: number, title: number, episode: number | undefined, clock: number, seconds: number, random: Random): SourceRow {
    const details = this.#world.catalogue.titles[title]
    const time = this.#time(clock)
    const duration = details?.durationSeconds ?? 0
    const occurs = (share: number): boolean => random.unit() < share
    let use: number | null = seconds
    if (occurs(logFaults.useBeyondDuration)) use = Math.round(duration * (1.02 + 0.6 * random.unit()))
    if (occurs(logFaults.useNegative)) use = -1 - random.below(60)
    if (occurs(logFaults.useMissing)) use = null
    let length: number | null = duration
    if (occurs(logFaults.durationZero)) length = 0
    if (occurs(logFaults.durationMissing)) length = null
    return [
      occurs(logFaults.withoutUser) ? null : id,
      occurs(logFaults.withoutProgram) ? null : (details?.id ?? null),
      details?.name ?? null,
      episode === undefined ? null : String(episode),
      occurs(logFaults.withoutTime) ? null : time,
      use,
      length,
      occurs(0.08) ? 2 + random.below(2) : 1,
      Number(time.slice(5, 7)),
      exclusion(random),
    ]
  }

  #writeClick(id: number, title: number, episode: number | undefined, clock: number, random: Random): void {
    const details = this.#world.catalogue.titles[title]
    const time = this.#time(clock)
    const occurs = (share: number): boolean => random.unit() < share
    const row = [
      occurs(logFaults.withoutUser) ? null : id,
      occurs(logFaults.withoutProgram) ? null : (details?.id ?? null),
      details?.name ?? null,
      episode === undefined ? null : String(episode),
      occurs(logFaults.withoutTime) ? null : time,
      Number(time.slice(5, 7)),
      exclusion(random),
    ]
    this.#clicks.push(row)
    if (occurs(logFaults.repeat)) this.#clicks.push(row)
  }

  /** Wall-clock text of seconds from the start of the first week, within the weeks that are generated. */
  #time(clock: number): string {
    const second = Math.min(clock, this.#days.length * DAY_SECONDS - 1)
    const ofDay = second % DAY_SECONDS
    return `${this.#days[Math.floor(second / DAY_SECONDS)]} ${two(Math.floor(ofDay / 3600))}:${two(Math.floor(ofDay / 60) % 60)}:${two(ofDay % 60)}`
  }
}

const two = (value: number): string => (value < 10 ? `0${value}` : String(value))

const exclusion = (random: Random): SourceValue => {
  const draw = random.unit()
  if (draw < logFaults.excluded) return 1
  return draw < logFaults.excluded + logFaults.withoutExclusion ? null : 0
}

/** Sittings with so many viewings in all, by time; and some more that end without any. */
function sessionsOf(viewer: Viewer, viewings: number, days: number, random: Random): readonly Session[] {
  const sizes: number[] = []
  for (let left = viewings; left > 0; left -= sizes.at(-1) ?? left) {
    let size = 1
    while (size < MAX_SESSION_VIEWINGS && random.unit() < 0.45) size++
    sizes.push(Math.min(size, left))
  }
  const idle = Math.floor(sizes.length * 0.25 + random.unit() * 1.2)
  for (let count = 0; count < idle; count++) sizes.push(0)
  return sizes
    .map((size): Session => ({ viewings: size, start: sessionStart(viewer, size, days, random) }))
    .toSorted((a, b) => a.start - b.start)
}

function sessionStart(viewer: Viewer, viewings: number, days: number, random: Random): number {
  const week = viewer.joins + random.below(viewer.leaves - viewer.joins + 1)
  const weekday = drawWeighted(dayWeights, random)
  const hours = viewer.household === 'children' ? hourWeights.children : hourWeights[weekday >= 5 ? 'weekend' : 'weekday']
  const start = (week * 7 + weekday) * DAY_SECONDS + drawWeighted(hours, random) * 3600 + random.below(3600)
  // A sitting of the last evening must be over before the weeks are.
  return Math.min(start, days * DAY_SECONDS - (viewings + 1) * MAX_VIEWING_SECONDS + random.below(MAX_VIEWING_SECONDS))
}

/** Part of the title that is watched, 0 to 1: what suits the viewer, and good titles, are watched to the end. */
function watchedShare(title: Title, affinity: number, episode: number | undefined, random: Random): number {
  const stays = 0.2 + 0.35 * title.quality + 0.35 * affinity + (episode !== undefined && episode > 1 ? 0.1 : 0)
  if (random.unit() < stays) return 0.88 + 0.12 * random.unit()
  return random.unit() < 0.08 ? 0 : 0.01 + 0.8 * random.unit() ** 1.5
}
