/**
 * Answered questionnaires from CSV (plain or gzip) into the object store: lines of answers with the label last. The data set is
 * immutable and named by its digest; the last step is one conditional write that makes it the current one. A file with a bad line
 * leaves everything as it was.
 */
import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { basename } from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { parseDocument } from '../contracts/documents.ts'
import { MatineeError } from '../contracts/errors.ts'
import type { Clock, ObjectStore } from '../contracts/ports.ts'
import { defaultQuestionnaire } from '../contracts/questionnaire-default.ts'
import { answerCounts, checkDefinition, QuestionnaireCurrent, QuestionnaireDefinition } from '../contracts/questionnaire.ts'
import { questionnaireKeys } from '../contracts/store-keys.ts'
import { createOnce, documentText, readDocument, updateDocument } from '../contracts/stored-documents.ts'
import { encodeSafetensors } from '../model/artifact/safetensors.ts'

/** Of further bad lines the numbers are named, so many at most. */
const NAMED_LINES = 5
/** Ordinary lines have some ten bytes; a file without line ends is something else. */
const LONGEST_LINE_BYTES = 4096
const LINE_END = 0x0a
const RETURN = 0x0d
const COMMA = 0x2c
const ZERO = 0x30

/**
 * Reads all of a file, then stores it.
 * @param definitionPath a JSON file; without it the definition of the import before stays, or the default holds
 * @throws MatineeError `import_invalid` naming the file, the line and the reason; nothing is stored then.
 */
export async function importQuestionnaire(
  store: ObjectStore,
  path: string,
  clock: Clock,
  definitionPath?: string,
): Promise<QuestionnaireCurrent> {
  const definition = definitionPath === undefined ? await definitionInForce(store) : await readDefinition(definitionPath)
  const { answers, labels } = await readAnswers(path, definition)

  const bytes = encodeSafetensors(
    new Map([
      ['answers', { shape: [labels.length, definition.questions.length], data: answers }],
      ['labels', { shape: [labels.length], data: labels }],
    ]),
  )
  const definitionText = documentText(definition)
  const current: QuestionnaireCurrent = {
    data: digestOf(bytes),
    definition: digestOf(definitionText),
    rows: labels.length,
    imported_at: new Date(clock.now()).toISOString(),
    source: basename(path),
  }
  await createOnce(store, questionnaireKeys.definition(current.definition), definitionText)
  await createOnce(store, questionnaireKeys.data(current.data), bytes, 'application/octet-stream')
  await updateDocument(store, QuestionnaireCurrent, questionnaireKeys.current, () => current)
  return current
}

const digestOf = (content: Uint8Array | string): string => createHash('sha256').update(content).digest('hex')

async function definitionInForce(store: ObjectStore): Promise<QuestionnaireDefinition> {
  const stored = await store.read(questionnaireKeys.current)
  if (stored === undefined) return defaultQuestionnaire
  const { definition } = parseDocument(QuestionnaireCurrent, stored.body, questionnaireKeys.current)
  return readDocument(store, QuestionnaireDefinition, questionnaireKeys.definition(definition))
}

/** @throws MatineeError `import_invalid` naming the place in the file that is wrong. */
async function readDefinition(path: string): Promise<QuestionnaireDefinition> {
  const parts: Uint8Array[] = []
  for await (const part of bytesOf(path)) parts.push(part)
  try {
    return checkDefinition(parseDocument(QuestionnaireDefinition, Buffer.concat(parts), path), path)
  } catch (cause) {
    if (cause instanceof MatineeError && cause.code === 'store_corrupt') throw new MatineeError('import_invalid', cause.message, { cause })
    throw cause
  }
}

export interface Answers {
  /** Row-major, one answer a question. */
  readonly answers: Uint8Array
  readonly labels: Uint8Array
}

/** @throws MatineeError `import_invalid` naming the first bad line with its reason, and some of the others. */
export async function readAnswers(path: string, definition: QuestionnaireDefinition): Promise<Answers> {
  const rows = new RowReader(path, definition)
  let rest: Buffer = Buffer.alloc(0)
  for await (const bytes of bytesOf(path)) {
    const text = rest.length === 0 ? bytes : Buffer.concat([rest, bytes])
    let start = 0
    for (let end = text.indexOf(LINE_END); end >= 0; end = text.indexOf(LINE_END, start)) {
      rows.line(text, start, end)
      start = end + 1
    }
    rest = text.subarray(start)
    if (rest.length > LONGEST_LINE_BYTES) rows.tooLong()
  }
  if (rest.length > 0) rows.line(rest, 0, rest.length)
  return rows.finish()
}

/** Takes one line after the other. What an ordinary line is takes no text at all; everything else is looked at in peace. */
class RowReader {
  readonly #path: string
  /** Of each field of a line: how many values it may have, from 0. */
  readonly #limits: readonly number[]
  #values = new Uint8Array(1 << 16)
  #used = 0
  #lineNumber = 0
  /** Until a line with content has come, the next may be a header. */
  #first = true
  #firstFault: string | undefined
  readonly #badLines: number[] = []
  #bad = 0

  constructor(path: string, definition: QuestionnaireDefinition) {
    this.#path = path
    this.#limits = [...answerCounts(definition), definition.labels.length]
  }

  line(text: Buffer, start: number, end: number): void {
    this.#lineNumber++
    const width = this.#limits.length
    if (this.#used + width > this.#values.length) this.#grow()
    const last = end > start && text[end - 1] === RETURN ? end - 1 : end
    let at = start
    for (let field = 0; field < width; field++) {
      let value = 0
      const begin = at
      for (; at < last; at++) {
        const digit = (text[at] as number) - ZERO
        if (digit < 0 || digit > 9) break
        value = value * 10 + digit
      }
      const ended = field === width - 1 ? at === last : text[at] === COMMA && at < last
      if (at === begin || at > begin + 3 || !ended || value >= (this.#limits[field] as number)) return this.#unusual(text, start, last)
      this.#values[this.#used + field] = value
      at++
    }
    this.#used += width
    this.#first = false
  }

  tooLong(): never {
    throw new MatineeError(
      'import_invalid',
      `${this.#path} line ${this.#lineNumber + 1}: it is longer than ${LONGEST_LINE_BYTES} bytes; lines of answers are expected`,
    )
  }

  finish(): Answers {
    if (this.#firstFault !== undefined) {
      const more = this.#bad - 1
      const named = this.#badLines.slice(1).join(', ')
      const others = more === 0 ? '' : `; ${more} more bad line${more === 1 ? '' : 's'}: ${named}${more > NAMED_LINES ? ', …' : ''}`
      throw new MatineeError('import_invalid', `${this.#path} line ${this.#firstFault}${others}; nothing was imported`)
    }
    const width = this.#limits.length
    const count = this.#used / width
    if (count === 0) throw new MatineeError('import_invalid', `${this.#path} has no line of answers`)
    const answers = new Uint8Array(count * (width - 1))
    const labels = new Uint8Array(count)
    for (let row = 0; row < count; row++) {
      const start = row * width
      answers.set(this.#values.subarray(start, start + width - 1), row * (width - 1))
      labels[row] = this.#values[start + width - 1] as number
    }
    return { answers, labels }
  }

  /** A header, a blank line, values in quotes or between spaces, or a fault. */
  #unusual(text: Buffer, start: number, end: number): void {
    const line = text.toString('utf8', start, end).replace(/^\uFEFF/, '')
    if (line.trim() === '') return
    const fields = line.split(',').map((field) => field.trim().replace(/^"(.*)"$/, '$1'))
    const isHeader = this.#first && fields.every((field) => !isNumber(field))
    this.#first = false
    if (isHeader) return
    const fault = this.#faultOf(fields)
    if (fault === undefined) {
      this.#values.set(fields.map(Number), this.#used)
      this.#used += fields.length
      return
    }
    this.#firstFault ??= `${this.#lineNumber}: ${fault}`
    if (this.#bad++ <= NAMED_LINES) this.#badLines.push(this.#lineNumber)
  }

  #faultOf(fields: readonly string[]): string | undefined {
    const width = this.#limits.length
    if (fields.length !== width) return `it has ${fields.length} values; ${width} are expected, ${width - 1} answers and the label`
    for (const [place, field] of fields.entries()) {
      const most = (this.#limits[place] ?? 0) - 1
      const name = place === width - 1 ? 'the label' : `answer ${place + 1}`
      const shown = field.length > 40 ? `${field.slice(0, 40)}…` : field
      if (!/^\d{1,9}$/.test(field)) return `${name} "${shown}" is not a whole number from 0 to ${most}`
      if (Number(field) > most) return `${name} is ${field}; 0 to ${most} are allowed`
    }
    return undefined
  }

  #grow(): void {
    const values = new Uint8Array(this.#values.length * 2)
    values.set(this.#values)
    this.#values = values
  }
}

const isNumber = (text: string): boolean => text !== '' && Number.isFinite(Number(text))

/** The bytes of a file, unpacked where it begins as gzip does. */
async function* bytesOf(path: string): AsyncGenerator<Buffer> {
  try {
    const file = await open(path)
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(2), 0, 2, 0)
      const isGzip = bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b
      const packed: Readable = file.createReadStream({ start: 0, highWaterMark: 1 << 18, autoClose: false })
      // Errors of the file reach the loop through the end of the pipe.
      const bytes = isGzip ? pipeline(packed, createGunzip({ chunkSize: 1 << 18 }), () => undefined) : packed
      for await (const chunk of bytes) yield chunk as Buffer
    } finally {
      await file.close()
    }
  } catch (cause) {
    if (cause instanceof MatineeError) throw cause
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause)
    const reason = code === 'ENOENT' ? 'is missing' : code.startsWith('Z_') ? `is gzip and broken (${code})` : `cannot be read (${code})`
    throw new MatineeError('import_invalid', `${path} ${reason}`, { cause })
  }
}
