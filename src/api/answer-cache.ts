/**
 * What answers were made from, or answers as they went out, each with the tag of its origin: the model, the moment's catalogue, the user's
 * events. Under another tag it is made anew. When the cache is full the oldest goes, but for what was used lately.
 */
import { fnv1a } from '../model/random/fnv-1a.ts'

/** What is kept of an answer. */
export interface Kept<Source extends string = string> {
  readonly bytes: Buffer
  /** For the count of lists by source. */
  readonly source: Source
}

/**
 * A log that goes round in one buffer, and a table of places in it by hash. An object and a string for each answer would be old by the time
 * they go, and V8 would collect its whole heap for them while requests wait.
 *
 * | word of an entry | what                                                                       |
 * |------------------|----------------------------------------------------------------------------|
 * | 0                | words back to the entry before it whose hash has the same end; 0: none      |
 * | 1                | hash of the key                                                            |
 * | 2                | length of the key                                                          |
 * | 3                | length of the tag                                                          |
 * | 4                | length of the answer                                                       |
 * | 5                | place of its source in `#sources`                                          |
 * | from there on    | key, tag and answer, filled up to whole words                              |
 */
export class AnswerCache<Source extends string = string> {
  readonly #words: Uint32Array
  readonly #bytes: Buffer
  /** By the end of the hash: where the newest entry begins. Places count on; what lies `#words.length` before `#end` is written over. */
  readonly #newest: Float64Array
  readonly #sources: Source[] = []
  /** In words, as all places. 0 is none. */
  #end = 1

  /** @param bytesAtMost of the log; the table takes up to a 32nd of it more. */
  constructor(bytesAtMost = 20 * 1024 * 1024) {
    this.#words = new Uint32Array(Math.floor(bytesAtMost / wordBytes))
    this.#bytes = Buffer.from(this.#words.buffer)
    this.#newest = new Float64Array(2 ** Math.ceil(Math.log2(bytesAtMost / bytesABucket)))
  }

  get bytes(): number {
    return Math.min(this.#end * wordBytes, this.#bytes.length)
  }

  /** The bytes are a view, good until the cache is next asked. */
  get(key: string, tag: string): Kept<Source> | undefined {
    const hash = fnv1a(key)
    const found = this.#find(key, hash)
    if (found === 0 || !this.#hasTag(this.#placeOf(found), tag)) return undefined
    // What is used stays: it is written once more before its turn comes to go.
    const isOld = this.#end - found > 0.75 * this.#words.length
    const word = this.#placeOf(isOld ? this.#append(hash, this.#sizeOf(found), this.#placeOf(found)) : found)
    const start = (word + headWords) * wordBytes + this.#word(word + 2) + this.#word(word + 3)
    const source = this.#sources[this.#word(word + 5)]
    return source === undefined ? undefined : { bytes: this.#bytes.subarray(start, start + this.#word(word + 4)), source }
  }

  /** Copies the bytes. One that is longer than the cache is not kept. */
  set(key: string, tag: string, { bytes, source }: Kept<Source>): void {
    const size = headWords + Math.ceil((key.length + tag.length + bytes.length) / wordBytes)
    if (size > this.#words.length) return
    if (!this.#sources.includes(source)) this.#sources.push(source)
    const hash = fnv1a(key)
    const word = this.#placeOf(this.#append(hash, size))
    this.#words.set([hash, key.length, tag.length, bytes.length, this.#sources.indexOf(source)], word + 1)
    let place = (word + headWords) * wordBytes
    place += this.#bytes.write(key, place, 'latin1')
    place += this.#bytes.write(tag, place, 'latin1')
    bytes.copy(this.#bytes, place)
  }

  /** Makes room for an entry at the end of the log, with what lies at `from`, and puts it into the table. */
  #append(hash: number, size: number, from?: number): number {
    const left = this.#words.length - this.#placeOf(this.#end)
    const entry = left < size ? this.#end + left : this.#end
    const word = this.#placeOf(entry)
    if (from !== undefined) this.#words.copyWithin(word, from, from + size)
    this.#end = entry + size
    const bucket = hash & (this.#newest.length - 1)
    const before = this.#newest[bucket] ?? 0
    this.#words[word] = before > 0 && this.#isThere(before) ? entry - before : 0
    this.#newest[bucket] = entry
    return entry
  }

  /** The newest entry of the key; 0: none. */
  #find(key: string, hash: number): number {
    let entry = this.#newest[hash & (this.#newest.length - 1)] ?? 0
    for (let looked = 0; looked < mostLooked && entry > 0 && this.#isThere(entry); looked++) {
      const word = this.#placeOf(entry)
      if (this.#word(word + 1) === hash && this.#word(word + 2) === key.length && this.#says((word + headWords) * wordBytes, key))
        return entry
      const back = this.#word(word)
      entry = back === 0 ? 0 : entry - back
    }
    return 0
  }

  #hasTag(word: number, tag: string): boolean {
    return this.#word(word + 3) === tag.length && this.#says((word + headWords) * wordBytes + this.#word(word + 2), tag)
  }

  #isThere(entry: number): boolean {
    return this.#end - entry <= this.#words.length
  }

  #placeOf(entry: number): number {
    return entry % this.#words.length
  }

  #word(place: number): number {
    return this.#words[place] as number
  }

  #sizeOf(entry: number): number {
    const word = this.#placeOf(entry)
    return headWords + Math.ceil((this.#word(word + 2) + this.#word(word + 3) + this.#word(word + 4)) / wordBytes)
  }

  /** No text with another character than Latin-1 has lies there: URLs and tags have none. */
  #says(start: number, text: string): boolean {
    for (let n = 0; n < text.length; n++) if (this.#bytes[start + n] !== text.charCodeAt(n)) return false
    return true
  }
}

const wordBytes = 4
const headWords = 6
/** Of the log, one place of eight bytes in the table. */
const bytesABucket = 512
/** Entries of one place in the table, at each question: more than a few are URLs that were made to meet there, or one under many tags. */
const mostLooked = 32
