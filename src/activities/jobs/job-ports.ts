import type { ColumnEngine, Features, ObjectStore } from '../../contracts/ports.ts'
import type { FeaturesRef, TrainHeartbeat } from '../../contracts/run.ts'
import type { KernelThreads } from '../../model/kernels/kernels.ts'

/** What a job of the training process works with. */
export interface JobPorts {
  readonly store: ObjectStore
  readonly columns: ColumnEngine
  /** `weekly` where a split by time needs it. */
  readFeatures(features: FeaturesRef, options?: { readonly weekly?: boolean }): Promise<Features>
  /** Tells where the job is; shown to people with the next heartbeat. */
  report(progress: TrainHeartbeat): void
  /** Lets messages in, and ends the process where a stop was asked for. Called between batches. */
  breathe(): Promise<void>
  /** What kernels run on, and what a training may hold in memory. */
  readonly threads: KernelThreads
  readonly memoryMib: number
  /** What a search may take at most: seconds are a ceiling, fits are to end it first, so that it ends the same way again. */
  readonly searchSeconds: number
  readonly searchFits: number
  /** For rates and time left only. */
  monotonicMs(): number
}
