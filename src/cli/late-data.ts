/** `matinee late-data`: which weeks changed in the source after they were trained. */
import { Command } from 'commander'
import { readLedger } from '../activities/late-data.ts'
import { openStore } from '../adapters/object-store/open-store.ts'
import type { CliContext } from './context.ts'
import { table } from './table.ts'

export function lateDataCommand({ config, out }: CliContext): Command {
  return new Command('late-data')
    .description('Weeks whose rows changed in the source after they were trained, as the weekly runs found them.')
    .option('--json', 'print as JSON')
    .action(async (options: { json?: true }) => {
      const changes = (await readLedger(openStore(config().store)))?.changes ?? []
      if (options.json) return out(JSON.stringify(changes))
      if (changes.length === 0) return out('no week has changed since it was trained, as far as the runs have looked')
      const rows = changes.map(({ week, table: log, added, removed, ...change }) => ({
        week,
        table: log,
        added: String(added ?? '?'),
        removed: String(removed ?? '?'),
        'trained with': change.trained_with,
        'found by the run for': change.found_by,
        'trained again': change.trained_again ?? 'not yet',
      }))
      out(table(rows))
    })
}
