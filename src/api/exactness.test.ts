/** Random requests against a slow reference that reads like the contract, while models change under them. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import test from 'node:test'
import * as fc from 'fast-check'
import { KnexEventStore } from '../adapters/database/event-store.ts'
import type { ModelItem } from '../contracts/documents.ts'
import { Random } from '../model/random/random.ts'
import { EventIndex } from './event-index.ts'
import { makeLatest, writeModel } from '../../test/support/publish-model.ts'
import { silent, temporaryStores, testApp } from '../../test/support/test-api.ts'

const now = Date.parse('2024-01-10T12:00:00Z') // 21:00 in Seoul
const nowLocal = '2024-01-10 21:00:00'
const genres = ['드라마', '영화', '뉴스/시사', 'a, b']
const titleCount = 60
const userCount = 8

/** A model whose scores, catalogue and histories are random, and known to the reference. */
interface World {
  readonly version: string
  readonly titles: readonly ModelItem[]
  readonly seen: readonly (readonly number[])[]
  readonly factors: readonly number[]
  readonly userFactors: readonly number[]
}

function world(seed: number): World {
  const random = Random.seeded(seed, 0)
  const pick = <T>(values: readonly T[]): T => values[random.below(values.length)] as T
  const dates = ['2023-05-01', '20240110', '2024-01-10 21:00:00', '2024-01-10 21:00:01', '2024-01-11', '2025', null]
  return {
    version: `2024-W0${1 + (seed % 9)}-0000000${seed % 10}`,
    titles: Array.from({ length: titleCount }, (_, position) => ({
      program_id: `p${position}`,
      program_name: `Title ${position}`,
      ct_cl: null,
      program_genre: pick([...genres, null]),
      release_date: pick(dates),
      age_limit: pick([0, 12, 15, 19, null]),
      recommendable: random.below(8) > 0,
      ...(random.below(6) === 0 ? { available_until: pick(['2024-01-10 20:59:59', '2024-01-10 21:00:00', '2024-01-10 21:00:01']) } : {}),
    })),
    seen: Array.from({ length: userCount }, () =>
      [...new Set(Array.from({ length: random.below(20) }, () => random.below(titleCount)))].toSorted((a, b) => a - b),
    ),
    // Few values: equal scores are common, and the smaller position must come first.
    factors: Array.from({ length: titleCount }, () => random.below(9) - 4),
    userFactors: Array.from({ length: userCount }, () => pick([-1, 1, 2])),
  }
}

const publishWorld = (store: Parameters<typeof writeModel>[0], { version, titles, seen, factors, userFactors }: World) =>
  writeModel(store, version, {
    titles,
    userIds: Array.from({ length: userCount }, (_, user) => `u-${user}`),
    tensors: (tensors) => {
      const offsets = [0]
      for (const row of seen) offsets.push((offsets.at(-1) ?? 0) + row.length)
      const viewers = new Uint32Array(titleCount)
      for (const position of seen.flat()) viewers[position] = (viewers[position] ?? 0) + 1
      tensors.set('seen_offsets', { shape: [offsets.length], data: Uint32Array.from(offsets) })
      tensors.set('seen_items', { shape: [seen.flat().length], data: Uint32Array.from(seen.flat()) })
      tensors.set('item_viewers', { shape: [titleCount], data: viewers })
      tensors.set('user_factors', { shape: [userCount, 1], data: Float32Array.from(userFactors) })
      tensors.set('item_factors', { shape: [titleCount, 1], data: Float32Array.from(factors) })
      tensors.set('item_biases', { shape: [titleCount], data: new Float32Array(titleCount) })
    },
  })

interface Asked {
  readonly user: number
  readonly k: number
  readonly genre: readonly string[]
  readonly maxAge: number | undefined
  readonly excludeSeen: boolean
}

const requests: fc.Arbitrary<Asked> = fc.record({
  user: fc.integer({ min: 0, max: userCount }), // the last one is nobody
  k: fc.integer({ min: 1, max: 100 }),
  genre: fc.subarray(genres, { minLength: 0, maxLength: 3 }),
  maxAge: fc.option(fc.constantFrom(0, 11, 12, 15, 18, 19, 150), { nil: undefined }),
  excludeSeen: fc.boolean(),
})

const digits = (text: string): string => text.replaceAll(/\D/g, '').padEnd(14, '0')

/** Titles that may be shown, one condition a line. */
function allowed({ titles, seen }: World, { user, genre, maxAge, excludeSeen }: Asked, watched: ReadonlySet<string>): number[] {
  return titles.flatMap((title, position) => {
    if (!title.recommendable) return []
    if (genre.length > 0 && !(title.program_genre !== null && genre.includes(title.program_genre))) return []
    if (maxAge !== undefined && !(title.age_limit !== null && title.age_limit <= maxAge)) return []
    if (title.release_date !== null && dateOf(title.release_date) > digits(nowLocal)) return []
    if (title.available_until !== undefined && title.available_until !== null && digits(title.available_until) <= digits(nowLocal))
      return []
    if (excludeSeen && (seen[user]?.includes(position) || watched.has(title.program_id))) return []
    return [position]
  })
}

/** `2025` is its first day. */
const dateOf = (text: string): string => (text.length === 4 ? `${text}0101000000` : digits(text))

const path = ({ user, k, genre, maxAge, excludeSeen }: Asked): string => {
  const query = new URLSearchParams({ k: String(k), exclude_seen: String(excludeSeen) })
  for (const one of genre) query.append('genre', one)
  if (maxAge !== undefined) query.set('max_age', String(maxAge))
  return `/v1/users/${user === userCount ? 'nobody' : `u-${user}`}/recommendations?${query.toString()}`
}

test(
  'every list is the reference’s, whatever is asked, while models change and viewings come in',
  { timeout: 300_000 },
  async (context) => {
    const { store, folder } = await temporaryStores()
    const worlds = new Map([1, 2, 3, 4].map((seed) => [world(seed).version, world(seed)]))
    for (const one of worlds.values()) await publishWorld(store, one)
    const versions = [...worlds.keys()]
    await makeLatest(store, versions[0] ?? '')
    const clock = { now: () => now }
    const events = new EventIndex({ store: new KnexEventStore({ kind: 'sqlite', path: join(folder, 'events.db') }), clock, log: silent })
    await events.start()
    context.after(() => events.stop())
    const { app, holder } = await testApp(context, store, { events, clock })

    let step = 0
    const used = new Set<string>()
    const watched = new Map<string, Set<string>>()
    await fc.assert(
      fc.asyncProperty(requests, async (asked) => {
        step++
        if (step % 7 === 0) await makeLatest(store, versions[(step / 7) % versions.length] ?? '')
        const swap = step % 7 === 0 ? holder.poll() : undefined
        if (step % 5 === 0 && asked.user < userCount) {
          const programId = `p${(step * 13) % titleCount}`
          const user = `u-${asked.user}`
          const payload = JSON.stringify({ event_id: `e-${step}`, type: 'viewing', user, program_id: programId })
          const posted = await app.inject({ method: 'POST', url: '/v1/events', headers: { 'content-type': 'application/json' }, payload })
          assert.equal(posted.json().accepted, 1, posted.body)
          watched.set(user, new Set([...(watched.get(user) ?? []), programId]))
        }
        const response = await app.inject({ url: path(asked) })
        await swap
        assert.equal(response.statusCode, 200, response.body)
        const { model, source, items } = response.json()
        const made = worlds.get(model)
        assert.ok(made !== undefined)
        used.add(model)
        const seenSince = watched.get(`u-${asked.user}`) ?? new Set()
        const expected = allowed(made, asked, seenSince)
        const got: number[] = items.map(({ program_id }: { program_id: string }) => Number(program_id.slice(1)))
        assert.equal(got.length, Math.min(asked.k, expected.length), 'as many as there are')
        assert.equal(new Set(got).size, got.length)
        for (const position of got) assert.ok(expected.includes(position), `title ${position}: ${path(asked)}`)
        for (const [n, { program_id, program_name, genre, age_limit }] of items.entries()) {
          const title: ModelItem | undefined = made.titles[got[Number(n)] ?? 0]
          assert.deepEqual(
            { program_id, program_name, genre, age_limit },
            { program_id: title?.program_id, program_name: title?.program_name, genre: title?.program_genre, age_limit: title?.age_limit },
          )
        }
        // Where the model's own factors order the list, the order is known too.
        const learnt = source === 'personal' && [...seenSince].every((id) => made.seen[asked.user]?.includes(Number(id.slice(1))))
        if (!learnt) return
        const weight = made.userFactors[asked.user] ?? 0
        const scoreOf = (position: number): number => weight * (made.factors[position] ?? 0)
        assert.deepEqual(got, expected.toSorted((a, b) => scoreOf(b) - scoreOf(a) || a - b).slice(0, asked.k))
      }),
      { numRuns: 400 },
    )
    assert.equal(used.size, versions.length, 'every model was asked')
  },
)

test('a title comes and goes with its time, without another model', async (context) => {
  const { store } = await temporaryStores()
  const made = world(3)
  const titles = made.titles.map((title, position) => ({
    ...title,
    recommendable: true,
    release_date: position === 5 ? '2024-01-10 21:00:10' : null,
    available_until: position === 6 ? '2024-01-10 21:00:10' : null,
  }))
  await publishWorld(store, { ...made, titles })
  await makeLatest(store, made.version)
  let ms = now
  const { app } = await testApp(context, store, { clock: { now: () => ms } })
  const ask = async () => {
    const response = await app.inject({ url: '/v1/popular?k=100' })
    const ids: string[] = response.json().items.map(({ program_id }: { program_id: string }) => program_id)
    return { tag: response.headers['etag'], has: ['p5', 'p6'].filter((id) => ids.includes(id)) }
  }
  const before = await ask()
  assert.deepEqual(before.has, ['p6'])
  ms += 9_000
  assert.deepEqual(await ask(), before)
  ms += 1_000
  const after = await ask()
  assert.deepEqual(after.has, ['p5'])
  assert.notEqual(after.tag, before.tag)
})
