/** `npm run bench -- NAME [flags]`: runs the benchmark `bench/NAME.ts`. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { MatineeError } from '../src/contracts/errors.ts'

/** What a benchmark exports. */
interface Benchmark {
  readonly run: (args: readonly string[]) => Promise<void>
}

const folder = import.meta.dirname
const names = readdirSync(folder)
  .filter((file) => file.endsWith('.ts') && file !== 'main.ts')
  .map((file) => file.slice(0, -'.ts'.length))

const [name = '', ...args] = process.argv.slice(2)
if (!names.includes(name)) {
  process.stderr.write(
    `bench: there is no benchmark "${name}"; there are ${names.join(', ')}: npm run bench -- ${names[0] ?? 'NAME'} --help\n`,
  )
  process.exitCode = 2
} else {
  try {
    const benchmark = (await import(join(folder, `${name}.ts`))) as Benchmark
    await benchmark.run(args)
  } catch (error) {
    if (!(error instanceof MatineeError)) throw error
    process.stderr.write(`bench: ${error.message}\n`)
    process.exitCode = error.kind.exitCode
  }
}
