import assert from 'node:assert/strict'
import test from 'node:test'
import { Random } from '../random/random.ts'
import { BestItems } from './best-items.ts'
import { FactorScores } from './factor-scores.ts'
import { topK } from './top-k.ts'

/** Numbers of very different size, many of them alike or 0. */
const kinds: Readonly<Record<string, (random: Random) => number>> = {
  'of every size': (random) => random.normal() * 10 ** (random.below(9) - 4),
  'often equal': (random) => random.below(3) - 1,
  'all equal': () => 0.5,
  'all 0': () => 0,
  ordinary: (random) => random.normal(),
}

for (const [kind, draw] of Object.entries(kinds))
  test(`factors ${kind}: the best without full scores are the best of full scores, bit for bit`, () => {
    const random = Random.seeded(3)
    for (const factorCount of [1, 2, 7, 32, 65])
      for (const itemCount of [1, 16, 17, 700]) {
        const itemFactors = Float32Array.from({ length: itemCount * factorCount }, () => draw(random))
        const itemBiases = Float32Array.from({ length: itemCount }, () => draw(random))
        for (const items of [
          { itemCount, factorCount, itemFactors },
          { itemCount, factorCount, itemFactors, itemBiases },
        ]) {
          const scores = new Float32Array(itemCount)
          const [full, best] = [new FactorScores(items), new BestItems(items, 1)]
          for (const k of [0, 1, 10, itemCount, itemCount + 1]) {
            const factors = Float32Array.from({ length: factorCount }, () => draw(random))
            const exclude = Uint32Array.from(Array(itemCount).keys()).filter(() => random.below(4) === 0)
            const allowed = Uint8Array.from({ length: itemCount }, () => random.below(3))
            full.score(factors, scores)
            // Some are looked at with all the others, few one by one.
            const [some, few] = [8, 30].map((share) => {
              const marks = Uint8Array.from({ length: itemCount }, () => Number(random.below(share) === 0))
              return { allowed: marks, listed: Uint32Array.from(marks.keys()).filter((item) => marks[item] === 1), exclude }
            })
            for (const options of [{}, { exclude }, { allowed }, { exclude, allowed }, some, few]) {
              const list = topK(scores, k, options)
              assert.deepEqual(best.best(factors, k, options), {
                items: Uint32Array.from(list),
                scores: Float32Array.from(list, (item) => scores[item] ?? NaN),
              })
            }
          }
        }
      }
  })

test('a user whose rounding loses all that tells items apart', () => {
  const random = Random.seeded(5)
  const [itemCount, factorCount, k] = [4000, 8, 100]
  // Items are whole numbers with 63 as the largest: nothing of theirs is lost. Of the user all but the first factor is.
  const draw = (factor: number): number => (factor === 0 ? 0 : factor === 1 ? 63 : random.below(127) - 63)
  const itemFactors = Float32Array.from({ length: itemCount * factorCount }, (_, n) => draw(n % factorCount))
  const factors = Float32Array.from({ length: factorCount }, (_, factor) => (factor === 0 ? 1000 : random.normal()))
  const items = { itemCount, factorCount, itemFactors }
  const scores = new Float32Array(itemCount)
  new FactorScores(items).score(factors, scores)
  assert.deepEqual(new BestItems(items, 1).best(factors, k).items, topK(scores, k))
})
