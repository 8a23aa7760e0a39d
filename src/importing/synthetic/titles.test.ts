import assert from 'node:assert/strict'
import test from 'node:test'
import { Random } from '../../model/random/random.ts'
import { endsInConsonant, TitleMaker } from './titles.ts'

test('titles are Korean, all different, and some are long', () => {
  const maker = new TitleMaker(Random.seeded(7))
  const titles = Array.from({ length: 20_000 }, (_, index) => maker.next(index % 2 === 0 ? 'kids' : 'dark'))
  assert.equal(new Set(titles).size, titles.length)
  assert.ok(titles.every((title) => /\p{Script=Hangul}/u.test(title) && title.trim() === title))
  assert.ok(titles.some((title) => title.length > 60))
  assert.ok(
    titles.some((title) => title.includes('"')) && titles.some((title) => title.includes(',')),
    'quotes and commas try out every writer of CSV',
  )
})

test('the particle follows the last syllable', () => {
  assert.equal(endsInConsonant('별'), true)
  assert.equal(endsInConsonant('바다'), false)
  assert.equal(endsInConsonant('The Return'), false)
})
