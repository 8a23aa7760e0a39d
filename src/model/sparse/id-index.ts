/**
 * Positions of ids in order of first appearance. Ids are bytes as they stand in a file, so that no text is made of them: two ids are one
 * only where they are byte for byte the same. A hash table with open addressing (FNV-1a, linear probing), at most half full. All that a
 * look needs but the id's own bytes lies side by side, for with many ids each place that is looked at costs a trip to memory.
 * Memory 32 to 64 bytes an id and its own bytes, at times 1.5 times that; up to 2^30 ids of 4 GiB in all.
 */

/** Numbers of a slot: hash, 1 + position (0 where it is free), where the id's bytes begin and end. */
const slotNumbers = 4

/** What an index is made of: another thread that is handed it has the same. */
export interface IdTable {
  readonly count: number
  readonly slots: Uint32Array
  readonly bytes: Uint8Array
}

export class IdIndex {
  #count: number
  /** The number of slots is a power of 2. */
  #slots: Uint32Array
  #bytes: Uint8Array
  #byteCount: number

  /** @param table kept, and written to where ids come in */
  constructor({ count, slots, bytes }: IdTable = { count: 0, slots: new Uint32Array(slotNumbers * 1024), bytes: new Uint8Array(8192) }) {
    this.#count = count
    this.#slots = slots
    this.#bytes = bytes
    this.#byteCount = count === 0 ? 0 : bytes.length
  }

  /** With room for so many ids, and so many bytes of them all: to grow would take as long as to fill. */
  static sized(ids: number, bytes: number): IdIndex {
    let slots = 1024
    while (slots < 2 * ids) slots *= 2
    return new IdIndex({ count: 0, slots: new Uint32Array(slotNumbers * slots), bytes: new Uint8Array(bytes) })
  }

  /** Without what is free at the end of the bytes. */
  table(): IdTable {
    return { count: this.#count, slots: this.#slots, bytes: this.#bytes.subarray(0, this.#byteCount) }
  }

  get count(): number {
    return this.#count
  }

  /** The position of the id `bytes[start .. end)`; one that is new gets the next. */
  positionOf(bytes: Uint8Array, start: number, end: number): number {
    const hash = hashOf(bytes, start, end)
    const slot = this.#slotOf(hash, bytes, start, end)
    const entry = this.#slots[slot + 1] as number
    return entry === 0 ? this.#add(hash, slot, bytes, start, end) : entry - 1
  }

  /** The same; undefined where there is none. */
  find(bytes: Uint8Array, start: number, end: number): number | undefined {
    const entry = this.#slots[this.#slotOf(hashOf(bytes, start, end), bytes, start, end) + 1] as number
    return entry === 0 ? undefined : entry - 1
  }

  /** The first `count` ids that begin with these bytes, by position; looks at all. Bytes are views. */
  startingWith(prefix: Uint8Array, count: number): readonly Uint8Array[] {
    const slots = this.#slots
    const positionOf = (slot: number): number => slots[slot + 1] as number
    /** Slots by position. */
    const first: number[] = []
    for (let slot = 0; slot < slots.length; slot += slotNumbers) {
      const from = slots[slot + 2] as number
      if (positionOf(slot) === 0 || from + prefix.length > (slots[slot + 3] as number)) continue
      if (first.length >= count && positionOf(slot) > positionOf(first.at(-1) ?? slot)) continue
      if (!this.#hasAt(from, prefix, 0, prefix.length)) continue
      first.splice(first.findLastIndex((other) => positionOf(other) < positionOf(slot)) + 1, 0, slot)
      if (first.length > count) first.pop()
    }
    return first.map((slot) => this.#bytes.subarray(slots[slot + 2], slots[slot + 3]))
  }

  /** The one of the id, or the free one where it would be. */
  #slotOf(hash: number, bytes: Uint8Array, start: number, end: number): number {
    const slots = this.#slots
    const mask = slots.length - 1
    let slot = (hash * slotNumbers) & mask
    while (slots[slot + 1] !== 0 && !(slots[slot] === hash && this.#isId(slot, bytes, start, end))) slot = (slot + slotNumbers) & mask
    return slot
  }

  #isId(slot: number, bytes: Uint8Array, start: number, end: number): boolean {
    const from = this.#slots[slot + 2] as number
    return (this.#slots[slot + 3] as number) - from === end - start && this.#hasAt(from, bytes, start, end)
  }

  #hasAt(from: number, bytes: Uint8Array, start: number, end: number): boolean {
    const known = this.#bytes
    for (let n = start, k = from; n < end; n++, k++) if (bytes[n] !== known[k]) return false
    return true
  }

  #add(hash: number, slot: number, bytes: Uint8Array, start: number, end: number): number {
    const from = this.#byteCount
    const to = from + end - start
    while (to > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(8192, 2 * this.#bytes.length))
      larger.set(this.#bytes)
      this.#bytes = larger
    }
    this.#bytes.set(bytes.subarray(start, end), from)
    this.#byteCount = to
    this.#count++
    const slots = this.#slots
    slots[slot] = hash
    slots[slot + 1] = this.#count
    slots[slot + 2] = from
    slots[slot + 3] = to
    if (2 * slotNumbers * this.#count > this.#slots.length) this.#grow()
    return this.#count - 1
  }

  #grow(): void {
    const old = this.#slots
    const slots = new Uint32Array(2 * old.length)
    const mask = slots.length - 1
    for (let n = 0; n < old.length; n += slotNumbers) {
      if (old[n + 1] === 0) continue
      let slot = ((old[n] as number) * slotNumbers) & mask
      while (slots[slot + 1] !== 0) slot = (slot + slotNumbers) & mask
      for (let number = 0; number < slotNumbers; number++) slots[slot + number] = old[n + number] as number
    }
    this.#slots = slots
  }
}

function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5
  for (let n = start; n < end; n++) hash = Math.imul(hash ^ (bytes[n] as number), 0x01000193)
  return (hash ^ (hash >>> 15)) >>> 0 // linear probing looks at the low bits, FNV-1a mixes upwards
}
