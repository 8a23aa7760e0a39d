/** What the API asks of the outside world beside the object store. Adapters implement these; the API's entry point joins the two. */
import type { StagesProgress } from './run.ts'

// --- events ---------------------------------------------------------------------------------------------------

export const eventTypes = ['viewing', 'click', 'dismissal'] as const
export type EventType = (typeof eventTypes)[number]

/** Something that a user did with a title, as a client told it. */
export interface ViewerEvent {
  /** Made by the client; the same event sent again has the same. */
  readonly eventId: string
  readonly type: EventType
  readonly userId: string
  readonly programId: string
  /** Milliseconds since 1970 in UTC. */
  readonly atMs: number
  /** The same moment on the wall clock of the source (`2024-01-07 21:03:11`), as `log_dt` has it. */
  readonly localTime: string
  readonly episode: string | null
  /** Of a viewing: seconds watched, and seconds of the programme; null where not told. */
  readonly watchedSeconds: number | null
  readonly lengthSeconds: number | null
}

/** `sequence` rises with each stored event, but may become visible out of order. */
export interface StoredEvent extends ViewerEvent {
  readonly sequence: number
}

/** `stored`: durable now. `repeated`: it was there already. `conflict`: its id belongs to another event. */
export type AppendOutcome = 'stored' | 'repeated' | 'conflict'

export interface EventStore {
  /** Where it is, without secrets. */
  readonly location: string
  /** Creates or brings up to date what it needs. Several instances may do so at once. @throws MatineeError `events_unreachable`. */
  prepare(): Promise<void>
  /** Durable when it returns. One outcome an event, in their order. @throws MatineeError `events_unreachable`: nothing is known to be stored. */
  append(events: readonly ViewerEvent[]): Promise<readonly AppendOutcome[]>
  /** Every user that has events, with the newest sequence of theirs. */
  users(): AsyncIterable<{ readonly userId: string; readonly sequence: number }>
  /** A user's newest events, at most `limit`, by sequence. */
  eventsOf(userId: string, limit: number): Promise<readonly StoredEvent[]>
  /** Whose events have a sequence above `sequence`, by sequence, at most `limit`. */
  usersAfter(sequence: number, limit: number): Promise<readonly { readonly userId: string; readonly sequence: number }[]>
  close(): Promise<void>
}

// --- runs -----------------------------------------------------------------------------------------------------

export interface RunEntry {
  readonly week: string | undefined
  readonly workflowId: string
  readonly runId: string
  readonly status: string
  readonly stage: string | undefined
  readonly outcome: string | undefined
  readonly version: string | undefined
  readonly startedAt: string
  readonly endedAt: string | undefined
  /** Where people look at it in Temporal's own pages; undefined where those are not known. */
  readonly url: string | undefined
}

export interface ScheduleState {
  /** When the next run starts; undefined while paused. RFC 3339, in UTC. */
  readonly nextAt: string | undefined
  readonly paused: boolean
  /** Why it is paused, or what the person who last changed it wrote. */
  readonly note: string | undefined
}

/** Runs of the weekly retraining, as dashboards see them and as people answer them. */
export interface RunControl {
  /** Newest first. @throws MatineeError `temporal_unreachable`. */
  list(limit: number): Promise<readonly RunEntry[]>
  /** The weekly schedule; undefined where there is none. @throws MatineeError `temporal_unreachable`. */
  schedule(): Promise<ScheduleState | undefined>
  /** `name`: a week, a workflow id or a run id. @throws MatineeError `run_unknown`, `temporal_unreachable`. */
  progress(
    name: string,
  ): Promise<{ readonly workflowId: string; readonly runId: string; readonly status: string; readonly progress: StagesProgress }>
  /** Answers a held run and tells in words what was done. @throws MatineeError `run_unknown`, `run_state`, `temporal_unreachable`. */
  answer(
    name: string,
    answer: 'approve' | 'reject',
    by: string,
    reason: string,
  ): Promise<{ readonly workflowId: string; readonly said: string }>
  close(): Promise<void>
}
