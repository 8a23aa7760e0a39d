import assert from 'node:assert/strict'
import test from 'node:test'
import * as fc from 'fast-check'
import { MatineeError } from '../../contracts/errors.ts'
import type { Tensor, Tensors } from '../model.ts'
import { decodeSafetensors, encodeSafetensors } from './safetensors.ts'

const shapes = fc.array(fc.nat(4), { maxLength: 3 })
const tensors: fc.Arbitrary<Tensor> = shapes.chain((shape) => {
  const length = shape.reduce((product, size) => product * size, 1)
  const exactly = { minLength: length, maxLength: length }
  return fc
    .oneof(fc.float32Array(exactly), fc.float64Array(exactly), fc.uint32Array(exactly), fc.int32Array(exactly), fc.uint8Array(exactly))
    .map((data) => ({ shape, data }))
})
const names = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 8 }), fc.constantFrom('__proto__', 'constructor', '1', '0', '제목'))
const maps: fc.Arbitrary<Tensors> = fc
  .array(fc.tuple(names, tensors), { maxLength: 5 })
  .map((entries) => new Map(entries.filter(([name]) => name !== '__metadata__')))
const metadata = fc.dictionary(names, fc.string({ unit: 'grapheme' }))

const asPlain = (map: Tensors): unknown => new Map([...map].toSorted(([a], [b]) => (a < b ? -1 : 1)))

test('what was encoded is decoded, aligned or not', () => {
  fc.assert(
    fc.property(maps, metadata, fc.nat(8), (map, extra, shift) => {
      const bytes = encodeSafetensors(map, extra)
      // A Buffer, as files come: its `slice` is a view, unlike that of other byte arrays.
      const shifted = Buffer.alloc(bytes.length + shift).subarray(shift)
      shifted.set(bytes)
      const decoded = decodeSafetensors(shifted)
      assert.deepEqual(asPlain(decoded.tensors), asPlain(map))
      assert.deepEqual({ ...decoded.metadata }, { ...extra })
    }),
  )
})

test('the same content gives the same bytes, in whatever order it comes', () => {
  fc.assert(
    fc.property(maps, metadata, (map, extra) => {
      const backwards = new Map([...map].toReversed())
      const extraBackwards = Object.fromEntries(Object.entries(extra).toReversed())
      assert.deepEqual(encodeSafetensors(map, extra), encodeSafetensors(backwards, extraBackwards))
    }),
  )
})

test('the data begins at a multiple of 8 bytes and each tensor at one of its own width', () => {
  fc.assert(
    fc.property(maps, (map) => {
      const bytes = encodeSafetensors(map)
      assert.equal(new DataView(bytes.buffer).getBigUint64(0, true) % 8n, 0n)
      for (const { data } of decodeSafetensors(bytes).tensors.values()) assert.equal(data.buffer, bytes.buffer, 'decoded without a copy')
    }),
  )
})

test('bytes are those of the format', () => {
  const bytes = encodeSafetensors(new Map([['a', { shape: [2], data: Uint8Array.of(7, 8) }]]), { by: 'x' })
  const header = '{"__metadata__":{"by":"x"},"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}'
  assert.equal(new TextDecoder().decode(bytes.subarray(8, -2)), header.padEnd(Math.ceil(header.length / 8) * 8))
  assert.deepEqual([...bytes.subarray(-2)], [7, 8])
  assert.equal(bytes[0], Math.ceil(header.length / 8) * 8)
})

const sample = encodeSafetensors(
  new Map<string, Tensor>([
    ['factors', { shape: [3, 2], data: Float32Array.of(1, 2, 3, 4, 5, 6) }],
    ['counts', { shape: [2], data: Uint32Array.of(9, 10) }],
    ['marks', { shape: [3], data: Uint8Array.of(1, 0, 1) }],
  ]),
  { algorithm: 'warp' },
)

test('a file that is cut off anywhere, or longer than it says, is refused', () => {
  for (let length = 0; length < sample.length; length++)
    assert.throws(() => decodeSafetensors(sample.subarray(0, length)), { code: 'store_corrupt' }, `cut to ${length} bytes`)
  const longer = new Uint8Array(sample.length + 1)
  longer.set(sample)
  assert.throws(() => decodeSafetensors(longer), { message: /something behind it/ })
})

test('corrupted bytes either decode to tensors of consistent shape or are refused with our own error', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(sample.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }), (changes) => {
      const bytes = sample.slice()
      for (const [place, value] of changes) bytes[place] = value
      try {
        for (const { shape, data } of decodeSafetensors(bytes).tensors.values())
          assert.equal(
            shape.reduce((product, size) => product * size, 1),
            data.length,
          )
      } catch (error) {
        assert.ok(error instanceof MatineeError && error.code === 'store_corrupt', String(error))
      }
    }),
    { numRuns: 2000 },
  )
})

const withHeader = (header: string, dataBytes: number): Uint8Array => {
  const text = new TextEncoder().encode(header)
  const bytes = new Uint8Array(8 + text.length + dataBytes)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true)
  bytes.set(text, 8)
  return bytes
}

const entry = (changes: object): string => JSON.stringify({ a: { dtype: 'F32', shape: [1], data_offsets: [0, 4], ...changes } })

test('a refusal says what was found and what was expected', () => {
  const refusals: readonly [RegExp, Uint8Array][] = [
    [/dtype "BF16", expected one of F64, F32, U32, I32, U8/, withHeader(entry({ dtype: 'BF16' }), 4)],
    [/shape \[-1\], expected whole numbers/, withHeader(entry({ shape: [-1] }), 4)],
    [/shape "x", expected whole numbers/, withHeader(entry({ shape: 'x' }), 4)],
    [/has 4 bytes, expected 8 for F32 \[2\]/, withHeader(entry({ shape: [2] }), 4)],
    [/has 4 bytes, expected 4e\+30/, withHeader(entry({ shape: [1e15, 1e15] }), 4)],
    [/data_offsets \[4,0\], expected \[begin, end\]/, withHeader(entry({ data_offsets: [4, 0] }), 4)],
    [/data_offsets \[0\]/, withHeader(entry({ data_offsets: [0] }), 4)],
    [/begins at 4, expected 0/, withHeader(entry({ data_offsets: [4, 8] }), 8)],
    [
      /tensor "b" begins at 2, expected 4: tensors must neither overlap/,
      withHeader('{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[4],"data_offsets":[2,6]}}', 6),
    ],
    [/the header is not JSON/, withHeader('{', 0)],
    [/the header is not a JSON object/, withHeader('[]', 0)],
    [/tensor "a" is not described/, withHeader('{"a":1}', 0)],
    [/__metadata__ "k" is 1, expected a string/, withHeader('{"__metadata__":{"k":1}}', 0)],
    [/__metadata__ is not an object/, withHeader('{"__metadata__":[]}', 0)],
    [/got 3 bytes, expected at least 8/, new Uint8Array(3)],
    [/not a safetensors file/, new Uint8Array(16).fill(255)],
  ]
  for (const [message, bytes] of refusals) assert.throws(() => decodeSafetensors(bytes), { code: 'store_corrupt', message })
  const tensor = { shape: [2], data: new Float32Array(1) }
  assert.throws(() => encodeSafetensors(new Map([['a', tensor]])), { message: /tensor "a": got 1 values, expected 2 for \[2\]/ })
  assert.throws(() => encodeSafetensors(new Map([['__metadata__', { shape: [1], data: tensor.data }]])), { message: /taken by the format/ })
})
