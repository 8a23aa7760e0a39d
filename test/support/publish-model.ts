/** A small published model as a run leaves it in the store, for tests: what each user likes is known in advance. */
import { createHash } from 'node:crypto'
import type { ModelItem, ModelManifest } from '../../src/contracts/documents.ts'
import type { ObjectStore } from '../../src/contracts/ports.ts'
import { storeKeys } from '../../src/contracts/store-keys.ts'
import { encodeSafetensors } from '../../src/model/artifact/safetensors.ts'
import type { Tensors } from '../../src/model/model.ts'

const genres = ['드라마', '영화', '뉴스/시사'] as const
const ageLimits = [0, 12, 15, 19, null] as const

/** Title p has genre p mod 3 and age limit p mod 5 of the lists above; title 7 may not be recommended. */
export const titles: readonly ModelItem[] = Array.from({ length: 30 }, (_, position) => ({
  program_id: String(100 + position),
  program_name: `쇼 ${position}`,
  ct_cl: 'TV',
  program_genre: genres[position % genres.length] ?? null,
  release_date: '2020-01-15',
  age_limit: ageLimits[position % ageLimits.length] ?? null,
  recommendable: position !== 7,
}))

/** User `u-0` likes the titles in their order, `u-1` in the reverse order; `u-2` has watched nothing. */
export const userIds = ['u-0', 'u-1', 'u-2'] as const
/** Positions that each user has watched. */
export const watched = [[0, 1], [29], []] as const
/** Title p was watched by this many: 15 is the most popular, then 14, 16, 13, 17, … */
const viewers = titles.map((_, position) => 100 - 2 * Math.abs(position - 15) - (position > 15 ? 1 : 0))

export interface Published {
  readonly version: string
  readonly manifest: ModelManifest
}

interface Changes {
  readonly algorithm?: string
  readonly week?: string
  readonly tensors?: (tensors: Map<string, Tensors extends ReadonlyMap<string, infer Value> ? Value : never>) => void
  readonly manifest?: (manifest: ModelManifest) => unknown
  readonly userIds?: readonly string[]
  readonly titles?: readonly ModelItem[]
}

/** Writes all files of a model, its manifest last, and does not make it the latest. */
export async function writeModel(store: ObjectStore, version: string, changes: Changes = {}): Promise<Published> {
  const { algorithm = 'warp', week = version.slice(0, 8) } = changes
  const ids = changes.userIds ?? userIds
  const items = changes.titles ?? titles
  const tensors = new Map([
    ['seen_offsets', { shape: [4], data: new Uint32Array([0, 2, 3, 3]) }],
    ['seen_items', { shape: [3], data: new Uint32Array(watched.flat()) }],
    ['item_viewers', { shape: [titles.length], data: new Uint32Array(viewers) }],
    ...(algorithm === 'popularity'
      ? [
          ['item_scores', { shape: [titles.length], data: new Float32Array(viewers) }] as const,
          ['user_count', { shape: [1], data: new Uint32Array([3]) }] as const,
        ]
      : [
          ['user_factors', { shape: [3, 1], data: new Float32Array([-1, 1, 0]) }] as const,
          ['item_factors', { shape: [titles.length, 1], data: new Float32Array(titles.map((_, position) => position)) }] as const,
          ['settings', { shape: [3], data: new Float64Array([0.05, 10, 0]) }] as const,
          ['item_biases', { shape: [titles.length], data: new Float32Array(titles.length) }] as const,
        ]),
  ])
  changes.tensors?.(tensors)
  const files = new Map<string, Uint8Array>([
    ['model.safetensors', encodeSafetensors(tensors)],
    ['users.json', new TextEncoder().encode(JSON.stringify(ids))],
    ['items.json', new TextEncoder().encode(JSON.stringify(items))],
  ])
  const manifest: ModelManifest = {
    format: 1,
    version,
    week,
    algorithm,
    candidate: algorithm,
    parameters: { factors: 1 },
    seed: 0,
    users: ids.length,
    items: items.length,
    pairs: 3,
    created_at: '2024-01-08T04:03:11.000Z',
    run: { workflow_id: `retrain-${week}`, run_id: 'run' },
    code_version: '0.1.0',
    data: { features: 'features', raw: {} },
    choice: { candidate: algorithm, by: 'random', metric: 'ndcg@10', reason: 'the only one' },
    splits: [],
    metrics: { 'ndcg@10': 0.31 },
    files: Object.fromEntries(
      [...files].map(([file, bytes]) => [file, { sha256: createHash('sha256').update(bytes).digest('hex'), bytes: bytes.byteLength }]),
    ),
  }
  for (const [file, bytes] of files) await store.write(storeKeys.model(version, file), bytes)
  await store.write(storeKeys.model(version, 'manifest.json'), JSON.stringify(changes.manifest?.(manifest) ?? manifest))
  return { version, manifest }
}

export async function makeLatest(store: ObjectStore, version: string): Promise<void> {
  await store.write(storeKeys.modelLatest, JSON.stringify({ version }))
}

export async function publishModel(store: ObjectStore, version: string, changes: Changes = {}): Promise<Published> {
  const published = await writeModel(store, version, changes)
  await makeLatest(store, version)
  return published
}
