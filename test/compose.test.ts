/** docker-compose.yml: valid, closed to the outside, without a secret, and each part that can run here does. */
import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import test, { before } from 'node:test'
import { parseEnv, promisify } from 'node:util'
import { Client, Connection } from '@temporalio/client'
import { connect } from '../src/adapters/database/connect.ts'
import { ensureSearchAttributes } from '../src/adapters/temporal/connect.ts'
import { checkListenHost, identify } from '../src/api/access.ts'
import { readConfig, type Config } from '../src/config/environment.ts'
import { searchAttributes } from '../src/contracts/temporal-names.ts'
import { generateInto } from '../src/importing/generate-into.ts'
import { parseWeek } from '../src/contracts/week.ts'
import { loadCompose, type ComposeFile, type ComposeService } from './support/compose-spec.ts'
import { startMariaDb } from './support/mariadb.ts'
import { findMariaDbTool, findTemporalCli } from './support/programs.ts'
import { root, textOf } from './support/project-files.ts'
import { startTemporal } from './support/temporal.ts'
import { temporaryFolder } from './support/temporary-folder.ts'

const run = promisify(execFile)

interface Secrets {
  readonly file: string
  readonly values: Readonly<Record<string, string>>
  readonly printed: string
  /** A Temporal profile that says nothing, in place of the person's own. */
  readonly noProfile: string
}

async function makeSecrets(): Promise<Secrets> {
  const file = join(await temporaryFolder('compose'), '.env')
  const { stdout } = await run(process.execPath, [join(root, 'scripts/make-env.mjs'), file])
  const values = Object.entries(parseEnv(readFileSync(file, 'utf8'))).map(([name, value]) => [name, value ?? ''])
  const noProfile = `${file}.toml`
  writeFileSync(noProfile, '[profile.default]\n')
  return { file, values: Object.fromEntries(values), printed: stdout, noProfile }
}

let compose: ComposeFile
let secrets: Secrets
before(async () => {
  compose = await loadCompose(join(root, 'docker-compose.yml'))
  secrets = await makeSecrets()
})

const services = (): [string, ComposeService][] => Object.entries(compose.services)
const isOneShot = ({ restart }: ComposeService): boolean => restart.startsWith('on-failure')
const reference = /\$\{(\w+):\?run node scripts\/make-env\.mjs first\}/g
const filledIn = (text: string): string => text.replaceAll(reference, (_, name: string) => secrets.values[name] ?? '')

test('asks for every secret by name, and make-env makes those and no others', () => {
  const text = textOf('docker-compose.yml')
  const asked = [...text.matchAll(reference)].map(([, name]) => name)
  assert.equal(asked.length, [...text.matchAll(/\$/g)].length, 'every variable says how to get it')
  assert.deepEqual([...new Set(asked)].map(String).toSorted(), Object.keys(secrets.values).toSorted())
})

test('no secret stands in it', () => {
  for (const [name, { environment = {} }] of services())
    for (const [variable, value] of Object.entries(environment)) {
      if (/PASSWORD|PWD|SECRET|KEY/.test(variable)) assert.match(value ?? '', /^\$\{\w+:\?/, `${name}: ${variable}`)
      assert.doesNotMatch(value ?? '', /\/\/[^/@]*:[^$@/][^/@]*@/, `${name}: ${variable}`)
    }
})

test('publishes the API and the Temporal UI to this machine, and nothing else', () => {
  const published = services().filter(([, { ports = [] }]) => ports.length > 0)
  assert.deepEqual(published.map(([name]) => name).toSorted(), ['api', 'temporal-ui'])
  for (const [name, { ports = [] }] of published) for (const { host_ip } of ports) assert.equal(host_ip, '127.0.0.1', name)
  assert.equal(compose.networks['inside']?.internal, true)
  const outside = services().filter(([, { networks }]) => Object.keys(networks).some((network) => network !== 'inside'))
  assert.deepEqual(outside.map(([name]) => name).toSorted(), ['api', 'temporal-ui', 'worker'])
})

test('every image has its version', () => {
  for (const [name, { image, build }] of services())
    if (build === undefined) assert.match(image, /^[\w./-]+:v?\d+\.\d+(\.\d+)?(-[a-z]+)?$/, name)
    else assert.equal(image, 'matinee:local', name)
})

test('a service has a health check and comes back; anything else runs to its end and is waited for', () => {
  const waitedFor = new Set(
    services().flatMap(([, { depends_on = {} }]) =>
      Object.entries(depends_on).flatMap(([name, { condition }]) => (condition === 'service_completed_successfully' ? [name] : [])),
    ),
  )
  for (const [name, service] of services()) {
    const isChecked = (service.healthcheck?.test ?? []).length > 1 && service.healthcheck?.disable !== true
    assert.equal(isChecked, !isOneShot(service), name)
    assert.equal(waitedFor.has(name), isOneShot(service), name)
    if (!isOneShot(service)) assert.equal(service.restart, 'unless-stopped', name)
  }
})

/** What must be up before it, its own and theirs. */
function prerequisites(name: string, seen = new Set<string>()): Set<string> {
  for (const each of Object.keys(compose.services[name]?.depends_on ?? {})) if (!seen.has(each)) prerequisites(each, seen.add(each))
  return seen
}

test('each waits for what it needs, until that serves or has ended', () => {
  for (const [name, { depends_on = {}, environment = {} }] of services()) {
    for (const [needed, { condition }] of Object.entries(depends_on)) {
      const service = compose.services[needed]
      assert.ok(service !== undefined, `${name} waits for ${needed}, which does not exist`)
      assert.equal(condition, isOneShot(service) ? 'service_completed_successfully' : 'service_healthy', `${name}: ${needed}`)
    }
    assert.ok(!prerequisites(name).has(name), `${name} waits for itself`)
    for (const host of Object.keys(compose.services)) {
      const named = new RegExp(`(^|[@/])${host}(:\\d+|$|/)`)
      if (host !== name && Object.values(environment).some((value) => named.test(value ?? '')) && host !== 'temporal-ui')
        assert.ok(prerequisites(name).has(host) || isUserName(host, environment), `${name} reaches ${host} without waiting for it`)
    }
  }
})

/** `temporal` names a service and a user of its database alike. */
const isUserName = (host: string, environment: Readonly<Record<string, string | null>>): boolean =>
  Object.entries(environment).every(([variable, value]) => value !== host || variable.endsWith('_USER'))

test('what has to last is in a named volume, and what is mounted is there', () => {
  const named = services().flatMap(([name, { volumes = [] }]) =>
    volumes.flatMap(({ type, source, target }) =>
      type === 'volume' && !isOneShot(serviceOf(name)) ? [`${name} ${source}:${target}`] : [],
    ),
  )
  assert.deepEqual(named.toSorted(), [
    'api serving:/var/lib/matinee',
    'mysql mysql:/var/lib/mysql',
    'postgres postgres:/var/lib/postgresql/data',
    's3 objects:/data',
  ])
  for (const [name, { volumes = [] }] of services())
    for (const { type, source = '', read_only } of volumes) {
      if (type === 'volume') assert.ok(source in compose.volumes, `${name}: ${source}`)
      else assert.ok(read_only === true && statSync(join(root, source)).isFile(), `${name}: ${source}`)
    }
})

test('each has limits, and no more rights than it needs', () => {
  for (const [name, service] of services()) {
    assert.match(service.deploy.resources.limits.memory, /^\d+[mg]$/, name)
    assert.ok(Number(service.deploy.resources.limits.cpus) > 0, name)
    assert.deepEqual([service.security_opt, service.privileged], [['no-new-privileges:true'], undefined], name)
    // The databases' images start as root to make their folders theirs.
    if (!['mysql', 'postgres'].includes(name)) assert.deepEqual(service.cap_drop, ['ALL'], name)
    if (service.build !== undefined) assert.deepEqual([service.read_only, service.init], [true, true], name)
  }
})

const serviceOf = (name: string): ComposeService => {
  const service = compose.services[name]
  assert.ok(service !== undefined, name)
  return service
}

/** The configuration that a service of ours would read. */
function configOf(name: string): Config {
  const environment = Object.entries(serviceOf(name).environment ?? {}).map(([variable, value]) => [variable, filledIn(value ?? '')])
  return readConfig({ ...Object.fromEntries(environment), TEMPORAL_CONFIG_FILE: secrets.noProfile })
}

test("Matinee's own services take their configuration, and find each other by it", () => {
  for (const name of ['worker', 'api']) {
    const { database, events, store, temporal } = configOf(name)
    assert.partialDeepStrictEqual(database, { host: 'mysql', user: 'matinee_reader', database: 'vod_rec', tls: 'required' })
    assert.partialDeepStrictEqual(database, { password: secrets.values['MYSQL_READER_PASSWORD'] })
    assert.partialDeepStrictEqual(events, { user: 'matinee_events', password: secrets.values['MYSQL_EVENTS_PASSWORD'] })
    assert.partialDeepStrictEqual(store, { kind: 's3', bucket: 'matinee', prefix: '', endpoint: 'http://s3:7070' })
    assert.equal(temporal.address, 'temporal:7233')
  }
  assert.partialDeepStrictEqual(configOf('sample-data').database, {
    user: 'matinee_loader',
    password: secrets.values['MYSQL_LOADER_PASSWORD'],
  })
})

test('the key that make-env prints, and only once, opens the API', () => {
  const { api, corsOrigins } = configOf('api')
  checkListenHost({ keys: api.keys, host: api.host, corsOrigins })
  const key = /^matinee_\S+$/m.exec(secrets.printed)?.[0] ?? ''
  assert.deepEqual(identify(key, api.keys), { name: 'operator', role: 'admin' })
  assert.doesNotMatch(readFileSync(secrets.file, 'utf8'), new RegExp(key))
})

test('make-env keeps what it wrote to its owner, makes all anew elsewhere, and never writes over a file', async () => {
  assert.equal(statSync(secrets.file).mode & 0o777, 0o600)
  const others = await makeSecrets()
  for (const [name, value] of Object.entries(secrets.values)) assert.notEqual(others.values[name], value, name)
  const written = readFileSync(secrets.file, 'utf8')
  const again = spawnSync(process.execPath, [join(root, 'scripts/make-env.mjs'), secrets.file], { encoding: 'utf8' })
  assert.equal(again.status, 1)
  assert.match(again.stderr, /^make-env: .*is there already.*\n$/)
  assert.equal(readFileSync(secrets.file, 'utf8'), written)
})

/** A folder to put first in PATH, in which `name` is `program`. */
async function folderWith(name: string, program: string): Promise<string> {
  const folder = join(await temporaryFolder('path'), 'bin')
  await mkdir(folder)
  symlinkSync(program, join(folder, name))
  return folder
}

test('temporal-namespace.sh makes what runs need, and can run again', { timeout: 120_000 }, async (t) => {
  const server = await startTemporal()
  t.after(() => server.stop())
  const namespace = 'by-compose'
  const path = `${await folderWith('temporal', await findTemporalCli())}:${process.env['PATH']}`
  const environment = { ...process.env, ...server.environment, PATH: path, TEMPORAL_NAMESPACE: namespace }
  for (const _ of ['first', 'again']) await run('sh', [join(root, 'scripts/compose/temporal-namespace.sh')], { env: environment })
  const connection = await Connection.connect({ address: server.address })
  t.after(() => connection.close())
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace })
  assert.deepEqual(
    Object.keys(customAttributes ?? {})
      .filter((name) => name.startsWith('Matinee'))
      .toSorted(),
    Object.values(searchAttributes).toSorted(),
  )
  await ensureSearchAttributes(new Client({ connection, namespace })) // refuses another type
})

test('mysql-users.sh gives each user its part, whatever is in a password', { timeout: 120_000 }, async (t) => {
  const server = await startMariaDb()
  t.after(() => server.stop())
  const password = { reader: `it's "read\\er`, events: 'é', loader: 'l' }
  await server.query(textOf('scripts/sql/schema.sql'))
  await server.query(`create user 'matinee_loader'@'%' identified by ?`, [password.loader]) // as MySQL's image does
  const [socket] = await server.query('select @@socket as path')
  const tools = await folderWith('mysql', await findMariaDbTool('mariadb'))
  writeFileSync(join(tools, '.my.cnf'), `[client]\nsocket=${String(socket?.['path'])}\n`) // as in MySQL's image
  const environment = {
    PATH: `${tools}:${process.env['PATH']}`,
    HOME: tools,
    MYSQL_ROOT_PASSWORD: '',
    MYSQL_READER_PASSWORD: password.reader,
    MYSQL_EVENTS_PASSWORD: password.events,
    GRANTS_FILE: join(root, 'scripts/sql/grants.sql'),
  }
  await run('sh', [join(root, 'scripts/compose/mysql-users.sh')], { env: environment })

  const loader = server.location({ name: 'matinee_loader', password: password.loader, database: 'vod_rec' })
  const parameters = { users: 20, programs: 10, rows: 200, weeks: 2, seed: 1, end: parseWeek('2024-W01') }
  await generateInto(loader, parameters)
  await generateInto(loader, parameters, { replace: true })
  const reader = connect(server.location({ name: 'matinee_reader', password: password.reader, database: 'vod_rec' }))
  t.after(() => reader.destroy())
  assert.equal((await reader('userinfo').select('subsr_id')).length, 20)
  await assert.rejects(reader.raw('delete from userinfo'), /denied/)
  const events = connect(server.location({ name: 'matinee_events', password: password.events, database: 'matinee_events' }))
  t.after(() => events.destroy())
  await events.raw('create table seen (id int primary key)')

  await assert.rejects(run('sh', [join(root, 'scripts/compose/mysql-users.sh')], { env: { ...environment, MYSQL_EVENTS_PASSWORD: '' } }))
})
