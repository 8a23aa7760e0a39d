/**
 * The only reader of `process.env`. The table below is the one place where a variable stands: types, checks,
 * `matinee config`, `.env.example` and the README's table all come from it.
 */
import { existsSync, readFileSync } from 'node:fs'
import { availableParallelism, totalmem } from 'node:os'
import { resolve } from 'node:path'
import { loadClientConnectConfig } from '@temporalio/envconfig'
import type { NativeConnectionOptions } from '@temporalio/worker'
import { MatineeError } from '../contracts/errors.ts'
import { parseWeek, type Week } from '../contracts/week.ts'
import type { GateThresholds } from '../contracts/data-gate.ts'
import type { TableNames } from '../contracts/source-tables.ts'
import { readTableNames, readThresholds } from './json-settings.ts'
import { parseDatabaseUrl, parseStoreUrl, type DatabaseLocation, type StoreLocation } from './locations.ts'

export type Role = 'read' | 'write' | 'admin'
export interface ApiKey {
  readonly name: string
  readonly role: Role
  /** Lower-case hex. */
  readonly sha256: string
}

interface Variable<T> {
  readonly meaning: string
  /** As text, for the documentation. */
  readonly default: string
  readonly secret?: boolean
  /** `text` is undefined where the variable is unset or empty. */
  readonly read: (text: string | undefined, name: string, all: Environment) => T
}
export type Environment = Readonly<Record<string, string | undefined>>

const variable = <T>(definition: Variable<T>): Variable<T> => definition

const wrong = (name: string, value: string, allowed: string): MatineeError =>
  new MatineeError('configuration_invalid', `${name}: "${value}" is not allowed; ${allowed}`, { details: { variable: name } })

function integer(text: string | undefined, name: string, fallback: number, minimum: number, maximum: number): number {
  if (text === undefined) return fallback
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < minimum || value > maximum) throw wrong(name, text, `a whole number from ${minimum} to ${maximum} is`)
  return value
}

function timeZone(text: string | undefined, name: string): string {
  const zone = text ?? 'Asia/Seoul'
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: zone }).resolvedOptions().timeZone === '' ? zone : zone
  } catch {
    throw wrong(name, zone, 'an IANA zone such as Asia/Seoul is')
  }
}

function cron(text: string | undefined, name: string): string {
  const expression = text ?? '0 4 * * MON'
  if (!/^\S+( \S+){4}$/.test(expression)) throw wrong(name, expression, 'a cron expression of five fields such as "0 4 * * MON" is')
  return expression
}

function databasePassword(all: Environment): string | undefined {
  const direct = all['MATINEE_DATABASE_PASSWORD']
  if (direct !== undefined && direct !== '') return direct
  const file = all['MATINEE_DATABASE_PASSWORD_FILE']
  if (file === undefined || file === '') return undefined
  try {
    return readFileSync(file, 'utf8').replace(/\r?\n$/, '')
  } catch (cause) {
    throw new MatineeError('configuration_invalid', `MATINEE_DATABASE_PASSWORD_FILE: cannot read "${file}"`, { cause })
  }
}

function httpUrl(text: string | undefined, name: string): string | undefined {
  if (text === undefined) return undefined
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol))
    throw new MatineeError('configuration_invalid', `${name}: not an http(s) URL`)
  return text
}

function origins(text: string | undefined, name: string): readonly string[] {
  const list = (text ?? '')
    .split(',')
    .map((origin) => origin.trim())
    .filter((origin) => origin !== '')
  for (const origin of list)
    if (!URL.canParse(origin) || new URL(origin).origin !== origin)
      throw wrong(name, origin, 'origins such as https://tv.example, comma separated, are')
  return list
}

function apiKeys(text: string | undefined, name: string): readonly ApiKey[] {
  return (text ?? '')
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')
    .map((entry, index) => {
      const match = /^([\w.-]+):(read|write|admin):([0-9a-f]{64})$/i.exec(entry)
      if (!match)
        throw new MatineeError(
          'configuration_invalid',
          `${name}: entry ${index + 1} is not name:role:sha256-of-key with role read, write or admin; "matinee key create NAME ROLE" prints one`,
        )
      return { name: match[1] ?? '', role: (match[2] ?? 'read').toLowerCase() as Role, sha256: (match[3] ?? '').toLowerCase() }
    })
}

const halfOfMemoryMib = Math.floor(totalmem() / 2 / 1024 / 1024)

export const variables = {
  MATINEE_DATABASE_URL: variable<DatabaseLocation>({
    meaning:
      'The source: `mysql://user:pass@host:3306/vod_rec?tls=off|required|verify` or `sqlite:PATH`; `rows_per_second=N` limits how fast each table is read',
    default: 'sqlite:.matinee/vod.db',
    secret: true,
    read: (text, name, all) => parseDatabaseUrl(name, text ?? 'sqlite:.matinee/vod.db', databasePassword(all)),
  }),
  MATINEE_DATABASE_PASSWORD: variable<undefined>({
    meaning: 'Password of the source, in place of the one in the URL',
    default: '',
    secret: true,
    read: () => undefined,
  }),
  MATINEE_DATABASE_PASSWORD_FILE: variable<undefined>({
    meaning: 'File that holds the password of the source',
    default: '',
    read: () => undefined,
  }),
  MATINEE_COLUMN_MAPPING: variable<TableNames>({
    meaning:
      'JSON file with the names of tables and columns where they are not the usual: `{"vods_sumut": {"table": "viewings", "columns": {"subsr_id": "viewer"}}}`',
    default: '',
    read: (text, name) => readTableNames(name, text),
  }),
  MATINEE_DATA_GATE: variable<GateThresholds>({
    meaning: 'JSON file with thresholds of the data gate that are not the usual: `{"least_volume": 0.5}`',
    default: '',
    read: (text, name) => readThresholds(name, text),
  }),
  MATINEE_STORE_URL: variable<StoreLocation>({
    meaning: 'The object store: `s3://bucket/prefix?region=…&endpoint=…` (path style when an endpoint is given) or `file:PATH`',
    default: 'file:.matinee/store',
    read: (text, name) => parseStoreUrl(name, text ?? 'file:.matinee/store'),
  }),
  MATINEE_TIME_ZONE: variable<string>({
    meaning: 'IANA zone that weeks and the schedule are in; `log_dt` is local time in it',
    default: 'Asia/Seoul',
    read: timeZone,
  }),
  MATINEE_SCHEDULE: variable<string>({ meaning: 'Cron expression of the weekly run', default: '0 4 * * MON', read: cron }),
  MATINEE_TASK_QUEUE: variable<string>({ meaning: 'Temporal task queue', default: 'matinee', read: (text) => text ?? 'matinee' }),
  MATINEE_FIRST_WEEK: variable<Week | undefined>({
    meaning: 'Week that a counter without a record starts at, as `2023-W40`',
    default: '',
    read: (text, name) => {
      if (text === undefined) return undefined
      try {
        return parseWeek(text)
      } catch (cause) {
        throw new MatineeError('configuration_invalid', `${name}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
      }
    },
  }),
  MATINEE_EVENTS_URL: variable<DatabaseLocation | undefined>({
    meaning: 'Database of its own for `POST /v1/events`, which trainings read too; without it that route answers 501',
    default: '',
    secret: true,
    read: (text, name) => (text === undefined ? undefined : parseDatabaseUrl(name, text)),
  }),
  MATINEE_MEMORY_MIB: variable<number>({
    meaning: 'What DuckDB and a training may use together, in MiB',
    default: "half of the machine's memory",
    read: (text, name) => integer(text, name, halfOfMemoryMib, 256, 16_777_216),
  }),
  MATINEE_HOLD_HOURS: variable<number>({
    meaning: 'Hours that a held run waits for a person',
    default: '72',
    read: (text, name) => integer(text, name, 72, 1, 8760),
  }),
  MATINEE_TEMPORAL_UI: variable<string | undefined>({
    meaning: "Address of Temporal's own pages, as `http://localhost:8233`: the web app links runs to it",
    default: '',
    read: httpUrl,
  }),
  MATINEE_WEBHOOK_URL: variable<string | undefined>({
    meaning: 'Told of a run that failed, is held, or published',
    default: '',
    secret: true,
    read: httpUrl,
  }),
  MATINEE_CORS_ORIGINS: variable<readonly string[]>({
    meaning: 'Origins that may call the API from a browser, comma separated',
    default: '',
    read: origins,
  }),
  MATINEE_TRAINING_THREADS: variable<number>({
    meaning: 'Worker threads of a training',
    default: 'number of cores',
    read: (text, name) => integer(text, name, availableParallelism(), 1, 256),
  }),
  MATINEE_SEARCH_SECONDS: variable<number>({
    meaning: 'Seconds that a weekly run may search for a better model and parameters at most; 0: only the fixed candidates are compared',
    default: '600',
    read: (text, name) => integer(text, name, 600, 0, 86_400),
  }),
  MATINEE_SEARCH_FITS: variable<number>({
    meaning: 'Fits that a weekly search may make at most; of large data it makes fewer',
    default: '50',
    read: (text, name) => integer(text, name, 50, 1, 1000),
  }),
  MATINEE_API_HOST: variable<string>({ meaning: 'Where the API listens', default: '127.0.0.1', read: (text) => text ?? '127.0.0.1' }),
  MATINEE_API_PORT: variable<number>({
    meaning: 'Where the API listens',
    default: '8080',
    read: (text, name) => integer(text, name, 8080, 0, 65_535),
  }),
  MATINEE_API_KEYS: variable<readonly ApiKey[]>({
    meaning: '`name:role:sha256-of-key`, comma separated; roles `read`, `write`, `admin`. Empty: the API starts only on a loopback address',
    default: '',
    read: apiKeys,
  }),
} as const

export type VariableName = keyof typeof variables

/** What is in force. Handed on as an argument; nobody else looks at the environment. */
export interface Config {
  readonly database: DatabaseLocation
  readonly columnMapping: TableNames
  readonly gate: GateThresholds
  readonly store: StoreLocation
  readonly timeZone: string
  readonly schedule: string
  readonly taskQueue: string
  readonly firstWeek: Week | undefined
  readonly events: DatabaseLocation | undefined
  readonly memoryMib: number
  readonly holdHours: number
  readonly webhookUrl: string | undefined
  readonly temporalUi: string | undefined
  readonly corsOrigins: readonly string[]
  readonly trainingThreads: number
  readonly searchSeconds: number
  readonly searchFits: number
  /** By `@temporalio/envconfig`: TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_PROFILE, …. */
  readonly temporal: TemporalSettings
  readonly api: { readonly host: string; readonly port: number; readonly keys: readonly ApiKey[] }
}

export interface TemporalSettings {
  readonly address: string
  readonly namespace: string
  readonly connectionOptions: NativeConnectionOptions
}

function readTemporal(environment: Environment): TemporalSettings {
  const overrideEnvVars = Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  )
  try {
    const { connectionOptions, namespace } = loadClientConnectConfig({ overrideEnvVars })
    return { address: connectionOptions.address ?? 'localhost:7233', namespace: namespace ?? 'default', connectionOptions }
  } catch (cause) {
    throw new MatineeError('configuration_invalid', `Temporal profile: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    })
  }
}

/** @throws MatineeError `configuration_invalid` naming the variable, what is wrong, and what is allowed. */
export function readConfig(environment: Environment): Config {
  for (const name of Object.keys(environment))
    if (name.startsWith('MATINEE_') && !(name in variables) && !name.startsWith('MATINEE_TEST_') && !name.startsWith('MATINEE_DEMO_'))
      throw new MatineeError('configuration_invalid', `${name}: there is no such variable; "matinee config" lists those that exist`)
  const read = <Name extends VariableName>(name: Name): ReturnType<(typeof variables)[Name]['read']> => {
    const text = environment[name]
    return variables[name].read(text === '' ? undefined : text, name, environment) as ReturnType<(typeof variables)[Name]['read']>
  }
  return {
    database: read('MATINEE_DATABASE_URL'),
    columnMapping: read('MATINEE_COLUMN_MAPPING'),
    gate: read('MATINEE_DATA_GATE'),
    store: read('MATINEE_STORE_URL'),
    timeZone: read('MATINEE_TIME_ZONE'),
    schedule: read('MATINEE_SCHEDULE'),
    taskQueue: read('MATINEE_TASK_QUEUE'),
    firstWeek: read('MATINEE_FIRST_WEEK'),
    events: read('MATINEE_EVENTS_URL'),
    memoryMib: read('MATINEE_MEMORY_MIB'),
    holdHours: read('MATINEE_HOLD_HOURS'),
    webhookUrl: read('MATINEE_WEBHOOK_URL'),
    temporalUi: read('MATINEE_TEMPORAL_UI'),
    corsOrigins: read('MATINEE_CORS_ORIGINS'),
    trainingThreads: read('MATINEE_TRAINING_THREADS'),
    searchSeconds: read('MATINEE_SEARCH_SECONDS'),
    searchFits: read('MATINEE_SEARCH_FITS'),
    temporal: readTemporal(environment),
    api: { host: read('MATINEE_API_HOST'), port: read('MATINEE_API_PORT'), keys: read('MATINEE_API_KEYS') },
  }
}

/** `process.env` with what `files` (`.env`, a demo's addresses) add below it: the environment wins, then earlier files. */
export function environmentWithFiles(files: readonly string[], directory = process.cwd()): Environment {
  const merged: Record<string, string | undefined> = { ...process.env }
  for (const file of files) {
    const path = resolve(directory, file)
    if (!existsSync(path)) continue
    for (const line of readFileSync(path, 'utf8').split(/\r?\n/)) {
      const match = /^\s*(?:export\s+)?([A-Za-z_]\w*)\s*=\s*(.*?)\s*$/.exec(line)
      if (!match || match[1] === undefined) continue
      merged[match[1]] ??= (match[2] ?? '').replace(/^(["'])(.*)\1$/, '$2')
    }
  }
  return merged
}
