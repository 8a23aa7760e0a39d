/**
 * Positions of ids in order of first appearance. Ids are bytes as they stand in a file, so that no text is made of them: two ids are one
 * only where they are byte for byte the same. A hash table with open addressing (FNV-1a, linear probing), at most half full; memory
 * about 16 bytes an id and its own bytes, twice while it grows.
 */
export class IdIndex {
  #count = 0
  /** 1 + position, 0 where free; the length is a power of 2. */
  #slots = new Uint32Array(1024)
  #hashes = new Uint32Array(512)
  /** Id n is the bytes `#starts[n] .. #starts[n + 1])`. */
  #starts = new Float64Array(513)
  #bytes = new Uint8Array(8192)

  get count(): number {
    return this.#count
  }

  /** The position of the id `bytes[start .. end)`; one that is new gets the next. */
  positionOf(bytes: Uint8Array, start: number, end: number): number {
    let hash = 0x811c9dc5
    for (let n = start; n < end; n++) hash = Math.imul(hash ^ (bytes[n] as number), 0x01000193)
    hash = (hash ^ (hash >>> 15)) >>> 0 // linear probing looks at the low bits, FNV-1a mixes upwards
    const mask = this.#slots.length - 1
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const entry = this.#slots[slot] as number
      if (entry === 0) return this.#add(hash, slot, bytes, start, end)
      if (this.#hashes[entry - 1] === hash && this.#isId(entry - 1, bytes, start, end)) return entry - 1
    }
  }

  #isId(position: number, bytes: Uint8Array, start: number, end: number): boolean {
    const from = this.#starts[position] as number
    if ((this.#starts[position + 1] as number) - from !== end - start) return false
    for (let n = start; n < end; n++) if (bytes[n] !== this.#bytes[from + n - start]) return false
    return true
  }

  #add(hash: number, slot: number, bytes: Uint8Array, start: number, end: number): number {
    const position = this.#count
    const from = this.#starts[position] as number
    while (from + end - start > this.#bytes.length) {
      const larger = new Uint8Array(2 * this.#bytes.length)
      larger.set(this.#bytes)
      this.#bytes = larger
    }
    this.#bytes.set(bytes.subarray(start, end), from)
    this.#starts[position + 1] = from + end - start
    this.#hashes[position] = hash
    this.#slots[slot] = position + 1
    this.#count++
    if (this.#count === this.#hashes.length) this.#grow()
    return position
  }

  #grow(): void {
    const hashes = new Uint32Array(2 * this.#count)
    const starts = new Float64Array(2 * this.#count + 1)
    const slots = new Uint32Array(2 * this.#slots.length)
    hashes.set(this.#hashes)
    starts.set(this.#starts)
    const mask = slots.length - 1
    for (let position = 0; position < this.#count; position++) {
      let slot = (hashes[position] as number) & mask
      while (slots[slot] !== 0) slot = (slot + 1) & mask
      slots[slot] = position + 1
    }
    this.#hashes = hashes
    this.#starts = starts
    this.#slots = slots
  }
}
