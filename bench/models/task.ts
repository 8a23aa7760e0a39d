/**
 * What a benchmark asks of one process, ours or a peer's: JSON as its only argument, JSON as the last line of its output. A process has one
 * task, so that its peak memory is the task's.
 *
 * A data folder holds `shape.json` (`users`, `items`) and, little-endian and unsigned with 32 bits, `offsets` and `items` of the training
 * pairs in compressed sparse rows, and `measured`, the users whose lists are wanted.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Interactions } from '../../src/model/model.ts'

export interface Task {
  readonly kind: 'warp' | 'ials' | 'irspack-ials' | 'topk' | 'request' | 'family'
  /** Of kind `family`, which peers do not know: one of our own by name. */
  readonly algorithm?: string
  readonly data: string
  readonly threads: number
  readonly parameters: Readonly<Record<string, number | boolean>>
  /** Where the lists of the measured users go: 20 numbers a user. */
  readonly lists?: string
}

export interface TaskResult {
  readonly seconds: number
  /** Of the processor, all threads together: steadier than the clock where a machine is not idle. */
  readonly cpuSeconds: number
  readonly peakRssMiB: number
  /** Of one request, where the task makes many: milliseconds. */
  readonly p50?: number
  readonly p99?: number
}

export const listLength = 20

export function readNumbers(folder: string, name: string): Uint32Array {
  const bytes = readFileSync(join(folder, name))
  return new Uint32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength))
}

export function readTrainPairs(folder: string): Interactions {
  const shape = JSON.parse(readFileSync(join(folder, 'shape.json'), 'utf8')) as { readonly users: number; readonly items: number }
  const items = readNumbers(folder, 'items')
  return {
    userCount: shape.users,
    itemCount: shape.items,
    offsets: readNumbers(folder, 'offsets'),
    items,
    weights: new Float32Array(items.length).fill(1),
  }
}
