/**
 * The compiled kernels of src/kernels, and the port through which they get threads. A kernel is called with a thread's number, from 0, and
 * then with its own arguments; see the comment at the head of src/kernels/index.ts for what may run on several threads.
 */
import { MatineeError } from '../../contracts/errors.ts'
import { kernelsBase64 } from './kernels.wasm.ts'

export type KernelName =
  | 'gramTasks'
  | 'rotateTasks'
  | 'squareTasks'
  | 'conjugateGradientTasks'
  | 'choleskyTasks'
  | 'warpShuffleTasks'
  | 'warpSortTasks'
  | 'warpTasks'
  | 'rankTasks'
  | 'resampleTasks'
  | 'rankHistoryTasks'
  | 'coOccurrenceTasks'
  | 'neighbourTasks'
  | 'itemWeightTasks'
  | 'sweepPanelTasks'
  | 'sweepRestTasks'

/** Those that are run on the caller's thread alone. */
export type OneThreadKernelName =
  | 'packPanels'
  | 'packRounded'
  | 'rowNorms'
  | 'eigenSystem'
  | 'scorePanels'
  | 'scoreListed'
  | 'sweepPivot'
  | 'contributions'
  | 'takeHistoryLists'
  | 'allFinite'
  | 'dropNegligible'

/** Threads that run one kernel at a time, together, on one memory. */
export interface KernelThreads {
  /** The caller's own among them; 1 or more. */
  readonly count: number
  /** Runs the kernel on every thread and comes back when all are done. @throws MatineeError `internal` where one of them fails. */
  run(memory: WebAssembly.Memory, kernel: KernelName, args: readonly number[]): void
}

/** No thread but the caller's. */
export const callersThread: KernelThreads = {
  count: 1,
  run: (memory, kernel, args) => void callKernel(memory, kernel, 0, args),
}

let compiled: WebAssembly.Module | undefined

/** Compiled once a process; other threads are handed it, and with it the code that is already optimised. */
export function kernelModule(): WebAssembly.Module {
  compiled ??= new WebAssembly.Module(Uint8Array.from(atob(kernelsBase64), (character) => character.charCodeAt(0)))
  return compiled
}

const instances = new WeakMap<WebAssembly.Memory, WebAssembly.Instance>()

/** Runs any export on this thread; `module` where it was compiled on another. @throws MatineeError `internal` where there is none of that name. */
export function callKernel(
  memory: WebAssembly.Memory,
  kernel: KernelName | OneThreadKernelName,
  thread: number,
  args: readonly number[],
  module: WebAssembly.Module = kernelModule(),
): number {
  let instance = instances.get(memory)
  if (instance === undefined) {
    instance = new WebAssembly.Instance(module, { env: { memory } })
    instances.set(memory, instance)
  }
  const run = instance.exports[kernel]
  if (run === undefined) throw new MatineeError('internal', `there is no kernel ${kernel}`)
  return run(thread, ...args)
}
