/** One way to a SQL database: knex over mysql2, or over libsql for the embedded one. */
import knex, { type Knex } from 'knex'
import BetterSqlite3Client from 'knex/lib/dialects/better-sqlite3/index.js'
import libsql from 'libsql'
import { mkdirSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { DatabaseLocation } from '../../config/locations.ts'

/** libsql keeps better-sqlite3's interface and carries its binary inside the npm package, so nothing is compiled. */
class LibsqlClient extends BetterSqlite3Client {
  _driver(): unknown {
    return libsql
  }
}

/** Creates missing folders of an embedded database; never creates a MySQL schema. */
export function connect(location: DatabaseLocation, options: { readonly sessionZone?: string } = {}): Knex {
  if (location.kind === 'sqlite') {
    const filename = resolve(location.path)
    mkdirSync(dirname(filename), { recursive: true })
    return knex({ client: LibsqlClient as unknown as typeof Knex.Client, connection: { filename }, useNullAsDefault: true })
  }
  void options
  return knex({
    client: 'mysql2',
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
    pool: { min: 0, max: 4 },
  })
}
