/**
 * What this instance knows of events: every user that has some, and of users asked for lately the events themselves. The database is the
 * truth: a user whose newest sequence is above what was read is read again at the next request. Who has no events costs no reading.
 *
 * Other instances' events come by looking at sequences above the newest known, several times a second. Sequences are handed out before
 * they are committed, so a lower one may appear after a higher: those that are missing are waited for a few seconds.
 */
import type { EventStore, ViewerEvent, AppendOutcome } from '../contracts/serving-ports.ts'
import type { Clock } from '../contracts/ports.ts'
import { userEventsOf, type UserEvents } from './user-events.ts'

export interface EventIndexOptions {
  readonly store: EventStore
  readonly clock: Clock
  readonly log: { warn(fields: object, message: string): void; info(fields: object, message: string): void }
  /** Milliseconds between two looks at what other instances stored. */
  readonly pollMs?: number
}

interface Known {
  /** The newest sequence that the user is known to have. */
  sequence: number
  /** What this instance has stored for the user, in requests, and how much of it was there when `events` was read. */
  appends: number
  readAppends: number
  events: UserEvents | undefined
}

/** A user's newest events; older ones no longer count. */
const eventsAUser = 5000
const usersHeld = 50_000
const rowsALook = 10_000
/** Whoever starts while another stores may have missed one of so many. */
const rereadAtStart = 1000
/** How long a missing sequence may still appear. Longer than any transaction of ours. */
const gapMs = 10_000

export class EventIndex {
  readonly #options: EventIndexOptions
  readonly #users = new Map<string, Known>()
  /** Users whose events are held, the one read longest ago first. */
  readonly #held = new Set<string>()
  /** Missing sequences and when they were first missed. */
  readonly #gaps = new Map<number, number>()
  #newest = 0
  #newestAtStart = 0
  #startedMs = 0
  #complete = false
  #problem: unknown
  #timer: NodeJS.Timeout | undefined
  #stopped = false
  #looking: Promise<void> | undefined

  constructor(options: EventIndexOptions) {
    this.#options = options
  }

  /** Whether the last look at the database got an answer. */
  get healthy(): boolean {
    return this.#complete && this.#problem === undefined
  }

  /** Begins to follow the database. Where it does not answer, goes on trying. Never fails; the promise is that of the first look. */
  async start(): Promise<void> {
    await this.look()
    this.#follow()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#timer)
    await this.#looking
    await this.#options.store.close()
  }

  /** Looks once at what other instances stored. Looks do not overlap. Never fails. */
  look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined
    })
    return this.#looking
  }

  /**
   * A user's events: at once, but where the database has newer ones than were read. Never fails: while the database does not answer, what
   * was read last counts.
   */
  of(userId: string): UserEvents | undefined | Promise<UserEvents | undefined> {
    const known = this.#users.get(userId)
    if (this.#problem !== undefined) return known?.events
    if (known === undefined) return this.#complete ? undefined : this.#read(userId, newcomer())
    const { events, sequence, appends, readAppends } = known
    return events === undefined || events.version < sequence || readAppends < appends ? this.#read(userId, known) : events
  }

  /** Durable when it returns, and in effect on this instance. @throws MatineeError `events_unreachable`. */
  async append(events: readonly ViewerEvent[]): Promise<readonly AppendOutcome[]> {
    const outcomes = await this.#options.store.append(events)
    for (const [n, { userId }] of events.entries()) if (outcomes[n] === 'stored') this.#known(userId).appends++
    return outcomes
  }

  #known(userId: string): Known {
    let known = this.#users.get(userId)
    if (known === undefined) this.#users.set(userId, (known = newcomer()))
    return known
  }

  #follow(): void {
    if (this.#stopped) return
    this.#timer = setTimeout(() => void this.look().finally(() => this.#follow()), this.#options.pollMs ?? 250)
    this.#timer.unref()
  }

  async #look(): Promise<void> {
    const { store, log, clock } = this.#options
    try {
      if (!this.#complete) {
        await store.prepare()
        for await (const { userId, sequence } of store.users()) this.#notice(userId, sequence)
        this.#complete = true
        this.#startedMs = clock.now()
        this.#newestAtStart = this.#newest
      }
      for (;;) {
        const rows = await store.usersAfter(this.#lowestWanted() - 1, rowsALook)
        for (const { userId, sequence } of rows) this.#notice(userId, sequence)
        const last = rows.at(-1)
        if (rows.length < rowsALook || last === undefined || last.sequence >= this.#newest) break
      }
      if (this.#problem !== undefined) log.info({ events: store.location }, 'events can be read again')
      this.#problem = undefined
    } catch (error) {
      this.#fail(error)
    }
  }

  #fail(error: unknown): void {
    const { store, log } = this.#options
    if (this.#problem === undefined)
      log.warn({ err: error, events: store.location }, 'events cannot be read: until they can, those read before count')
    this.#problem = error
  }

  #notice(userId: string, sequence: number): void {
    const known = this.#known(userId)
    known.sequence = Math.max(known.sequence, sequence)
    this.#gaps.delete(sequence)
    if (this.#complete) {
      const now = this.#options.clock.now()
      for (let missing = Math.max(this.#newest + 1, sequence - rowsALook); missing < sequence; missing++) this.#gaps.set(missing, now)
    }
    this.#newest = Math.max(this.#newest, sequence)
  }

  #lowestWanted(): number {
    const now = this.#options.clock.now()
    for (const [sequence, since] of this.#gaps) if (now - since > gapMs) this.#gaps.delete(sequence)
    let lowest = now - this.#startedMs > gapMs ? this.#newest + 1 : Math.max(1, this.#newestAtStart - rereadAtStart)
    for (const sequence of this.#gaps.keys()) lowest = Math.min(lowest, sequence)
    return lowest
  }

  async #read(userId: string, known: Known): Promise<UserEvents | undefined> {
    const { store } = this.#options
    const { appends } = known
    try {
      const rows = await store.eventsOf(userId, eventsAUser)
      known.readAppends = Math.max(known.readAppends, appends)
      if (rows.length > 0) {
        const events = userEventsOf(rows)
        if (known.events === undefined || known.events.version <= events.version) known.events = events
        this.#hold(userId, known)
      }
    } catch (error) {
      this.#fail(error)
    }
    return known.events
  }

  #hold(userId: string, known: Known): void {
    this.#users.set(userId, known)
    this.#held.delete(userId)
    this.#held.add(userId)
    for (const oldest of this.#held) {
      if (this.#held.size <= usersHeld) break
      this.#held.delete(oldest)
      const other = this.#users.get(oldest)
      if (other !== undefined) other.events = undefined
    }
  }
}

const newcomer = (): Known => ({ sequence: 0, appends: 0, readAppends: 0, events: undefined })
