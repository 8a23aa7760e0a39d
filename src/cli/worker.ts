/** `matinee worker`: runs workflows and activities until it is told to stop. */
import { Command } from 'commander'
import { runWorker } from '../worker/worker.ts'
import type { CliContext } from './context.ts'

export function workerCommand({ config }: CliContext): Command {
  return new Command('worker').description('Run workflows and activities until Ctrl-C or SIGTERM.').action(() => runWorker(config()))
}
