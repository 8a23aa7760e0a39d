/** One week's figures as the API documents them. All of them are of the same made-up run. */
import { Value } from 'typebox/value'
import { GateThresholds } from '../contracts/data-gate.ts'

const week = '2024-W01'
const version = '2024-W01-5f0c2a9b'

const choice = {
  candidate: 'ials',
  by: 'time' as const,
  metric: 'ndcg@10',
  reason: 'ials has the best ndcg@10 of the newest week, 0.3100; next is popularity-4-weeks with 0.1820',
}

const split = {
  kind: 'time' as const,
  description: 'what was before the week, against what each user newly watched in it',
  train_pairs: 9100,
  test_pairs: 700,
  test_users: 410,
  bootstrap: { level: 0.95, resamples: 1000, seed: 0 },
  segments: { all_users: 'all users with something to test' },
  candidates: [
    {
      candidate: 'ials',
      algorithm: 'ials',
      parameters: { factors: 64, iterations: 10 },
      seconds: { train: 0.8, rank: 0.1 },
      metrics: { 'ndcg@10': 0.31, 'recall@20': 0.42 },
      intervals: [{ metric: 'ndcg@10', against: 'popularity-4-weeks', difference: 0.128, low: 0.101, high: 0.155 }],
      segments: { all_users: { users: 410, 'ndcg@10': 0.31 } },
    },
    {
      candidate: 'popularity-4-weeks',
      algorithm: 'popularity',
      parameters: { weeks: 4 },
      seconds: { train: 0.01, rank: 0.02 },
      metrics: { 'ndcg@10': 0.182, 'recall@20': 0.261 },
    },
  ],
}

const digest = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'

export const exampleModelDetail = {
  format: 1 as const,
  version,
  week,
  algorithm: 'ials',
  candidate: 'ials',
  parameters: { factors: 64, iterations: 10 },
  seed: 0,
  users: 1200,
  items: 110,
  pairs: 9800,
  created_at: '2024-01-08T04:03:11.000Z',
  run: { workflow_id: 'retrain-2024-W01', run_id: '018cd3c2-5f0c-7a9b-8f2e-0d5b8f3f6a11' },
  code_version: '0.1.0',
  data: { features: '41c8a3b5d2e7f601', raw: { vods_sumut: digest } },
  choice,
  splits: [split],
  metrics: { 'ndcg@10': 0.33 },
  files: { 'model.safetensors': { sha256: digest, bytes: 412_880 } },
  serving: true,
}

export const exampleMetrics = {
  items: [
    {
      format: 1 as const,
      week,
      version,
      algorithm: 'ials',
      candidate: 'ials',
      parameters: { factors: 64, iterations: 10 },
      measured_at: '2024-01-08T04:00:00.000Z',
      choice,
      splits: [split],
      all_diversity: 0.71,
    },
  ],
}

export const exampleReport = {
  format: 1 as const,
  week,
  version,
  candidate: 'ials',
  algorithm: 'ials',
  reason: choice.reason,
  decided_by: 'time' as const,
  metric: 'ndcg@10',
  test: { description: split.description, users: 410, pairs: 700 },
  popularity: 'popularity-4-weeks',
  week_before: { week: '2023-W52', version: '2023-W52-77aa01c3', candidate: 'ials', popularity: 0.179 },
  tried: split.candidates.map(({ candidate, algorithm, parameters, metrics, seconds }) => ({
    candidate,
    algorithm,
    parameters,
    metrics,
    train_seconds: seconds.train,
  })),
  gains: [
    {
      against: 'popularity-4-weeks',
      roles: ['next best', 'better popularity'] as const,
      metrics: { 'ndcg@10': { difference: 0.128, low: 0.101, high: 0.155, relative: 0.703, verdict: 'better' as const } },
    },
  ],
  segments: [
    {
      segment: 'all_users',
      description: 'all users with something to test',
      users: 410,
      published: 0.31,
      popularity: 0.182,
      week_before: 0.305,
      against_popularity: 'better' as const,
      against_week_before: 'no clear difference' as const,
    },
  ],
  lists: [
    { measure: 'coverage@10', published: 0.83, popularity: 0.12, week_before: 0.81, against_week_before: 'no clear difference' as const },
  ],
}

const qualityOfWeek = {
  rows: 9800,
  fates: { kept: 9000, excluded: 200 },
  repeats: 600,
  days_without_rows: [],
  unknown_programs: 3,
  unknown_users: 12,
  weeks: [{ week_start: '2024-01-01', rows: 9000 }],
  examples: { excluded: [{ subsr_id: '1001', program_id: '52', e_bool: 1 }] },
}

export const exampleDataQuality = {
  week,
  features: '41c8a3b5d2e7f601',
  report: {
    week,
    vods_bad_row: 0,
    vods_in: 48_210,
    vods_excluded: 920,
    vods_bad_duration: 41,
    vods_bad_use: 7,
    vods_repeat: 2904,
    conts_bad_row: 0,
    conts_in: 60_402,
    conts_excluded: 1180,
    conts_repeat: 3110,
    programs_in: 112,
    programs_bad_row: 0,
    programs_excluded: 2,
    programs_repeat: 0,
    users_in: 1250,
    users_bad_row: 0,
    users_excluded: 20,
    users_repeat: 0,
    click_cnt_cap: 6,
    watch_cnt_cap: 4,
    pairs: 14_220,
    watched_pairs: 9800,
    users: 1200,
    programs: 110,
    quality: { viewings: qualityOfWeek, clicks: { ...qualityOfWeek, rows: 12_070 } },
  },
  thresholds: Value.Create(GateThresholds),
}
