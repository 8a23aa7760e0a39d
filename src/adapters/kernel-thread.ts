/** The module that a helper thread of `WorkerKernelThreads` starts with. */
import { workerData } from 'node:worker_threads'
import { serveKernels, type HelperSetup } from './kernel-threads.ts'

serveKernels(workerData as HelperSetup)
