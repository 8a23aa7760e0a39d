/** `matinee evaluate` as a process: what it prints against figures worked out by hand, how it refuses, and that it can be stopped. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { fileURLToPath } from 'node:url'
import { temporaryFolder } from './support/temporary-folder.ts'

const program = fileURLToPath(new URL('../bin/matinee.mjs', import.meta.url))
const folder = await temporaryFolder('evaluate')
const file = (name: string, text: string): string => {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}
const evaluate = (...args: readonly string[]): { readonly status: number | null; readonly stdout: string; readonly stderr: string } =>
  spawnSync(process.execPath, [program, 'evaluate', ...args], { encoding: 'utf8' })

interface Printed {
  readonly model: string
  readonly params: Readonly<Record<string, number>>
  readonly users: number
  readonly items: number
  readonly pairs: number
  readonly measuredUsers: number
  readonly seconds: Readonly<Record<string, number>>
  readonly metrics: Readonly<Record<string, number>>
  readonly peakRssMiB: number
  readonly search?: { readonly validation: string; readonly trials: readonly unknown[] }
}

function printed(...args: readonly string[]): Printed {
  const { status, stdout, stderr } = evaluate(...args, '--json')
  assert.equal(status, 0, stderr)
  return JSON.parse(stdout) as Printed
}

const train = file('train.csv', 'user,item\nu1,a\nu1,b\nu2,a\n"u3",a\nu3,c\nu3,c\n')
/** u3's only test item is in its train: skipped. u4 is a stranger. Item `new` is not in train. */
const held = file('test.csv', 'u1,c\nu2,b\nu2,new\nu3,a\nu4,a\nu4,a\n')

test('popularity, worked out by hand', () => {
  const result = printed('--train', train, '--test', held, '--model', 'popularity', '--k', '1,2')
  assert.equal(result.model, 'popularity')
  const neutral = { 'signals.rating_share': 1, 'signals.watch_gain': 0, 'signals.click_weight': 0, 'signals.half_life_days': 0 }
  assert.deepEqual(result.params, { weeks: 0, half_life_days: 0, end_seconds: 0, ...neutral })
  assert.deepEqual([result.users, result.items, result.pairs, result.measuredUsers], [3, 3, 5, 3])
  assert.deepEqual(Object.keys(result.seconds), ['load', 'train', 'rank'])
  assert.ok(result.peakRssMiB > 10)
  // Lists at 2: u1 has only c left; u2 b, c; u4 the most popular, a, b.
  const expected: Readonly<Record<string, number>> = {
    'precision@1': 1,
    'recall@1': (1 + 1 / 2 + 1) / 3,
    'coverage@1': 1,
    'diversity@1': 1,
    'precision@2': (1 + 1 / 2 + 1 / 2) / 3,
    'recall@2': (1 + 1 / 2 + 1) / 3,
    'map@2': (1 + 1 / 2 + 1) / 3,
    'mar@2': (1 + 1 / 4 + 1) / 3,
    'ndcg@2': (1 + 1 / (1 + 1 / Math.log2(3)) + 1) / 3,
    'coverage@2': 1,
    'diversity@2': 1 - (1 / Math.SQRT2 + 0 + 1 / 2) / 3,
  }
  for (const [name, value] of Object.entries(expected))
    assert.ok(Math.abs((result.metrics[name] ?? NaN) - value) < 1e-12, `${name} is ${result.metrics[name]}, expected ${value}`)
  assert.equal(Object.keys(result.metrics).length, 14)
})

test('every model takes its parameters; the same seed gives the same figures', () => {
  const parameters = [
    ['ials', 'factors=4'],
    ['warp', 'factors=4'],
    ['ease', 'regularization=5'],
    ['item-knn', 'neighbours=2'],
  ] as const
  for (const [model, parameter] of parameters) {
    const args = ['--train', train, '--test', held, '--model', model, '--param', parameter, '--seed', '3'] as const
    const result = printed(...args)
    const [name = '', value] = parameter.split('=')
    assert.equal(result.params[name], Number(value))
    if (model === 'ials') assert.deepEqual(printed(...args).metrics, result.metrics)
  }
})

test('ratings are weights where that is asked', () => {
  const rated = file('rated.csv', 'u1,a,5,10\nu1,b,1,11\nu2,a,0,12\n')
  assert.equal(printed('--train', rated, '--test', held, '--model', 'popularity').pairs, 3)
  assert.equal(printed('--train', rated, '--test', held, '--model', 'popularity', '--weights', 'rating').pairs, 3)
  const { status, stderr } = evaluate('--train', train, '--test', held, '--model', 'popularity', '--weights', 'rating')
  assert.equal(status, 2)
  assert.match(stderr, /train\.csv has no third column, the rating/)
})

test('wrong use and malformed files end with one line', () => {
  const malformed = file('malformed.csv', 'u1,a,5\nu1,b,five\n')
  const cases = [
    [['--train', malformed, '--test', held, '--model', 'popularity'], 1, /malformed\.csv line 2: the rating "five" is not a number/],
    [['--train', join(folder, 'none.csv'), '--test', held, '--model', 'popularity'], 1, /none\.csv cannot be opened/],
    [['--train', file('empty.csv', ''), '--test', held, '--model', 'popularity'], 1, /empty\.csv has no pairs/],
    [['--train', train, '--test', held, '--model', 'oracle'], 2, /Allowed choices are .*ease.*auto/],
    [['--train', train, '--test', held], 2, /--model/],
    [['--train', train, '--test', held, '--model', 'ease', '--param', 'factors=3'], 2, /ease: there is no parameter factors/],
    [['--train', train, '--test', held, '--model', 'auto', '--param', 'factors=3'], 2, /auto chooses the parameters/],
    [['--train', train, '--test', held, '--model', 'ease', '--k', '10,x'], 2, /--k: "10,x" is not a list such as 10,20/],
  ] as const
  for (const [args, status, message] of cases) {
    const result = evaluate(...args)
    assert.match(result.stderr, message)
    assert.equal(result.status, status)
    assert.equal(result.stdout, '')
  }
})

test('a fit says what it needs, and is refused with the figure where it may not have that much', () => {
  const wide = file('wide.csv', Array.from({ length: 30_000 }, (_, user) => `u${user},a`).join('\n'))
  const within = (mib: string, factors: string): ReturnType<typeof evaluate> =>
    spawnSync(
      process.execPath,
      [program, 'evaluate', '--train', wide, '--test', held, '--model', 'warp', '--param', `factors=${factors}`],
      {
        encoding: 'utf8',
        env: { ...process.env, MATINEE_MEMORY_MIB: mib },
      },
    )
  const refused = within('256', '1024')
  assert.match(
    refused.stderr,
    /warp needs \d{3} MiB for 30000 users, 1 items, 30000 pairs; a training may use 256: raise MATINEE_MEMORY_MIB/,
  )
  assert.equal(refused.status, 1)
  const fitting = within('1024', '8')
  assert.match(fitting.stderr, /warp needs \d+ MiB beside the pairs, of 1024 that it may use/)
  assert.equal(fitting.status, 0)
})

test('an interrupt stops a training', async () => {
  const rows = Array.from({ length: 20_000 }, (_, n) => `${n % 997},${(n * n) % 499}\n`)
  const large = file('large.csv', rows.join(''))
  const args = ['evaluate', '--train', large, '--test', held, '--model', 'ials', '--param', 'iterations=10000']
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'ignore', 'pipe'] })
  await once(child.stderr, 'data')
  child.kill('SIGINT')
  const [status, signal] = await once(child, 'exit')
  assert.ok(signal === 'SIGINT' || status !== 0)
})

const ratings = new URL('../../shared/data/ml-100k/ml-100k.inter', import.meta.url)
const skip = existsSync(ratings) ? false : 'ml-100k is not there: put it beside the project as ../shared/data/ml-100k'

const isHeld = (n: number): boolean => Math.imul(n + 1, 0x9e3779b1) >>> 30 === 0

test('auto on a quarter of MovieLens 100K, held out at random', { skip }, () => {
  const rows = readFileSync(ratings, 'utf8')
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((line) => line.split('\t').slice(0, 3).join(','))
  const trainPath = file('ml-train.csv', rows.filter((_, n) => !isHeld(n)).join('\n'))
  const testPath = file('ml-test.csv', rows.filter((_, n) => isHeld(n)).join('\n'))
  const { metrics, search } = printed('--train', trainPath, '--test', testPath, '--model', 'auto', '--budget', '20')
  assert.ok((metrics['recall@20'] ?? 0) >= 0.33, `recall@20 is ${metrics['recall@20']}`)
  assert.ok((metrics['ndcg@20'] ?? 0) >= 0.44, `nDCG@20 is ${metrics['ndcg@20']}`)
  assert.equal(search?.validation, 'random')
  assert.ok((search?.trials.length ?? 0) >= 5)
})
