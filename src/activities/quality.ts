/** What the data gate wants to know of a week: SQL over the week's own rows, after the features' tables are there. */
import { weekStart, type Week } from '../contracts/week.ts'
import { judgedRows, repeatColumns, text, type LogName } from './features.ts'

const EXAMPLES = 3
const WEEKS_BEFORE = 8

/** Answers one row whose column `quality` is a `LogQuality` as JSON. `paths` are of the week's files; there may be none. */
export function qualityQuery(log: LogName, week: Week, paths: readonly string[], columns: readonly string[]): string {
  const monday = text(weekStart(week).slice(0, 'YYYY-MM-DD'.length))
  const empty = `select ${[...columns, ...repeatColumns[log]].map((column) => `null as ${column}`).join(', ')}, null as fate where false`
  const weeks =
    log === 'viewings'
      ? 'select week_start, sum(logged)::bigint as rows from weekly group by week_start having sum(logged) > 0'
      : 'select week_start, clicks as rows from weekly_clicks'
  const example = columns.map((column) => `${column} := ${column}`).join(', ')
  return `
with judged as materialized (${paths.length === 0 ? empty : judgedRows(log, paths)}),
kept as (select * from judged where fate = 'kept'),
fates as (select fate, count(*) as rows from judged group by fate),
examples as (
  select fate, to_json(list(row order by place)) as rows
  from (
    select fate, struct_pack(${example}) as row, row_number() over (partition by fate order by ${columns.join(', ')}) as place
    from judged where fate <> 'kept'
  )
  where place <= ${EXAMPLES} group by fate
)
select json_object(
  'rows', (select count(*) from judged),
  'fates', (select coalesce(to_json(map_from_entries(list((fate, rows) order by fate))), '{}'::json) from fates),
  'repeats', (select count(*) from kept) - (select count(*) from (select distinct subsr_id, program_id, ${repeatColumns[log].join(', ')} from kept)),
  'days_without_rows', (
    select to_json(coalesce(list(day::varchar order by day), []))
    from (select (date ${monday} + i::integer)::date as day from range(7) as days(i))
    where day not in (select happened_at::date from kept)
  ),
  'unknown_programs', (select count(*) from kept where program_id not in (select program_id from raw_programs where program_id is not null)),
  'unknown_users', (select count(*) from kept where subsr_id not in (select subsr_id from raw_users where subsr_id is not null)),
  'weeks', (
    select to_json(coalesce(list({ 'week_start': week_start::varchar, 'rows': rows } order by week_start), []))
    from (
      select week_start, rows from (${weeks}) where week_start <= date ${monday} and week_start >= date ${monday} - ${WEEKS_BEFORE * 7}
      union all select date ${monday}, 0 where not exists (from (${weeks}) where week_start = date ${monday})
    )
  ),
  'examples', (select coalesce(to_json(map_from_entries(list((fate, rows) order by fate))), '{}'::json) from examples)
)::varchar as quality`
}
