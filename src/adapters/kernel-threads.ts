/**
 * Threads for the kernels: worker threads that share the kernels' memory and wait, asleep, for the next kernel. The caller's thread takes
 * part and then waits for the others, so a call comes back when all is done.
 *
 * The control block is shared: int32 numbers, then the kernel's arguments in double.
 */
import { MessageChannel, receiveMessageOnPort, Worker, type MessagePort } from 'node:worker_threads'
import { MatineeError } from '../contracts/errors.ts'
import { collectGarbage } from './free-memory.ts'
import { callKernel, kernelModule, type KernelName, type KernelThreads } from '../model/kernels/kernels.ts'
import { programFile } from '../project-files.ts'

/** Goes up with each call; the threads wait for that. */
const CALL = 0
/** Threads that have not finished the call. */
const RUNNING = 1
/** Threads that failed in it. */
const FAILED = 2
const ARGUMENT_COUNT = 3
const CONTROL_NUMBERS = 4
const MOST_ARGUMENTS = 32
/** Bytes of kernels' memories that a helper may have been told of before it lets go of those that are over: nothing else fills its heap. */
const TOLD_BYTES = 64 * 1_048_576

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
    this.count = Math.max(1, Math.floor(count))
    this.#control = new SharedArrayBuffer(4 * CONTROL_NUMBERS + 8 * MOST_ARGUMENTS)
    this.#numbers = new Int32Array(this.#control, 0, CONTROL_NUMBERS)
    this.#arguments = new Float64Array(this.#control, 4 * CONTROL_NUMBERS, MOST_ARGUMENTS)
    this.#helpers = Array.from({ length: this.count - 1 }, (_, n) => startHelper(this.#control, n + 1))
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
    Atomics.store(this.#numbers, RUNNING, this.#helpers.length)
    Atomics.add(this.#numbers, CALL, 1)
    Atomics.notify(this.#numbers, CALL)
    callKernel(memory, kernel, 0, args)
    for (;;) {
      const running = Atomics.load(this.#numbers, RUNNING)
      if (running === 0) break
      Atomics.wait(this.#numbers, RUNNING, running)
    }
    if (Atomics.load(this.#numbers, FAILED) > 0)
      throw new MatineeError('internal', `kernel ${kernel} failed in one of ${this.count} threads`)
  }

  /** Ends the threads. */
  async close(): Promise<void> {
    await Promise.all(this.#helpers.map(({ worker }) => worker.terminate()))
  }
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

/** What a helper does until it is ended. */
export function serveKernels({ control, thread, port }: HelperSetup): never {
  const numbers = new Int32Array(control, 0, CONTROL_NUMBERS)
  const values = new Float64Array(control, 4 * CONTROL_NUMBERS, MOST_ARGUMENTS)
  let kernel: KernelName | undefined
  let on: KernelMessage['on']
  let toldBytes = 0
  for (let call = 0; ; call++) {
    Atomics.wait(numbers, CALL, call)
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
