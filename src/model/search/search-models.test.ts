import assert from 'node:assert/strict'
import test from 'node:test'
import type { Interactions } from '../model.ts'
import { Random } from '../random/random.ts'
import { buildInteractions } from '../sparse/interactions.ts'
import { searchModels, type SearchOptions, type SearchResult } from './search-models.ts'
import { familySpaces } from './search-space.ts'
import { validationFolds } from './validation-split.ts'

/** Users of group g take items of group g, nine times in ten. A user's pairs come one after another from `firstSeconds` on. */
function planted(firstSeconds: (user: number) => number): Interactions {
  const random = Random.seeded(11)
  const rows = Array.from({ length: 200 * 10 }, (_, n) => {
    const user = Math.floor(n / 10)
    const group = random.unit() < 0.9 ? user % 4 : random.below(4)
    return { user, item: group * 15 + random.below(15), seconds: firstSeconds(user) + (n % 10) * 1000 }
  })
  return buildInteractions(200, 60, {
    users: Uint32Array.from(rows, ({ user }) => user),
    items: Uint32Array.from(rows, ({ item }) => item),
    times: Float64Array.from(rows, ({ seconds }) => seconds),
  })
}
const together = planted((user) => user)
const oneByOne = planted((user) => user * 20_000)

/** A clock on which every look takes so long. */
function searched(secondsALook: number, options: Partial<SearchOptions> = {}): SearchResult {
  let looks = 0
  const { folds } = validationFolds(together, 1)
  const steps = searchModels({
    folds: folds.map((split) => ({ ...split, signals: { pairs: split.train } })),
    seed: 1,
    limits: { seconds: 1000, trials: Infinity, memoryMib: 100 },
    elapsedSeconds: () => secondsALook * looks++,
    ...options,
  })
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
  }
}

const best = (trials: SearchResult['trials']): number => Math.max(...trials.map(({ ndcg = 0 }) => ndcg))

test('a model that knows users beats popularity, and the same search ends with the same choice', () => {
  const result = searched(0)
  assert.notEqual(result.algorithm, 'popularity')
  const chosen = result.trials.find(({ parameters, algorithm }) => algorithm === result.algorithm && parameters === result.parameters)
  assert.equal(chosen?.ndcg, best(result.trials.filter(({ algorithm }) => algorithm === result.algorithm)))
  assert.ok((chosen?.ndcg ?? 0) > 0.9 * best(result.trials), 'what is less simple may be a little ahead')
  assert.deepEqual(searched(0), result)
})

test('what lies between the values of an axis is tried too', () => {
  const { trials } = searched(0)
  const { folds } = validationFolds(together, 1)
  const spaces = folds.slice(0, 1).flatMap(({ train }) => familySpaces({ pairs: train }))
  const axes = spaces.flatMap(({ algorithm, axes: own }) => own.flatMap((axis) => (axis.between === true ? { algorithm, ...axis } : [])))
  const isBetween = ({ algorithm, parameters }: (typeof trials)[number]): boolean =>
    axes.some(({ algorithm: of, name, values }) => of === algorithm && !values.includes(Number(parameters[name] ?? values[0])))
  assert.ok(trials.some(isBetween))
})

test('without time left there is a model still, and nothing more is begun', () => {
  const { trials, algorithm } = searched(5000)
  assert.equal(trials.length, 1)
  assert.equal(algorithm, 'popularity')
})

test('a budget of seconds, and one of trials, ends the search early', () => {
  const all = searched(0).trials.length
  const { trials } = searched(4)
  assert.ok(trials.length > 1 && trials.length < all, `${trials.length} of ${all} trials`)
  assert.ok(searched(0, { limits: { seconds: 1000, trials: 15, memoryMib: 100 } }).trials.length <= 15)
})

test('what was chosen the time before is tried right after popularity, a blend in its parts', () => {
  const parameters = { 'ials.weight': 1, 'ials.factors': 7, 'popularity.weight': 0.1, 'signals.half_life_days': 30 }
  const { trials } = searched(0, { carried: { algorithm: 'blend', parameters } })
  const carried = trials.find(({ parameters: own }) => own['factors'] === 7 && own['signals.half_life_days'] === 30)
  assert.equal(carried?.algorithm, 'ials')
  assert.ok(trials.findIndex((trial) => trial === carried) < trials.findIndex(({ algorithm }) => algorithm === 'item-knn'))
})

test('the newest pairs are held out where their users have a history, else any, drawn more than once where users are few', () => {
  const { kind, folds } = validationFolds(together, 0)
  const [newestPart] = folds
  assert.ok(kind === 'time' && newestPart !== undefined && folds.length === 1)
  const newest = (newestPart.train.times ?? new Float64Array()).reduce((most, time) => Math.max(most, time), 0)
  assert.ok((newestPart.test.times ?? []).every((time) => time > newest))
  assert.equal(validationFolds(oneByOne, 0).kind, 'random', 'the newest are all of strangers')
  const { times: _, ...timeless } = together
  const random = validationFolds(timeless, 0)
  assert.equal(random.kind, 'random')
  const held = Math.ceil(timeless.items.length / 10)
  assert.deepEqual(
    random.folds.map((fold) => fold.test.items.length),
    [held, held, held, held],
  )
  assert.notDeepEqual(random.folds[0]?.test.items, random.folds[1]?.test.items)
})
