import assert from 'node:assert/strict'
import test from 'node:test'
import type { Parameters } from '../model.ts'
import { ials } from '../ials/ials.ts'
import { popularity } from '../popularity/popularity.ts'
import { Random } from '../random/random.ts'
import { buildInteractions } from '../sparse/interactions.ts'
import { topK } from '../top-k/top-k.ts'
import { withFeatureFactors, type ItemFeatures } from './feature-factors.ts'

const [userCount, genreCount, oldTitles, newTitles] = [300, 6, 30, 4]
const titles = oldTitles + newTitles
const itemCount = genreCount * titles
/** Title i is of genre i % genreCount; its last `newTitles` nobody has watched. */
const isNew = (item: number): boolean => Math.floor(item / genreCount) >= oldTitles
const features: ItemFeatures = {
  featureCount: genreCount + 1,
  offsets: Uint32Array.from({ length: itemCount + 1 }, (_, item) => 2 * item),
  features: Uint32Array.from({ length: 2 * itemCount }, (_, n) => (n % 2 === 0 ? 0 : 1 + (Math.floor(n / 2) % genreCount))),
}
const random = Random.seeded(9)
const pairs = buildInteractions(userCount, itemCount, {
  users: Uint32Array.from({ length: userCount * 20 }, (_, n) => n % userCount),
  items: Uint32Array.from({ length: userCount * 20 }, (_, n) => {
    const genre = random.unit() < 0.8 ? n % genreCount : random.below(genreCount)
    return genre + genreCount * Math.floor(oldTitles * random.unit() ** 1.5)
  }),
})

/** Share of the first of each user's new titles that are of the genre that the user likes. */
function ownShare(scoreUser: (user: number, scores: Float32Array) => void): number {
  const allowed = Uint8Array.from({ length: itemCount }, (_, item) => Number(isNew(item)))
  const scores = new Float32Array(itemCount)
  let own = 0
  for (let user = 0; user < userCount; user++) {
    scoreUser(user, scores)
    own += Number((topK(scores, 1, { allowed })[0] ?? 0) % genreCount === user % genreCount)
  }
  return own / userCount
}

function fitted(parameters: Parameters) {
  const fit = ials.start({ ...pairs, itemFeatures: features }, { factors: 16, iterations: 8, ...parameters }, 0)
  while (fit.advance().fraction < 1);
  return fit.finish()
}

test('new titles come first for those who like their genre: better than chance and than popularity', () => {
  const model = fitted({ feature_pairs: 10 })
  const share = ownShare((user, scores) => model.scoreUser(user, scores))
  const popular = popularity.start(pairs, {}, 0).finish()
  const chance = 1 / genreCount
  assert.ok(share > 0.8, `${share} of the first new titles are of the user's genre; by chance ${chance}`)
  assert.ok(share > 2 * ownShare((user, scores) => popular.scoreUser(user, scores)))
})

/** New titles of the genre that the user likes, among the user's twenty; the mean. */
function newInLists(parameters: Parameters): number {
  const model = fitted(parameters)
  const scores = new Float32Array(itemCount)
  let listed = 0
  for (let user = 0; user < userCount; user++) {
    model.scoreUser(user, scores)
    const exclude = pairs.items.subarray(pairs.offsets[user], pairs.offsets[user + 1])
    for (const item of topK(scores, 20, { exclude })) listed += Number(isNew(item) && item % genreCount === user % genreCount)
  }
  return listed / userCount
}

test('they reach whole lists too, which without features they do not', () => {
  const [without, beside] = [newInLists({}), newInLists({ feature_pairs: 10 })]
  assert.ok(beside > 1 && beside > 2 * without, `${beside} of 20 titles, without features ${without}`)
})

test('factors that the features explain come out as they went in', () => {
  const byFeature = [
    [1, 2],
    [3, -1],
  ]
  const counts = Uint32Array.of(1e6, 1e6, 0)
  const factors = Float32Array.of(1, 2, 3, -1, 0, 0)
  const single: ItemFeatures = { featureCount: 2, offsets: Uint32Array.of(0, 1, 2, 3), features: Uint32Array.of(0, 1, 1) }
  const mixed = withFeatureFactors(factors, counts, single, 5)
  const expected = [...(byFeature[0] ?? []), ...(byFeature[1] ?? []), ...(byFeature[1] ?? [])]
  for (const [n, value] of expected.entries()) assert.ok(Math.abs((mixed[n] ?? NaN) - value) < 1e-4)
})
