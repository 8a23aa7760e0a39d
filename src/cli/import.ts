import { Command } from 'commander'
import type { Config } from '../config/environment.ts'
import { describeDatabase } from '../config/locations.ts'
import { importCsv } from '../importing/csv.ts'
import { describeCounts, type LoadOptions, type RowCounts } from '../importing/load-tables.ts'
import { importMovielens } from '../importing/movielens.ts'
import type { CliContext } from './context.ts'

interface Flags {
  readonly replace: boolean
  readonly json: boolean
}

type Import = (config: Config, directory: string, options: LoadOptions) => Promise<RowCounts>

function formatCommand(context: CliContext, name: string, description: string, load: Import): Command {
  return new Command(name)
    .description(description)
    .argument('<dir>', 'folder that holds the files')
    .option('--replace', 'drop source tables that hold rows', false)
    .option('--json', 'print the row counts as JSON', false)
    .action(async (directory: string, { replace, json }: Flags) => {
      const config = context.config()
      const counts = await load(config, directory, { replace, progress: context.progress })
      context.out(json ? JSON.stringify(counts) : `${describeCounts(counts)} in ${describeDatabase(config.database)}`)
    })
}

export function importCommand(context: CliContext): Command {
  return new Command('import')
    .description('fill the source tables from files, all or nothing')
    .addCommand(
      formatCommand(context, 'movielens', 'ratings as viewings, from one .inter, .item and .user file', (config, directory, options) =>
        importMovielens(config.database, directory, { ...options, timeZone: config.timeZone }),
      ),
    )
    .addCommand(
      formatCommand(
        context,
        'csv',
        'userinfo.csv, vods_sumut.csv, contlog.csv and vodinfo.csv, each with a header row',
        (config, directory, options) => importCsv(config.database, directory, options),
      ),
    )
}
