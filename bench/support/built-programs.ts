/** The programs as an image has them: built, of the sources as they are now. */
import { spawnSync } from 'node:child_process'
import { copyFile, mkdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { MatineeError } from '../../src/contracts/errors.ts'
import { projectFile } from '../../src/project-files.ts'

/** Answers the path of the command line's module. @throws MatineeError `internal` where the sources cannot be built. */
export function buildPrograms(): string {
  const { status } = spawnSync(process.execPath, [projectFile('scripts/build.mjs')], { stdio: ['ignore', 'ignore', 'inherit'] })
  if (status !== 0) throw new MatineeError('internal', 'the programs cannot be built, see above')
  return projectFile('dist/programs/main.js')
}

/** Builds them, and lays them out below a new folder, as an image does, without sources beside them. Answers the path of bin/matinee.mjs there. */
export async function installPrograms(folder: string): Promise<string> {
  buildPrograms()
  const command = join(folder, 'bin/matinee.mjs')
  await mkdir(join(folder, 'bin'), { recursive: true })
  await copyFile(projectFile('bin/matinee.mjs'), command)
  await symlink(projectFile('dist'), join(folder, 'dist'))
  return command
}
