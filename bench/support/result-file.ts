/** `bench/results/NAME-DATE.json`: what a benchmark measured, with the machine, the date and the versions of what it compared. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, platform, arch, totalmem } from 'node:os'
import { join } from 'node:path'

const folder = join(import.meta.dirname, '../results')

export interface ResultFile<Row> {
  readonly name: string
  /** Whose exact versions belong to the result. */
  readonly requirementsPath: string
  readonly rows: readonly Row[]
  /** Of the same day's file, a row that a new one takes the place of. */
  readonly replaces: (old: Row, row: Row) => boolean
}

/** Rows of the same day that this run did not measure stay. Tells where it was written. */
export function writeResult<Row>({ name, requirementsPath, rows, replaces }: ResultFile<Row>): void {
  const [processor] = cpus()
  const date = new Date().toISOString().slice(0, 10)
  const path = join(folder, `${name}-${date}.json`)
  const requirements = readFileSync(requirementsPath, 'utf8').split('\n')
  const versions = requirements.filter((line) => line.includes('==')).map((line) => line.split('==') as [string, string])
  const before = existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as { readonly rows: readonly Row[] }).rows : []
  const kept = before.filter((old) => !rows.some((row) => replaces(old, row)))
  const result = {
    date,
    machine: {
      processor: processor?.model ?? 'unknown',
      cores: cpus().length,
      memoryGiB: Math.round(totalmem() / 2 ** 30),
      system: `${platform()} ${arch()}`,
    },
    versions: { node: process.versions.node, ...Object.fromEntries(versions) },
    rows: [...kept, ...rows],
  }
  mkdirSync(folder, { recursive: true })
  writeFileSync(path, `${JSON.stringify(result, undefined, 2)}\n`)
  process.stdout.write(`\nwritten: bench/results/${name}-${date}.json\n`)
}
