/** A Python environment with exactly the packages of a requirements file, made once and kept in the cache folder. */
import { createHash } from 'node:crypto'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { withFileLock } from '../../src/adapters/tools/file-lock.ts'
import { cacheFolder, outputOf, reasonOf } from '../../src/adapters/tools/programs.ts'
import { MatineeError } from '../../src/contracts/errors.ts'
import { findPython, succeeds } from './programs.ts'

const environment = process.env
const installLimitMs = 900_000

/** Folder of its programs. @throws MatineeError `tool_missing`. */
export async function pythonEnvironment(requirementsPath: string): Promise<string> {
  const requirements = await readFile(requirementsPath, 'utf8')
  const folder = join(cacheFolder(environment), `python-${createHash('sha256').update(requirements).digest('hex').slice(0, 12)}`)
  const programs = join(folder, process.platform === 'win32' ? 'Scripts' : 'bin')
  await mkdir(cacheFolder(environment), { recursive: true })
  await withFileLock(`${folder}.lock`, async () => {
    if (await isComplete(folder, programs)) return
    await rm(folder, { recursive: true, force: true })
    const python = await findPython()
    process.stderr.write(`Installing the packages of ${requirementsPath} into ${folder}\n`)
    try {
      // A pip that is there already installs for others too; to bring one takes seconds.
      const hasPip = await succeeds(python, ['-m', 'pip', '--python', python, '--version'])
      await outputOf(python, ['-m', 'venv', ...(hasPip ? ['--without-pip'] : []), folder], environment, installLimitMs)
      const own = join(programs, 'python')
      const pip = hasPip ? ['-m', 'pip', '--python', own] : ['-m', 'pip']
      // Most modules are never imported: each is compiled when it is.
      const install = ['install', '--quiet', '--no-compile', '--requirement', requirementsPath]
      await outputOf(hasPip ? python : own, [...pip, ...install], environment, installLimitMs)
    } catch (cause) {
      throw new MatineeError(
        'tool_missing',
        `the packages of ${requirementsPath} could not be installed (${reasonOf(cause)}); check the network, then run the tests again`,
        { cause },
      )
    }
    await writeFile(join(folder, completeMark), '')
  })
  return programs
}

/** Written last: without it an installation was broken off. */
const completeMark = 'complete'

/** False also where the Python that it was made with is gone. */
async function isComplete(folder: string, programs: string): Promise<boolean> {
  try {
    await readFile(join(folder, completeMark))
    await outputOf(join(programs, 'python'), ['-c', ''], environment)
    return true
  } catch {
    return false
  }
}
