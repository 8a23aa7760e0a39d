/** Ids of users or titles and their positions, off the heap: each collection of garbage would look at hundreds of thousands of strings. */
import { setImmediate as breathe } from 'node:timers/promises'
import { IdIndex, type IdTable } from '../model/sparse/id-index.ts'
import { corrupt } from './watched-pairs.ts'

const idsASlice = 20_000
/** About; longer ones make the index grow. */
const bytesAnId = 12
/** For the bytes of an id that is looked for. */
const scratch = Buffer.allocUnsafe(16_384)

export class Ids {
  readonly #index: IdIndex

  /** @param table see `table`; kept */
  constructor(table: IdTable) {
    this.#index = new IdIndex(table)
  }

  /** In slices that leave the event loop free in between. @throws MatineeError `store_corrupt` naming an id that stands twice. */
  static async of(ids: readonly string[], key: string): Promise<Ids> {
    const index = IdIndex.sized(ids.length, bytesAnId * ids.length)
    for (const [position, id] of ids.entries()) {
      inBytes(id, (bytes, length) => index.positionOf(bytes, 0, length))
      if (index.count <= position) throw corrupt(key, `id "${id}" stands twice`)
      if (position % idsASlice === idsASlice - 1) await breathe()
    }
    return new Ids(index.table())
  }

  get count(): number {
    return this.#index.count
  }

  /** What another thread makes the same of. */
  table(): IdTable {
    return this.#index.table()
  }

  positionOf(id: string): number | undefined {
    return inBytes(id, (bytes, length) => this.#index.find(bytes, 0, length))
  }

  /** The first that begin so, by position; looks at all. */
  startingWith(prefix: string, count: number): readonly string[] {
    return this.#index.startingWith(Buffer.from(prefix), count).map((bytes) => Buffer.from(bytes).toString())
  }
}

function inBytes<Result>(id: string, use: (bytes: Uint8Array, length: number) => Result): Result {
  if (3 * id.length <= scratch.length) return use(scratch, scratch.write(id))
  const bytes = Buffer.from(id)
  return use(bytes, bytes.length)
}
