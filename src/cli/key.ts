/** `matinee key create`: a new key, shown once, and the entry that makes the API know it. */
import { Argument, Command } from 'commander'
import { createHash, randomBytes } from 'node:crypto'
import { MatineeError } from '../contracts/errors.ts'
import type { CliContext } from './context.ts'

export function keyCommand(context: CliContext): Command {
  const create = new Command('create')
    .description('Make a key for the API; it is shown once and stored nowhere')
    .argument('NAME', 'who will use it; letters, digits, ".", "_", "-"')
    .addArgument(new Argument('ROLE', 'what it may do').choices(['read', 'write', 'admin']))
    .option('--json', 'print JSON')
    .action((name: string, role: string, options: { readonly json?: true }) => {
      if (!/^[\w.-]+$/.test(name)) throw new MatineeError('usage_invalid', `NAME "${name}": letters, digits, ".", "_" and "-" are allowed`)
      const key = `matinee_${randomBytes(32).toString('base64url')}`
      const entry = `${name}:${role}:${createHash('sha256').update(key).digest('hex')}`
      if (options.json === true) {
        context.out(JSON.stringify({ name, role, key, entry }))
        return
      }
      context.progress('The key is shown only now; hand it to its user. The second line goes into MATINEE_API_KEYS, comma separated.')
      context.out(`key    ${key}`)
      context.out(`entry  ${entry}`)
    })
  return new Command('key').description('Keys of the API').addCommand(create)
}
