/** Laying out arrays in a kernel's memory: first every array is planned, then the memory is made at its full size, once. */
import { MatineeError } from '../../contracts/errors.ts'

/** A cache line, so that no two arrays share one. */
const alignment = 64
const pageBytes = 65_536
const mebibyte = 1_048_576
/** What 32-bit addresses reach. */
const mostPages = 65_536

export class MemoryPlan {
  // Address 0 stays free: kernels take it for "none". Reads of whole vectors may go past an array's end, into the next one.
  #bytes: number

  /** @param start an address that was taken in another plan, for what is planned here to lie within that one's memory */
  constructor(start = alignment) {
    this.#bytes = start
  }

  /** Up to here addresses are taken. */
  get end(): number {
    return this.#bytes
  }

  /** The address of an array of that many bytes. */
  take(bytes: number): number {
    const address = this.#bytes
    this.#bytes += Math.ceil((bytes + 16) / alignment) * alignment
    return address
  }

  /** The same for 32-bit elements. */
  takeWords(count: number): number {
    return this.take(4 * count)
  }

  get mib(): number {
    return this.#bytes / mebibyte
  }

  /** All zeros. @throws MatineeError `training_memory` beyond what a kernel can address, or the machine has. */
  create(): WebAssembly.Memory {
    const pages = Math.ceil(this.#bytes / pageBytes)
    if (pages > mostPages)
      throw new MatineeError('training_memory', `the kernels need ${Math.ceil(this.mib)} MiB, and can address 4096 MiB; lower factors`)
    try {
      return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true })
    } catch (cause) {
      throw new MatineeError('training_memory', `the kernels need ${Math.ceil(this.mib)} MiB, which the machine does not have`, { cause })
    }
  }
}

export const floatsAt = (memory: WebAssembly.Memory, address: number, count: number): Float32Array =>
  new Float32Array(memory.buffer, address, count)
export const doublesAt = (memory: WebAssembly.Memory, address: number, count: number): Float64Array =>
  new Float64Array(memory.buffer, address, count)
export const wordsAt = (memory: WebAssembly.Memory, address: number, count: number): Uint32Array =>
  new Uint32Array(memory.buffer, address, count)

/** Factors rounded up to whole pairs of vectors, as kernels take them; what is added is 0. */
export const strideOf = (factors: number): number => Math.ceil(factors / 8) * 8

/** Rows of `factors` floats into rows of `stride`. */
export function spread(source: Float32Array, factors: number, target: Float32Array, stride: number): void {
  if (stride === factors) target.set(source)
  else for (let from = 0, to = 0; from < source.length; from += factors, to += stride) target.set(source.subarray(from, from + factors), to)
}

/** And back, into an array of their own. */
export function gathered(source: Float32Array, stride: number, factors: number): Float32Array {
  if (stride === factors) return new Float32Array(source)
  const rows = source.length / stride
  const target = new Float32Array(rows * factors)
  for (let row = 0; row < rows; row++) {
    const from = row * stride
    const to = row * factors
    for (let f = 0; f < factors; f++) target[to + f] = source[from + f] as number
  }
  return target
}
