/** `node test/support/install-tools.ts`: brings what the tests need before the first of them runs, or names all that is missing. */
import { reasonOf } from '../../src/adapters/tools/programs.ts'
import { findChromium, findMariaDb, findMariaDbTool, findPython, findTemporalCli, findVersityGw, installMissing } from './programs.ts'

async function bring(finders: readonly (() => Promise<string>)[]): Promise<void> {
  for (const find of finders) {
    try {
      process.stdout.write(`${await find()}\n`)
    } catch (error) {
      process.stderr.write(`${reasonOf(error)}\n`)
      process.exitCode = 1
    }
  }
}

// Downloads beside compilers: the one waits for the network, the other for the processor.
await Promise.all([
  // Where it fails, what follows says of which program and why.
  installMissing()
    .catch(() => undefined)
    .then(() => bring([findMariaDb, () => findMariaDbTool('mariadb-install-db'), findChromium, findPython])),
  bring([findTemporalCli, findVersityGw]),
])
