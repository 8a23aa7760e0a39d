/**
 * A lock between processes that cannot be left behind: SQLite's write lock on an empty database file. The system drops
 * it with the process that held it, so there is no stale lock to guess about and no process id to trust.
 * Nothing is ever written to the file. Not for network file systems without POSIX locks.
 */
import Database from 'libsql'
import { setTimeout as delay } from 'node:timers/promises'

const longestWaitMs = 50

const isBusy = (error: unknown): boolean => error instanceof Error && 'code' in error && String(error.code).startsWith('SQLITE_BUSY')

/**
 * Runs `work` while holding the lock at `path`; its folder must exist. Waits as long as `signal` lets it.
 * @param onWait called once, when another process holds the lock
 * @throws the signal's reason once it aborts while waiting.
 */
export async function withFileLock<T>(
  path: string,
  work: () => T | Promise<T>,
  options: { readonly signal?: AbortSignal; readonly onWait?: () => void } = {},
): Promise<T> {
  const database = new Database(path, { timeout: 0 })
  try {
    database.exec('PRAGMA journal_mode = MEMORY') // no journal file beside it
    let waitMs = 1
    for (let attempt = 0; ; attempt++) {
      try {
        database.exec('BEGIN IMMEDIATE')
        break
      } catch (error) {
        if (!isBusy(error)) throw error
      }
      if (attempt === 0) options.onWait?.()
      await delay(waitMs * (0.5 + Math.random()), undefined, options.signal === undefined ? {} : { signal: options.signal })
      waitMs = Math.min(waitMs * 2, longestWaitMs)
    }
    return await work()
  } finally {
    database.close()
  }
}
