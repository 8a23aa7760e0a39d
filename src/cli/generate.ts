import { Command, Option } from 'commander'
import { describeDatabase } from '../config/locations.ts'
import { MatineeError } from '../contracts/errors.ts'
import { parseWeek } from '../contracts/week.ts'
import { demoParameters, generateInto } from '../importing/generate-into.ts'
import { generatedTables, type GenerateParameters } from '../importing/generate.ts'
import { describeCounts, findFilledTable } from '../importing/load-tables.ts'
import type { CliContext } from './context.ts'

function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new MatineeError('usage_invalid', `"${text}" is not a whole number`)
  return Number(text)
}

interface Flags extends GenerateParameters {
  readonly replace: boolean
  readonly ifEmpty: boolean
  readonly json: boolean
}

export function generateCommand(context: CliContext): Command {
  return new Command('generate')
    .description('fill the source tables with believable generated logs; the same seed gives the same rows')
    .option('--users <n>', 'subscribers', wholeNumber, demoParameters.users)
    .option('--programs <n>', 'titles', wholeNumber, demoParameters.programs)
    .option('--rows <n>', 'viewings; clicks come on top', wholeNumber, demoParameters.rows)
    .option('--weeks <n>', 'weeks of logs', wholeNumber, demoParameters.weeks)
    .option('--seed <n>', 'which logs: another seed, another operator', wholeNumber, demoParameters.seed)
    .option('--end <week>', 'the last week', parseWeek, demoParameters.end)
    .option('--replace', 'drop source tables that hold rows', false)
    .addOption(new Option('--if-empty', 'leave everything as it is where a source table holds rows').default(false).conflicts('replace'))
    .option('--json', 'print the row counts as JSON', false)
    .action(async ({ replace, ifEmpty, json, ...parameters }: Flags) => {
      const { database } = context.config()
      const filled = ifEmpty ? await findFilledTable(database, generatedTables) : undefined
      if (filled !== undefined) {
        context.out(json ? '{}' : `table ${filled} already holds rows in ${describeDatabase(database)}: nothing was generated`)
        return
      }
      const counts = await generateInto(database, parameters, { replace, progress: context.progress })
      context.out(json ? JSON.stringify(counts) : `${describeCounts(counts)} in ${describeDatabase(database)}`)
    })
}
