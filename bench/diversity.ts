/**
 * `npm run bench -- diversity --movielens DIR`: what a more diverse list costs in relevance. MovieLens 100K, a quarter of the pairs held
 * out, iALS; lists as the API gives them, by its own code, for several values of `diversity`.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Command } from 'commander'
import { ModelSnapshot } from '../src/api/model-snapshot.ts'
import { catalogueTables } from '../src/api/catalogue.ts'
import { Ids } from '../src/api/ids.ts'
import type { ModelItem, ModelManifest } from '../src/contracts/documents.ts'
import { ials } from '../src/model/ials/ials.ts'
import { measureList, userMetrics } from '../src/model/metrics/ranking-metrics.ts'
import { buildInteractions, itemsOfUser } from '../src/model/sparse/interactions.ts'
import { randomHoldOut } from '../src/model/split/split.ts'

const listLength = 10
const parameters = { factors: 64, iterations: 16, unobserved_weight: 0.15, regularization: 0.01 }
const values = [0, 0.1, 0.2, 0.3, 0.5, 0.7]

export async function run(args: readonly string[]): Promise<void> {
  await new Command('bench diversity')
    .description('What a more diverse list costs in relevance: iALS on MovieLens 100K, a quarter of its pairs held out.')
    .requiredOption('--movielens <dir>', 'a folder with ml-100k.inter and ml-100k.item')
    .action(bench)
    .parseAsync([...args], { from: 'user' })
}

async function bench({ movielens }: { readonly movielens: string }): Promise<void> {
  const { userIds, items, pairs } = readMovielens(movielens)
  const { train, test } = randomHoldOut(pairs, 0.25, 0)
  const fit = ials.start(train, parameters, 0)
  while (fit.advance().fraction < 1);
  const model = fit.finish()
  const tensors = new Map([
    ...model.tensors(),
    ['seen_offsets', { shape: [train.offsets.length], data: train.offsets }],
    ['seen_items', { shape: [train.items.length], data: train.items }],
    ['item_viewers', { shape: [items.length], data: new Uint32Array(items.length) }],
  ] as const)
  for (const item of train.items) {
    const viewers = tensors.get('item_viewers')?.data
    if (viewers !== undefined) viewers[item] = (viewers[item] ?? 0) + 1
  }
  const manifest = manifestOf(userIds.length, items.length)
  const ids = await Ids.of(userIds, movielens)
  const itemIds = await Ids.of(
    items.map(({ program_id: id }) => id),
    movielens,
  )
  const ofItems = { items, itemIds, catalogue: catalogueTables(items) }
  const snapshot = await ModelSnapshot.create({ manifest, users: ids, ...ofItems, tensors, model, memories: new Map() })

  process.stdout.write(
    '| diversity | nDCG@10 | recall@10 | genres in a list | titles in any list | ms a list |\n|---|---|---|---|---|---|\n',
  )
  for (const diversity of values) {
    const sums = new Float64Array(userMetrics.length)
    const measured = new Float64Array(userMetrics.length)
    const shown = new Set<number>()
    let genres = 0
    let users = 0
    const started = performance.now()
    for (const [user, id] of userIds.entries()) {
      const targets = itemsOfUser(test, user)
      if (targets.length === 0) continue
      const options = { excludeSeen: true, diversity, moment: Number.MAX_SAFE_INTEGER }
      const { titles } = snapshot.recommend(snapshot.historyOf({ id }), listLength, options)
      measureList(
        Uint32Array.from(titles, ({ position }) => position),
        targets,
        listLength,
        measured,
      )
      measured.forEach((value, n) => (sums[n] = (sums[n] ?? 0) + value))
      genres += new Set(titles.map(({ item }) => item.program_genre)).size
      for (const { position } of titles) shown.add(position)
      users++
    }
    const mean = (name: (typeof userMetrics)[number]): string => ((sums[userMetrics.indexOf(name)] ?? 0) / users).toFixed(4)
    const ms = ((performance.now() - started) / users).toFixed(2)
    process.stdout.write(
      `| ${diversity} | ${mean('ndcg')} | ${mean('recall')} | ${(genres / users).toFixed(1)} | ${shown.size} | ${ms} |\n`,
    )
  }
}

/** Files of the data set's atomic form: a header with types, then columns between tabs. The genre of a film is the first of its class. */
function readMovielens(folder: string) {
  const rows = (file: string): string[][] =>
    readFileSync(join(folder, file), 'utf8')
      .split('\n')
      .slice(1)
      .filter((line) => line !== '')
      .map((line) => line.split('\t'))
  const items = rows('ml-100k.item').map(([program_id = '', program_name = '', , genres = '']): ModelItem => ({
    program_id,
    program_name,
    ct_cl: null,
    program_genre: genres.split(' ')[0] ?? null,
    release_date: null,
    age_limit: null,
    recommendable: true,
  }))
  const positions = new Map(items.map(({ program_id }, position) => [program_id, position]))
  const ratings = rows('ml-100k.inter')
  const userIds = [...new Set(ratings.map(([user = '']) => user))]
  const users = new Map(userIds.map((id, position) => [id, position]))
  const pairs = buildInteractions(userIds.length, items.length, {
    users: Uint32Array.from(ratings, ([user = '']) => users.get(user) ?? 0),
    items: Uint32Array.from(ratings, ([, item = '']) => positions.get(item) ?? 0),
  })
  return { userIds, items, pairs }
}

const manifestOf = (users: number, items: number): ModelManifest => ({
  format: 1,
  version: 'bench',
  week: '1998-W17',
  algorithm: 'ials',
  candidate: 'ials',
  parameters,
  seed: 0,
  users,
  items,
  pairs: 0,
  created_at: '',
  run: { workflow_id: '', run_id: '' },
  code_version: '',
  data: { features: '', raw: {} },
  choice: { candidate: 'ials', by: 'random', metric: '', reason: '' },
  splits: [],
  metrics: {},
  files: {},
})
