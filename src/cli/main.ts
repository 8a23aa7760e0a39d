/** `matinee COMMAND`: joins the commands, and turns errors into one line and an exit code. */
import { Command, CommanderError } from 'commander'
import { existsSync } from 'node:fs'
import { environmentWithFiles, readConfig, type Config } from '../config/environment.ts'
import { MatineeError } from '../contracts/errors.ts'
import type { CliContext } from './context.ts'

const program = new Command('matinee')
  .description('Weekly, durable retraining of a video-on-demand recommender.')
  .option(
    '--environment <path>',
    'read configuration from this file too, below the environment and .env (none: no file)',
    '.matinee/demo.env',
  )
  .showHelpAfterError('(--help says how it is used)')
  .exitOverride()

let config: Config | undefined
const context: CliContext = {
  config: () => (config ??= readConfig(environmentWithFiles(['.env', environmentFile()]))),
  out: (text) => void process.stdout.write(`${text}\n`),
  progress: (text) => void process.stderr.write(`${text}\n`),
}

/** Loaded by name: a command waits for its own libraries only. In the order of the help. */
const commands: Readonly<Record<string, () => Promise<(context: CliContext) => Command>>> = {
  worker: async () => (await import('./worker.ts')).workerCommand,
  api: async () => (await import('./api.ts')).apiCommand,
  schedule: async () => (await import('./schedule.ts')).scheduleCommand,
  run: async () => (await import('./run.ts')).runCommand,
  runs: async () => (await import('./run.ts')).runsCommand,
  status: async () => (await import('./run.ts')).statusCommand,
  cancel: async () => (await import('./run.ts')).cancelCommand,
  approve: async () => (await import('./hold.ts')).approveCommand,
  reject: async () => (await import('./hold.ts')).rejectCommand,
  models: async () => (await import('./models.ts')).modelsCommand,
  import: async () => (await import('./import.ts')).importCommand,
  generate: async () => (await import('./generate.ts')).generateCommand,
  evaluate: async () => (await import('./evaluate.ts')).evaluateCommand,
  questionnaire: async () => (await import('./questionnaire.ts')).questionnaireCommand,
  key: async () => (await import('./key.ts')).keyCommand,
  config: async () => (await import('./config.ts')).configCommand,
  'check-data': async () => (await import('./check-data.ts')).checkDataCommand,
  'late-data': async () => (await import('./late-data.ts')).lateDataCommand,
  doctor: async () => (await import('./doctor.ts')).doctorCommand,
}

const asked = process.argv.slice(2).find((argument) => Object.hasOwn(commands, argument))
const wanted = asked === undefined ? Object.keys(commands) : [asked]
for (const name of wanted) {
  const make = await commands[name]?.()
  if (make !== undefined) program.addCommand(inheritSettings(make(context)))
}

/** A file that was asked for must be there; the demo's is there while it runs. */
function environmentFile(): string {
  const { environment } = program.opts<{ environment: string }>()
  if (program.getOptionValueSource('environment') === 'cli' && environment !== 'none' && !existsSync(environment))
    throw new MatineeError('usage_invalid', `--environment ${environment}: there is no such file`)
  return environment
}

/** Sub-commands made elsewhere take over how the program ends and what it says after a wrong use. */
function inheritSettings(command: Command): Command {
  command.copyInheritedSettings(program)
  command.commands.forEach((child) => child.copyInheritedSettings(program))
  return command
}

try {
  await program.parseAsync()
} catch (error) {
  process.exitCode = report(error)
}

function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2 // commander has said it already
  if (error instanceof MatineeError) {
    context.progress(`matinee: ${error.message}`)
    return error.kind.exitCode
  }
  context.progress(`matinee: unexpected fault: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
  return 1
}
