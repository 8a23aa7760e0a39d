/**
 * The whole weekly run, from MariaDB to a served model, beside the system that Matinee replaces, on the same generated logs. Ours fits every
 * candidate on both splits, measures them, and fits the best on all; the old way fits one model twice. Ours is timed twice: as each Monday's
 * run, when earlier runs have read the weeks before and the source is asked whether they changed, and as the first run, whose store is empty.
 * To the old way each run is the first. They take turns; ratios are ours over theirs: below 1 ours is faster.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Command } from 'commander'
import { MatineeError } from '../src/contracts/errors.ts'
import { addWeeks, parseWeek, type Week } from '../src/contracts/week.ts'
import { generateInto } from '../src/importing/generate-into.ts'
import { startMariaDb, type MariaDb } from '../test/support/mariadb.ts'
import { pythonEnvironment } from '../test/support/python.ts'
import { temporaryFolder } from '../test/support/temporary-folder.ts'
import { timeOldWay } from './pipeline/old-way.ts'
import { timeOurRun } from './pipeline/our-run.ts'
import type { TimedRun } from './pipeline/timed-run.ts'
import { buildPrograms } from './support/built-programs.ts'
import { writeResult } from './support/result-file.ts'

const folder = import.meta.dirname
const requirementsPath = join(folder, 'pipeline/requirements.txt')
const reader = { name: 'reader', password: 'reader', database: 'vod_bench' }
const owner = { name: 'owner', password: 'owner', database: reader.database }
/** The old way numbers weeks within a year: all logs are of this one's, up to this week. */
const end: Week = parseWeek('2023-W40')
const mostWeeks = 39

interface Flags {
  readonly users: number
  readonly programs: number
  readonly rows: number
  readonly weeks: number
  readonly seed: number
  readonly rounds: number
  readonly memory: number
  readonly peer: string
}

export async function run(args: readonly string[]): Promise<void> {
  await new Command('bench pipeline')
    .description('The whole weekly run, from MariaDB to a served model, beside the system that Matinee replaces.')
    .option('--users <n>', 'subscribers', wholeNumber, 20_000)
    .option('--programs <n>', 'titles', wholeNumber, 2000)
    .option('--rows <n>', 'viewings; clicks come on top', wholeNumber, 1_140_000)
    .option('--weeks <n>', `weeks of logs, 2 to ${mostWeeks}`, wholeNumber, 12)
    .option('--seed <n>', 'of the logs', wholeNumber, 1)
    .option('--rounds <n>', 'how often the two take turns; medians are told', wholeNumber, 1)
    .option('--memory <mib>', 'MATINEE_MEMORY_MIB', wholeNumber, 2048)
    .option('--peer <path>', 'the old way, a Python script', join(folder, '../../shared/peers/seed_pipeline.py'))
    .action(bench)
    .parseAsync([...args], { from: 'user' })
}

function wholeNumber(text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new MatineeError('usage_invalid', `"${text}" is not a whole number from 1`)
  return Number(text)
}

async function bench(flags: Flags): Promise<void> {
  if (flags.weeks < 2) throw new MatineeError('usage_invalid', `--weeks ${flags.weeks}: a run that follows another wants at least 2`)
  if (flags.weeks > mostWeeks) throw new MatineeError('usage_invalid', `--weeks ${flags.weeks}: at most ${mostWeeks} are of one year`)
  const hasPeer = existsSync(flags.peer)
  if (!hasPeer) process.stdout.write(`${flags.peer} is not there (--peer PATH names the old way): ours alone is measured\n`)
  const python = hasPeer ? join(await pythonEnvironment(requirementsPath), 'python') : undefined
  process.env['MATINEE_TEST_MAIN'] = buildPrograms()
  const server = await startMariaDb({ args: ['--innodb-flush-log-at-trx-commit=0', '--innodb-buffer-pool-size=512M'] })
  try {
    const size = await fill(server, flags)
    const databaseUrl = server.url(reader)
    const user = await one(server, 'select min(subsr_id) as value from vods_sumut')
    const weekNumber = Number(await one(server, 'select max(week(log_dt)) as value from vods_sumut'))
    const setup = { databaseUrl, week: end, user, memoryMib: flags.memory }
    const [weekly, first, theirs]: [TimedRun[], TimedRun[], TimedRun[]] = [[], [], []]
    for (let round = 0; round < flags.rounds; round++) {
      weekly.push(await timeOurRun({ ...setup, after: addWeeks(end, -1) }))
      first.push(await timeOurRun(setup))
      if (python !== undefined)
        theirs.push(await timeOldWay({ python, script: flags.peer, databaseUrl, weekNumber, outFolder: await temporaryFolder('old-way') }))
    }
    const row: Row = {
      size,
      weeks: flags.weeks,
      weeklyRun: medianOf(weekly),
      firstRun: medianOf(first),
      ...(theirs.length === 0 ? {} : { oldWay: medianOf(theirs) }),
    }
    tell(row)
    writeResult({ name: 'pipeline', requirementsPath, rows: [row], replaces: (old, { size: same }) => old.size === same })
  } finally {
    await server.stop()
  }
}

/** Generated logs, without the rows that the old way cannot read: it has no word for an id that is missing. */
async function fill(server: MariaDb, { users, programs, rows, weeks, seed }: Flags): Promise<string> {
  await server.createDatabase(reader.database)
  await server.createUser({ ...reader, privileges: 'SELECT' })
  await server.createUser({ ...owner, privileges: 'ALL' })
  await generateInto(server.location(owner), { users, programs, rows, weeks, seed, end }, { progress: say })
  const counts: string[] = []
  for (const [table, name] of [
    ['userinfo', 'subscribers'],
    ['vodinfo', 'titles'],
    ['vods_sumut', 'viewings'],
    ['contlog', 'clicks'],
  ] as const) {
    // prettier-ignore
    if (table === 'vods_sumut' || table === 'contlog')
      await server.query(`delete from ${reader.database}.${table} where subsr_id is null or program_id is null`)
    counts.push(`${Number(await one(server, `select count(*) as value from ${table}`)).toLocaleString('en')} ${name}`)
  }
  return counts.join(', ')
}

const say = (text: string): void => void process.stderr.write(`${text}\n`)

/** What a query calls `value`. */
async function one(server: MariaDb, query: string): Promise<string> {
  const value = (await server.query(`use ${reader.database}; ${query}`))[0]?.['value']
  return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
}

/** The run of median time. */
function medianOf(runs: readonly TimedRun[]): TimedRun {
  const median = runs.toSorted((a, b) => a.seconds - b.seconds)[Math.floor((runs.length - 1) / 2)]
  if (median === undefined) throw new MatineeError('internal', 'nothing was measured')
  return median
}

interface Row {
  readonly size: string
  readonly weeks: number
  /** The weeks before it were read by earlier runs. */
  readonly weeklyRun: TimedRun
  readonly firstRun: TimedRun
  readonly oldWay?: TimedRun
}

function tell({ size, weeks, weeklyRun, firstRun, oldWay }: Row): void {
  const lines = [
    `${size}, ${weeks} weeks`,
    ...comparison("each Monday's run", weeklyRun, oldWay),
    ...comparison('the first run', firstRun, oldWay),
    '',
    ...[...weeklyRun.quality, ...(oldWay?.quality ?? [])].map(({ model, precisionAt10, recallAt10 }) =>
      line(model, `precision@10 ${precisionAt10.toFixed(4)}`, `recall@10 ${recallAt10.toFixed(4)}`),
    ),
    '',
    stagesText("each Monday's run", weeklyRun),
    stagesText('the first run', firstRun),
    ...(oldWay === undefined ? [] : [stagesText('old way', oldWay)]),
  ]
  process.stdout.write(`${lines.join('\n')}\n`)
}

const comparison = (which: string, ours: TimedRun, oldWay: TimedRun | undefined): string[] => [
  '',
  line(which, 'ours', 'old way', 'ratio'),
  compared('whole, s', ours, oldWay, ({ seconds }) => seconds),
  compared('without the fetch, s', ours, oldWay, ({ seconds, fetchSeconds }) => seconds - fetchSeconds),
  compared('fetch, s', ours, oldWay, ({ fetchSeconds }) => fetchSeconds),
  compared('peak memory, MiB', ours, oldWay, ({ peakMiB }) => peakMiB),
]

const line = (what: string, ...cells: readonly string[]): string =>
  [what.padEnd(22), ...cells.map((cell) => cell.padStart(10))].join('  ').trimEnd()

function compared(what: string, ours: TimedRun, oldWay: TimedRun | undefined, of: (run: TimedRun) => number | undefined): string {
  const [a, b] = [of(ours), oldWay === undefined ? undefined : of(oldWay)]
  return line(what, cell(a), cell(b), a === undefined || b === undefined ? '-' : (a / b).toFixed(3))
}

const cell = (value: number | undefined): string => (value === undefined ? '-' : value.toFixed(value < 1000 ? 1 : 0))

const stagesText = (who: string, { stages }: TimedRun): string =>
  `${who}: ${Object.entries(stages)
    .map(([stage, seconds]) => `${stage} ${seconds.toFixed(1)} s`)
    .join(', ')}`
