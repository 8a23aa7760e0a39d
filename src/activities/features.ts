/**
 * Contract section 6 as SQL: what DuckDB runs to turn four extracts into features.
 *
 * Every statement that may run on several threads gives the same result in any order of its rows: counts, maxima, sets, and
 * an order at the end. There is no sum or mean of fractions. Arithmetic is in doubles. Inside, ids are codes: integers are
 * grouped, joined and sorted in a fraction of the time and memory of texts. Which code an id gets is chance, and leaves no
 * trace in what is written.
 */
import type { EventType } from '../contracts/serving-ports.ts'
import type { SourceTable } from '../contracts/source-tables.ts'

/** A path as an SQL text. */
export const text = (value: string): string => `'${value.replaceAll("'", "''")}'`
export const parquet = (paths: readonly string[]): string => `read_parquet([${paths.map(text).join(', ')}])`

/**
 * Rows with `happened_at`, their wall-clock text `log_dt` as a timestamp without zone; null for what is none. A zone's suffix would make
 * DuckDB convert. Nearly all are as DuckDB writes them itself (which for years before 0 and after 9999 is longer), which is told faster than
 * by the pattern.
 */
const withLocalTime = (rows: string): string => String.raw`
  select * exclude (cast_time), case
      when (strlen(log_dt) = 19 and cast_time::varchar = log_dt) or regexp_full_match(log_dt, '\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?)?') then cast_time
    end as happened_at
  from (select *, try_cast(log_dt as timestamp) as cast_time from (${rows}))`

/** A code for each id of a column of all logs. */
const codes = (table: string, id: string, logs: readonly (readonly string[])[]): string => `
create table ${table} as select ${id}, (row_number() over ())::uinteger as code
from (${logs.map((paths) => `select ${id} from ${parquet(paths)}`).join(' union ')}) where ${id} is not null`

/** As a type of its own a fate is a byte, by which rows are grouped in less time than by its text. */
const fateType = `create type fate as enum ('bad_row', 'excluded', 'bad_duration', 'bad_use', 'kept', 'event')`

/** The first reason to drop a row, or `kept`; in the order of the contract. */
const fateOf = (user: string, program: string, log: LogName): string => `case
      when ${user} is null or ${program} is null or happened_at is null or e_bool is null then 'bad_row'::fate
      when e_bool <> 0 then 'excluded'::fate
      ${
        log === 'viewings'
          ? `when disp_rtm_sec is null or disp_rtm_sec <= 0 then 'bad_duration'::fate
      when use_tms is null or use_tms < 0 then 'bad_use'::fate`
          : ''
      }
      else 'kept'::fate
    end`

export type LogName = 'viewings' | 'clicks'
/** What makes rows repeats of each other, beside their user and programme. */
export const repeatColumns = {
  viewings: ['episode_num', 'happened_at', 'use_tms', 'disp_rtm_sec'],
  clicks: ['episode_num', 'happened_at'],
} as const satisfies Record<LogName, readonly string[]>

/** Rows of a log as they were extracted, each with `happened_at` and `fate`, a text. */
export const judgedRows = (log: LogName, paths: readonly string[]): string =>
  `select *, (${fateOf('subsr_id', 'program_id', log)})::varchar as fate from (${withLocalTime(`from ${parquet(paths)}`)})`

/**
 * The rows of a log that are alike, each with its fate, counted. Of kept rows all that tells them apart is there (nulls count
 * as alike); the others are one row for each reason. That no row is of the week's end or after it is the extract's part.
 */
function distinctRows(log: LogName, paths: readonly string[]): string {
  const details = ['user_code', 'program_code', ...repeatColumns[log]]
  const measures = log === 'viewings' ? ', use_tms, disp_rtm_sec' : ''
  return `
select fate, ${details.map((detail) => `case when fate = 'kept' then ${detail} end as ${detail}`).join(', ')}, count(*) as copies
from (
  select *, ${fateOf('user_code', 'program_code', log)} as fate
  from (${withLocalTime(`select user_codes.code as user_code, program_codes.code as program_code, episode_num, log_dt${measures}, e_bool
    from ${parquet(paths)} left join user_codes using (subsr_id) left join program_codes using (program_id)`)}
  )
)
group by all`
}

/** Rows that make features: those of the source's logs, and events that tell what the logs do not. */
const TRAINED = `fate in ('kept', 'event')`

/** What a row of a log and an event are of, so that one stands for the other. */
const loggedDays = (type: EventType, paths: readonly string[]): string => `
select distinct '${type}' as type, subsr_id, program_id, happened_at::date as day
from (${withLocalTime(`select subsr_id, program_id, log_dt from ${parquet(paths)} semi join events using (subsr_id, program_id)`)})`

/**
 * Makes `judged_events` and `event_counts`. Events make features where the source's log has no row of that user, title and
 * day, whatever that row's fate: a set-top box logs there too, and what the operator excluded stays out.
 * A length that was not told is what was watched; a time watched that was not told is all of it, as while serving.
 */
const eventStatements = (paths: Readonly<Record<SourceTable, readonly string[]>>, events: readonly string[]): readonly string[] => [
  `create table events as
select distinct type, subsr_id, program_id, episode_num, happened_at,
  coalesce(use_tms, disp_rtm_sec, 1) as use_tms, coalesce(disp_rtm_sec, nullif(use_tms, 0), 1) as disp_rtm_sec
from (${withLocalTime(`from ${parquet(events)}`)})`,
  `create table logged_days as ${loggedDays('viewing', paths.vods_sumut)} union all ${loggedDays('click', paths.contlog)}`,
  `create table judged_events as
select *, (type, subsr_id, program_id, happened_at::date) in (select (type, subsr_id, program_id, day) from logged_days) as in_source
from events`,
  `create table event_counts as
select read, read - distinct_rows as repeats, * exclude (read, distinct_rows)
from (select count(*) as read from ${parquet(events)}), (select
  count(*) as distinct_rows,
  count(*) filter (type = 'dismissal') as dismissals,
  count(*) filter (type = 'viewing' and in_source) as viewings_in_source,
  count(*) filter (type = 'viewing' and not in_source) as viewings_used,
  count(*) filter (type = 'click' and in_source) as clicks_in_source,
  count(*) filter (type = 'click' and not in_source) as clicks_used
from judged_events)`,
]

/** Events that make features, as rows of a log. They are no copies of a row of the source. */
const eventRows = (type: EventType, measures: string): string => `
select 'event'::fate as fate, user_codes.code as user_code, program_codes.code as program_code, episode_num, happened_at${measures}, 0 as copies
from judged_events join user_codes using (subsr_id) join program_codes using (program_id)
where type = '${type}' and not in_source`

/** Ids of the pairs in their order (see `orderOf`), with the code that stands for each inside. */
const ranks = (table: string, id: string, dictionary: string, code: string, isInteger: boolean): string => `
create table ${table} as
select code, ${id}, (row_number() over (order by ${orderOf(id, isInteger)}))::uinteger as rank
from ${dictionary} where code in (select ${code} from pairs)`

/** By id: as numbers where all are, else by bytes; `007` after `7`. */
const orderOf = (id: string, isInteger: boolean): string => (isInteger ? `${id}::hugeint, ${id}` : id)

/** One row a programme of `vodinfo`. Of several a usable one speaks for it; one that excludes it excludes it for good. */
export const listedPrograms = (rows: string): string => `
select * exclude (rank) from (
  select *,
    row_number() over (partition by program_id order by e_bool <> 0, program_name, ct_cl, program_genre, release_date, age_limit) as rank,
    bool_and(e_bool = 0) over (partition by program_id) as recommendable
  from ${rows} where program_id is not null and e_bool is not null
) where rank = 1`

/**
 * Statements that make the tables `pairs`, `weekly`, `weekly_clicks`, `early_clicks`, `progress`, `users`, `items`, `raw_users`,
 * `raw_programs` and `report` of the extracts' Parquet files.
 * With `events` they take part, and there is `event_counts` too. `report` has one row; its columns are those of `report.json` but for the week.
 */
export function featureStatements(paths: Readonly<Record<SourceTable, readonly string[]>>, events?: readonly string[]): readonly string[] {
  const logs = [paths.vods_sumut, paths.contlog, ...(events === undefined ? [] : [events])]
  const clicks = `${distinctRows('clicks', paths.contlog)}${events === undefined ? '' : ` union all by name ${eventRows('click', '')}`}`
  return [
    fateType,
    codes('user_codes', 'subsr_id', logs),
    codes('program_codes', 'program_id', logs),
    ...(events === undefined ? [] : eventStatements(paths, events)),
    `create table viewings as ${distinctRows('viewings', paths.vods_sumut)}`,
    ...(events === undefined ? [] : [`insert into viewings by name ${eventRows('viewing', ', use_tms, disp_rtm_sec')}`]),
    // Of clicks no more is asked for than what a pair has of each week; `dropped` is why, of rows that make no feature.
    `create table clicked_weeks as
select case when not ${TRAINED} then fate end as dropped, user_code, program_code, date_trunc('week', happened_at)::date as week_start,
  count(*) as clicks, count(*) filter (fate = 'kept') as logged, sum(copies)::bigint as copies, max(happened_at) as newest
from (${clicks}) group by all`,
    `create table log_counts as select * from
  (select
    coalesce(sum(copies) filter (fate = 'bad_row'), 0)::bigint as vods_bad_row,
    coalesce(sum(copies), 0)::bigint as vods_in,
    coalesce(sum(copies) filter (fate = 'excluded'), 0)::bigint as vods_excluded,
    coalesce(sum(copies) filter (fate = 'bad_duration'), 0)::bigint as vods_bad_duration,
    coalesce(sum(copies) filter (fate = 'bad_use'), 0)::bigint as vods_bad_use,
    coalesce(sum(copies - 1) filter (fate = 'kept'), 0)::bigint as vods_repeat
  from viewings),
  (select
    coalesce(sum(copies) filter (dropped = 'bad_row'), 0)::bigint as conts_bad_row,
    coalesce(sum(copies), 0)::bigint as conts_in,
    coalesce(sum(copies) filter (dropped = 'excluded'), 0)::bigint as conts_excluded,
    coalesce(sum(copies - logged) filter (dropped is null), 0)::bigint as conts_repeat
  from clicked_weeks)`,
    `delete from clicked_weeks where dropped is not null`,

    // What a pair was watched in each week: from it, the state before any week's start can be told.
    `create table weekly as
select user_code, program_code, date_trunc('week', happened_at)::date as week_start,
  max(use_tms / disp_rtm_sec) as watch_tms_max, count(*) as viewings, count(*) filter (fate = 'kept') as logged, max(happened_at) as newest
from viewings where ${TRAINED} group by all`,
    `create table watched_pairs as
select user_code, program_code, max(watch_tms_max) as watch_tms_max, sum(viewings)::bigint as viewings, max(newest) as newest
from weekly group by user_code, program_code`,
    `create table clicked_pairs as
select user_code, program_code, sum(clicks)::bigint as clicks, max(newest) as newest from clicked_weeks group by user_code, program_code`,
    `create table weekly_clicks as
select week_start, sum(logged)::bigint as clicks from clicked_weeks where logged > 0 group by week_start`,
    // Only of what was not watched yet: in any week's view of the past these are the clicks without a viewing.
    `create table early_clicks as
select user_code, program_code, week_start, clicks, newest
from clicked_weeks left join (
  select user_code, program_code, min(week_start) as watched_from from weekly where watch_tms_max > 0 group by user_code, program_code
) using (user_code, program_code)
where watched_from is null or week_start < watched_from`,
    `drop table clicked_weeks`,
    `create table caps as select
  (select quantile_cont(viewings::double, 0.95) from watched_pairs) as watch_cnt_cap,
  (select quantile_cont(clicks::double, 0.95) from clicked_pairs) as click_cnt_cap`,

    // Where each episode was left: "continue watching" goes on there. Of viewings at one time the one that came farthest. Most episodes
    // have one viewing, which the greatest of each column are of; the greatest of whole rows, which takes longer, is for the others.
    `create table left_at as
select user_code, program_code, episode_num, count(*) as viewings,
  max(happened_at) as last_dt, max(use_tms) as use_tms, max(disp_rtm_sec) as disp_rtm_sec
from viewings where ${TRAINED} group by user_code, program_code, episode_num`,
    `create table left_at_last as
select user_code, program_code, episode_num, unnest(max({ 'last_dt': happened_at, 'use_tms': use_tms, 'disp_rtm_sec': disp_rtm_sec }))
from viewings semi join (from left_at where viewings > 1) as again
  on viewings.user_code = again.user_code and viewings.program_code = again.program_code and viewings.episode_num is not distinct from again.episode_num
where ${TRAINED} group by user_code, program_code, episode_num`,
    `create view progress as select * exclude (viewings) from left_at where viewings = 1 union all by name from left_at_last`,
    `drop table viewings`,

    // Whole days before the newest click of all; the column turns them round, so that the newest pairs have the most.
    `create table click_ages as
select max(newest) as newest_of_all, (epoch_us(max(newest)) - epoch_us(min(newest))) // 86400000000 as most_days
from clicked_pairs`,

    // least() and greatest() pass over nulls: right for last_dt, wrong for a cap or a rating, which stay missing.
    `create table pairs as
select
  user_code,
  program_code,
  case when watch_tms_max > 1 then 1.0 else watch_tms_max end as rating,
  coalesce(watch_tms_max > 0, false) as watched,
  watch_tms_max,
  case when viewings > watch_cnt_cap then watch_cnt_cap else viewings end as watch_cnt,
  case when clicks > click_cnt_cap then click_cnt_cap else clicks end as click_cnt,
  most_days - (epoch_us(newest_of_all) - epoch_us(clicked_pairs.newest)) // 86400000000 as click_recency,
  greatest(watched_pairs.newest, clicked_pairs.newest) as last_dt,
  viewings,
  clicks
from watched_pairs full join clicked_pairs using (user_code, program_code) cross join caps cross join click_ages`,
    `drop table watched_pairs`,
    `drop table clicked_pairs`,

    `create table raw_programs as select * from ${parquet(paths.vodinfo)}`,
    `create table programs as ${listedPrograms('raw_programs')}`,

    `create table raw_users as select * from ${parquet(paths.userinfo)}`,
    // The column is optional in userinfo: a source without it gives nulls throughout.
    `create table subscribers as
select distinct subsr_id from raw_users
where subsr_id is not null and (e_bool = 0 or (select count(e_bool) from raw_users) = 0)`,

    `create table users as
select subsr_id, coalesce(viewings, 0)::bigint as viewings, coalesce(clicks, 0)::bigint as clicks, last_dt
from (
  select subsr_id, viewings, clicks, last_dt
  from (select user_code as code, sum(viewings) as viewings, sum(clicks) as clicks, max(last_dt) as last_dt from pairs group by user_code)
  join user_codes using (code)
)
full join subscribers using (subsr_id)`,

    `create table items as
select program_id, program_name, ct_cl, program_genre, release_date, age_limit,
  coalesce(click_users, 0) as click_users, coalesce(viewers, 0) as viewers, coalesce(recommendable, false) as recommendable
from (
  select program_id, click_users, viewers
  from (select program_code as code, count(clicks) as click_users, count(viewings) as viewers from pairs group by program_code)
  join program_codes using (code)
)
full join programs using (program_id)`,

    `create table report as select * from
  log_counts,
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
    count(distinct user_code) as users,
    count(distinct program_code) as programs
  from pairs)`,
  ]
}

/** Whether all ids of a column are integers (of at most 38 digits, which a HUGEINT holds). */
const allIntegers = (id: string, rows: string): string =>
  `(select coalesce(bool_and(regexp_full_match(${id}, '-?[0-9]{1,38}')), false) from ${rows})`

/** Answers one row of booleans, for `rankStatements` and `featureFiles`: which ids are ordered as numbers. */
export const integerIdsQuery = `select
  ${allIntegers('subsr_id', 'user_codes where code in (select user_code from pairs)')} as pair_users,
  ${allIntegers('program_id', 'program_codes where code in (select program_code from pairs)')} as pair_programs,
  ${allIntegers('subsr_id', 'users')} as all_users,
  ${allIntegers('program_id', 'items')} as all_programs`

export type IntegerIds = Readonly<Record<'pair_users' | 'pair_programs' | 'all_users' | 'all_programs', boolean>>

/** Statements that give the ids of the pairs their place in the order of the files. */
export const rankStatements = (integers: IntegerIds): readonly string[] => [
  ranks('user_ranks', 'subsr_id', 'user_codes', 'user_code', integers.pair_users),
  ranks('program_ranks', 'program_id', 'program_codes', 'program_code', integers.pair_programs),
]

/** Rows of a table with codes, in the order of their users, then programmes, then `then`. */
const inOrder = (table: string, columns: string, then: readonly string[] = []): string => `
select subsr_id, program_id, ${columns}
from ${table} join user_ranks on user_code = user_ranks.code join program_ranks on program_code = program_ranks.code
order by user_ranks.rank::ubigint * 4294967296 + program_ranks.rank${then.map((column) => `, ${column}`).join('')}`

/** The query of each Parquet file: its columns, and its rows in order. */
export const featureQueries = (integers: IntegerIds): Readonly<Record<FeatureFile, string>> => ({
  interactions: inOrder('pairs', 'rating, watched, watch_tms_max, watch_cnt, click_cnt, click_recency, last_dt'),
  weekly: inOrder(
    'weekly',
    'week_start, case when watch_tms_max > 1 then 1.0 else watch_tms_max end as rating, viewings, newest as last_dt',
    ['week_start'],
  ),
  clicks: inOrder('early_clicks', 'week_start, clicks, newest as last_dt', ['week_start']),
  progress: inOrder('progress', 'episode_num, use_tms, disp_rtm_sec, last_dt', ['episode_num nulls first']),
  users: `select subsr_id, viewings, clicks, last_dt from users order by ${orderOf('subsr_id', integers.all_users)}`,
  items: `select program_id, program_name, ct_cl, program_genre, release_date, age_limit, click_users, viewers, recommendable
from items order by ${orderOf('program_id', integers.all_programs)}`,
})

export const featureFileNames = ['interactions', 'weekly', 'clicks', 'progress', 'users', 'items'] as const
export type FeatureFile = (typeof featureFileNames)[number]
