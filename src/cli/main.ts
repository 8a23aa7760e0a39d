/** `matinee COMMAND`: joins the commands, and turns errors into one line and an exit code. */
import { Command, CommanderError } from 'commander'
import { environmentWithFiles, readConfig, type Config } from '../config/environment.ts'
import { MatineeError } from '../contracts/errors.ts'
import { apiCommand } from './api.ts'
import { configCommand } from './config.ts'
import type { CliContext } from './context.ts'
import { doctorCommand } from './doctor.ts'
import { generateCommand } from './generate.ts'
import { approveCommand, rejectCommand } from './hold.ts'
import { importCommand } from './import.ts'
import { keyCommand } from './key.ts'
import { modelsCommand } from './models.ts'
import { cancelCommand, runCommand, runsCommand, statusCommand } from './run.ts'
import { scheduleCommand } from './schedule.ts'
import { workerCommand } from './worker.ts'

const program = new Command('matinee')
  .description('Weekly, durable retraining of a video-on-demand recommender.')
  .option('--environment <path>', 'read configuration from this file too (below the environment and .env)', '.matinee/demo.env')
  .showHelpAfterError('(--help says how it is used)')
  .exitOverride()

let config: Config | undefined
const context: CliContext = {
  config: () => (config ??= readConfig(environmentWithFiles(['.env', program.opts<{ environment: string }>().environment]))),
  out: (text) => void process.stdout.write(`${text}\n`),
  progress: (text) => void process.stderr.write(`${text}\n`),
}

const commands = [
  workerCommand, apiCommand, scheduleCommand, runCommand, runsCommand, statusCommand, cancelCommand, approveCommand, rejectCommand,
  keyCommand, modelsCommand, importCommand, generateCommand, configCommand, doctorCommand,
] // prettier-ignore
for (const command of commands) program.addCommand(inheritSettings(command(context)))

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
