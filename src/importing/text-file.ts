/** Reading text files that people hand in: exact, streamed, and with errors that name the file. */
import { createReadStream } from 'node:fs'
import { MatineeError } from '../contracts/errors.ts'

/**
 * The text of a UTF-8 file in pieces, without its byte order mark.
 * @throws MatineeError `import_invalid` where the file is missing or is not UTF-8.
 */
export async function* readText(path: string): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  const decode = (bytes?: Uint8Array): string => {
    try {
      return bytes === undefined ? decoder.decode() : decoder.decode(bytes, { stream: true })
    } catch (cause) {
      throw new MatineeError('import_invalid', `${path} is not UTF-8; convert it first (iconv -t UTF-8)`, { cause })
    }
  }
  try {
    for await (const bytes of createReadStream(path, { highWaterMark: 1 << 18 })) yield decode(bytes as Uint8Array)
  } catch (cause) {
    if (cause instanceof MatineeError) throw cause
    const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause)
    throw new MatineeError('import_invalid', reason === 'ENOENT' ? `${path} is missing` : `cannot read ${path}: ${reason}`, { cause })
  }
  yield decode()
}

/** Lines of a file without their ends, in batches; a last empty line is none. Line 1 is the first of the first batch. */
export async function* readLines(path: string): AsyncGenerator<readonly string[]> {
  let rest = ''
  for await (const text of readText(path)) {
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    if (lines.length > 0) yield lines.map(withoutReturn)
  }
  if (rest !== '') yield [withoutReturn(rest)]
}

const withoutReturn = (line: string): string => (line.endsWith('\r') ? line.slice(0, -1) : line)
