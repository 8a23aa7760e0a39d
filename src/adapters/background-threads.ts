/** Threads beside the one that answers: V8 collects garbage and compiles on some, files are read and written on others. */
import { readdirSync, readFileSync } from 'node:fs'
import { setPriority } from 'node:os'

/** As the threads are called. Those for files are there from the first file on that is read or written. */
const names: ReadonlySet<string> = new Set(['V8Worker', 'libuv-worker'])

/** As `nice` has it. Beside a thread of ordinary priority, one of this gets a tenth of a core. */
const niceness = 10

/**
 * Lets them wait for the thread that answers, where the cores do not suffice for all: on one core, marking a heap of 50 MiB on four threads at
 * ordinary priority holds up every request for a tenth of a second, and so does copying a model. Linux only, where a thread has a priority;
 * elsewhere nothing is done.
 */
export function yieldToMainThread(): void {
  if (process.platform !== 'linux') return
  for (const thread of readdirSync('/proc/self/task')) {
    try {
      if (names.has(readFileSync(`/proc/self/task/${thread}/comm`, 'utf8').trim())) setPriority(Number(thread), niceness)
    } catch {
      // It has ended, or the container forbids it.
    }
  }
}
