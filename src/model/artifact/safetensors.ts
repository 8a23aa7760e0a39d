/**
 * Tensors as safetensors bytes and back (https://github.com/huggingface/safetensors, "Format"):
 * the header's length as an unsigned 64-bit little-endian integer; the header, JSON, padded with spaces to a multiple of 8;
 * then each tensor's values, little-endian, row-major, without gaps.
 *
 * The same tensors and metadata give the same bytes: wider types come first (so that each tensor is aligned to its own width,
 * and the data as a whole to 8), then names in UTF-16 order; metadata by key.
 */
import { MatineeError } from '../../contracts/errors.ts'
import type { Tensor, Tensors } from '../model.ts'

type Values = Tensor['data']

type Dtype = 'F64' | 'F32' | 'U32' | 'I32' | 'U8'
interface ArrayKind {
  readonly BYTES_PER_ELEMENT: number
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): Values
}

const arrays: Readonly<Record<Dtype, ArrayKind>> = {
  F64: Float64Array,
  F32: Float32Array,
  U32: Uint32Array,
  I32: Int32Array,
  U8: Uint8Array,
}
const isDtype = (value: unknown): value is Dtype => typeof value === 'string' && Object.hasOwn(arrays, value)
const widthOf = (dtype: Dtype): number => arrays[dtype].BYTES_PER_ELEMENT

const lengthBytes = 8
/** The format's own limit; a larger one is a file of some other kind. */
const headerLimitBytes = 100_000_000
const metadataName = '__metadata__'

export type Metadata = Readonly<Record<string, string>>

/** @throws MatineeError `internal` where a tensor's shape does not fit its values, or its name is the format's own. */
export function encodeSafetensors(tensors: Tensors, metadata: Metadata = {}): Uint8Array<ArrayBuffer> {
  const entries = Array.from(tensors, ([name, tensor]) => ({ name, tensor, dtype: dtypeOf(tensor.data) })).toSorted(
    (a, b) => widthOf(b.dtype) - widthOf(a.dtype) || compare(a.name, b.name),
  )
  const fields: string[] = []
  const metadataKeys = Object.keys(metadata).toSorted(compare)
  if (metadataKeys.length > 0)
    fields.push(`"${metadataName}":{${metadataKeys.map((key) => `${JSON.stringify(key)}:${JSON.stringify(metadata[key])}`).join(',')}}`)
  let dataBytes = 0
  for (const { name, tensor, dtype } of entries) {
    if (name === metadataName) throw new MatineeError('internal', `tensor name "${name}" is taken by the format; use another`)
    const values = countOf(tensor.shape)
    if (values !== tensor.data.length)
      throw new MatineeError(
        'internal',
        `tensor "${name}": got ${tensor.data.length} values, expected ${values} for [${tensor.shape.join(', ')}]`,
      )
    const end = dataBytes + tensor.data.byteLength
    fields.push(`${JSON.stringify(name)}:${JSON.stringify({ dtype, shape: tensor.shape, data_offsets: [dataBytes, end] })}`)
    dataBytes = end
  }
  const header = new TextEncoder().encode(`{${fields.join(',')}}`)
  const paddedBytes = Math.ceil(header.length / 8) * 8
  const bytes = new Uint8Array(lengthBytes + paddedBytes + dataBytes)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(paddedBytes), true)
  bytes.set(header, lengthBytes)
  bytes.fill(0x20, lengthBytes + header.length, lengthBytes + paddedBytes)
  let offset = lengthBytes + paddedBytes
  for (const { tensor } of entries) {
    bytes.set(new Uint8Array(tensor.data.buffer, tensor.data.byteOffset, tensor.data.byteLength), offset)
    offset += tensor.data.byteLength
  }
  return bytes
}

export interface DecodedSafetensors {
  /** In the order of their data. */
  readonly tensors: Tensors
  readonly metadata: Metadata
}

/**
 * Checks everything before it makes a single array: header, types, that the tensors fill the data without gap or overlap,
 * and that each shape fits its bytes. Values are views of `bytes` where alignment allows, else copies: do not write to either.
 * @throws MatineeError `store_corrupt` saying what was found and what was expected.
 */
export function decodeSafetensors(bytes: Uint8Array): DecodedSafetensors {
  const { header, dataStart } = readHeader(bytes)
  const metadata = readMetadata(header[metadataName])
  const entries = Object.entries(header)
    .filter(([name]) => name !== metadataName)
    .map(([name, entry]) => readEntry(name, entry))
    .toSorted((a, b) => a.begin - b.begin || a.end - b.end)
  let filled = 0
  for (const { name, begin, end } of entries) {
    if (begin !== filled)
      throw corrupt(`tensor "${name}" begins at ${begin}, expected ${filled}: tensors must neither overlap nor leave gaps`)
    filled = end
  }
  if (dataStart + filled !== bytes.length)
    throw corrupt(`got ${bytes.length} bytes, expected ${dataStart + filled} by its header: the file is cut off or has something behind it`)
  return {
    tensors: new Map(
      entries.map(({ name, dtype, shape, begin, end }) => [name, { shape, data: valuesOf(dtype, bytes, dataStart + begin, end - begin) }]),
    ),
    metadata,
  }
}

interface Entry {
  readonly name: string
  readonly dtype: Dtype
  readonly shape: readonly number[]
  readonly begin: number
  readonly end: number
}

function readHeader(bytes: Uint8Array): { readonly header: Readonly<Record<string, unknown>>; readonly dataStart: number } {
  if (bytes.length < lengthBytes) throw corrupt(`got ${bytes.length} bytes, expected at least ${lengthBytes}`)
  const headerBytes = Number(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getBigUint64(0, true))
  const dataStart = lengthBytes + headerBytes
  if (headerBytes > headerLimitBytes)
    throw corrupt(`header of ${headerBytes} bytes, expected at most ${headerLimitBytes}: not a safetensors file`)
  if (dataStart > bytes.length) throw corrupt(`header of ${headerBytes} bytes in ${bytes.length} bytes: the file is cut off`)
  let header: unknown
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes.subarray(lengthBytes, dataStart)))
  } catch (cause) {
    throw corrupt('the header is not JSON in UTF-8', cause)
  }
  if (!isObject(header)) throw corrupt('the header is not a JSON object')
  return { header, dataStart }
}

function readMetadata(value: unknown): Metadata {
  if (value === undefined) return {}
  if (!isObject(value)) throw corrupt(`${metadataName} is not an object`)
  for (const [key, text] of Object.entries(value))
    if (typeof text !== 'string') throw corrupt(`${metadataName} "${key}" is ${JSON.stringify(text)}, expected a string`)
  return value as Metadata
}

function readEntry(name: string, entry: unknown): Entry {
  if (!isObject(entry)) throw corrupt(`tensor "${name}" is not described by an object`)
  const { dtype, shape, data_offsets: offsets } = entry
  if (!isDtype(dtype))
    throw corrupt(`tensor "${name}" has dtype ${JSON.stringify(dtype)}, expected one of ${Object.keys(arrays).join(', ')}`)
  if (!isSizes(shape)) throw corrupt(`tensor "${name}" has shape ${JSON.stringify(shape)}, expected whole numbers from 0`)
  const [begin, end] = isSizes(offsets) && offsets.length === 2 ? offsets : []
  if (begin === undefined || end === undefined || begin > end)
    throw corrupt(`tensor "${name}" has data_offsets ${JSON.stringify(offsets)}, expected [begin, end]`)
  const expected = countOf(shape) * widthOf(dtype)
  if (end - begin !== expected)
    throw corrupt(`tensor "${name}" has ${end - begin} bytes, expected ${expected} for ${dtype} [${shape.join(', ')}]`)
  return { name, dtype, shape, begin, end }
}

const corrupt = (problem: string, cause?: unknown): MatineeError =>
  new MatineeError('store_corrupt', `safetensors: ${problem}`, cause === undefined ? {} : { cause })

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isSizes = (value: unknown): value is readonly number[] =>
  Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0)

const countOf = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1)

const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b))

function dtypeOf(values: Values): Dtype {
  if (values instanceof Float32Array) return 'F32'
  if (values instanceof Float64Array) return 'F64'
  if (values instanceof Uint32Array) return 'U32'
  if (values instanceof Int32Array) return 'I32'
  return 'U8'
}

function valuesOf(dtype: Dtype, bytes: Uint8Array, offset: number, byteCount: number): Values {
  const part = bytes.subarray(offset, offset + byteCount)
  const aligned = part.byteOffset % widthOf(dtype) === 0 ? part : new Uint8Array(part)
  return new arrays[dtype](aligned.buffer, aligned.byteOffset, byteCount / widthOf(dtype))
}
