/**
 * The data plane on logs of MariaDB: extraction of all weeks but the last, then of the last, preprocessing, and beside it the same SQL
 * in DuckDB from Python and the old way in pandas, on the same Parquet. Each measurement is a process of its own. Ratios are
 * ours over theirs: below 1 ours is faster.
 */
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Command } from 'commander'
import { Type, type Static } from 'typebox'
import { parseDocument } from '../src/contracts/documents.ts'
import { MatineeError } from '../src/contracts/errors.ts'
import { startMariaDb, type MariaDb } from '../test/support/mariadb.ts'
import { pythonEnvironment } from '../test/support/python.ts'
import { writeResult } from './support/result-file.ts'

const execute = promisify(execFile)
const folder = import.meta.dirname
const requirementsPath = join(folder, 'data/requirements.txt')
const user = { name: 'bench', password: 'bench', database: 'vod_bench' }
/** The weeks are those of 2023: a run takes the first 51, the next one the last. */
const lastWeek = '2023-W52'
const weekBefore = '2023-W51'
const daysOfLogs = 364

const Measured = Type.Object({ seconds: Type.Number(), peakRssMib: Type.Number(), rows: Type.Number() })
type Measured = Static<typeof Measured>

export async function run(args: readonly string[]): Promise<void> {
  await new Command('bench data')
    .description('Extraction and preprocessing of generated logs in MariaDB.')
    .option('--millions <list>', 'millions of viewings, and as many clicks again', '1,5,10')
    .option('--memory <mib>', 'what DuckDB may use', '2048')
    .option('--without-peers', 'only ours')
    .action(bench)
    .parseAsync([...args], { from: 'user' })
}

async function bench(options: { millions: string; memory: string; withoutPeers?: true }): Promise<void> {
  const sizes = options.millions.split(',').map(Number)
  if (sizes.some((size) => !(size > 0 && size <= 100)))
    throw new MatineeError('usage_invalid', `--millions ${options.millions}: numbers up to 100, comma separated, are allowed`)
  const programs = options.withoutPeers === true ? undefined : await pythonEnvironment(requirementsPath)
  const server = await startMariaDb({ args: ['--innodb-flush-log-at-trx-commit=0', '--innodb-buffer-pool-size=512M'] })
  try {
    await server.createDatabase(user.database)
    await server.createUser({ ...user, privileges: 'SELECT' })
    for (const millions of sizes) {
      const rows = await benchSize(server, millions, options.memory, programs)
      writeResult({ name: 'data', requirementsPath, rows, replaces: (old, row) => old.millions === row.millions && old.what === row.what })
    }
  } finally {
    await server.stop()
  }
}

async function benchSize(server: MariaDb, millions: number, memory: string, programs: string | undefined): Promise<readonly Row[]> {
  process.stdout.write(`${millions} M viewings, ${millions} M clicks\n`)
  await fill(server, Math.round(millions * 1e6))
  const work = await mkdtemp(join(tmpdir(), 'matinee-bench-data-'))
  await mkdir(join(work, 'store'))
  const ours = (stage: string, week: string): Promise<Measured> =>
    measure(process.execPath, [join(folder, 'data/stage.ts'), stage, server.url(user), work, week, memory])
  const rows: Row[] = []
  const tell = (what: string, measured: Measured, ratio?: number): void => {
    rows.push({ millions, what, ...measured, ...(ratio === undefined ? {} : { ratio }) })
    show(what, measured, ratio)
  }
  try {
    tell('extract, all weeks but the last', await ours('extract', weekBefore))
    tell('extract, the last week', await ours('extract', lastWeek))
    const preprocessed = await ours('preprocess', lastWeek)
    tell('preprocess', preprocessed)
    if (programs === undefined) return rows
    for (const peer of ['duckdb', 'pandas']) {
      const theirs = await measure(join(programs, 'python'), [join(folder, 'data/peers.py'), peer, work, memory])
      tell(`${peer} in Python`, theirs, preprocessed.seconds / theirs.seconds)
    }
    return rows
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

interface Row extends Measured {
  readonly millions: number
  readonly what: string
  /** Of our preprocessing's seconds to these. */
  readonly ratio?: number
}

function show(what: string, { seconds, peakRssMib, rows }: Measured, ratio?: number): void {
  const cells = [what.padEnd(32), seconds.toFixed(1).padStart(7), 's', String(peakRssMib).padStart(6), 'MiB', `${rows} rows`]
  process.stdout.write(`  ${[...cells, ...(ratio === undefined ? [] : [`ratio ${ratio.toFixed(2)}`])].join(' ')}\n`)
}

async function measure(command: string, args: readonly string[]): Promise<Measured> {
  const { stdout } = await execute(command, [...args], { maxBuffer: 1 << 26 })
  return parseDocument(Measured, stdout.trim().split('\n').at(-1) ?? '', 'what the measured process printed')
}

const hash = (factor: number, of: number): string => `(crc32(seq * ${factor}) % ${of})`

/** Made by the server itself, which is much faster than sending it rows. Pseudo-random, the same each time. */
async function fill(server: MariaDb, rows: number): Promise<void> {
  const users = Math.max(1000, Math.round(rows / 25))
  const common = (seed: number): string =>
    `10000 + 3 * ${hash(seed, users)}, floor(20000 * pow(${hash(seed + 2, 100_000)} / 100000, 2.5)), concat('Title ', ${hash(seed + 2, 20_000)}), 1 + ${hash(seed + 4, 12)}, ` +
    `timestamp('2023-01-02 00:00:00') + interval ${hash(seed + 6, daysOfLogs * 86_400)} second`
  await server.query(`USE ${user.database};
    CREATE OR REPLACE TABLE userinfo (subsr_id BIGINT) SELECT 10000 + 3 * (seq - 1) AS subsr_id FROM seq_1_to_${users};
    CREATE OR REPLACE TABLE vodinfo AS SELECT seq - 1 AS program_id, concat('Title ', seq) AS program_name, 'TV' AS ct_cl, 'drama' AS program_genre,
      date('2020-01-01') AS release_date, 0 AS age_limit, 0 AS e_bool FROM seq_1_to_20001;
    CREATE OR REPLACE TABLE vods_sumut (subsr_id BIGINT, program_id BIGINT, program_name VARCHAR(100), episode_num INT, log_dt DATETIME, use_tms INT,
      disp_rtm_sec INT, count_watch INT, month INT, e_bool INT);
    INSERT INTO vods_sumut SELECT ${common(7)}, ${hash(17, 5000)}, 600 + ${hash(19, 5000)}, 1, 1, ${hash(23, 50)} = 0 FROM seq_1_to_${rows};
    ALTER TABLE vods_sumut ADD INDEX (log_dt);
    CREATE OR REPLACE TABLE contlog (subsr_id BIGINT, program_id BIGINT, program_name VARCHAR(100), episode_num INT, log_dt DATETIME, month INT, e_bool INT);
    INSERT INTO contlog SELECT ${common(29)}, 1, ${hash(41, 50)} = 0 FROM seq_1_to_${rows};
    ALTER TABLE contlog ADD INDEX (log_dt);`)
}
