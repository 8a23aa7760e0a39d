/**
 * A client that asks an API in a process of its own for lists with random filters, posts viewings, swaps models, and compares each answer
 * with a slow reference that reads like the contract. Two requests of one user are never under way at once, so that what was acknowledged
 * must count.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { freePort } from '../../src/adapters/tools/free-port.ts'
import { DirectoryObjectStore } from '../../src/adapters/object-store/directory-store.ts'
import type { ModelItem } from '../../src/contracts/documents.ts'
import type { ObjectStore } from '../../src/contracts/ports.ts'
import { storeKeys } from '../../src/contracts/store-keys.ts'
import { decodeSafetensors } from '../../src/model/artifact/safetensors.ts'
import { Random } from '../../src/model/random/random.ts'
import { generatedAgeLimits, generatedGenres, generateTitles, programIdOf, userIdOf, writeGeneratedModel } from './generated-model.ts'
import { makeLatest } from './publish-model.ts'
import { temporaryFolder } from './temporary-folder.ts'

const main = fileURLToPath(new URL('../../bin/matinee.mjs', import.meta.url))
const shape = { users: 2000, titles: 800, factors: 16, pairs: 40_000 }
const versions = ['2024-W01-00000001', '2024-W02-00000002', '2024-W03-00000003', '2024-W04-00000004']
const connections = 8
const firstProgram = Number(programIdOf(0))
/** One in so many requests is a viewing, of users whose number is a multiple of `eventUsers`. */
const eventEvery = 50
const eventUsers = 10

/** What a model says, as its files have it. */
interface World {
  readonly titles: readonly ModelItem[]
  readonly seen: readonly ReadonlySet<number>[]
  readonly scoreOf: (user: number, title: number) => number
}

async function worldOf(store: ObjectStore, version: string, seed: number): Promise<World> {
  const stored = await store.read(storeKeys.model(version, 'model.safetensors'))
  const { tensors } = decodeSafetensors(stored?.body ?? new Uint8Array())
  const [users, items, offsets, seenItems] = ['user_factors', 'item_factors', 'seen_offsets', 'seen_items'].map(
    (name) => tensors.get(name)?.data ?? [],
  ) as [Float32Array, Float32Array, Uint32Array, Uint32Array]
  const { factors } = shape
  return {
    titles: generateTitles(shape.titles, seed),
    seen: Array.from({ length: shape.users }, (_, user) => new Set(seenItems.subarray(offsets[user], offsets[user + 1]))),
    // In single precision, in the order of the factors: the very bits.
    scoreOf: (user, title) => {
      let sum = 0
      for (let f = 0; f < factors; f++)
        sum = Math.fround(sum + Math.fround((users[user * factors + f] as number) * (items[title * factors + f] as number)))
      return sum
    },
  }
}

interface Asked {
  readonly user: number
  readonly k: number
  readonly genres: readonly string[]
  readonly maxAge: number | undefined
  readonly excludeSeen: boolean
}

function randomRequest(random: Random, user: number): Asked {
  const genres = Array.from({ length: random.below(4) }, () => generatedGenres[random.below(generatedGenres.length)] ?? '')
  const maxAge = random.below(2) === 0 ? undefined : (generatedAgeLimits[random.below(5)] ?? undefined)
  return { user, k: 1 + random.below(random.below(4) === 0 ? 100 : 20), genres, maxAge, excludeSeen: random.below(5) > 0 }
}

const pathOf = ({ user, k, genres, maxAge, excludeSeen }: Asked): string => {
  const query = new URLSearchParams({ k: String(k), exclude_seen: String(excludeSeen) })
  for (const genre of genres) query.append('genre', genre)
  if (maxAge !== undefined) query.set('max_age', String(maxAge))
  return `/v1/users/${userIdOf(user)}/recommendations?${query.toString()}`
}

/** Whether a title may be shown, one condition a line. */
function mayBeShown(
  { titles, seen }: World,
  { user, genres, maxAge, excludeSeen }: Asked,
  watched: ReadonlySet<number>,
  position: number,
): boolean {
  const title = titles[position]
  if (title === undefined || !title.recommendable) return false
  if (genres.length > 0 && !genres.includes(title.program_genre ?? '')) return false
  if (maxAge !== undefined && !(title.age_limit !== null && title.age_limit <= maxAge)) return false
  if (title.release_date === '2999-01-01') return false
  if (title.available_until !== undefined) return false
  return !(excludeSeen && (seen[user]?.has(position) === true || watched.has(position)))
}

interface Answer {
  readonly model: string
  readonly week: string
  readonly user: string
  readonly items: readonly {
    readonly program_id: string
    readonly program_name: string
    readonly genre: string
    readonly age_limit: number | null
    readonly score: number
  }[]
}

/** Better: a higher score, or the same at a smaller position. */
const isBetter = (scoreA: number, a: number, scoreB: number, b: number): boolean => scoreA > scoreB || (scoreA === scoreB && a < b)

function check(answer: Answer, asked: Asked, world: World | undefined, watched: ReadonlySet<number>): void {
  const what = `${pathOf(asked)} by ${answer.model}`
  assert.ok(world !== undefined, what)
  assert.equal(answer.user, userIdOf(asked.user), what)
  assert.equal(answer.week, answer.model.slice(0, 8), what)
  const places = new Map(answer.items.map(({ program_id }, place) => [Number(program_id) - firstProgram, place]))
  assert.equal(places.size, answer.items.length, `no title twice: ${what}`)
  // Where events have come the order is that of a fold-in; else the model's own, and the very scores.
  const ordered = watched.size === 0
  const last = answer.items.length - 1
  const lastPosition = Number(answer.items[last]?.program_id) - firstProgram
  const lastScore = ordered && last >= 0 ? world.scoreOf(asked.user, lastPosition) : 0
  let count = 0
  for (let position = 0; position < world.titles.length; position++) {
    const place = places.get(position)
    const may = mayBeShown(world, asked, watched, position)
    if (may) count++
    if (place !== undefined && !may) assert.fail(`title ${position} may not be shown: ${what}`)
    if (place !== undefined || !may || !ordered || last < 0) continue
    if (isBetter(world.scoreOf(asked.user, position), position, lastScore, lastPosition))
      assert.fail(`title ${position} is better: ${what}`)
  }
  assert.equal(answer.items.length, Math.min(asked.k, count), `as many as there are: ${what}`)
  let [scoreBefore, positionBefore] = [Infinity, -1]
  for (const [position, place] of places) {
    const item: Answer['items'][number] | undefined = answer.items[place]
    const title: ModelItem | undefined = world.titles[position]
    assert.equal(item?.program_name, title?.program_name, what)
    assert.equal(item?.genre, title?.program_genre, what)
    assert.equal(item?.age_limit, title?.age_limit, what)
    if (!ordered) continue
    const score = world.scoreOf(asked.user, position)
    assert.equal(Math.fround(item?.score ?? NaN), score, what)
    assert.ok(isBetter(scoreBefore, positionBefore, score, position), `out of order at title ${position}: ${what}`)
    ;[scoreBefore, positionBefore] = [score, position]
  }
}

export interface Checked {
  readonly requests: number
  readonly events: number
  readonly swaps: number
  readonly modelsSeen: number
}

/** @throws AssertionError at the first answer that is not the reference's, and at every fault. */
export async function checkLists(requests: number, swaps: number, onProgress?: (done: number) => void): Promise<Checked> {
  const folder = await temporaryFolder('exactness')
  const store = new DirectoryObjectStore(join(folder, 'store'))
  const worlds = new Map<string, World>()
  for (const [seed, version] of versions.entries()) {
    await writeGeneratedModel(store, version, shape, seed)
    worlds.set(version, await worldOf(store, version, seed))
  }
  await makeLatest(store, versions[0] ?? '')
  const port = await freePort()
  const server = spawn(process.execPath, [main, 'api', '--poll', '0.1', '--copy', join(folder, 'copy')], {
    cwd: folder,
    env: {
      PATH: process.env['PATH'],
      HOME: folder,
      MATINEE_STORE_URL: `file:${join(folder, 'store')}`,
      MATINEE_EVENTS_URL: `sqlite:${join(folder, 'events.db')}`,
      MATINEE_API_PORT: String(port),
    },
    stdio: 'ignore',
  })
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  const ask = (path: string, body?: object) => exchange(agent, port, path, body)
  try {
    while ((await ask('/readyz').catch(() => undefined))?.status !== 200) {
      assert.equal(server.exitCode, null, 'the server ended')
      await delay(20)
    }
    let [done, events, swapped] = [0, 0, 0]
    const models = new Set<string>()
    const one = async (connection: number): Promise<void> => {
      const random = Random.seeded(connection, 7)
      const watched = new Map<number, Set<number>>()
      while (done < requests) {
        if (done >= ((swapped + 1) * requests) / (swaps + 1) && swapped < swaps) {
          swapped++
          await makeLatest(store, versions[swapped % versions.length] ?? '')
        }
        if (++done % 50_000 === 0) onProgress?.(done)
        const user = connections * random.below(shape.users / connections) + connection
        if (user % eventUsers === 0 && random.below(eventEvery / eventUsers) === 0) {
          const title = random.below(shape.titles)
          const event = { event_id: `e-${connection}-${done}`, type: 'viewing', user: userIdOf(user), program_id: programIdOf(title) }
          const { status, text } = await ask('/v1/events', event)
          assert.equal(status, 200, text)
          watched.set(user, (watched.get(user) ?? new Set()).add(title))
          events++
          continue
        }
        const asked = randomRequest(random, user)
        const { status, text } = await ask(pathOf(asked))
        assert.equal(status, 200, text)
        const answer = JSON.parse(text) as Answer
        models.add(answer.model)
        check(answer, asked, worlds.get(answer.model), watched.get(user) ?? new Set())
      }
    }
    await Promise.all(Array.from({ length: connections }, (_, connection) => one(connection)))
    const { text } = await ask('/metrics')
    const counted = Number(/^matinee_model_swaps_total (\d+)/m.exec(text)?.[1])
    return { requests: done, events, swaps: counted - 1, modelsSeen: models.size }
  } finally {
    agent.destroy()
    server.kill('SIGTERM')
    if (server.exitCode === null) await once(server, 'exit')
  }
}

function exchange(
  agent: Agent,
  port: number,
  path: string,
  body?: object,
): Promise<{ readonly status: number | undefined; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : { 'content-type': 'application/json' }
    request({ agent, host: '127.0.0.1', port, path, method: body === undefined ? 'GET' : 'POST', headers }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
      response.once('end', () => resolve({ status: response.statusCode, text })).once('error', reject)
    })
      .once('error', reject)
      .end(body === undefined ? undefined : JSON.stringify(body))
  })
}
