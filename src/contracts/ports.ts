/**
 * What the inner code asks of the outside world. Adapters implement these; activities, jobs and the API take them
 * as arguments, and only the entry points (worker, api, cli) join the two.
 */
import type { ModelItem } from './documents.ts'
import type { QuestionnaireJobs } from './questionnaire-run.ts'
import type {
  EvaluatedSplit,
  EvaluateInput,
  FinalModel,
  Notice,
  SearchedCandidate,
  SearchInput,
  TrainedSplit,
  TrainFinalInput,
  TrainHeartbeat,
  TrainInput,
} from './run.ts'
import type { RawTable, SourceTable } from './source-tables.ts'

// --- object store ---------------------------------------------------------------------------------------------

/** A write's precondition: the object must not exist yet, or must still be the one with this entity tag. */
export type Precondition = { readonly absent: true } | { readonly entityTag: string }

export interface StoredObject {
  readonly body: Uint8Array
  readonly entityTag: string
}

export interface ReadOptions {
  /** The body lies in shared memory: other threads can be handed it as it is. */
  readonly shared?: boolean
}

export interface ObjectEntry {
  readonly key: string
  readonly sizeBytes: number
  readonly entityTag: string
}

export interface ObjectStore {
  /** Where it is, without secrets: `file:/var/lib/matinee` or `s3://bucket/prefix`. */
  readonly location: string
  /** Undefined where the key holds nothing. @throws MatineeError `store_unreachable`, `store_denied`. */
  read(key: string, options?: ReadOptions): Promise<StoredObject | undefined>
  stat(key: string): Promise<ObjectEntry | undefined>
  /** Streams an object into a local file. @throws MatineeError `store_missing` where the key holds nothing. */
  download(key: string, path: string): Promise<{ readonly sha256: string; readonly sizeBytes: number }>
  /**
   * Writes an object whole: readers see the old one or the new one, never a part.
   * With a precondition that does not hold nothing is written and the answer is `written: false`.
   */
  write(key: string, body: Uint8Array | string, options?: WriteOptions): Promise<WriteResult>
  /** The same from a local file, streamed. */
  upload(key: string, path: string, options?: WriteOptions): Promise<WriteResult>
  /** Keys that begin with a prefix, in byte order. */
  list(prefix: string): AsyncIterable<ObjectEntry>
  /** Removing what is not there is no error. */
  remove(key: string): Promise<void>
}

export interface WriteOptions {
  readonly precondition?: Precondition
  readonly contentType?: string
}

export type WriteResult = { readonly written: true; readonly entityTag: string } | { readonly written: false }

// --- source database ------------------------------------------------------------------------------------------

/** A value of a table: text, number, bigint or null. Never a Date. */
export type SourceValue = string | number | bigint | null

/**
 * Rows as lines of ASCII, which go from the database into columns without being taken apart. Fields are joined by commas: nothing where the
 * value is null; a number or a time as the database writes it; of everything else `x` and the hex digits of its UTF-8 bytes.
 */
export interface RowLines {
  readonly lines: readonly string[]
  /** Each row's `log_dt`, as the database writes it; of tables without times: none. */
  readonly times: readonly (string | null)[]
}

/** Rows with `from` <= `log_dt` < `before`, both wall-clock midnights as text. Without `from` also rows that have no `log_dt`. */
export interface TimeRange {
  readonly from?: string
  readonly before?: string
}

/** What the rows of one day add up to: it changes with any value of any of them, and not with their order. */
export interface DayFingerprint {
  /** The first ten characters of `log_dt` as the source writes it, such as `2023-12-17`; null for rows without a time. */
  readonly day: string | null
  readonly rows: number
  readonly sum: string
}

/** What an extraction reads from. */
export interface RowSource {
  /** Where it is, without secrets: `mysql://reader@host:3306/vod_rec`. */
  readonly location: string
  /**
   * Rows of a table, fields in the order of `columns`, in batches, in bounded memory; of timed tables only those of the range.
   * An optional column that the source lacks gives null.
   */
  readLines(
    table: RawTable,
    options: TimeRange & {
      readonly columns: readonly string[]
      readonly signal?: AbortSignal
      /** Told after the last row what the rows that were read add up to: where nothing changed meanwhile, the answer of `fingerprint`. */
      readonly onFingerprint?: (days: readonly DayFingerprint[]) => void
    },
  ): AsyncIterable<RowLines>
  /**
   * Of the same rows and columns, by day, in no order, without moving them where the database can add them up itself. Of no columns it
   * counts the rows, which costs the database much less.
   */
  fingerprint(
    table: RawTable,
    options: TimeRange & { readonly columns: readonly string[]; readonly signal?: AbortSignal },
  ): Promise<readonly DayFingerprint[]>
}

export interface SourceDatabase extends RowSource {
  /**
   * The columns that the source has of each table.
   * @throws MatineeError `source_schema` naming each missing table and column, `source_unreachable`, `source_denied`.
   */
  checkTables(tables: readonly SourceTable[]): Promise<void>
  /** `log_dt` of the newest and the oldest usable viewing (`e_bool` 0), or undefined without one. */
  viewingBounds(): Promise<{ readonly oldest: string; readonly newest: string } | undefined>
  close(): Promise<void>
}

/** The events that clients told the API, as a training reads them. */
export interface EventSource extends RowSource {
  /** False before the first instance of the API has made it. @throws MatineeError `source_unreachable`, `source_denied`. */
  hasTable(table: 'events'): Promise<boolean>
  close(): Promise<void>
}

// --- columns --------------------------------------------------------------------------------------------------

export type Cell = string | number | boolean | null

export interface ColumnFile {
  readonly path: string
  readonly rows: number
  readonly sizeBytes: number
  /** Lower-case hex. */
  readonly sha256: string
}

/** A place to work on tables by SQL, within the memory that it was given; what does not fit goes to its scratch folder. */
export interface ColumnEngine {
  /** An empty database of its own. An abort interrupts what it does, now or later, with the signal's reason. */
  open(signal: AbortSignal): Promise<ColumnDatabase>
}

export interface ColumnDatabase {
  /** Path of a file in the database's scratch folder, which goes with it. */
  scratchPath(name: string): string
  run(sql: string): Promise<void>
  /** The single row of a query, by column name; integers beyond 2^53 lose digits. */
  row(sql: string): Promise<Readonly<Record<string, Cell>>>
  /** Adds to a file in the scratch folder, or begins it. */
  appendText(name: string, text: string): Promise<void>
  /** Removes a file from the scratch folder. */
  discard(name: string): Promise<void>
  /** Appends rows to a table. A batch is its columns (VARCHAR, DOUBLE or BOOLEAN), in their order, alike in length. Answers how many rows. */
  append(table: string, batches: AsyncIterable<readonly (readonly Cell[])[]>): Promise<number>
  /** Writes a query's result as Parquet into the scratch folder: the same rows in the same order give the same bytes. */
  writeParquet(query: string, name: string): Promise<ColumnFile>
  /** Frees its memory and removes its scratch folder. */
  close(): Promise<void>
}

// --- activities -----------------------------------------------------------------------------------------------

/** The running activity's line to whoever watches over it. */
export interface Progress {
  /** A sign of life, with small plain details as a hint for people. */
  heartbeat(details: unknown): void
  /** Aborted when the work is to stop: cancelled, paused, or the worker shuts down. */
  readonly signal: AbortSignal
}

// --- clock ----------------------------------------------------------------------------------------------------

export interface Clock {
  /** Milliseconds since 1970 in UTC. */
  now(): number
}

// --- notices --------------------------------------------------------------------------------------------------

export interface Notifier {
  /** Tells whoever asked to be told; does nothing where nobody did. @throws MatineeError `internal` where they could not be told. */
  notify(notice: Notice): Promise<void>
}

// --- training -------------------------------------------------------------------------------------------------

/** Jobs that run in a process beside the worker, by kind: what each takes and leaves. */
export interface TrainingJobs extends QuestionnaireJobs {
  search: { readonly input: SearchInput; readonly result: SearchedCandidate }
  train: { readonly input: TrainInput; readonly result: TrainedSplit }
  evaluate: { readonly input: EvaluateInput; readonly result: EvaluatedSplit }
  trainFinal: { readonly input: TrainFinalInput; readonly result: FinalModel }
}
export type TrainingJobKind = keyof TrainingJobs

export interface TrainingRunner {
  /**
   * Runs one job in a process beside the worker: running out of memory harms nothing else. Jobs that follow each other within seconds
   * share a process; one that failed or was stopped is tried again in another.
   * An abort stops it within a batch. @throws MatineeError of the job, or `training_failed` where the process ended without a word.
   */
  run<Kind extends TrainingJobKind>(
    kind: Kind,
    input: TrainingJobs[Kind]['input'],
    options: { readonly onProgress: (progress: TrainHeartbeat) => void; readonly signal: AbortSignal },
  ): Promise<TrainingJobs[Kind]['result']>
}

/** What was watched of a pair in each week: one entry a pair and week, ordered by user, item, week. */
export interface WeeklyPairs {
  readonly user: Uint32Array
  readonly item: Uint32Array
  /** Days from 1970-01-01 to the Monday that starts the week. */
  readonly weekStartDay: Int32Array
  readonly rating: Float64Array
  /** How often it was watched in the week. */
  readonly viewings: Uint32Array
  /** Seconds of the pair's newest viewing in the week, wall clock as if it were UTC. */
  readonly lastSeconds: Float64Array
}

/** Clicks of a pair in weeks before the one in which it was first watched: one entry a pair and week, ordered by user, item, week. */
export interface EarlyClicks {
  readonly user: Uint32Array
  readonly item: Uint32Array
  /** Days from 1970-01-01 to the Monday that starts the week. */
  readonly weekStartDay: Int32Array
  readonly clicks: Uint32Array
  /** Seconds of the pair's newest click in the week, wall clock as if it were UTC. */
  readonly lastSeconds: Float64Array
}

/** `features/<week>/<digest>/` in memory: columns of `interactions.parquet`, ids replaced by positions. */
export interface Features {
  readonly userIds: readonly string[]
  readonly itemIds: readonly string[]
  /** One entry a pair, ordered by user, then item. */
  readonly user: Uint32Array
  readonly item: Uint32Array
  /** NaN where there was no viewing. */
  readonly rating: Float64Array
  /** 1 where rating > 0. */
  readonly watched: Uint8Array
  /** Seconds of `last_dt`, wall clock as if it were UTC. */
  readonly lastSeconds: Float64Array
  /** Rows of `weekly.parquet`, where they were asked for. */
  readonly weekly?: WeeklyPairs
  /** Rows of `clicks.parquet`, where those of the weeks were asked for; none of features from before there was such a file. */
  readonly earlyClicks?: EarlyClicks
  /** What `items.parquet` says of each programme of `itemIds`, in that order. */
  readonly items: readonly ModelItem[]
}
