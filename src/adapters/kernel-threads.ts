/**
 * Threads for the kernels: worker threads that share the kernels' memory and wait, asleep, for the next kernel. The caller's thread begins a
 * call, does of it what no other takes, and then waits for those that have joined it, so a call comes back when all is done. Nobody waits for
 * a thread that is still starting or slow to wake: it joins while the call goes on, or the next.
 *
 * The control block is shared: the kernel's arguments in double, then int32 numbers.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { MessageChannel, receiveMessageOnPort, Worker, type MessagePort } from 'node:worker_threads'
import { MatineeError } from '../contracts/errors.ts'
import { collectGarbage } from './free-memory.ts'
import { callKernel, kernelModule, type KernelName, type KernelThreads } from '../model/kernels/kernels.ts'
import { programFile } from '../project-files.ts'

/** Goes up with each call; the threads wait for that. */
const CALL = 0
/** Threads at work on the call, the caller's among them; 0: it is over, and nobody may join it. */
const RUNNING = 1
/** Threads that failed in it. */
const FAILED = 2
const ARGUMENT_COUNT = 3
/** Helpers that have started. */
const READY = 4
const CONTROL_NUMBERS = 5
const MOST_ARGUMENTS = 32
/** Bytes of kernels' memories that a helper may have been told of before it lets go of those that are over: nothing else fills its heap. */
const TOLD_BYTES = 64 * 1_048_576
/** Milliseconds between two looks whether all have started. */
const LOOK_MS = 1

/** What a thread is told of a call beyond the numbers, where it differs from the call before. */
export interface KernelMessage {
  readonly kernel: KernelName
  /** Absent: those of the call before. */
  readonly on?: { readonly module: WebAssembly.Module; readonly memory: WebAssembly.Memory }
}

interface Helper {
  readonly worker: Worker
  readonly port: MessagePort
}

export class WorkerKernelThreads implements KernelThreads {
  readonly count: number
  readonly #control: SharedArrayBuffer
  readonly #numbers: Int32Array
  readonly #arguments: Float64Array
  readonly #helpers: readonly Helper[]
  #kernel: KernelName | undefined
  #memory: WebAssembly.Memory | undefined

  /** @param count threads in all, the caller's among them */
  constructor(count: number) {
    // A kernel is compiled in full at its first call: the quick form that V8 begins with is slow for most of a short fit.
    setFlagsFromString('--no-liftoff')
    this.count = Math.max(1, Math.floor(count))
    this.#control = new SharedArrayBuffer(8 * MOST_ARGUMENTS + 4 * CONTROL_NUMBERS)
    const { values, numbers } = arraysOf(this.#control)
    this.#arguments = values
    this.#numbers = numbers
    this.#helpers = Array.from({ length: this.count - 1 }, (_, n) => startHelper(this.#control, n + 1))
  }

  /** Resolves when all threads have started. */
  async ready(): Promise<void> {
    while (Atomics.load(this.#numbers, READY) < this.#helpers.length) await delay(LOOK_MS)
  }

  run(memory: WebAssembly.Memory, kernel: KernelName, args: readonly number[]): void {
    if (args.length > MOST_ARGUMENTS)
      throw new MatineeError('internal', `kernel ${kernel}: ${args.length} arguments, expected at most ${MOST_ARGUMENTS}`)
    this.#arguments.set(args)
    this.#numbers[ARGUMENT_COUNT] = args.length
    if (memory !== this.#memory || kernel !== this.#kernel) {
      const on = memory === this.#memory ? {} : { on: { module: kernelModule(), memory } }
      for (const { port } of this.#helpers) port.postMessage({ kernel, ...on } satisfies KernelMessage)
      this.#memory = memory
      this.#kernel = kernel
    }
    Atomics.store(this.#numbers, FAILED, 0)
    Atomics.store(this.#numbers, RUNNING, 1)
    Atomics.add(this.#numbers, CALL, 1)
    Atomics.notify(this.#numbers, CALL)
    try {
      callKernel(memory, kernel, 0, args)
    } finally {
      let running = Atomics.sub(this.#numbers, RUNNING, 1) - 1
      for (; running > 0; running = Atomics.load(this.#numbers, RUNNING)) Atomics.wait(this.#numbers, RUNNING, running)
    }
    if (Atomics.load(this.#numbers, FAILED) > 0)
      throw new MatineeError('internal', `kernel ${kernel} failed in one of ${this.count} threads`)
  }

  /** Ends the threads. */
  async close(): Promise<void> {
    await Promise.all(this.#helpers.map(({ worker }) => worker.terminate()))
  }
}

function arraysOf(control: SharedArrayBuffer): { readonly values: Float64Array; readonly numbers: Int32Array } {
  return { values: new Float64Array(control, 0, MOST_ARGUMENTS), numbers: new Int32Array(control, 8 * MOST_ARGUMENTS) }
}

function startHelper(control: SharedArrayBuffer, thread: number): Helper {
  const { port1, port2 } = new MessageChannel()
  const setup: HelperSetup = { control, thread, port: port2 }
  const worker = new Worker(programFile('adapters/kernel-thread'), { workerData: setup, transferList: [port2] })
  // Sleeping threads keep no process alive.
  worker.unref()
  port1.unref()
  return { worker, port: port1 }
}

export interface HelperSetup {
  readonly control: SharedArrayBuffer
  readonly thread: number
  readonly port: MessagePort
}

/** Takes part in the call that is under way, whichever it is by now; false where it is over. */
function join(numbers: Int32Array): boolean {
  for (let running = Atomics.load(numbers, RUNNING); running > 0;) {
    const before = Atomics.compareExchange(numbers, RUNNING, running, running + 1)
    if (before === running) return true
    running = before
  }
  return false
}

/** What a helper does until it is ended. */
export function serveKernels({ control, thread, port }: HelperSetup): never {
  const { numbers, values } = arraysOf(control)
  let kernel: KernelName | undefined
  let on: KernelMessage['on']
  let toldBytes = 0
  let call = 0
  Atomics.add(numbers, READY, 1)
  for (;;) {
    Atomics.wait(numbers, CALL, call)
    call = Atomics.load(numbers, CALL)
    if (!join(numbers)) continue
    try {
      for (let news = receiveMessageOnPort(port); news !== undefined; news = receiveMessageOnPort(port)) {
        const message = news.message as KernelMessage
        kernel = message.kernel
        if (message.on === undefined) continue
        on = message.on
        toldBytes += on.memory.buffer.byteLength
      }
      if (toldBytes > TOLD_BYTES) {
        toldBytes = 0
        collectGarbage()
      }
      if (kernel === undefined || on === undefined)
        throw new MatineeError('internal', 'a kernel thread was called before it was told of a kernel')
      callKernel(on.memory, kernel, thread, Array.from(values.subarray(0, numbers[ARGUMENT_COUNT])), on.module)
    } catch (error) {
      Atomics.add(numbers, FAILED, 1)
      process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`)
    } finally {
      Atomics.sub(numbers, RUNNING, 1)
      Atomics.notify(numbers, RUNNING)
    }
  }
}
