/**
 * Positions of ids in order of first appearance. Ids are bytes as they stand in a file, so that no text is made of them: two ids are one
 * only where they are byte for byte the same. A hash table with open addressing (FNV-1a, linear probing), at most half full. All that a
 * look needs but the id's own bytes lies side by side, for with many ids each place that is looked at costs a trip to memory.
 * Memory 32 to 64 bytes an id and its own bytes, at times 1.5 times that; up to 2^30 ids of 4 GiB in all.
 */

/** Numbers of a slot: hash, 1 + position (0 where it is free), where the id's bytes begin and end. */
const slotNumbers = 4

export class IdIndex {
  #count = 0
  /** The number of slots is a power of 2. */
  #slots = new Uint32Array(slotNumbers * 1024)
  #bytes = new Uint8Array(8192)
  #byteCount = 0

  get count(): number {
    return this.#count
  }

  /** The position of the id `bytes[start .. end)`; one that is new gets the next. */
  positionOf(bytes: Uint8Array, start: number, end: number): number {
    let hash = 0x811c9dc5
    for (let n = start; n < end; n++) hash = Math.imul(hash ^ (bytes[n] as number), 0x01000193)
    hash = (hash ^ (hash >>> 15)) >>> 0 // linear probing looks at the low bits, FNV-1a mixes upwards
    const slots = this.#slots
    const mask = slots.length - 1
    for (let slot = (hash * slotNumbers) & mask; ; slot = (slot + slotNumbers) & mask) {
      const entry = slots[slot + 1] as number
      if (entry === 0) return this.#add(hash, slot, bytes, start, end)
      if (slots[slot] === hash && this.#isId(slot, bytes, start, end)) return entry - 1
    }
  }

  #isId(slot: number, bytes: Uint8Array, start: number, end: number): boolean {
    const from = this.#slots[slot + 2] as number
    if ((this.#slots[slot + 3] as number) - from !== end - start) return false
    const known = this.#bytes
    for (let n = start, k = from; n < end; n++, k++) if (bytes[n] !== known[k]) return false
    return true
  }

  #add(hash: number, slot: number, bytes: Uint8Array, start: number, end: number): number {
    const from = this.#byteCount
    const to = from + end - start
    while (to > this.#bytes.length) {
      const larger = new Uint8Array(2 * this.#bytes.length)
      larger.set(this.#bytes)
      this.#bytes = larger
    }
    this.#bytes.set(bytes.subarray(start, end), from)
    this.#byteCount = to
    this.#count++
    this.#slots.set([hash, this.#count, from, to], slot)
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
      slots.set(old.subarray(n, n + slotNumbers), slot)
    }
    this.#slots = slots
  }
}
