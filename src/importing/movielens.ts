/**
 * MovieLens in the form of `.inter`, `.item` and `.user` files (tab separated, header `name:type`), as viewings:
 * a rating is a viewing at its own time whose share watched grows with it, rating / 5 of a duration that is fixed for
 * each title. So the weight of a pair (seconds watched / seconds of the title) is rating / 5.
 */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { DatabaseLocation } from '../config/locations.ts'
import { MatineeError } from '../contracts/errors.ts'
import type { SourceValue } from '../contracts/ports.ts'
import { fnv1a } from '../model/random/fnv-1a.ts'
import { loadTables, type LoadOptions, type RowBatch, type RowCounts, type SourceRow } from './load-tables.ts'
import { localClock } from './local-clock.ts'
import { usualDefinition, type ColumnDefinition, type TableDefinition } from './source-schema.ts'
import { malformedLine, readTabbed, readTabbedTable, type TabbedTable } from './tabbed-file.ts'
import { checkColumnNames, isCanonicalInteger, isNumber } from './values.ts'

const HIGHEST_RATING = 5
/** MovieLens knows no durations; these are made from the title's id. */
const SHORTEST_MINUTES = 80
const LONGEST_MINUTES = 150
/** Seconds; one day before the year 10000, so that no zone gets there. */
const LATEST_TIMESTAMP = 253_402_214_400

const userColumns = ['user_id'] as const
/** Columns of `.item` that become one of the contract. */
const itemColumns = ['item_id', 'movie_title', 'release_year'] as const
const ratingColumns = ['user_id', 'item_id', 'rating', 'timestamp'] as const
type Users = TabbedTable<(typeof userColumns)[number]>
type Items = TabbedTable<(typeof itemColumns)[number]>

export interface MovielensOptions extends LoadOptions {
  /** IANA zone whose wall clock `log_dt` shows. */
  readonly timeZone: string
}

/**
 * Loads a folder with one `.inter` file and the `.item` and `.user` files of the same name, all or nothing.
 * @throws MatineeError `import_invalid` naming file, line and reason, and what `loadTables` throws.
 */
export async function importMovielens(location: DatabaseLocation, directory: string, options: MovielensOptions): Promise<RowCounts> {
  const stem = join(directory, await datasetName(directory))
  const users = await readTabbedTable(`${stem}.user`, userColumns)
  const items = await readTabbedTable(`${stem}.item`, itemColumns)
  const ratings = await surveyRatings(`${stem}.inter`)
  return loadTables(location, definitionsOf(users, items, ratings), batches(users, items, ratings, localClock(options.timeZone)), options)
}

/** The name that the three files share. */
async function datasetName(directory: string): Promise<string> {
  let files: readonly string[]
  try {
    files = await readdir(directory)
  } catch (cause) {
    throw new MatineeError('import_invalid', `cannot read the folder ${directory}; name one with .inter, .item and .user files`, { cause })
  }
  const names = files.filter((file) => file.endsWith('.inter')).map((file) => file.slice(0, -'.inter'.length))
  if (names.length !== 1 || names[0] === undefined)
    throw new MatineeError(
      'import_invalid',
      `${directory} has ${names.length} .inter files; it must have one, with .item and .user of the same name`,
    )
  return names[0]
}

interface RatingsSurvey {
  readonly path: string
  readonly hasTextUsers: boolean
  readonly hasTextItems: boolean
}

/** Checks every line before the first is loaded. */
async function surveyRatings(path: string): Promise<RatingsSurvey> {
  let hasTextUsers = false
  let hasTextItems = false
  for await (const { columns, lines } of readTabbed(path, ratingColumns))
    for (const { number, values } of lines) {
      const [user = '', item = '', rating = '', timestamp = ''] = ratingColumns.map((name) => values[columns.index[name]])
      if (user === '' || item === '') throw malformedLine(path, number, `${user === '' ? 'user_id' : 'item_id'} is empty`)
      if (!isNumber(rating) || Number(rating) < 0 || Number(rating) > HIGHEST_RATING)
        throw malformedLine(path, number, `rating "${rating}" is not a number from 0 to ${HIGHEST_RATING}`)
      if (!isNumber(timestamp) || Number(timestamp) < 0 || Number(timestamp) >= LATEST_TIMESTAMP)
        throw malformedLine(path, number, `timestamp "${timestamp}" is not a time in seconds since 1970`)
      hasTextUsers ||= !isCanonicalInteger(user)
      hasTextItems ||= !isCanonicalInteger(item)
    }
  return { path, hasTextUsers, hasTextItems }
}

/** Ids are INTEGER where all of them can be, in every file, and else text. */
function definitionsOf(users: Users, items: Items, ratings: RatingsSurvey): readonly TableDefinition[] {
  const textIds = new Set<string>()
  if (ratings.hasTextUsers || !holdsIntegers(users, users.index.user_id)) textIds.add('subsr_id')
  if (ratings.hasTextItems || !holdsIntegers(items, items.index.item_id)) textIds.add('program_id')

  const userinfo: readonly ColumnDefinition[] = [{ name: 'subsr_id', type: 'integer' }, ...extraColumns(users, userColumns)]
  const vodinfo = [...usualDefinition('vodinfo').columns, ...extraColumns(items, itemColumns)]
  checkColumnNames(
    userinfo.map(({ name }) => name),
    users.path,
  )
  checkColumnNames(
    vodinfo.map(({ name }) => name),
    items.path,
  )
  const definitions: readonly TableDefinition[] = [
    { table: 'userinfo', columns: userinfo },
    { table: 'vodinfo', columns: vodinfo },
    usualDefinition('vods_sumut'),
    usualDefinition('contlog'),
  ]
  return definitions.map(({ table, columns }) => ({
    table,
    columns: columns.map(({ name, type }) => ({ name, type: textIds.has(name) ? 'idText' : type })),
  }))
}

/** Empty values aside. */
const holdsIntegers = ({ rows }: TabbedTable<string>, index: number): boolean =>
  rows.every((row) => row[index] === '' || isCanonicalInteger(row[index] ?? ''))

/** Columns that are kept beside those of the contract. */
function extraColumns(table: TabbedTable<string>, known: readonly string[]): ColumnDefinition[] {
  return table.names.flatMap((name, index) =>
    known.includes(name) ? [] : [{ name, type: holdsIntegers(table, index) ? ('integer' as const) : ('text' as const) }],
  )
}

const orNull = (text: string | undefined): string | null => (text === undefined || text === '' ? null : text)

function extraValues(table: TabbedTable<string>, row: readonly string[], known: readonly string[]): SourceValue[] {
  return table.names.flatMap((name, index) => (known.includes(name) ? [] : [orNull(row[index])]))
}

async function* batches(
  users: Users,
  items: Items,
  ratings: RatingsSurvey,
  clock: (instantMs: number) => string,
): AsyncGenerator<RowBatch> {
  yield { table: 'userinfo', rows: users.rows.map((row) => [orNull(row[users.index.user_id]), ...extraValues(users, row, userColumns)]) }
  yield { table: 'vodinfo', rows: catalogueRows(items) }

  const titles = new Map(items.rows.map((row) => [row[items.index.item_id], orNull(row[items.index.movie_title])]))
  for await (const { columns, lines } of readTabbed(ratings.path, ratingColumns)) {
    const { user_id, item_id, rating, timestamp } = columns.index
    const rows = lines.map(({ values }): SourceRow => {
      const item = values[item_id] ?? ''
      const duration = durationSeconds(item)
      const use = Math.round((Number(values[rating]) / HIGHEST_RATING) * duration)
      const time = clock(Math.floor(Number(values[timestamp])) * 1000)
      return [orNull(values[user_id]), item, titles.get(item) ?? null, null, time, use, duration, 1, Number(time.slice(5, 7)), 0]
    })
    yield { table: 'vods_sumut', rows }
  }
}

function catalogueRows(items: Items): readonly SourceRow[] {
  // ml-100k calls it class, ml-1m genre.
  const classes = items.names.findIndex((name) => name === 'class' || name === 'genre')
  return items.rows.map((row) => {
    const year = row[items.index.release_year] ?? '' // where nobody knows it, the data has placeholders
    return [
      orNull(row[items.index.item_id]),
      orNull(row[items.index.movie_title]),
      '영화',
      orNull(row[classes]?.split(' ')[0]), // the first of several; all of them stay in the column itself
      /^\d{4}$/.test(year) ? `${year}-01-01` : null,
      null,
      0,
      ...extraValues(items, row, itemColumns),
    ]
  })
}

/** Whole minutes, so that half a star is a whole number of seconds. FNV-1a of the id picks among them. */
export function durationSeconds(itemId: string): number {
  return (SHORTEST_MINUTES + (fnv1a(itemId) % (LONGEST_MINUTES - SHORTEST_MINUTES + 1))) * 60
}
