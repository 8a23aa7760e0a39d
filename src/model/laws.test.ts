/** What every family promises, each law written once. */
import assert from 'node:assert/strict'
import test, { after } from 'node:test'
import { WorkerKernelThreads } from '../adapters/kernel-threads.ts'
import { decodeSafetensors, encodeSafetensors } from './artifact/safetensors.ts'
import { rankUsers } from './evaluation/rank-users.ts'
import { FactorModel } from './factor-model.ts'
import { families, familyOf } from './families.ts'
import type { KernelThreads } from './kernels/kernels.ts'
import type { Fit, FitProgress, Interactions, Model, ModelFamily, Parameters, Tensors } from './model.ts'
import { Random } from './random/random.ts'
import { buildInteractions, itemsOfUser } from './sparse/interactions.ts'
import { topK } from './top-k/top-k.ts'

/** Small enough to be quick, where a family has the parameter. */
const small: Readonly<Record<string, Parameters>> = {
  warp: { factors: 8, epochs: 20, learning_rate: 0.1 },
  ials: { factors: 8, iterations: 6, regularization: 0.003 },
  ease: { regularization: 20 },
  blend: {
    'ials.weight': 1,
    'ials.factors': 8,
    'ials.iterations': 6,
    'ials.regularization': 0.003,
    'item-knn.weight': 0.5,
    'popularity.weight': 0.1,
  },
}
/** Of models of factors. */
const optional = /^(ials\.)?item_(biases|scores)$/
/** Closed forms have no use for randomness. */
const seeded = new Set(['warp', 'ials', 'blend'])

const finish = (fit: Fit): Model => {
  while (fit.advance().fraction < 1);
  return fit.finish()
}
const fitted = (family: ModelFamily, input: Interactions, seed = 1): Model =>
  finish(family.start(input, small[family.algorithm] ?? {}, seed))

const bytesOf = (tensors: Tensors): Uint8Array => encodeSafetensors(tensors)

const scoresOf = (model: Model, user: number): Float32Array => {
  const scores = new Float32Array(model.itemCount)
  model.scoreUser(user, scores)
  return scores
}
const strangerScores = (model: Model): Float32Array => {
  const scores = new Float32Array(model.itemCount)
  model.scoreStranger(scores)
  return scores
}

const groupCount = 4
const groupItems = 15
/** Users of group g take items of group g, nine times in ten; each item n of a group the likelier the smaller n is. */
const planted = (userCount: number, pairsOfUser: number, itemsOfGroup: number): Interactions => {
  const random = Random.seeded(42)
  const itemCount = groupCount * itemsOfGroup
  const rows = Array.from({ length: userCount * pairsOfUser }, (_, n) => {
    const user = Math.floor(n / pairsOfUser)
    const group = random.unit() < 0.9 ? user % groupCount : random.below(groupCount)
    return [user, group * itemsOfGroup + Math.floor(itemsOfGroup * random.unit() ** 1.5)] as const
  })
  return buildInteractions(userCount, itemCount, {
    users: Uint32Array.from(rows, ([user]) => user),
    items: Uint32Array.from(rows, ([, item]) => item),
    weights: Float32Array.from(rows, () => 0.5 + random.unit() / 2),
    times: Float64Array.from(rows, () => random.below(1000)),
  })
}
const data = planted(300, 8, groupItems)

const interactions = (userCount: number, itemCount: number, rows: readonly (readonly [number, number, number])[]): Interactions =>
  buildInteractions(userCount, itemCount, {
    users: Uint32Array.from(rows, ([user]) => user),
    items: Uint32Array.from(rows, ([, item]) => item),
    weights: Float32Array.from(rows, ([, , weight]) => weight),
  })

const assertFinite = (model: Model): void => {
  for (let user = 0; user < model.userCount; user++) assert.ok(scoresOf(model, user).every(Number.isFinite), `scores of user ${user}`)
  assert.ok(strangerScores(model).every(Number.isFinite), 'scores of strangers')
}

for (const family of families) {
  const law = (name: string, body: () => void): void => void test(`${family.algorithm}: ${name}`, body)
  const isPersonal = family.algorithm !== 'popularity'

  law('the same input and seed give the same bytes', () => {
    assert.deepEqual(bytesOf(fitted(family, data).tensors()), bytesOf(fitted(family, data).tensors()))
    if (seeded.has(family.algorithm))
      assert.notDeepEqual(bytesOf(fitted(family, data, 2).tensors()), bytesOf(fitted(family, data).tensors()))
  })

  law('a fit leaves its input as it was', () => {
    const before = structuredClone(data)
    fitted(family, data)
    assert.deepEqual(data, before)
  })

  law('resuming from any checkpoint equals no interruption, bit for bit, in what it tells and what it leaves', () => {
    const parameters = small[family.algorithm] ?? {}
    // Items enough for several blocks of a closed form's matrix.
    const input = planted(300, 8, 50)
    const fit = family.start(input, parameters, 1)
    const steps: { readonly told: FitProgress; readonly checkpoint: Uint8Array | undefined }[] = []
    do {
      const told = fit.advance()
      const checkpoint = fit.checkpoint()
      steps.push({ told, checkpoint: checkpoint && bytesOf(checkpoint) })
    } while (steps.at(-1)?.told.fraction !== 1)
    const whole = bytesOf(fit.finish().tensors())
    if (isPersonal) assert.ok(steps.filter(({ checkpoint }) => checkpoint !== undefined).length >= 3)
    for (const [n, { checkpoint }] of steps.entries()) {
      if (checkpoint === undefined) continue
      const resumed = family.start(input, parameters, 1, decodeSafetensors(checkpoint).tensors)
      for (const expected of steps.slice(n + 1)) {
        assert.deepEqual(resumed.advance(), expected.told)
        const again = resumed.checkpoint()
        assert.deepEqual(again && bytesOf(again), expected.checkpoint)
      }
      assert.deepEqual(bytesOf(resumed.finish().tensors()), whole)
    }
  })

  law('a checkpoint of other data is refused', () => {
    if (!isPersonal) return
    const fit = family.start(data, small[family.algorithm] ?? {}, 1)
    let checkpoint = fit.checkpoint()
    while (checkpoint === undefined) {
      fit.advance()
      checkpoint = fit.checkpoint()
    }
    const other = interactions(2, 2, [[0, 0, 1]])
    assert.throws(() => family.start(other, small[family.algorithm] ?? {}, 1, checkpoint), {
      code: 'model_incompatible',
      message: /expected/,
    })
  })

  law('progress goes up to exactly 1, and there is no model before', () => {
    const fit = family.start(data, small[family.algorithm] ?? {}, 1)
    if (isPersonal) assert.throws(() => fit.finish(), { code: 'internal' })
    let before = 0
    for (;;) {
      const { fraction, epoch, epochs, loss } = fit.advance()
      assert.ok(fraction > before && fraction <= 1 && epoch <= epochs)
      assert.ok(loss === undefined || Number.isFinite(loss))
      before = fraction
      if (fraction === 1) break
    }
    fit.finish()
  })

  law('a model saved and loaded is the same model', () => {
    const model = fitted(family, data)
    const loaded = family.load(decodeSafetensors(bytesOf(model.tensors())).tensors)
    assert.equal(loaded.algorithm, family.algorithm)
    assert.equal(loaded.userCount, data.userCount)
    assert.equal(loaded.itemCount, data.itemCount)
    for (let user = 0; user < data.userCount; user++) assert.deepEqual(scoresOf(loaded, user), scoresOf(model, user))
    assert.deepEqual(strangerScores(loaded), strangerScores(model))
    assert.deepEqual(bytesOf(loaded.tensors()), bytesOf(model.tensors()))
  })

  law('a model without its tensors, or with one that is not finite, is refused by name', () => {
    const tensors = fitted(family, data).tensors()
    for (const [name, { shape, data: values }] of tensors) {
      const without = new Map(tensors)
      without.delete(name)
      if (!optional.test(name) || !isPersonal)
        assert.throws(() => family.load(without), { code: 'model_incompatible', message: new RegExp(name) })
      if (!(values instanceof Float32Array)) continue
      const broken = values.slice()
      broken[1] = NaN
      assert.throws(() => family.load(new Map(tensors).set(name, { shape, data: broken })), {
        code: 'model_incompatible',
        message: /NaN at 1/,
      })
    }
  })

  law('a list in a batch is the list alone', () => {
    const model = fitted(family, data)
    const users = Uint32Array.from(Array(data.userCount).keys())
    for (const { user, list } of [...rankUsers({ model, train: data, users, k: 5 })].flat())
      assert.deepEqual(list, topK(scoresOf(model, user), 5, { exclude: itemsOfUser(data, user) }))
  })

  law('a user without a history gets what strangers get', () => {
    const model = fitted(
      family,
      interactions(3, 3, [
        [0, 0, 1],
        [0, 1, 1],
        [2, 0, 1],
      ]),
    )
    assert.deepEqual(scoresOf(model, 1), strangerScores(model))
    assert.equal(topK(strangerScores(model), 1)[0], 0, 'of which the most popular is first')
  })

  law('a history scores as its user does, and an empty one as a stranger', () => {
    const model = fitted(family, data)
    const scores = new Float32Array(data.itemCount)
    const again = new Float32Array(data.itemCount)
    model.scoreHistory(new Uint32Array(0), new Float32Array(0), scores)
    assert.deepEqual(scores, strangerScores(model))
    if (!isPersonal) return
    let own = 0
    let lists = 0
    for (let user = 0; user < 40; user++) {
      const items = itemsOfUser(data, user)
      const weights = new Float32Array(items.length).fill(1)
      model.scoreHistory(items, weights, scores)
      model.scoreHistory(items, weights, again)
      assert.deepEqual(again, scores, 'the same history, the same scores')
      for (const item of topK(scores, 5, { exclude: items })) {
        own += Number(Math.floor(item / groupItems) === user % groupCount)
        lists++
      }
    }
    assert.ok(own / lists > 0.85, `${own} of ${lists} are of the user's own group`)
  })

  law('an item without users has a score and does not come first', () => {
    const model = fitted(
      family,
      interactions(4, 3, [
        [0, 0, 1],
        [1, 0, 1],
        [2, 2, 1],
        [3, 2, 1],
        [3, 0, 1],
      ]),
    )
    assertFinite(model)
    for (let user = 0; user < 4; user++) assert.notEqual(topK(scoresOf(model, user), 1)[0], 1)
  })

  law('pairs of weight 0 teach nothing about their user', () => {
    const model = fitted(
      family,
      interactions(3, 3, [
        [0, 0, 1],
        [1, 0, 0],
        [1, 1, 0],
        [2, 2, 1],
      ]),
    )
    assertFinite(model)
    assert.deepEqual(scoresOf(model, 1), strangerScores(model))
    assertFinite(fitted(family, interactions(1, 2, [[0, 0, 0]])))
  })

  law('a single item, a user who has all items, no pairs at all', () => {
    assertFinite(fitted(family, interactions(2, 1, [[0, 0, 1]])))
    assertFinite(
      fitted(
        family,
        interactions(2, 2, [
          [0, 0, 1],
          [0, 1, 1],
        ]),
      ),
    )
    assertFinite(fitted(family, interactions(2, 2, [])))
    assertFinite(fitted(family, interactions(0, 0, [])))
  })

  law('a repeated row changes nothing', () => {
    const rows = [
      [0, 0, 1],
      [0, 1, 0.5],
      [1, 1, 1],
      [2, 0, 0.25],
    ] as const
    const once = fitted(family, interactions(3, 3, rows))
    const twice = fitted(family, interactions(3, 3, [...rows, ...rows].toReversed()))
    assert.deepEqual(bytesOf(twice.tensors()), bytesOf(once.tensors()))
  })

  law('input that breaks its promises is refused before any work', () => {
    const unsorted = {
      ...interactions(1, 2, [
        [0, 0, 1],
        [0, 1, 1],
      ]),
      items: Uint32Array.of(1, 0),
    }
    assert.throws(() => family.start(unsorted, {}, 1), { code: 'internal', message: /expected ascending/ })
    assert.throws(() => family.start(data, { colour: 1 }, 1), { code: 'parameter_invalid', message: /no parameter colour/ })
  })

  law('a planted structure is found', () => {
    if (!isPersonal) return
    const model = fitted(family, data)
    let own = 0
    let lists = 0
    for (let user = 0; user < data.userCount; user++) {
      for (const item of topK(scoresOf(model, user), 5, { exclude: itemsOfUser(data, user) })) {
        own += Number(Math.floor(item / groupItems) === user % groupCount)
        lists++
      }
    }
    // By chance a quarter of them would be of the user's own group.
    assert.ok(own / lists > 0.85, `${own} of ${lists} are of the user's own group`)
  })
}

const threadCounts = [1, 2, 3].map((count) => new WorkerKernelThreads(count))
await Promise.all(threadCounts.map((threads) => threads.ready()))
after(() => Promise.all(threadCounts.map((threads) => threads.close())))

for (const [algorithm, parameters] of [
  ['warp', { factors: 8, epochs: 3 }],
  ['warp', { factors: 30, epochs: 2, regularization: 0.001 }],
  ['ials', { factors: 13, iterations: 3 }],
  ['ials', { factors: 16, iterations: 3, cholesky: true }],
  ['ease', { regularization: 20 }],
] as const)
  test(`${algorithm} ${JSON.stringify(parameters)}: any number of threads leaves the same bytes and lists, also when it changes in between`, () => {
    // Enough items for several blocks of them, and for several panels.
    const random = Random.seeded(7)
    const input = buildInteractions(700, 1100, {
      users: Uint32Array.from({ length: 9000 }, () => random.below(690)),
      items: Uint32Array.from({ length: 9000 }, () => Math.floor(1100 * random.unit() ** 2)),
      weights: Float32Array.from({ length: 9000 }, () => random.unit()),
    })
    const family = familyOf(algorithm)
    const users = Uint32Array.from(Array(input.userCount).keys())
    const recommendable = Uint8Array.from({ length: input.itemCount }, (_, item) => Number(item % 5 !== 0))
    const run = (threads: KernelThreads, from?: Tensors) => {
      const fit = family.start(input, parameters, 1, from, { threads })
      let checkpoint = from
      while (fit.advance().fraction < 1) checkpoint ??= fit.checkpoint()
      const model = fit.finish()
      const lists = [...rankUsers({ model, train: input, users, k: 7, recommendable, threads })].flat()
      return { checkpoint, result: { bytes: bytesOf(model.tensors()), lists } }
    }
    const runs = threadCounts.map((threads) => run(threads))
    const [first, , last] = runs
    assert.ok(first?.checkpoint !== undefined && last !== undefined)
    for (const { result } of runs) assert.deepEqual(result, first.result)
    for (const threads of threadCounts) assert.deepEqual(run(threads, last.checkpoint).result, first.result)

    const model = family.load(decodeSafetensors(first.result.bytes).tensors)
    for (const { user, list } of first.result.lists) {
      const left = { exclude: itemsOfUser(input, user), allowed: recommendable }
      const scores = scoresOf(model, user)
      assert.deepEqual(list, topK(scores, 7, left))
      if (!(model instanceof FactorModel)) continue
      const { userFactors, factorCount } = model
      const best = model.bestItems(userFactors.subarray(user * factorCount, (user + 1) * factorCount), 7, left)
      assert.deepEqual(best, { items: list, scores: Float32Array.from(list, (item) => scores[item] ?? NaN) })
    }
  })
