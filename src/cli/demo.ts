/** `npm run demo`: the whole way on this machine, from nothing to an HTTP answer. */
import { Command, CommanderError } from 'commander'
import { MatineeError } from '../contracts/errors.ts'
import { Demo, type DemoOptions } from '../demo/demo.ts'

const program = new Command('npm run demo --')
  .description('Load data, retrain several weeks through Temporal, serve the result; stays up until Ctrl-C.')
  .option('--once', 'print ten recommendations for one user, stop everything, and end')
  .option('--data <kind>', 'synthetic or movielens', 'synthetic')
  .option('--path <dir>', 'folder of the MovieLens files, with --data movielens')
  .option('--weeks <n>', 'retrain the last N weeks of the data', '3')
  .option('--port <n>', 'port of API and web app (default 8080; with --once a free one)')
  .option('--state <dir>', 'where everything that lasts lies', '.matinee')
  .allowExcessArguments(false)
  .showHelpAfterError('(--help says how it is used)')
  .exitOverride()

function readOptions(): DemoOptions {
  const options = program.parse().opts<{ once?: true; data: string; path?: string; weeks: string; port?: string; state: string }>()
  if (options.data !== 'synthetic' && options.data !== 'movielens')
    throw wrong(`--data "${options.data}": synthetic and movielens are known`)
  if (options.data === 'movielens' && options.path === undefined)
    throw wrong('--data movielens needs --path DIR, the folder with the .inter, .item and .user files')
  if (options.data === 'synthetic' && options.path !== undefined) throw wrong('--path goes with --data movielens')
  return {
    once: options.once === true,
    data: options.path === undefined ? { kind: 'synthetic' } : { kind: 'movielens', path: options.path },
    weeks: wholeNumber('--weeks', options.weeks, 1, 520),
    port: options.port === undefined ? undefined : wholeNumber('--port', options.port, 1, 65_535),
    stateDirectory: options.state,
  }

  function wholeNumber(name: string, text: string, minimum: number, maximum: number): number {
    const value = Number(text)
    if (!/^\d+$/.test(text) || value < minimum || value > maximum)
      throw wrong(`${name} "${text}": a whole number from ${minimum} to ${maximum} is allowed`)
    return value
  }
}

const wrong = (message: string): MatineeError => new MatineeError('usage_invalid', message)

const say = (line: string): void => void process.stdout.write(`${line}\n`)

try {
  const demo = new Demo(readOptions(), say)
  const stop = (): void => demo.interrupt()
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
  process.on('SIGHUP', stop)
  await demo.run()
  process.exit(0)
} catch (error) {
  if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : 2)
  if (error instanceof MatineeError) {
    process.stderr.write(`demo: ${error.message}\n`)
    process.exit(error.kind.exitCode)
  }
  process.stderr.write(`demo: unexpected fault: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
  process.exit(1)
}
