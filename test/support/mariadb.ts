/** A real MySQL-compatible server with data in a temporary folder. */
import { chmod, chown } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import mysql from 'mysql2/promise'
import { freePort } from '../../src/adapters/tools/free-port.ts'
import { findOnPath, outputOf } from '../../src/adapters/tools/programs.ts'
import { startServerProcess } from '../../src/adapters/tools/server-process.ts'
import type { DatabaseLocation } from '../../src/config/locations.ts'
import { findMariaDb, findMariaDbTool } from './programs.ts'
import { temporaryFolder } from './temporary-folder.ts'
import { startTestServer, type TestServer } from './test-server.ts'

type MysqlLocation = Extract<DatabaseLocation, { kind: 'mysql' }>

export interface MariaDb extends TestServer {
  readonly host: string
  readonly port: number
  /** Runs statements as root, over the socket. Rows are of the last statement. */
  query(sql: string, values?: readonly (string | number | null)[]): Promise<readonly Readonly<Record<string, unknown>>[]>
  /** Creates an empty utf8mb4 database. */
  createDatabase(name: string): Promise<void>
  /** Creates a user, or changes its password, with `privileges` (such as `SELECT`) on the database. */
  createUser(user: {
    readonly name: string
    readonly password: string
    readonly database: string
    readonly privileges: string
  }): Promise<void>
  location(user: { readonly name: string; readonly password: string; readonly database: string }): MysqlLocation
  /** The same as a value for MATINEE_DATABASE_URL. */
  url(user: { readonly name: string; readonly password: string; readonly database: string }): string
}

export interface MariaDbOptions {
  /** Loads the zones' names, so that a session can be set to `Asia/Seoul`. Off, as on many real servers, it cannot. */
  readonly timeZones?: boolean
  /** More arguments, such as `--sql-mode=…`. */
  readonly args?: readonly string[]
}

export async function startMariaDb(options: MariaDbOptions = {}): Promise<MariaDb> {
  const command = await findMariaDb()
  const home = await temporaryFolder('db')
  const data = join(home, 'data')
  const socketPath = join(home, 'socket')
  const host = '127.0.0.1'
  const port = await freePort()
  const asUser = await unprivilegedUser(home)
  // A server that starts removes every temporary table in its TMPDIR, those of other servers too: each has a folder of its own.
  const environment = { ...process.env, TMPDIR: home }
  await outputOf(
    await findMariaDbTool('mariadb-install-db'),
    ['--no-defaults', `--datadir=${data}`, '--skip-test-db', '--auth-root-authentication-method=normal', ...asUser],
    environment,
    120_000,
  )

  const server = await startTestServer(() =>
    startServerProcess(
      {
        name: 'MariaDB',
        command,
        args: [
          '--no-defaults',
          `--datadir=${data}`,
          `--socket=${socketPath}`,
          `--pid-file=${join(home, 'pid')}`,
          `--bind-address=${host}`,
          `--port=${port}`,
          '--character-set-server=utf8mb4',
          '--innodb-buffer-pool-size=64M',
          '--skip-log-bin',
          ...asUser,
          ...(options.args ?? []),
        ],
        environment,
        logPath: join(home, 'mariadb.log'),
        graceMs: 20_000,
        probe: async () => (await mysql.createConnection({ socketPath, user: 'root' })).end(),
      },
      'source_unreachable',
    ),
  )

  const query: MariaDb['query'] = async (sql, values = []) => {
    const connection = await mysql.createConnection({
      socketPath,
      user: 'root',
      charset: 'utf8mb4',
      multipleStatements: true,
      dateStrings: true,
    })
    try {
      const [result] = await connection.query(sql, [...values])
      const last: unknown = Array.isArray(result) && Array.isArray(result.at(-1)) ? result.at(-1) : result
      return Array.isArray(last) ? last.map((row: object) => Object.fromEntries(Object.entries(row))) : []
    } finally {
      await connection.end()
    }
  }
  if (options.timeZones === true) await loadTimeZones(query)

  return {
    ...server,
    host,
    port,
    query,
    async createDatabase(name) {
      await query(`CREATE DATABASE ${quoted(name)} CHARACTER SET utf8mb4`)
    },
    async createUser({ name, password, database, privileges }) {
      await query(`CREATE OR REPLACE USER ?@'%' IDENTIFIED BY ?`, [name, password])
      await query(`GRANT ${privileges} ON ${quoted(database)}.* TO ?@'%'`, [name])
    },
    location: ({ name, password, database }) => ({ kind: 'mysql', host, port, user: name, password, database, tls: 'off' }),
    url: ({ name, password, database }) =>
      `mysql://${encodeURIComponent(name)}:${encodeURIComponent(password)}@${host}:${port}/${encodeURIComponent(database)}`,
  }
}

const quoted = (name: string): string => mysql.escapeId(name, true)

/** A user that every system knows. */
const unprivileged = 'nobody'

/** MariaDB refuses to run as root: then it runs as a user without rights, who needs to get at its folder. */
async function unprivilegedUser(home: string): Promise<readonly string[]> {
  if (process.getuid?.() !== 0) return []
  const user = Number(await outputOf('id', ['-u', unprivileged], process.env))
  await chown(home, user, -1)
  await chmod(dirname(home), 0o711)
  return [`--user=${unprivileged}`]
}

async function loadTimeZones(query: MariaDb['query']): Promise<void> {
  const tool = (await findOnPath('mariadb-tzinfo-to-sql', process.env)) ?? (await findMariaDbTool('mysql_tzinfo_to_sql'))
  await query(`USE mysql; ${await outputOf(tool, ['/usr/share/zoneinfo'], process.env, 60_000)}`)
}
