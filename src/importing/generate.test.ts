import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import test from 'node:test'
import * as fc from 'fast-check'
import type { SourceValue } from '../contracts/ports.ts'
import type { SourceTable } from '../contracts/source-tables.ts'
import { addWeeks, parseWeek, weekEnd, weekOfLocal, weekStart } from '../contracts/week.ts'
import { demoParameters } from './generate-into.ts'
import { checkParameters, generate, generatedTables, logFaults, makeWorld, type GenerateParameters } from './generate.ts'
import type { SourceRow } from './load-tables.ts'
import { catalogueFaults } from './synthetic/catalogue.ts'

type Tables = Readonly<Record<SourceTable, readonly SourceRow[]>>

function tablesOf(parameters: GenerateParameters): Tables {
  const tables: Record<SourceTable, SourceRow[]> = { userinfo: [], vodinfo: [], vods_sumut: [], contlog: [] }
  for (const { table, rows } of generate(parameters)) tables[table].push(...rows)
  return tables
}

const demo = tablesOf(demoParameters)
const small: GenerateParameters = { users: 60, programs: 50, rows: 1500, weeks: 3, seed: 5, end: parseWeek('2020-W53') }

/** Position of a column in the rows of a table. */
const at = (table: SourceTable, column: string): number =>
  generatedTables.find((definition) => definition.table === table)?.columns.findIndex(({ name }) => name === column) ?? -1
const values = (table: SourceTable, column: string): readonly SourceValue[] => demo[table].map((row) => row[at(table, column)] ?? null)
const share = (table: SourceTable, column: string, has: (value: SourceValue) => boolean): number =>
  values(table, column).filter(has).length / demo[table].length
const between = (value: number, least: number, greatest: number, what: string): void =>
  assert.ok(value >= least && value <= greatest, `${what}: ${value} is not within ${least} and ${greatest}`)

const digest = (parameters: GenerateParameters): string =>
  createHash('sha256')
    .update(JSON.stringify(tablesOf(parameters)))
    .digest('hex')

test('the same parameters give the same rows, another seed gives others', () => {
  assert.equal(digest(small), digest({ ...small }))
  assert.notEqual(digest(small), digest({ ...small, seed: 6 }))
})

test('tables have as many rows as asked for, each with its values', () => {
  fc.assert(
    fc.property(
      fc.record({
        users: fc.integer({ min: 1, max: 120 }),
        programs: fc.integer({ min: 1, max: 120 }),
        rows: fc.integer({ min: 0, max: 3000 }),
        weeks: fc.integer({ min: 1, max: 6 }),
        seed: fc.nat(),
      }),
      (parameters) => {
        const tables = tablesOf({ ...parameters, end: small.end })
        assert.equal(tables.userinfo.length, parameters.users)
        assert.equal(tables.vodinfo.length, parameters.programs)
        assert.equal(tables.vods_sumut.length, parameters.rows)
        for (const { table, columns } of generatedTables) assert.ok(tables[table].every((row) => row.length === columns.length))
        const first = weekStart(addWeeks(small.end, 1 - parameters.weeks))
        for (const table of ['vods_sumut', 'contlog'] as const)
          for (const row of tables[table]) {
            const time = row[at(table, 'log_dt')]
            if (typeof time === 'string') assert.ok(time >= first && time < weekEnd(small.end), `${time} lies outside the weeks`)
          }
      },
    ),
    { numRuns: 60 },
  )
})

test('parameters out of range are refused by name', () => {
  for (const [name, value] of [
    ['users', 0],
    ['programs', 50_001],
    ['rows', -1],
    ['weeks', 0],
    ['seed', 1.5],
    ['rows', NaN],
  ] as const)
    // prettier-ignore
    assert.throws(() => checkParameters({ ...small, [name]: value }), { code: 'usage_invalid', message: new RegExp(`^--${name} `) })
})

test('logs have the faults of real ones, in the planned shares', () => {
  const planned: readonly (readonly [string, number, number])[] = [
    ['use missing', share('vods_sumut', 'use_tms', (use) => use === null), logFaults.useMissing],
    ['use negative', share('vods_sumut', 'use_tms', (use) => Number(use) < 0), logFaults.useNegative],
    ['duration missing', share('vods_sumut', 'disp_rtm_sec', (seconds) => seconds === null), logFaults.durationMissing],
    ['duration zero', share('vods_sumut', 'disp_rtm_sec', (seconds) => seconds === 0), logFaults.durationZero],
    ['excluded viewings', share('vods_sumut', 'e_bool', (mark) => mark === 1), logFaults.excluded],
    ['excluded clicks', share('contlog', 'e_bool', (mark) => mark === 1), logFaults.excluded],
    ...(['vods_sumut', 'contlog'] as const).flatMap((table) => [
      [`${table} without user`, share(table, 'subsr_id', (id) => id === null), logFaults.withoutUser] as const,
      [`${table} without program`, share(table, 'program_id', (id) => id === null), logFaults.withoutProgram] as const,
      [`${table} without time`, share(table, 'log_dt', (time) => time === null), logFaults.withoutTime] as const,
      [`${table} without mark`, share(table, 'e_bool', (mark) => mark === null), logFaults.withoutExclusion] as const,
    ]),
    ...(['vods_sumut', 'contlog'] as const).map(
      (table) =>
        [`${table} repeats`, 1 - new Set(demo[table].map((row) => row.join('|'))).size / demo[table].length, logFaults.repeat] as const,
    ),
  ]
  for (const [what, measured, wanted] of planned) between(measured, wanted * 0.5, wanted * 1.7, what)
  const beyond = demo.vods_sumut.filter((row) => {
    const [use, duration] = [row[at('vods_sumut', 'use_tms')], row[at('vods_sumut', 'disp_rtm_sec')]]
    return Number(duration) > 0 && Number(use) > Number(duration)
  })
  between(
    beyond.length / demo.vods_sumut.length,
    logFaults.useBeyondDuration * 0.7,
    logFaults.useBeyondDuration * 1.4,
    'use beyond duration',
  )
})

test('the dimension tables lack a few users and titles of the logs, and exclude a few titles', () => {
  for (const [table, column, dimension] of [
    ['vods_sumut', 'subsr_id', 'userinfo'],
    ['vods_sumut', 'program_id', 'vodinfo'],
  ] as const) {
    const known = new Set(values(dimension, column))
    assert.equal(known.size, demo[dimension].length, 'ids stand once')
    const strangers = new Set(values(table, column).filter((id) => id !== null && !known.has(id)))
    between(strangers.size, 1, 20, `${column} that ${dimension} lacks`)
  }
  between(
    share('vodinfo', 'e_bool', (mark) => mark === 1),
    0.001,
    catalogueFaults.excluded * 2.5,
    'excluded titles',
  )
})

test('a few titles and a few people make most of the viewings', () => {
  for (const [column, least] of [
    ['program_id', 0.25],
    ['subsr_id', 0.3],
  ] as const) {
    const counts = new Map<unknown, number>()
    for (const id of values('vods_sumut', column)) counts.set(id, (counts.get(id) ?? 0) + 1)
    const sorted = [...counts.values()].toSorted((a, b) => b - a)
    const topTenth = sorted.slice(0, Math.ceil(sorted.length / 10)).reduce((sum, count) => sum + count, 0)
    between(topTenth / demoParameters.rows, least, 0.8, `share of the top tenth by ${column}`)
    assert.ok((sorted.at(-1) ?? 0) < (sorted[0] ?? 0) / 20)
  }
})

test('people watch in the evening and at weekends', () => {
  const times = values('vods_sumut', 'log_dt').filter((time) => typeof time === 'string')
  const evening = times.filter((time) => time.slice(11, 13) >= '18' && time.slice(11, 13) <= '23').length
  between(evening / times.length, 0.35, 0.75, 'six evening hours of twenty-four')
  const weekend = times.filter((time) => [0, 6].includes(new Date(`${time.slice(0, 10)}T00:00:00Z`).getUTCDay())).length
  between(weekend / times.length, 0.33, 0.6, 'two days of seven')
})

test('new titles come week by week, none is watched before it is out', () => {
  const { catalogue } = makeWorld(demoParameters)
  const firstWeekOf = new Map(catalogue.titles.map(({ id, firstWeek }) => [id, firstWeek]))
  const start = addWeeks(demoParameters.end, 1 - demoParameters.weeks)
  for (const table of ['vods_sumut', 'contlog'] as const)
    for (const row of demo[table]) {
      const [id, time] = [row[at(table, 'program_id')], row[at(table, 'log_dt')]]
      if (typeof id === 'number' && typeof time === 'string') assert.ok(weekOfLocal(time) >= addWeeks(start, firstWeekOf.get(id) ?? 0))
    }
  const later = new Set([...firstWeekOf.values()].filter((week) => week > 0))
  assert.ok(later.size >= demoParameters.weeks / 2, `new titles in ${later.size} weeks only`)
  assert.ok(values('vodinfo', 'release_date').every((date) => date === null || String(date) < weekEnd(demoParameters.end)))
})

/** User and title of a row. */
const pairOf =
  (table: SourceTable) =>
  (row: SourceRow): string =>
    `${row[at(table, 'subsr_id')]} ${row[at(table, 'program_id')]}`
const secondsOf = (time: SourceValue | undefined): number => Date.parse(`${time}Z`.replace(' ', 'T')) / 1000

test('most viewings follow a click of the same user on the same title; many clicks lead nowhere', () => {
  const clicks = Map.groupBy(demo.contlog, pairOf('contlog'))
  const viewed = new Set(demo.vods_sumut.map(pairOf('vods_sumut')))
  const preceded = demo.vods_sumut.filter((row) =>
    (clicks.get(pairOf('vods_sumut')(row)) ?? []).some((click) => {
      const wait = secondsOf(row[at('vods_sumut', 'log_dt')]) - secondsOf(click[at('contlog', 'log_dt')])
      return wait > 0 && wait < 120
    }),
  )
  between(preceded.length / demo.vods_sumut.length, 0.5, 0.95, 'viewings after a click')
  between(
    demo.contlog.filter((row) => !viewed.has(pairOf('contlog')(row))).length / demo.contlog.length,
    0.05,
    0.5,
    'clicks on titles never watched',
  )
})

test('series are watched from the first episode on, films have none', () => {
  const { catalogue } = makeWorld(demoParameters)
  const episodesOf = new Map(catalogue.titles.map(({ id, episodes }) => [id, episodes]))
  let later = 0
  for (const row of demo.vods_sumut) {
    const [id, episode] = [row[at('vods_sumut', 'program_id')], row[at('vods_sumut', 'episode_num')]]
    if (typeof id !== 'number') continue
    const episodes = episodesOf.get(id)
    if (episodes === undefined) assert.equal(episode, null)
    else assert.ok(Number(episode) >= 1 && Number(episode) <= episodes)
    if (Number(episode) > 1) later++
  }
  between(later / demo.vods_sumut.length, 0.2, 0.8, 'viewings of later episodes')
})
