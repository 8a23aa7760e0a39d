/** `matinee models`: what was published and what serves. */
import { Command } from 'commander'
import { userInfo } from 'node:os'
import { openStore } from '../adapters/object-store/open-store.ts'
import { LatestModel, ModelManifest, parseDocument } from '../contracts/documents.ts'
import { MatineeError } from '../contracts/errors.ts'
import type { ObjectStore } from '../contracts/ports.ts'
import { storeKeys } from '../contracts/store-keys.ts'
import { promoteModel, rollBackModel, type Promotion } from '../contracts/timeline.ts'
import type { CliContext } from './context.ts'
import { table } from './table.ts'

export function modelsCommand({ config, out }: CliContext): Command {
  const group = new Command('models').description('Models in the store.')
  group
    .command('list')
    .description('List models by week; the one that serves is marked.')
    .option('--json', 'print as JSON')
    .action(async (options: { json?: true }) => {
      const store = openStore(config().store)
      const [manifests, serving] = await Promise.all([readManifests(store), servingVersion(store)])
      const rows = manifests.map((manifest) => ({
        version: manifest.version,
        serves: manifest.version === serving ? '*' : '',
        model: manifest.candidate,
        users: String(manifest.users),
        items: String(manifest.items),
        'precision@10': manifest.metrics['precision@10']?.toFixed(4) ?? '',
        'ndcg@10': manifest.metrics['ndcg@10']?.toFixed(4) ?? '',
        created: manifest.created_at,
      }))
      out(options.json ? JSON.stringify(rows) : rows.length === 0 ? 'no model yet; "matinee run" trains one' : table(rows))
    })
  group
    .command('show')
    .description("Print a model's manifest; without a version, of the one that serves.")
    .argument('[version]')
    .action(async (version: string | undefined) => {
      const store = openStore(config().store)
      const name = version ?? (await servingVersion(store))
      if (name === undefined) throw new MatineeError('not_found', 'no model serves yet; "matinee run" trains one')
      const stored = await store.read(storeKeys.model(name, 'manifest.json'))
      if (stored === undefined)
        throw new MatineeError('not_found', `there is no model ${name}; "matinee models list" lists those there are`)
      out(JSON.stringify(parseDocument(ModelManifest, stored.body, storeKeys.model(name, 'manifest.json')), null, 2))
    })
  decision(
    group.command('promote').description('Let a model of the store serve; every API follows within seconds.').argument('<version>'),
  ).action(async (version: string, { reason, by }: DecisionOptions) => {
    const promotion = await promoteModel(openStore(config().store), version, { reason, by, atMs: Date.now() })
    out(promotionText(promotion))
  })
  decision(group.command('rollback').description('Let the model serve that served before the present one came.')).action(
    async ({ reason, by }: DecisionOptions) => {
      out(promotionText(await rollBackModel(openStore(config().store), { reason, by, atMs: Date.now() })))
    },
  )
  return group
}

interface DecisionOptions {
  readonly reason: string
  readonly by: string
}

const decision = (command: Command): Command =>
  command.requiredOption('--reason <text>', 'why; stands in the timeline').option('--by <name>', 'who decides', userInfo().username)

const promotionText = ({ version, previous }: Promotion): string =>
  previous === undefined ? `${version} serves already` : `${version} serves in place of ${previous}`

async function servingVersion(store: ObjectStore): Promise<string | undefined> {
  const stored = await store.read(storeKeys.modelLatest)
  return stored === undefined ? undefined : parseDocument(LatestModel, stored.body, storeKeys.modelLatest).version
}

async function readManifests(store: ObjectStore): Promise<ModelManifest[]> {
  const manifests: ModelManifest[] = []
  for await (const { key } of store.list(storeKeys.modelsPrefix)) {
    if (!key.endsWith('/manifest.json')) continue
    const stored = await store.read(key)
    if (stored !== undefined) manifests.push(parseDocument(ModelManifest, stored.body, key))
  }
  return manifests
}
