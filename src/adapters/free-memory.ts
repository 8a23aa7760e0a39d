/**
 * Memory of kernels lies outside V8's heap, which therefore sees no reason to collect: a search would keep that of many fits that are over.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** Collecting takes some ten milliseconds: not before that much is resident. */
const leastResidentMib = 500

let collect: (() => void) | undefined

/** Lets go of what nothing on this thread refers to, where the process has grown. */
export function freeMemory(): void {
  if (process.memoryUsage.rss() >= leastResidentMib * 1_048_576) collectGarbage()
}

/** The same in any case. Each thread has a heap of its own: what two of them refer to goes when both have collected. */
export function collectGarbage(): void {
  collect ??= collector()
  collect()
}

function collector(): () => void {
  setFlagsFromString('--expose-gc')
  const gc: unknown = runInNewContext('gc')
  return typeof gc === 'function' ? () => void gc() : () => {}
}
