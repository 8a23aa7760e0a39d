/** What is asked, as lines of vegeta's JSON targets: seeded, no request twice in a scenario. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Random } from '../../src/model/random/random.ts'
import { generatedAgeLimits, generatedGenres, userIdOf } from '../../test/support/generated-model.ts'

export interface Request {
  readonly path: string
  /** Sent as JSON by POST. */
  readonly body?: object
}

const batchUsers = 100

export const recommendations = (user: number): Request => ({ path: `/v1/users/${userIdOf(user)}/recommendations` })
export const rows = (user: number): Request => ({ path: `/v1/users/${userIdOf(user)}/rows` })

export const range = (from: number, to: number): readonly number[] => Array.from({ length: to - from }, (_, n) => from + n)

/** Of some users, each with a genre or two, an age limit, or both. */
export function filtered(users: readonly number[]): readonly Request[] {
  const random = Random.seeded(1)
  return users.map((user) => {
    const query = new URLSearchParams()
    for (let n = random.below(3); n > 0; n--) query.append('genre', generatedGenres[random.below(generatedGenres.length)] ?? '')
    const maxAge = generatedAgeLimits[random.below(generatedAgeLimits.length)]
    if (maxAge !== null && maxAge !== undefined) query.set('max_age', String(maxAge))
    if (query.size === 0) query.set('k', '20')
    return { path: `${recommendations(user).path}?${query.toString()}` }
  })
}

export const batches = (users: readonly number[]): readonly Request[] =>
  Array.from({ length: Math.floor(users.length / batchUsers) }, (_, n) => ({
    path: '/v1/recommendations',
    body: { users: users.slice(n * batchUsers, (n + 1) * batchUsers).map(userIdOf) },
  }))

/** Writes a file of targets and answers its path. */
export async function writeTargets(folder: string, name: string, base: string, requests: readonly Request[]): Promise<string> {
  const path = join(folder, `${name}.targets`)
  const lines = requests.map(({ path: where, body }) =>
    JSON.stringify({
      method: body === undefined ? 'GET' : 'POST',
      url: base + where,
      ...(body === undefined
        ? {}
        : { body: Buffer.from(JSON.stringify(body)).toString('base64'), header: { 'content-type': ['application/json'] } }),
    }),
  )
  await writeFile(path, `${lines.join('\n')}\n`)
  return path
}
