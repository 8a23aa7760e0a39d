/** Tastes that change: the search finds how fast the logs lose their meaning. */
import assert from 'node:assert/strict'
import test from 'node:test'
import type { Interactions } from '../model.ts'
import { Random } from '../random/random.ts'
import { buildInteractions, selectPairs } from '../sparse/interactions.ts'
import { searchModels, type SearchResult } from './search-models.ts'
import { newestWeeks } from './validation-split.ts'

const day = 86_400
const [userCount, groupCount, groupItems, days] = [300, 10, 40, 200]

/** A user takes a title of the taste of the day every third day; a taste is kept for another `halfLifeDays` as often as not. */
function drifting(halfLifeDays: number): Interactions {
  const random = Random.seeded(3)
  const [users, items, times]: [number[], number[], number[]] = [[], [], []]
  for (let user = 0; user < userCount; user++) {
    let taste = random.below(groupCount)
    for (let date = 0; date < days; date++) {
      if (random.unit() < 1 - 2 ** (-1 / halfLifeDays)) taste = random.below(groupCount)
      if (random.unit() > 1 / 3) continue
      const group = random.unit() < 0.9 ? taste : random.below(groupCount)
      users.push(user)
      items.push(group * groupItems + Math.floor(groupItems * random.unit() ** 1.5))
      times.push(date * day + random.below(day))
    }
  }
  return buildInteractions(userCount, groupCount * groupItems, {
    users: Uint32Array.from(users),
    items: Uint32Array.from(items),
    times: Float64Array.from(times),
  })
}

function searched(pairs: Interactions): SearchResult {
  const { times = new Float64Array(0) } = pairs
  const part = (from: number, to: number): Interactions =>
    selectPairs(
      pairs,
      Uint8Array.from(times, (time) => Number(time >= from && time < to)),
    )
  const week = 7 * day
  const folds = newestWeeks((n) => {
    const start = days * day - n * week
    return { train: part(0, start), test: part(start, start + week) }
  })
  const steps = searchModels({
    folds: folds.map((split) => ({ ...split, signals: { pairs: split.train } })),
    seed: 0,
    limits: { seconds: 1e6, trials: 30, memoryMib: 200 },
    elapsedSeconds: () => 0,
  })
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
  }
}

for (const planted of [15, 40])
  test(`a planted half-life of ${planted} days is found within a factor of two`, () => {
    const { parameters } = searched(drifting(planted))
    const found = Number(parameters['signals.half_life_days'])
    assert.ok(found >= planted / 2 && found <= 2 * planted, `found ${JSON.stringify(parameters)}`)
  })
