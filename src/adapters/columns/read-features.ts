/** A week's features from the store into typed arrays. */
import { MatineeError } from '../../contracts/errors.ts'
import type { EarlyClicks, Features, ObjectStore, WeeklyPairs } from '../../contracts/ports.ts'
import type { FeaturesRef } from '../../contracts/run.ts'
import { storeKeys } from '../../contracts/store-keys.ts'
import { DuckDbEngine, sqlText, type DuckDbDatabase, type DuckDbOptions } from './duckdb.ts'

/** Days after and before its release for which a programme that nobody has watched or clicked takes part. */
const [newForDays, knownAheadDays] = [91, 7]

/**
 * Users and items get positions in the order of the files' rows: programmes that someone watched or clicked, and those that came out lately
 * or will before the next training, so that they can be recommended by what the catalogue says of them.
 * Memory: the arrays (41 bytes a pair) and the ids, beside what DuckDB was given while it reads.
 * @throws MatineeError `store_missing` and the others of the store.
 */
export async function readFeatures(
  store: ObjectStore,
  { week, digest }: Pick<FeaturesRef, 'week' | 'digest'>,
  options: DuckDbOptions & { readonly weekly?: boolean; readonly signal?: AbortSignal },
): Promise<Features> {
  const database = await new DuckDbEngine(options).open(options.signal ?? new AbortController().signal)
  try {
    const paths = { interactions: database.scratchPath('interactions.parquet'), items: database.scratchPath('items.parquet') }
    await store.download(storeKeys.features(week, digest, 'interactions.parquet'), paths.interactions)
    await store.download(storeKeys.features(week, digest, 'items.parquet'), paths.items)
    await database.run(positionStatements(paths).join(';\n'))
    const pairs = await readPairs(database)
    const weekly =
      options.weekly === true
        ? {
            weekly: await readWeekly(database, store, { week, digest }),
            earlyClicks: await readEarlyClicks(database, store, { week, digest }),
          }
        : {}
    const userIds: string[] = []
    for await (const chunk of database.stream('select subsr_id from users order by position'))
      for (const id of chunk.getColumnValues(0)) userIds.push(String(id))
    const items: Features['items'][number][] = []
    for await (const chunk of database.stream(
      'select program_id, program_name, ct_cl, program_genre, release_date, age_limit, recommendable from items order by position',
    ))
      for (const [programId, name, kind, genre, released, age, recommendable] of chunk.getRows())
        items.push({
          program_id: String(programId),
          program_name: textOrNull(name),
          ct_cl: textOrNull(kind),
          program_genre: textOrNull(genre),
          release_date: textOrNull(released),
          age_limit: typeof age === 'number' ? age : null,
          recommendable: recommendable === true,
        })
    return { userIds, itemIds: items.map(({ program_id }) => program_id), ...pairs, ...weekly, items }
  } finally {
    await database.close()
  }
}

const positionStatements = ({ interactions, items }: { readonly interactions: string; readonly items: string }): readonly string[] => [
  `create table users as
select subsr_id, row_number() over (order by min(file_row_number)) - 1 as position
from read_parquet(${sqlText(interactions)}, file_row_number = true) group by subsr_id`,
  `create table items as
select * exclude (file_row_number), row_number() over (order by file_row_number) - 1 as position
from read_parquet(${sqlText(items)}, file_row_number = true)
where program_id in (select program_id from read_parquet(${sqlText(interactions)}))
  or (recommendable and try_cast(left(release_date::varchar, 10) as date) between
    (select max(last_dt)::date from read_parquet(${sqlText(interactions)})) - ${newForDays} and
    (select max(last_dt)::date from read_parquet(${sqlText(interactions)})) + ${knownAheadDays})`,
  `create table pairs as
select
  users.position::uinteger as user_position,
  items.position::uinteger as item_position,
  coalesce(rating, 'nan') as rating,
  watched::utinyint as watched,
  epoch_us(last_dt) / 1e6 as last_seconds
from read_parquet(${sqlText(interactions)}) join users using (subsr_id) join items using (program_id)
order by user_position, item_position`,
]

async function readPairs(database: DuckDbDatabase): Promise<Pick<Features, 'user' | 'item' | 'rating' | 'watched' | 'lastSeconds'>> {
  const count = Number((await database.row('select count(*) as pairs from pairs'))['pairs'])
  const pairs = {
    user: new Uint32Array(count),
    item: new Uint32Array(count),
    rating: new Float64Array(count),
    watched: new Uint8Array(count),
    lastSeconds: new Float64Array(count),
  }
  const columns = [pairs.user, pairs.item, pairs.rating, pairs.watched, pairs.lastSeconds]
  await fillColumns(database, 'select user_position, item_position, rating, watched, last_seconds from pairs', columns)
  return pairs
}

async function readWeekly(
  database: DuckDbDatabase,
  store: ObjectStore,
  features: Pick<FeaturesRef, 'week' | 'digest'>,
): Promise<WeeklyPairs> {
  const path = database.scratchPath('weekly.parquet')
  await store.download(storeKeys.features(features.week, features.digest, 'weekly.parquet'), path)
  const count = Number((await database.row(`select count(*) as pairs from read_parquet(${sqlText(path)})`))['pairs'])
  const weekly = {
    user: new Uint32Array(count),
    item: new Uint32Array(count),
    weekStartDay: new Int32Array(count),
    rating: new Float64Array(count),
    viewings: new Uint32Array(count),
    lastSeconds: new Float64Array(count),
  }
  await fillColumns(
    database,
    `select users.position::uinteger, items.position::uinteger, date_diff('day', date '1970-01-01', week_start)::integer, rating, viewings, epoch_us(last_dt) / 1e6
from read_parquet(${sqlText(path)}) join users using (subsr_id) join items using (program_id)
order by users.position, items.position, week_start`,
    [weekly.user, weekly.item, weekly.weekStartDay, weekly.rating, weekly.viewings, weekly.lastSeconds],
  )
  return weekly
}

async function readEarlyClicks(
  database: DuckDbDatabase,
  store: ObjectStore,
  features: Pick<FeaturesRef, 'week' | 'digest'>,
): Promise<EarlyClicks> {
  const path = database.scratchPath('clicks.parquet')
  const isThere = await store.download(storeKeys.features(features.week, features.digest, 'clicks.parquet'), path).then(
    () => true,
    (error: unknown) => {
      if (error instanceof MatineeError && error.code === 'store_missing') return false
      throw error
    },
  )
  const rows = isThere ? Number((await database.row(`select count(*) as rows from read_parquet(${sqlText(path)})`))['rows']) : 0
  const clicks = {
    user: new Uint32Array(rows),
    item: new Uint32Array(rows),
    weekStartDay: new Int32Array(rows),
    clicks: new Uint32Array(rows),
    lastSeconds: new Float64Array(rows),
  }
  if (rows > 0)
    await fillColumns(
      database,
      `select users.position::uinteger, items.position::uinteger, date_diff('day', date '1970-01-01', week_start)::integer, clicks, epoch_us(last_dt) / 1e6
from read_parquet(${sqlText(path)}) join users using (subsr_id) join items using (program_id)
order by users.position, items.position, week_start`,
      [clicks.user, clicks.item, clicks.weekStartDay, clicks.clicks, clicks.lastSeconds],
    )
  return clicks
}

/** Writes the query's columns into `columns`, in that order; they are as long as the query has rows. */
async function fillColumns(
  database: DuckDbDatabase,
  query: string,
  columns: readonly (Uint32Array | Int32Array | Float64Array | Uint8Array)[],
): Promise<void> {
  let row = 0
  for await (const chunk of database.stream(query)) {
    const { rowCount } = chunk // a call into DuckDB
    for (const [index, column] of columns.entries()) {
      const values = chunk.getColumnVector(index)
      for (let offset = 0; offset < rowCount; offset++) column[row + offset] = Number(values.getItem(offset))
    }
    row += rowCount
  }
}

const textOrNull = (value: unknown): string | null => (typeof value === 'string' ? value : null)
