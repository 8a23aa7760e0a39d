/** Folders of a test process, which go with it, or, should it be killed, with a later one. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const namePattern = /^matinee-test-(\d+)-/

let root: string | undefined

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

/** One folder a process, with those of dead processes swept away first. */
function rootFolder(): string {
  if (root !== undefined) return root
  for (const name of readdirSync(tmpdir())) {
    const pid = Number(namePattern.exec(name)?.[1])
    if (pid > 0 && !isRunning(pid)) rmSync(join(tmpdir(), name), { recursive: true, force: true })
  }
  const folder = mkdtempSync(join(tmpdir(), `matinee-test-${process.pid}-`))
  // Servers that end only now may still write: then the rest goes next time.
  process.once('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }))
  root = folder
  return folder
}

/** An empty folder. Its path is short enough for a Unix socket in it. */
export function temporaryFolder(name: string): Promise<string> {
  return mkdtemp(join(rootFolder(), `${name}-`))
}
