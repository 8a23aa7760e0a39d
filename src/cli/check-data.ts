/** `matinee check-data`: what the data gate says of a week, without training. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import { checkData } from '../activities/check-data.ts'
import { extractEvents } from '../activities/extract-events.ts'
import { extractTable } from '../activities/extract-table.ts'
import { preprocess } from '../activities/preprocess.ts'
import { DuckDbEngine } from '../adapters/columns/duckdb.ts'
import { eventTableNames } from '../adapters/database/event-store.ts'
import { KnexSourceDatabase } from '../adapters/database/source.ts'
import { openStore } from '../adapters/object-store/open-store.ts'
import type { DataQuality, LogQuality } from '../contracts/data-gate.ts'
import { FeaturesReport } from '../contracts/documents.ts'
import type { Breach } from '../contracts/run.ts'
import { sourceTableNames } from '../contracts/source-tables.ts'
import { storeKeys } from '../contracts/store-keys.ts'
import { readDocument } from '../contracts/stored-documents.ts'
import { parseWeek, type Week } from '../contracts/week.ts'
import type { Config } from '../config/environment.ts'
import type { CliContext } from './context.ts'
import { table } from './table.ts'

export function checkDataCommand({ config, out, progress }: CliContext): Command {
  return new Command('check-data')
    .description(
      'Read and preprocess a week, and hold its figures against the thresholds, without training. Exit code 1 where one is broken.',
    )
    .requiredOption('--week <week>', 'as 2023-W40')
    .option('--json', 'print as JSON')
    .action(async (options: { week: string; json?: true }) => {
      const week = parseWeek(options.week)
      const { breaches, report } = await check(week, config(), progress)
      if (options.json) out(JSON.stringify({ week, breaches, report }))
      else {
        out(figures(report.quality))
        out(breaches.length === 0 ? `${week}: nothing found` : breaches.map(({ check: name, detail }) => `${name}: ${detail}`).join('\n'))
      }
      if (breaches.length > 0) process.exitCode = 1
    })
}

async function check(
  week: Week,
  config: Config,
  tell: (text: string) => void,
): Promise<{ readonly breaches: readonly Breach[]; readonly report: FeaturesReport }> {
  const scratchDirectory = await mkdtemp(join(tmpdir(), 'matinee-check-'))
  const store = openStore(config.store)
  const source = new KnexSourceDatabase(config.database, config.timeZone, { names: config.columnMapping })
  const events = config.events && new KnexSourceDatabase(config.events, config.timeZone, { names: eventTableNames })
  const columns = new DuckDbEngine({ memoryMib: config.memoryMib, threads: config.trainingThreads, scratchDirectory })
  const ports = { store, source, columns, progress: { heartbeat: () => {}, signal: new AbortController().signal } }
  try {
    await source.checkTables(sourceTableNames)
    const extracts = []
    for (const name of sourceTableNames) {
      const extract = await extractTable({ week, table: name }, ports)
      tell(`${name}: ${extract.rows} rows`)
      extracts.push(extract)
    }
    const told = await extractEvents({ week }, { ...ports, events })
    if (told !== null) {
      tell(`events: ${told.rows} rows`)
      extracts.push(told)
    }
    const features = await preprocess({ week, extracts }, ports)
    const clock = { now: () => Date.now() }
    const breaches = await checkData(features, { store, source, clock, timeZone: config.timeZone, thresholds: config.gate })
    return { breaches, report: await readDocument(store, FeaturesReport, storeKeys.features(week, features.digest, 'report.json')) }
  } finally {
    await source.close()
    await events?.close()
    await rm(scratchDirectory, { recursive: true, force: true })
  }
}

function figures({ viewings, clicks }: DataQuality): string {
  const row = (figure: string, of: (log: LogQuality) => number | string): Record<string, string> => ({
    figure,
    viewings: String(of(viewings)),
    clicks: String(of(clicks)),
  })
  const reasons = [...new Set([...Object.keys(viewings.fates), ...Object.keys(clicks.fates)])]
  return table([
    row('rows', ({ rows }) => rows),
    ...reasons.map((reason) => row(reason.replace('_', ' '), ({ fates }) => fates[reason] ?? 0)),
    row('repeats', ({ repeats }) => repeats),
    row('unknown programmes', ({ unknown_programs }) => unknown_programs),
    row('unknown users', ({ unknown_users }) => unknown_users),
    row('days without rows', ({ days_without_rows }) => days_without_rows.length),
    row('usable rows by week', ({ weeks }) => weeks.map(({ rows }) => rows).join(' ')),
  ])
}
