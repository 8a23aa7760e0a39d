/** `node test/support/install-tools.ts`: brings what the tests need before the first of them runs, or names all that is missing. */
import { reasonOf } from '../../src/adapters/tools/programs.ts'
import { findChromium, findMariaDb, findMariaDbTool, findPython, findTemporalCli, findVersityGw } from './programs.ts'

const needed = [findMariaDb, () => findMariaDbTool('mariadb-install-db'), findChromium, findPython, findVersityGw, findTemporalCli]
for (const find of needed) {
  try {
    process.stdout.write(`${await find()}\n`)
  } catch (error) {
    process.stderr.write(`${reasonOf(error)}\n`)
    process.exitCode = 1
  }
}
