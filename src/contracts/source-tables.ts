/** The operator's four tables, by the names that contract and MySQL give them. */

/** How a value is carried from the source into Parquet: ids and times as exact text, numbers as doubles or integers. */
export type ColumnKind = 'id' | 'text' | 'localTime' | 'number' | 'date'

export interface SourceColumn {
  readonly name: string
  readonly kind: ColumnKind
  /** An optional column that the source lacks reads as null. */
  readonly required: boolean
}

const required = (name: string, kind: ColumnKind): SourceColumn => ({ name, kind, required: true })
const optional = (name: string, kind: ColumnKind): SourceColumn => ({ name, kind, required: false })

export const sourceTables = {
  /** Subscribers. */
  userinfo: [required('subsr_id', 'id'), optional('e_bool', 'number')],
  /** One viewing a row: `use_tms` seconds watched of `disp_rtm_sec` seconds. */
  vods_sumut: [
    required('subsr_id', 'id'),
    required('program_id', 'id'),
    optional('program_name', 'text'),
    required('episode_num', 'text'),
    required('log_dt', 'localTime'),
    required('use_tms', 'number'),
    required('disp_rtm_sec', 'number'),
    optional('count_watch', 'number'),
    optional('month', 'number'),
    required('e_bool', 'number'),
  ],
  /** One click on a title a row. */
  contlog: [
    required('subsr_id', 'id'),
    required('program_id', 'id'),
    optional('program_name', 'text'),
    required('episode_num', 'text'),
    required('log_dt', 'localTime'),
    optional('month', 'number'),
    required('e_bool', 'number'),
  ],
  /** The catalogue. */
  vodinfo: [
    required('program_id', 'id'),
    required('program_name', 'text'),
    required('ct_cl', 'text'),
    required('program_genre', 'text'),
    required('release_date', 'date'),
    required('age_limit', 'number'),
    required('e_bool', 'number'),
  ],
} as const satisfies Record<string, readonly SourceColumn[]>

export type SourceTable = keyof typeof sourceTables
export const sourceTableNames = ['userinfo', 'vods_sumut', 'contlog', 'vodinfo'] as const satisfies readonly SourceTable[]

/** What can be extracted: the operator's tables, and as a log beside them what clients told the API (`POST /v1/events`). */
export const rawTables = {
  ...sourceTables,
  events: [
    required('event_id', 'text'),
    required('type', 'text'),
    required('subsr_id', 'id'),
    required('program_id', 'id'),
    required('episode_num', 'text'),
    required('log_dt', 'localTime'),
    required('use_tms', 'number'),
    required('disp_rtm_sec', 'number'),
  ],
} as const satisfies Record<string, readonly SourceColumn[]>
export type RawTable = keyof typeof rawTables

/** The operator's logs. */
export const logTables = ['vods_sumut', 'contlog'] as const satisfies readonly SourceTable[]
export type LogTable = (typeof logTables)[number]
export const isLogTable = (table: RawTable): table is LogTable => table === 'vods_sumut' || table === 'contlog'
/** Tables whose rows carry `log_dt` and are cut at a week's end. */
export const isTimedTable = (table: RawTable): table is LogTable | 'events' => isLogTable(table) || table === 'events'

/** Names of an operator's tables and columns, by the contract's; what is left out has the contract's own. */
export type TableNames = Readonly<
  Partial<Record<RawTable, { readonly table?: string; readonly columns?: Readonly<Record<string, string>> }>>
>
