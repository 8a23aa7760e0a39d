import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import test from 'node:test'
import { Value } from 'typebox/value'
import type { Interval, Measured, SplitResult, WeekMetrics } from '../../contracts/documents.ts'
import { WeekReport } from '../../contracts/week-report.ts'
import { makeReport } from './make-report.ts'
import { reportText } from './report-text.ts'

const interval = (metric: string, against: string, difference: number, low: number, high: number): Interval => ({
  metric,
  against,
  difference,
  low,
  high,
})

const segment = (users: number, ndcg: number, error: number): Record<string, number> => ({ users, 'ndcg@10': ndcg, 'ndcg@10_error': error })

const measured = (candidate: string, algorithm: string, metrics: Measured['metrics'], rest: Partial<Measured> = {}): Measured => ({
  candidate,
  algorithm,
  parameters: {},
  seconds: { train: 12.34, rank: 1 },
  metrics,
  ...rest,
})

const split = (kind: SplitResult['kind'], candidates: readonly Measured[]): SplitResult => ({
  kind,
  description: kind === 'time' ? 'what was before the week, against what each user newly watched in it' : '25 % at random',
  train_pairs: 90_000,
  test_pairs: 5000,
  test_users: 1200,
  segments: { all_users: 'all test users', new_users: '0 to 2 titles watched in training', new_titles: 'titles first watched lately' },
  segment_bounds: { all_users: { from: 0 }, new_users: { from: 0, to: 2 } },
  candidates: [...candidates],
})

const week = (name: string, candidate: string, splits: readonly SplitResult[]): WeekMetrics => ({
  format: 1,
  week: name,
  version: `${name}-0badcafe`,
  algorithm: candidate,
  candidate,
  parameters: {},
  measured_at: '2024-01-08T00:00:00.000Z',
  choice: { candidate, by: 'time', metric: 'ndcg@10', reason: 'best ndcg@10 on what 1200 users newly watched in the week' },
  splits: [...splits],
  all_diversity: null,
})

const lists = { 'coverage@10': 0.4, 'diversity@10': 0.9, 'genre_diversity@10': 0.6, 'miscalibration@10': 0.3, 'novelty@10': 5.5, 'popularity_lift@10': 0.8 } // prettier-ignore
const thisWeek = week('2024-W01', 'ials', [
  split('random', [measured('ials', 'ials', { 'ndcg@10': 0.4 })]),
  split('time', [
    measured('warp', 'warp', { 'ndcg@10': 0.119, 'recall@20': 0.2 }, { intervals: [interval('ndcg@10', 'ials', -0.001, -0.004, 0.002), interval('recall@20', 'ials', -0.02, -0.03, -0.01)] }), // prettier-ignore
    measured('ials', 'ials', { 'ndcg@10': 0.12, 'recall@20': 0.22, ...lists }, {
      parameters: { factors: 64, unobserved_weight: 0.15 },
      intervals: [interval('ndcg@10', 'popularity-4-weeks', 0.02, 0.015, 0.025), interval('recall@20', 'popularity-4-weeks', 0.03, 0.01, 0.05)],
      segments: { all_users: segment(1200, 0.12, 0.003), new_users: segment(200, 0.05, 0.004), new_titles: segment(20, 0.01, 0.01) },
    }), // prettier-ignore
    measured('popularity', 'popularity', { 'ndcg@10': 0.08, 'recall@20': 0.15 }),
    measured('popularity-4-weeks', 'popularity', { 'ndcg@10': 0.1, 'recall@20': 0.19, ...lists, 'coverage@10': 0.01 }, {
      segments: { all_users: segment(1200, 0.1, 0.003), new_users: segment(200, 0.09, 0.005), new_titles: segment(20, 0.05, 0.01) },
    }), // prettier-ignore
  ]),
])
const weekBefore = week('2023-W52', 'warp', [
  split('time', [
    measured('warp', 'warp', { 'ndcg@10': 0.14, 'recall@20': 0.24, ...lists, 'coverage@10': 0.3, 'miscalibration@10': 0.2 }, {
      segments: { all_users: segment(1100, 0.14, 0.003), new_users: segment(210, 0.049, 0.004) },
    }), // prettier-ignore
    measured('popularity-4-weeks', 'popularity', { 'ndcg@10': 0.11 }),
  ]),
])

// The words are compared as a whole: whoever changes them reads all of them once.
test('the report of a week, in words', () => {
  const report = makeReport(thisWeek, weekBefore)
  assert.ok(Value.Check(WeekReport, JSON.parse(JSON.stringify(report))))
  assert.equal(reportText(report), readFileSync(new URL('report-2024-W01.md', import.meta.url), 'utf8'))
})

test('what it says is what was measured', () => {
  const report = makeReport(thisWeek, weekBefore)
  assert.deepEqual(
    report.tried.map(({ candidate }) => candidate),
    ['ials', 'warp', 'popularity-4-weeks', 'popularity'],
  )
  assert.deepEqual(
    report.gains.map(({ against, roles, metrics }) => [against, roles, metrics['ndcg@10']?.verdict, metrics['recall@20']?.verdict]),
    [
      ['warp', ['next best', 'choice of the week before'], 'no clear difference', 'better'],
      ['popularity-4-weeks', ['better popularity'], 'better', 'better'],
    ],
  )
  assert.equal(report.gains[0]?.metrics['recall@20']?.low, 0.01)
  assert.deepEqual(
    report.segments.map((one) => [one.segment, one.against_popularity, one.against_week_before]),
    [
      ['all_users', 'better', 'worse'],
      ['new_users', 'worse', 'no clear difference'],
      ['new_titles', 'too few users', null],
    ],
  )
  assert.deepEqual(
    report.segments.map(({ bounds }) => bounds),
    [{ from: 0 }, { from: 0, to: 2 }, undefined],
  )
  const judged = report.lists.filter((one) => one.against_week_before !== 'no clear difference')
  assert.deepEqual(
    judged.map((one) => [one.measure, one.against_week_before]),
    [
      ['coverage@10', 'better'],
      ['miscalibration@10', 'worse'],
      ['novelty@10', null],
      ['popularity_lift@10', null],
    ],
  )
})

test('figures of an older version, a first week, and popularity itself published', () => {
  const bare = week('2023-W50', 'popularity', [split('time', [measured('popularity', 'popularity', { 'ndcg@10': 0.1 })])])
  delete bare.splits[0]?.segments
  const report = makeReport(bare, undefined)
  assert.equal(report.week_before, null)
  const text = reportText(report)
  assert.match(text, /The week before was not measured/)
  assert.match(text, /Segments were not measured/)
  assert.match(text, /There is nothing to compare it with/)
  assert.doesNotMatch(text, /NaN|undefined|null/)
  assert.doesNotMatch(reportText(makeReport(thisWeek, bare)), /NaN|undefined|null/)
  assert.throws(() => makeReport({ ...bare, candidate: 'warp' }, undefined), {
    code: 'internal',
    message: /lack the published candidate warp/,
  })
})
