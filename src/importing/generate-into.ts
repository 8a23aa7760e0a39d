import type { DatabaseLocation } from '../config/locations.ts'
import { parseWeek } from '../contracts/week.ts'
import { checkParameters, generate, generatedTables, type GenerateParameters } from './generate.ts'
import { loadTables, type LoadOptions, type RowCounts } from './load-tables.ts'

/** What the demo shows, and what `matinee generate` makes unless told otherwise. */
export const demoParameters: GenerateParameters = {
  users: 800,
  programs: 300,
  rows: 60_000,
  weeks: 12,
  seed: 1,
  end: parseWeek('2024-W01'),
}

/**
 * Fills the four source tables with generated logs, all or nothing.
 * @throws MatineeError `usage_invalid` for a parameter out of range, and what `loadTables` throws.
 */
export async function generateInto(
  location: DatabaseLocation,
  parameters: GenerateParameters,
  options: LoadOptions = {},
): Promise<RowCounts> {
  checkParameters(parameters) // before the database is touched
  return loadTables(location, generatedTables, generate(parameters), options)
}
