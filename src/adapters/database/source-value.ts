/** A value as a driver gives it, with dates as strings. */
import type { SourceValue } from '../../contracts/ports.ts'

/** Bytes are UTF-8 text, whatever else the driver parsed is JSON text again. */
export function sourceValue(value: unknown): SourceValue {
  if (value === null || value === undefined) return null
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint') return value
  if (value instanceof ArrayBuffer) return Buffer.from(value).toString('utf8')
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('utf8')
  return JSON.stringify(value)
}

export function textOf(value: unknown): string | null {
  const text = sourceValue(value)
  return text === null ? null : String(text)
}
