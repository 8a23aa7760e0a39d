/** Local files as streams: an object's way into one, and the pieces to read one in. */
import { createHash, randomUUID } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Transform, type Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

const largestPieceBytes = 1024 * 1024

/**
 * Of a file of so many bytes, for a stream's `highWaterMark`: a stream makes a buffer of that size for each reading, however little there is to
 * read, and V8 collects its whole heap when it has seen 64 MiB of them.
 */
export const pieceBytesOf = (fileBytes: number): number => Math.min(largestPieceBytes, Math.max(1, fileBytes))

/** Saves a stream and answers its digest. The file appears whole or not at all; its folder is created. */
export async function saveStream(source: Readable, path: string): Promise<{ readonly sha256: string; readonly sizeBytes: number }> {
  const hash = createHash('sha256')
  let sizeBytes = 0
  const digest = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk)
      sizeBytes += chunk.length
      done(null, chunk)
    },
  })
  await mkdir(dirname(path), { recursive: true })
  const part = `${path}.${randomUUID()}.part`
  try {
    await pipeline(source, digest, createWriteStream(part, { flags: 'wx' }))
    await rename(part, path)
  } catch (error) {
    await rm(part, { force: true })
    throw error
  }
  return { sha256: hash.digest('hex'), sizeBytes }
}
