/**
 * What every model family promises. Users and items are positions (0-based row numbers) here; ids of the outside
 * world stay outside. Nothing in this folder reads a file, a clock, the environment or a global random source.
 */

import type { ItemFeatures } from './features/feature-factors.ts'
import type { KernelThreads } from './kernels/kernels.ts'

/** A named array with a shape, as a model file holds it. Row-major. */
export interface Tensor {
  readonly shape: readonly number[]
  readonly data: Float32Array | Float64Array | Uint32Array | Int32Array | Uint8Array
  /** Known to hold finite numbers alone: it is not looked through again. */
  readonly finite?: true
}
export type Tensors = ReadonlyMap<string, Tensor>

/**
 * Kernels' memories that are made of tensors before they can score, by the family and what they are for. A model takes what is in there and
 * puts in what it makes: with the tensors in shared memory too, another thread that is handed both has a model that is ready.
 */
export type KernelMemories = Map<string, WebAssembly.Memory>

/**
 * Observed pairs in compressed sparse rows: user `u` has the items `items[offsets[u] .. offsets[u + 1])`,
 * ascending and distinct within a user, with a weight each. `offsets` has `userCount + 1` entries.
 * `times`, where given, holds seconds (any epoch) of each pair's newest event.
 */
export interface Interactions {
  readonly userCount: number
  readonly itemCount: number
  readonly offsets: Uint32Array
  readonly items: Uint32Array
  readonly weights: Float32Array
  readonly times?: Float64Array
}

/** What a fit learns from: pairs, and what is known of the items beside them, for families that heed it. */
export interface TrainingInput extends Interactions {
  readonly itemFeatures?: ItemFeatures
  /** One entry a pair, 0 where it was looked at and not watched: it says something of a taste, and nothing of what is popular. Absent: all were. */
  readonly watched?: Uint8Array
}

export type Parameters = Readonly<Record<string, number | boolean>>

export interface FitProgress {
  /** Epochs (or sweeps) finished, and how many there will be. */
  readonly epoch: number
  readonly epochs: number
  /** Share of the whole fit that is done, 0 to 1. */
  readonly fraction: number
  /** The last finished epoch's loss in the family's own unit; undefined before the first and for closed forms. */
  readonly loss?: number
}

/** A fit under way. The owner calls `advance` until `fraction` is 1, may stop between calls, and may save between epochs. */
export interface Fit {
  /** Works on for a bounded batch (well under a second on ordinary data). @throws MatineeError `training_diverged`. */
  advance(): FitProgress
  /** State from which `resume` goes on bit for bit; undefined where no resumable boundary is reached yet. */
  checkpoint(): Tensors | undefined
  /** The finished model. Only after `fraction` 1. */
  finish(): Model
  /** The model as far as it is, between epochs; undefined within one, absent where there is none before the end. */
  preview?(): Model | undefined
}

/** What one history adds to scores, item by item of it. To be asked before the model folds in or explains another. */
export interface HistoryExplainer {
  /** For each of `items` one number an item of the history, in its order: of item t, history item n at `t × history + n`. */
  contributionsTo(items: Uint32Array): Float32Array
}

/** A fitted model. Scores order items for one user; they have no unit and are not compared between users. */
export interface Model {
  readonly algorithm: string
  readonly userCount: number
  readonly itemCount: number
  /** Everything that `load` needs, by stable names (`user_factors`, `item_factors`, `item_biases`, `item_scores`). */
  tensors(): Tensors
  /** Writes the score of each item into `scores` (length itemCount). A user without training rows gets what strangers get. */
  scoreUser(user: number, scores: Float32Array): void
  /** The same for several at once, row by row in `rows` (users × items), where that is faster than one after the other. */
  scoreUsers?(users: Uint32Array, rows: Float32Array): void
  /** The same for someone the model has never seen. */
  scoreStranger(scores: Float32Array): void
  /**
   * The same for someone the model has never seen but whose history is known: `items` ascending and distinct, a weight each.
   * Deterministic. An empty history is a stranger's.
   */
  scoreHistory(items: Uint32Array, weights: Float32Array, scores: Float32Array): void
}

export interface ParameterSpec {
  readonly name: string
  readonly description: string
  readonly type: 'integer' | 'number' | 'boolean'
  readonly default: number | boolean
  readonly minimum?: number
  readonly maximum?: number
}

/** How much there is to learn from. */
export interface DataShape {
  readonly userCount: number
  readonly itemCount: number
  readonly pairCount: number
}

/** What a fit may use beside the caller's own thread. */
export interface FitResources {
  /** Without them a fit runs on the caller's thread. The result does not depend on how many there are. */
  readonly threads?: KernelThreads
}

export interface ModelFamily {
  readonly algorithm: string
  readonly parameters: readonly ParameterSpec[]
  /**
   * What a fit of that shape holds in memory beside its input, in MiB; absent where it is no more than a few copies of the input.
   * `parameters` are resolved ones.
   */
  memoryNeedMib?(shape: DataShape, parameters: Parameters, threads: number): number
  /** Starts a fit, from a checkpoint where one is given. Deterministic: the same input and seed give the same bytes. */
  start(input: TrainingInput, parameters: Parameters, seed: number, checkpoint?: Tensors, resources?: FitResources): Fit
  /** @param memories of a model of the same tensors; without them they are made when they are needed */
  load(tensors: Tensors, memories?: KernelMemories): Model
}
