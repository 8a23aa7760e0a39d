/**
 * Contract section 6 as SQL: what DuckDB runs to turn four extracts into features.
 *
 * Every statement that may run on several threads gives the same result in any order of its rows: counts, maxima, sets, and
 * an order at the end. There is no sum or mean of fractions. Arithmetic is in doubles.
 */
import type { SourceTable } from '../contracts/source-tables.ts'
import { weekEnd, type Week } from '../contracts/week.ts'

/** A path as an SQL text. */
const text = (value: string): string => `'${value.replaceAll("'", "''")}'`
const parquet = (paths: readonly string[]): string => `read_parquet([${paths.map(text).join(', ')}])`

/** Wall-clock text as a timestamp without zone; null for what is none. A zone's suffix would make DuckDB convert. */
const LOCAL_TIME = String.raw`case when regexp_full_match(log_dt, '\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?)?') then try_cast(log_dt as timestamp) end`

/** Gives each row of a log a fate: the first reason to drop it, or `kept`. Only rows of the week and before, or without a time. */
function judgeLog(name: string, paths: readonly string[], week: Week, measures: readonly string[], laterFates: string): string {
  return `
create table ${name} as
select subsr_id, program_id, episode_num, happened_at${measures.map((measure) => `, ${measure}`).join('')},
  case
    when subsr_id is null or program_id is null or happened_at is null or e_bool is null then 'bad_row'
    when e_bool <> 0 then 'excluded'
    ${laterFates}
    else 'kept'
  end as fate
from (
  select subsr_id, program_id, episode_num, ${LOCAL_TIME} as happened_at${measures.map((measure) => `, ${measure}`).join('')}, e_bool
  from ${parquet(paths)}
)
where happened_at is null or happened_at < timestamp ${text(weekEnd(week))}`
}

/**
 * Statements that make the tables `interactions`, `weekly`, `users`, `items` and `report` of the extracts' Parquet files.
 * `report` has one row; its columns are those of `report.json` but for the week.
 */
export function featureStatements(week: Week, paths: Readonly<Record<SourceTable, readonly string[]>>): readonly string[] {
  return [
    judgeLog(
      'vods',
      paths.vods_sumut,
      week,
      ['use_tms', 'disp_rtm_sec'],
      `when disp_rtm_sec is null or disp_rtm_sec <= 0 then 'bad_duration'
    when use_tms is null or use_tms < 0 then 'bad_use'`,
    ),
    judgeLog('conts', paths.contlog, week, [], ''),

    // Exact repeats go; distinct takes nulls as alike.
    `create table viewings as select distinct subsr_id, program_id, episode_num, happened_at, use_tms, disp_rtm_sec from vods where fate = 'kept'`,
    `create table clicks as select distinct subsr_id, program_id, episode_num, happened_at from conts where fate = 'kept'`,

    `create table watched_pairs as
select subsr_id, program_id, max(use_tms / disp_rtm_sec) as watch_tms_max, count(*) as viewings, max(happened_at) as newest
from viewings group by subsr_id, program_id`,
    `create table clicked_pairs as
select subsr_id, program_id, count(*) as clicks, max(happened_at) as newest
from clicks group by subsr_id, program_id`,
    `create table caps as select
  (select quantile_cont(viewings::double, 0.95) from watched_pairs) as watch_cnt_cap,
  (select quantile_cont(clicks::double, 0.95) from clicked_pairs) as click_cnt_cap`,

    // Whole days before the newest click of all; the column turns them round, so that the newest pairs have the most.
    `create table click_ages as
select subsr_id, program_id, clicks, newest, (epoch_us((select max(newest) from clicked_pairs)) - epoch_us(newest)) // 86400000000 as days
from clicked_pairs`,

    // least() and greatest() pass over nulls: right for last_dt, wrong for a cap or a rating, which stay missing.
    `create table pairs as
select
  subsr_id,
  program_id,
  case when watch_tms_max > 1 then 1.0 else watch_tms_max end as rating,
  coalesce(watch_tms_max > 0, false) as watched,
  watch_tms_max,
  case when viewings > watch_cnt_cap then watch_cnt_cap else viewings end as watch_cnt,
  case when clicks > click_cnt_cap then click_cnt_cap else clicks end as click_cnt,
  (select max(days) from click_ages) - days as click_recency,
  greatest(watched_pairs.newest, click_ages.newest) as last_dt,
  viewings,
  clicks
from watched_pairs full join click_ages using (subsr_id, program_id) cross join caps`,

    // What a pair was watched in each week: from it, the state before any week's start can be told.
    `create table weekly as
select subsr_id, program_id, date_trunc('week', happened_at)::date as week_start,
  least(max(use_tms / disp_rtm_sec), 1.0) as rating, count(*) as viewings, max(happened_at) as last_dt
from viewings group by all`,

    `create table raw_programs as select * from ${parquet(paths.vodinfo)}`,
    // Of several rows of one programme a usable one speaks for it; one that excludes it excludes it for good.
    `create table programs as
select * exclude (rank) from (
  select *,
    row_number() over (partition by program_id order by e_bool <> 0, program_name, ct_cl, program_genre, release_date, age_limit) as rank,
    bool_and(e_bool = 0) over (partition by program_id) as recommendable
  from raw_programs where program_id is not null and e_bool is not null
) where rank = 1`,

    `create table raw_users as select * from ${parquet(paths.userinfo)}`,
    // The column is optional in userinfo: a source without it gives nulls throughout.
    `create table subscribers as
select distinct subsr_id from raw_users
where subsr_id is not null and (e_bool = 0 or (select count(e_bool) from raw_users) = 0)`,

    `create table users as
select subsr_id, coalesce(viewings, 0)::bigint as viewings, coalesce(clicks, 0)::bigint as clicks, last_dt
from (select subsr_id, sum(viewings) as viewings, sum(clicks) as clicks, max(last_dt) as last_dt from pairs group by subsr_id)
full join subscribers using (subsr_id)`,

    `create table items as
select program_id, program_name, ct_cl, program_genre, release_date, age_limit,
  coalesce(click_users, 0) as click_users, coalesce(viewers, 0) as viewers, coalesce(recommendable, false) as recommendable
from (select program_id, count(clicks) as click_users, count(viewings) as viewers from pairs group by program_id)
full join programs using (program_id)`,

    `create table report as select * from
  (select
    count(*) filter (fate = 'bad_row') as vods_bad_row,
    count(*) as vods_in,
    count(*) filter (fate = 'excluded') as vods_excluded,
    count(*) filter (fate = 'bad_duration') as vods_bad_duration,
    count(*) filter (fate = 'bad_use') as vods_bad_use,
    count(*) filter (fate = 'kept') - (select count(*) from viewings) as vods_repeat
  from vods),
  (select
    count(*) filter (fate = 'bad_row') as conts_bad_row,
    count(*) as conts_in,
    count(*) filter (fate = 'excluded') as conts_excluded,
    count(*) filter (fate = 'kept') - (select count(*) from clicks) as conts_repeat
  from conts),
  (select
    count(*) as programs_in,
    count(*) filter (program_id is null or e_bool is null) as programs_bad_row,
    count(*) filter (program_id is not null and e_bool <> 0) as programs_excluded,
    count(*) filter (program_id is not null and e_bool is not null) - (select count(*) from programs) as programs_repeat
  from raw_programs),
  (select
    count(*) as users_in,
    count(*) filter (subsr_id is null or (has_e_bool and e_bool is null)) as users_bad_row,
    count(*) filter (subsr_id is not null and e_bool <> 0) as users_excluded,
    count(*) filter (subsr_id is not null and (e_bool = 0 or not has_e_bool)) - (select count(*) from subscribers) as users_repeat
  from raw_users, (select count(e_bool) > 0 as has_e_bool from raw_users)),
  caps,
  (select
    count(*) as pairs,
    count(*) filter (watched) as watched_pairs,
    count(distinct subsr_id) as users,
    count(distinct program_id) as programs
  from pairs)`,
  ]
}

/** The columns of each Parquet file, and the ids that order its rows. */
export const featureFiles = {
  interactions: {
    query: 'select subsr_id, program_id, rating, watched, watch_tms_max, watch_cnt, click_cnt, click_recency, last_dt from pairs',
    table: 'pairs',
    ids: ['subsr_id', 'program_id'],
  },
  weekly: {
    query: 'select subsr_id, program_id, week_start, rating, viewings, last_dt from weekly',
    table: 'weekly',
    ids: ['subsr_id', 'program_id'],
    afterIds: ['week_start'],
  },
  users: { query: 'select subsr_id, viewings, clicks, last_dt from users', table: 'users', ids: ['subsr_id'] },
  items: {
    query: 'select program_id, program_name, ct_cl, program_genre, release_date, age_limit, click_users, viewers, recommendable from items',
    table: 'items',
    ids: ['program_id'],
  },
} as const

export type FeatureFile = keyof typeof featureFiles
export const featureFileNames = ['interactions', 'weekly', 'users', 'items'] as const satisfies readonly FeatureFile[]

/** Whether all ids of a column are integers (of at most 38 digits, which a HUGEINT holds), as `column: boolean`. */
export function integerIdsQuery({ table, ids }: (typeof featureFiles)[FeatureFile]): string {
  return `select ${ids.map((id) => `coalesce(bool_and(regexp_full_match(${id}, '-?[0-9]{1,38}')), false) as ${id}`).join(', ')} from ${table}`
}

/** Rows by id: as numbers where all are, else by bytes; `007` after `7`. */
export function orderedQuery(file: (typeof featureFiles)[FeatureFile], integers: Readonly<Record<string, unknown>>): string {
  const order = [
    ...file.ids.map((id) => (integers[id] === true ? `${id}::hugeint, ${id}` : id)),
    ...('afterIds' in file ? file.afterIds : []),
  ]
  return `${file.query} order by ${order.join(', ')}`
}
