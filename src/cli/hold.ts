/** `matinee approve` and `matinee reject`: the answer to a held run. */
import { Command } from 'commander'
import { userInfo } from 'node:os'
import { connectClient } from '../adapters/temporal/connect.ts'
import { answerHold, findRun } from '../adapters/temporal/runs.ts'
import type { CliContext } from './context.ts'

function answerCommand(context: CliContext, answer: 'approve' | 'reject', description: string): Command {
  const command = new Command(answer).description(description).argument('<run>', 'a week, a workflow id or a run id')
  if (answer === 'reject') command.requiredOption('--reason <text>', 'why; stays with the run')
  else command.option('--reason <text>', 'why; stays with the run', 'looked at and found right')
  return command
    .option('--by <name>', 'who answers', userInfo().username)
    .action(async (name: string, { by, reason }: { by: string; reason: string }) => {
      const client = await connectClient(context.config().temporal)
      try {
        context.out(await answerHold(await findRun(client, name), answer, by, reason))
      } finally {
        await client.connection.close()
      }
    })
}

export const approveCommand = (context: CliContext): Command => answerCommand(context, 'approve', 'Let a held run go on.')
export const rejectCommand = (context: CliContext): Command =>
  answerCommand(context, 'reject', 'End a held run; the model that serves stays.')
