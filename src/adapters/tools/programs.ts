/** Programs of this machine: where they are, and running one to its end. */
import { execFile } from 'node:child_process'
import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { delimiter, isAbsolute, join } from 'node:path'
import { promisify } from 'node:util'
import type { Environment } from '../../config/environment.ts'

const run = promisify(execFile)

/** Told of each step that takes long, one line at a time. */
export type Log = (line: string) => void

/** Where downloads and builds are kept, outside of any clone: `$XDG_CACHE_HOME/matinee`, or `~/.cache/matinee`. */
export function cacheFolder(environment: Environment): string {
  const base = environment['XDG_CACHE_HOME']
  return join(base !== undefined && isAbsolute(base) ? base : join(environment['HOME'] ?? homedir(), '.cache'), 'matinee')
}

export const executableName = (name: string): string => (process.platform === 'win32' ? `${name}.exe` : name)

export async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK)
    return (await stat(path)).isFile()
  } catch {
    return false
  }
}

/** The first executable of that name in the folders of `PATH`, then in `folders`. */
export async function findOnPath(name: string, environment: Environment, folders: readonly string[] = []): Promise<string | undefined> {
  for (const folder of [...(environment['PATH'] ?? '').split(delimiter), ...folders]) {
    const path = join(folder, executableName(name))
    if (isAbsolute(folder) && (await isExecutable(path))) return path
  }
  return undefined
}

/** What a short-lived program printed. @throws when it is missing, fails, or takes longer than `limitMs`. */
export async function outputOf(command: string, args: readonly string[], environment: Environment, limitMs = 10_000): Promise<string> {
  const { stdout } = await run(command, args, { env: environment, timeout: limitMs, killSignal: 'SIGKILL', maxBuffer: 64 * 1024 * 1024 })
  return stdout
}

/** One line of whatever went wrong, for a list of the ways that were tried. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const deepest = error.cause instanceof Error && error.cause.message !== '' ? error.cause : error
  return deepest.message.trim().split('\n').at(-1)?.trim() ?? deepest.name
}
