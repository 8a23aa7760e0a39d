/** One way to a SQL database: knex over mysql2, or over libsql for the embedded one. */
import knex, { type Knex } from 'knex'
import BetterSqlite3Client from 'knex/lib/dialects/better-sqlite3/index.js'
import libsql from 'libsql'
import type { Connection } from 'mysql2'
import { mkdirSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { DatabaseLocation } from '../../config/locations.ts'

/** libsql keeps better-sqlite3's interface and carries its binary inside the npm package, so nothing is compiled. */
class LibsqlClient extends BetterSqlite3Client {
  _driver(): unknown {
    return libsql
  }
}

/** What knex hands to `afterCreate` as `connection` when the driver is libsql. */
export interface LibsqlConnection {
  exec(sql: string): void
  prepare(sql: string): { raw(): { all(...bindings: readonly unknown[]): unknown[][] } }
}

export interface ConnectOptions {
  /** The session refuses to write, whatever the user may do, and an embedded database is not created. */
  readonly readOnly?: boolean
}

/** How long an embedded database waits for another process that writes. */
const BUSY_MS = 10_000
/** MySQL gives up on a client that takes no rows for a minute; a busy machine or a full disk queue can take longer. */
const NET_WRITE_TIMEOUT_SECONDS = 3_600

/** Four tables that are read side by side, a question to the server beside each, and some for what else there is. */
const POOL_CONNECTIONS = 10

/** knex prints what it also throws. Whoever catches an error says it once, in our own words. */
const quiet = { debug: ignore, warn: ignore, error: ignore, deprecate: ignore }
function ignore(): void {}

type Ready = (error: Error | null, connection: unknown) => void

/** Creates missing folders of an embedded database; never creates a MySQL schema. Connects on first use. */
export function connect(location: DatabaseLocation, options: ConnectOptions = {}): Knex {
  if (location.kind === 'sqlite') {
    const filename = resolve(location.path)
    if (!options.readOnly) mkdirSync(dirname(filename), { recursive: true })
    const pragmas = [`busy_timeout = ${BUSY_MS}`, options.readOnly ? 'query_only = 1' : 'journal_mode = wal']
    return knex({
      client: LibsqlClient as unknown as typeof Knex.Client,
      connection: { filename },
      useNullAsDefault: true,
      log: quiet,
      pool: {
        min: 0,
        max: 1,
        afterCreate(connection: LibsqlConnection, ready: Ready): void {
          try {
            for (const pragma of pragmas) connection.exec(`pragma ${pragma}`)
            ready(null, connection)
          } catch (error) {
            ready(error instanceof Error ? error : new Error(String(error)), connection)
          }
        },
      },
    })
  }
  const settings = options.readOnly
    ? ['set session transaction read only', `set session net_write_timeout = ${NET_WRITE_TIMEOUT_SECONDS}`]
    : []
  return knex({
    client: 'mysql2',
    log: quiet,
    connection: {
      host: location.host,
      port: location.port,
      user: location.user,
      password: location.password,
      database: location.database,
      charset: 'utf8mb4',
      // log_dt is wall-clock time: a driver that makes Dates of it would shift it.
      dateStrings: true,
      supportBigNumbers: true,
      bigNumberStrings: true,
      ...(location.tls === 'off' ? {} : { ssl: { rejectUnauthorized: location.tls === 'verify' } }),
    },
    pool: {
      min: 0,
      max: POOL_CONNECTIONS,
      afterCreate(connection: Connection, ready: Ready): void {
        const next = (index: number): void => {
          const sql = settings[index]
          if (sql === undefined) ready(null, connection)
          else connection.query(sql, (error) => (error ? ready(error, connection) : next(index + 1)))
        }
        next(0)
      },
    },
  })
}
