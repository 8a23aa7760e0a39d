/**
 * The object store as a folder: a key is a path, so that any tool can read what lies there.
 *
 * - A write goes to a temporary file, is flushed to the disk, and is renamed into place: readers, and a machine that
 *   loses power, see the old object or the new one.
 * - Whether a precondition holds is decided, and the file renamed, under one lock for the whole store (file-lock.ts),
 *   which ends with the process that holds it. Nothing else happens under it.
 * - `.writing/` holds the lock and the temporary files; keys cannot begin with a dot, so it is never listed.
 *
 * Unlike S3, a key cannot also be the beginning of another (`a` beside `a/b`), and the file system must have POSIX
 * locks. Where it does not tell upper from lower case or recomposes Hangul (macOS), such keys are one key here.
 */
import { createHash, randomUUID } from 'node:crypto'
import { createReadStream, type BigIntStats, type Dirent } from 'node:fs'
import { mkdir, open, readdir, rename, rm, rmdir, stat, type FileHandle } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { MatineeError } from '../../contracts/errors.ts'
import type { ObjectEntry, ObjectStore, Precondition, ReadOptions, StoredObject, WriteOptions, WriteResult } from '../../contracts/ports.ts'
import { withFileLock } from '../tools/file-lock.ts'
import { compareKeys, requireKey, requirePrefix } from './keys.ts'
import { pieceBytesOf, saveStream } from './local-file.ts'

/** Objects up to here are told apart by their content, larger ones by their file: hashing them for a listing would take seconds. */
const hashedUpToBytes = 1024 * 1024

/** A temporary file that nobody has written to for this long was left by a writer that was killed. */
const abandonedAfterMs = 60 * 60 * 1000

const lockLimitMs = 60_000

export class DirectoryObjectStore implements ObjectStore {
  readonly location: string
  readonly #root: string
  readonly #writing: string
  #prepared: Promise<void> | undefined

  /** @param path the folder, created by the first write */
  constructor(path: string) {
    this.#root = resolve(path)
    this.#writing = join(this.#root, '.writing')
    this.location = `file:${this.#root}`
  }

  async read(key: string, { shared = false }: ReadOptions = {}): Promise<StoredObject | undefined> {
    return this.#withObject(key, async (file) => {
      const state = await file.stat({ bigint: true })
      const body = shared ? await readShared(file, Number(state.size)) : await file.readFile()
      if (body.length !== Number(state.size)) throw new Error('it was changed in place while being read')
      return { body, entityTag: await tagOf(state, async () => body) }
    })
  }

  async stat(key: string): Promise<ObjectEntry | undefined> {
    return this.#withObject(key, (file) => entryOf(file, key))
  }

  async download(key: string, path: string): Promise<{ readonly sha256: string; readonly sizeBytes: number }> {
    const saved = await this.#withObject(key, async (file) => {
      const { size } = await file.stat()
      return saveStream(file.createReadStream({ autoClose: false, highWaterMark: pieceBytesOf(size) }), path)
    })
    if (saved === undefined) throw new MatineeError('store_missing', `${key} is not in ${this.location}`, { details: { key } })
    return saved
  }

  async write(key: string, body: Uint8Array | string, options: WriteOptions = {}): Promise<WriteResult> {
    return this.#put(key, (file) => file.writeFile(body), options.precondition)
  }

  async upload(key: string, path: string, options: WriteOptions = {}): Promise<WriteResult> {
    const copy = async (file: FileHandle): Promise<void> => {
      const { size } = await stat(path)
      await file.writeFile(createReadStream(path, { highWaterMark: pieceBytesOf(size) }))
    }
    return this.#put(key, copy, options.precondition)
  }

  async *list(prefix: string): AsyncIterable<ObjectEntry> {
    requirePrefix(prefix)
    const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1)
    for await (const key of this.#walk(folder, prefix)) {
      const entry = await this.stat(key)
      if (entry !== undefined) yield entry
    }
  }

  async remove(key: string): Promise<void> {
    const path = this.#pathOf(key)
    await this.#guard(key, async () => {
      if ((await this.stat(key)) === undefined) return
      await this.#locked(async () => {
        await rm(path, { force: true })
        await this.#removeEmptyFolders(dirname(path))
      })
    })
  }

  #pathOf(key: string): string {
    requireKey(key)
    return join(this.#root, ...key.split('/'))
  }

  async #withObject<T>(key: string, use: (file: FileHandle) => Promise<T>): Promise<T | undefined> {
    const path = this.#pathOf(key)
    return this.#guard(key, async () => {
      const file = await openIfThere(path)
      if (file === undefined) return undefined
      try {
        return (await file.stat()).isFile() ? await use(file) : undefined
      } finally {
        await file.close()
      }
    })
  }

  async #put(key: string, fill: (file: FileHandle) => Promise<void>, precondition: Precondition | undefined): Promise<WriteResult> {
    const path = this.#pathOf(key)
    return this.#guard(key, async () => {
      await this.#ready()
      const temporary = join(this.#writing, randomUUID())
      try {
        const entityTag = await writeThrough(temporary, fill, key)
        const written = await this.#locked(async () => {
          if (precondition !== undefined && !holds(precondition, await this.stat(key))) return false
          await mkdir(dirname(path), { recursive: true })
          await rename(temporary, path)
          return true
        })
        if (!written) return { written }
        await syncFolder(dirname(path))
        return { written, entityTag }
      } finally {
        await rm(temporary, { force: true })
      }
    })
  }

  async #locked<T>(work: () => Promise<T>): Promise<T> {
    await this.#ready()
    return withFileLock(join(this.#writing, 'lock'), work, { signal: AbortSignal.timeout(lockLimitMs) })
  }

  #ready(): Promise<void> {
    return (this.#prepared ??= this.#prepare())
  }

  /** Once: the folder for temporary files, without those that killed writers left. */
  async #prepare(): Promise<void> {
    try {
      await mkdir(this.#writing, { recursive: true })
      for (const name of await readdir(this.#writing)) {
        const path = join(this.#writing, name)
        const state = name === 'lock' ? undefined : await stat(path).catch(() => undefined)
        if (state !== undefined && Date.now() - state.mtimeMs > abandonedAfterMs) await rm(path, { force: true })
      }
    } catch (error) {
      this.#prepared = undefined
      throw error
    }
  }

  async #removeEmptyFolders(from: string): Promise<void> {
    for (let folder = from; folder !== this.#root; folder = dirname(folder)) {
      try {
        await rmdir(folder)
      } catch {
        return // not empty
      }
    }
  }

  /** Keys below `folder` (empty, or ending with a slash) that begin with `prefix`, in byte order. */
  async *#walk(folder: string, prefix: string): AsyncIterable<string> {
    const entries = await this.#guard(folder, () => entriesIfThere(join(this.#root, folder)))
    const names = entries
      .filter((entry) => !entry.name.startsWith('.') && (entry.isFile() || entry.isDirectory()))
      // A folder's keys go on with a slash, so that is what its name is compared with.
      .map((entry) => `${folder}${entry.name}${entry.isDirectory() ? '/' : ''}`)
      .toSorted(compareKeys)
    for (const name of names) {
      if (!name.startsWith(prefix) && !prefix.startsWith(name)) continue
      if (name.endsWith('/')) yield* this.#walk(name, prefix)
      else if (name.startsWith(prefix)) yield name
    }
  }

  /** Turns the file system's refusals into ours. */
  async #guard<T>(key: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (cause) {
      if (cause instanceof MatineeError) throw cause
      const details = { key }
      switch (codeOf(cause)) {
        case 'EACCES':
        case 'EPERM':
        case 'EROFS':
          throw new MatineeError('store_denied', `${this.location}: no permission for ${key}; let this user read and write there`, {
            cause,
            details,
          })
        case 'EEXIST':
        case 'EISDIR':
        case 'ENOTDIR':
        case 'ENOTEMPTY':
          throw new MatineeError('request_invalid', `${key} cannot be in ${this.location}: a key there begins with it, or it with a key`, {
            cause,
            details,
          })
        case 'ENOSPC':
        case 'EDQUOT':
          throw new MatineeError('store_unreachable', `${this.location}: the disk is full; ${key} was not written`, { cause, details })
        default:
          throw new MatineeError(
            'store_unreachable',
            `${this.location}: ${key}: ${cause instanceof Error ? cause.message : String(cause)}`,
            {
              cause,
              details,
            },
          )
      }
    }
  }
}

const codeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : undefined)

const isMissing = (error: unknown): boolean => codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR'

/** At most so many bytes, fewer where the file has become shorter. */
async function readShared(file: FileHandle, sizeBytes: number): Promise<Uint8Array> {
  const body = new Uint8Array(new SharedArrayBuffer(sizeBytes))
  let filled = 0
  while (filled < sizeBytes) {
    const { bytesRead } = await file.read(body, filled, sizeBytes - filled, filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return body.subarray(0, filled)
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r')
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

async function entriesIfThere(path: string): Promise<readonly Dirent[]> {
  try {
    return await readdir(path, { withFileTypes: true })
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
}

const holds = (precondition: Precondition, there: ObjectEntry | undefined): boolean =>
  'absent' in precondition ? there === undefined : there?.entityTag === precondition.entityTag

/** An open file is one object for good: a write puts another file in its place. `content` is asked for only where it counts. */
async function tagOf(state: BigIntStats, content: () => Promise<Uint8Array>): Promise<string> {
  if (state.size > hashedUpToBytes) return `${state.size}-${state.ino}-${state.mtimeNs}`
  return createHash('sha256')
    .update(await content())
    .digest('hex')
}

async function entryOf(file: FileHandle, key: string): Promise<ObjectEntry> {
  const state = await file.stat({ bigint: true })
  return { key, sizeBytes: Number(state.size), entityTag: await tagOf(state, () => file.readFile()) }
}

/** Writes a new file that survives a power cut, and answers the entity tag it will have. */
async function writeThrough(path: string, fill: (file: FileHandle) => Promise<void>, key: string): Promise<string> {
  const file = await open(path, 'wx')
  try {
    await fill(file)
    await file.sync()
  } finally {
    await file.close()
  }
  const written = await open(path, 'r')
  try {
    return (await entryOf(written, key)).entityTag
  } finally {
    await written.close()
  }
}

/** A rename is on the disk when its folder is. Where folders cannot be flushed (Windows), the system sees to it. */
async function syncFolder(path: string): Promise<void> {
  try {
    const folder = await open(path, 'r')
    try {
      await folder.sync()
    } finally {
      await folder.close()
    }
  } catch {
    // renamed all the same
  }
}
