/** Tables in DuckDB: an in-memory database for one piece of work, closed after it. */
import { DuckDBDataChunk, DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api'
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { appendFile, mkdir, mkdtemp, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate as othersTurn } from 'node:timers/promises'
import { MatineeError } from '../../contracts/errors.ts'
import type { Cell, ColumnDatabase, ColumnEngine, ColumnFile } from '../../contracts/ports.ts'
import { pieceBytesOf } from '../object-store/local-file.ts'

export interface DuckDbOptions {
  /** What its tables and operators may take; what does not fit is moved to the scratch folder. */
  readonly memoryMib: number
  readonly threads: number
  /** Created when missing. Each open database has a folder of its own in it. */
  readonly scratchDirectory: string
}

/** DuckDB's own size of a chunk, which is the most that one holds. */
const CHUNK_ROWS = 2_048
/** Fixed, so that the bytes of a file never depend on a default that changes. */
const ROW_GROUP_ROWS = 122_880

export class DuckDbEngine implements ColumnEngine {
  readonly #options: DuckDbOptions

  constructor(options: DuckDbOptions) {
    this.#options = options
  }

  async open(signal: AbortSignal): Promise<DuckDbDatabase> {
    signal.throwIfAborted()
    const { memoryMib, threads, scratchDirectory } = this.#options
    await mkdir(scratchDirectory, { recursive: true })
    const folder = await mkdtemp(join(scratchDirectory, 'columns-'))
    const instance = await DuckDBInstance.create(':memory:', {
      memory_limit: `${memoryMib}MiB`,
      threads: String(threads),
      temp_directory: join(folder, 'spill'),
      // Extensions are downloads. What is used here is built in.
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
      allow_community_extensions: 'false',
    })
    return new DuckDbDatabase(instance, await instance.connect(), folder, memoryMib, signal)
  }
}

export class DuckDbDatabase implements ColumnDatabase {
  readonly #instance: DuckDBInstance
  readonly #connection: DuckDBConnection
  readonly #folder: string
  readonly #memoryMib: number
  readonly #signal: AbortSignal
  readonly #interrupt = (): void => this.#connection.interrupt()

  constructor(instance: DuckDBInstance, connection: DuckDBConnection, folder: string, memoryMib: number, signal: AbortSignal) {
    this.#instance = instance
    this.#connection = connection
    this.#folder = folder
    this.#memoryMib = memoryMib
    this.#signal = signal
    signal.addEventListener('abort', this.#interrupt)
  }

  scratchPath(name: string): string {
    return join(this.#folder, name)
  }

  async appendText(name: string, text: string): Promise<void> {
    this.#signal.throwIfAborted()
    await appendFile(this.scratchPath(name), text)
  }

  async discard(name: string): Promise<void> {
    await rm(this.scratchPath(name), { force: true })
  }

  async run(sql: string): Promise<void> {
    await this.#guard(() => this.#connection.run(sql))
  }

  async row(sql: string): Promise<Readonly<Record<string, Cell>>> {
    const reader = await this.#guard(() => this.#connection.runAndReadAll(sql))
    const [row, ...more] = reader.getRowObjectsJS()
    if (row === undefined || more.length > 0)
      throw new TypeError(`a query for one row gave ${more.length + (row === undefined ? 0 : 1)}: ${sql}`)
    return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, cell(value, name)]))
  }

  async append(table: string, batches: AsyncIterable<readonly (readonly Cell[])[]>): Promise<number> {
    let rows = 0
    await this.#guard(async () => {
      const appender = await this.#connection.createAppender(table)
      try {
        const types = Array.from({ length: appender.columnCount }, (_, column) => appender.columnType(column))
        for await (const columns of batches) {
          const size = columns[0]?.length ?? 0
          for (let start = 0; start < size; start += CHUNK_ROWS) {
            const end = Math.min(size, start + CHUNK_ROWS)
            const chunk = DuckDBDataChunk.create(types, end - start)
            chunk.setColumns(columns.map((column) => (end - start === size ? column : column.slice(start, end))))
            appender.appendDataChunk(chunk)
            this.#signal.throwIfAborted()
          }
          rows += size
        }
      } finally {
        appender.closeSync()
      }
    })
    return rows
  }

  async writeParquet(query: string, name: string): Promise<ColumnFile> {
    const path = this.scratchPath(name)
    const result = await this.#guard(() =>
      this.#connection.runAndReadAll(
        `copy (${query}) to ${sqlText(path)} (format parquet, compression snappy, row_group_size ${ROW_GROUP_ROWS})`,
      ),
    )
    return { path, rows: Number(result.getRowsJS()[0]?.[0]), ...(await digestFile(path, this.#signal)) }
  }

  /** Chunks of a query's result as they are made, in order. */
  async *stream(sql: string): AsyncIterable<DuckDBDataChunk> {
    const result = await this.#guard(() => this.#connection.stream(sql))
    while (true) {
      const chunk = await this.#guard(() => result.fetchChunk())
      if (chunk === null || chunk.rowCount === 0) return
      yield chunk
    }
  }

  async close(): Promise<void> {
    this.#signal.removeEventListener('abort', this.#interrupt)
    this.#connection.closeSync()
    this.#instance.closeSync()
    await rm(this.#folder, { recursive: true, force: true })
  }

  async #guard<T>(work: () => Promise<T>): Promise<T> {
    this.#signal.throwIfAborted()
    try {
      return await work()
    } catch (error) {
      this.#signal.throwIfAborted() // an interrupted query fails with a message of DuckDB's own
      if (error instanceof Error && error.message.startsWith('Out of Memory Error'))
        throw new MatineeError(
          'training_memory',
          `the tables do not fit into ${this.#memoryMib} MiB, even with what was moved to disk; raise MATINEE_MEMORY_MIB`,
          { cause: error },
        )
      throw error
    }
  }
}

/** A text as SQL writes it. */
export const sqlText = (text: string): string => `'${text.replaceAll("'", "''")}'`

function cell(value: unknown, column: string): Cell {
  if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value
  if (typeof value === 'bigint') return Number(value)
  throw new TypeError(`column ${column} is neither text, number nor boolean; cast it`)
}

/** SHA-256 of a file of any size; others have their turn after each piece. */
async function digestFile(path: string, signal: AbortSignal): Promise<{ sha256: string; sizeBytes: number }> {
  const hash = createHash('sha256')
  let sizeBytes = 0
  const { size } = await stat(path)
  for await (const piece of createReadStream(path, { highWaterMark: pieceBytesOf(size), signal })) {
    hash.update(piece as Buffer)
    sizeBytes += (piece as Buffer).length
    await othersTurn()
  }
  return { sha256: hash.digest('hex'), sizeBytes }
}
