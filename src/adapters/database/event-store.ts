/**
 * Events in a database of their own: one table, made at the start. A row is never changed. MySQL and the embedded database; both take
 * portable statements but for the table itself.
 */
import type { Knex } from 'knex'
import { randomUUID } from 'node:crypto'
import { describeDatabase, type DatabaseLocation } from '../../config/locations.ts'
import { MatineeError } from '../../contracts/errors.ts'
import type { AppendOutcome, EventStore, EventType, StoredEvent, ViewerEvent } from '../../contracts/serving-ports.ts'
import type { TableNames } from '../../contracts/source-tables.ts'
import { connect } from './connect.ts'

const table = 'matinee_events'
/** What a request waits for; a database that takes longer is away. */
const answerWithinMs = 5_000
const usersAPage = 50_000
/** Two inserts that meet in an index can be chosen to fail; the same again goes through. */
const attempts = 4

/** Ids compare byte by byte: `abc` and `ABC` are two users. */
const createTable = {
  mysql: `create table if not exists ${table} (
    sequence bigint unsigned not null auto_increment primary key,
    event_id varchar(128) character set ascii collate ascii_bin not null,
    type varchar(16) character set ascii collate ascii_bin not null,
    user_id varchar(256) character set utf8mb4 collate utf8mb4_bin not null,
    program_id varchar(256) character set utf8mb4 collate utf8mb4_bin not null,
    at_ms bigint not null,
    local_time char(19) character set ascii collate ascii_bin not null,
    episode_num varchar(64) character set utf8mb4 collate utf8mb4_bin null,
    use_tms double null,
    disp_rtm_sec double null,
    batch char(36) character set ascii collate ascii_bin not null,
    unique key matinee_events_id (event_id),
    key matinee_events_user (user_id, sequence)
  ) engine = InnoDB`,
  sqlite: `create table if not exists ${table} (
    sequence integer primary key autoincrement,
    event_id text not null unique,
    type text not null,
    user_id text not null,
    program_id text not null,
    at_ms integer not null,
    local_time text not null,
    episode_num text,
    use_tms real,
    disp_rtm_sec real,
    batch text not null
  )`,
} as const

/** The table as an extraction reads it. */
export const eventTableNames: TableNames = { events: { table, columns: { subsr_id: 'user_id', log_dt: 'local_time' } } }

interface Row {
  readonly sequence: number | string
  readonly event_id: string
  readonly type: EventType
  readonly user_id: string
  readonly program_id: string
  readonly at_ms: number | string
  readonly local_time: string
  readonly episode_num: string | null
  readonly use_tms: number | null
  readonly disp_rtm_sec: number | null
  readonly batch: string
}

export class KnexEventStore implements EventStore {
  readonly location: string
  readonly #kind: DatabaseLocation['kind']
  readonly #knex: Knex

  /** Connects on first use. */
  constructor(location: DatabaseLocation) {
    this.location = describeDatabase(location)
    this.#kind = location.kind
    this.#knex = connect(location)
  }

  async prepare(): Promise<void> {
    await this.#asked(async () => {
      await this.#knex.raw(createTable[this.#kind])
      if (this.#kind === 'sqlite') await this.#knex.raw(`create index if not exists ${table}_user on ${table} (user_id, sequence)`)
    })
  }

  /** One statement stores all or none; a second look tells which of them are ours. */
  async append(events: readonly ViewerEvent[]): Promise<readonly AppendOutcome[]> {
    if (events.length === 0) return []
    const batch = randomUUID()
    const rows = [...firstOfEach(events).values()].map((event) => ({ ...rowOf(event), batch }))
    return this.#asked(async () => {
      // A commit reaches the disk before it is answered, also where the machine, not the process, stops.
      if (this.#kind === 'sqlite') await this.#knex.raw('pragma synchronous = full')
      await withoutDeadlock(() => this.#knex(table).insert(rows).onConflict('event_id').ignore())
      const ids = rows.map(({ event_id }) => event_id)
      const stored = await this.#knex<Row>(table).whereIn('event_id', ids).select('*').timeout(answerWithinMs)
      const byId = new Map(stored.map((row) => [row.event_id, row]))
      const told = new Set<string>()
      return events.map((event) => {
        const row = byId.get(event.eventId)
        if (row === undefined) throw new Error(`event ${event.eventId} was stored and is not there`)
        if (!isSame(eventOf(row), event)) return 'conflict'
        if (row.batch !== batch || told.has(event.eventId)) return 'repeated'
        told.add(event.eventId)
        return 'stored'
      })
    })
  }

  async *users(): AsyncIterable<{ readonly userId: string; readonly sequence: number }> {
    let after = ''
    for (;;) {
      const from = after
      const rows = await this.#asked(() =>
        this.#knex<Row>(table)
          .select('user_id')
          .max<{ readonly user_id: string; readonly newest: number | string }[]>({ newest: 'sequence' })
          .where('user_id', '>', from)
          .groupBy('user_id')
          .orderBy('user_id')
          .limit(usersAPage)
          .timeout(10 * answerWithinMs),
      )
      for (const { user_id, newest } of rows) yield { userId: user_id, sequence: Number(newest) }
      const last = rows.at(-1)
      if (rows.length < usersAPage || last === undefined) return
      after = last.user_id
    }
  }

  async eventsOf(userId: string, limit: number): Promise<readonly StoredEvent[]> {
    const rows = await this.#asked(() =>
      this.#knex<Row>(table).where('user_id', userId).orderBy('sequence', 'desc').limit(limit).select('*').timeout(answerWithinMs),
    )
    return rows.toReversed().map((row) => ({ ...eventOf(row), sequence: Number(row.sequence) }))
  }

  async usersAfter(sequence: number, limit: number): Promise<readonly { readonly userId: string; readonly sequence: number }[]> {
    const rows = await this.#asked(() =>
      this.#knex<Row>(table)
        .where('sequence', '>', sequence)
        .orderBy('sequence')
        .limit(limit)
        .select('user_id', 'sequence')
        .timeout(answerWithinMs),
    )
    return rows.map((row) => ({ userId: row.user_id, sequence: Number(row.sequence) }))
  }

  async close(): Promise<void> {
    await this.#knex.destroy()
  }

  async #asked<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (cause) {
      throw new MatineeError(
        'events_unreachable',
        `${this.location} (MATINEE_EVENTS_URL) cannot be used; check host, user, grants and that it runs`,
        {
          cause,
        },
      )
    }
  }
}

async function withoutDeadlock(insert: () => PromiseLike<unknown>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await insert()
      return
    } catch (error) {
      const deadlock = error instanceof Error && 'code' in error && error.code === 'ER_LOCK_DEADLOCK'
      if (!deadlock || attempt === attempts) throw error
    }
  }
}

function firstOfEach(events: readonly ViewerEvent[]): ReadonlyMap<string, ViewerEvent> {
  const first = new Map<string, ViewerEvent>()
  for (const event of events) if (!first.has(event.eventId)) first.set(event.eventId, event)
  return first
}

const rowOf = (event: ViewerEvent): Omit<Row, 'sequence' | 'batch'> => ({
  event_id: event.eventId,
  type: event.type,
  user_id: event.userId,
  program_id: event.programId,
  at_ms: event.atMs,
  local_time: event.localTime,
  episode_num: event.episode,
  use_tms: event.watchedSeconds,
  disp_rtm_sec: event.lengthSeconds,
})

const eventOf = (row: Row): ViewerEvent => ({
  eventId: row.event_id,
  type: row.type,
  userId: row.user_id,
  programId: row.program_id,
  atMs: Number(row.at_ms),
  localTime: row.local_time,
  episode: row.episode_num,
  watchedSeconds: row.use_tms,
  lengthSeconds: row.disp_rtm_sec,
})

/** What its client said. An event without a time of its own gets another at each sending. */
const isSame = (a: ViewerEvent, b: ViewerEvent): boolean =>
  a.type === b.type &&
  a.userId === b.userId &&
  a.programId === b.programId &&
  a.episode === b.episode &&
  a.watchedSeconds === b.watchedSeconds &&
  a.lengthSeconds === b.lengthSeconds
