/** One row of pairs against the items of an iALS model, solved to the end: to fold histories in, and to take their scores apart. See ials.ts. */
import type { FactorModel } from '../factor-model.ts'
import { callersThread, callKernel } from '../kernels/kernels.ts'
import { doublesAt, floatsAt, MemoryPlan, spread, strideOf, wordsAt } from '../kernels/memory.ts'

/** Blocks that a Gram matrix is summed in. */
export const gramBlocks = 16
/** Floats of scratch memory that a thread needs beyond one matrix of factors. */
export const scratchRows = 32
/** Items whose scores are taken apart at a time, as in src/kernels/rows.ts. */
const targetsAtOnce = 16

/** Where a fold-in may lie: in a memory that has the items' factors, whole vectors a row. */
interface Room {
  readonly memory: WebAssembly.Memory
  readonly addresses: { readonly rows: number; readonly beside: number }
}

export class FoldIn {
  readonly memory: WebAssembly.Memory
  readonly #stride: number
  readonly #factors: number
  readonly #address
  /** Of the memory, made once: a view takes as long as a small kernel. */
  readonly #views

  /**
   * @param room absent: in a memory of its own
   * @param memory that of another of the same items
   */
  constructor(
    { itemFactors, itemCount, factorCount: factors }: FactorModel,
    unobservedWeight: number,
    room?: Room,
    memory?: WebAssembly.Memory,
  ) {
    const plan = new MemoryPlan(room?.addresses.beside)
    const stride = strideOf(factors)
    this.#factors = factors
    this.#stride = stride
    const items = room?.addresses.rows ?? plan.takeWords(itemCount * stride)
    this.#address = { items, ...addressesIn(plan, itemCount, stride) }
    this.memory = memory ?? room?.memory ?? plan.create()
    this.#views = viewsOf(this.memory, this.#address, itemCount, stride)
    if (memory !== undefined) return
    const { counter, blocks, scratch } = this.#address
    if (room === undefined) spread(itemFactors, factors, floatsAt(this.memory, items, itemCount * stride), stride)
    callersThread.run(this.memory, 'gramTasks', [counter, gramBlocks, items, itemCount, stride, blocks, scratch])
    const gram = floatsAt(this.memory, this.#address.gram, stride * stride)
    const sums = new Float64Array(stride * stride)
    for (let block = 0; block < gramBlocks; block++) {
      const part = doublesAt(this.memory, blocks + 8 * block * stride * stride, stride * stride)
      for (let n = 0; n < sums.length; n++) sums[n] = (sums[n] as number) + (part[n] as number)
    }
    for (let n = 0; n < sums.length; n++) gram[n] = unobservedWeight * (sums[n] as number)
    for (let f = factors; f < stride; f++) gram[f * (stride + 1)] = 1
  }

  /** Bytes that it takes beside the items' factors. */
  static bytesBeside({ itemCount, factorCount }: FactorModel): number {
    const plan = new MemoryPlan(0)
    addressesIn(plan, itemCount, strideOf(factorCount))
    return plan.end
  }

  /** Solves a row. Its system stays factorised for `contributionsTo`. */
  solve(positions: Uint32Array, weights: Float32Array, penalty: number): void {
    const [address, views] = [this.#address, this.#views]
    views.counter[0] = 0
    views.offsets[1] = positions.length
    views.positions.set(positions)
    views.weights.set(weights)
    views.penalty[0] = penalty
    const row = [1, 1, 0, 1, address.solution, address.items, address.offsets, address.positions, address.weights, address.penalty]
    callersThread.run(this.memory, 'choleskyTasks', [address.counter, ...row, address.gram, this.#stride, address.loss, address.scratch])
  }

  /** The factors of the row solved last. */
  solution(): Float32Array {
    return this.#views.solution.slice(0, this.#factors)
  }

  /** What each of the `count` pairs of the row solved last adds to the scores of items: item t, pair n at `t × count + n`. */
  contributionsTo(targets: Uint32Array, count: number): Float32Array {
    const { items, positions, weights, targets: block, solutions, contributions, scratch } = this.#address
    const views = this.#views
    const result = new Float32Array(targets.length * count)
    for (let first = 0; first < targets.length; first += targetsAtOnce) {
      const some = Math.min(targetsAtOnce, targets.length - first)
      views.targets.set(targets.subarray(first, first + some))
      const system = [scratch, items, positions, weights, count, this.#stride]
      callKernel(this.memory, 'contributions', 0, [block, some, ...system, solutions, contributions])
      result.set(views.contributions.subarray(0, some * count), first * count)
    }
    return result
  }
}

function addressesIn(plan: MemoryPlan, itemCount: number, stride: number) {
  return {
    counter: plan.takeWords(1),
    offsets: plan.takeWords(2),
    positions: plan.takeWords(itemCount),
    weights: plan.takeWords(itemCount),
    penalty: plan.takeWords(1),
    gram: plan.takeWords(stride * stride),
    solution: plan.takeWords(stride),
    targets: plan.takeWords(targetsAtOnce),
    solutions: plan.takeWords(targetsAtOnce * (stride + 1)),
    contributions: plan.takeWords(targetsAtOnce * itemCount),
    loss: plan.take(8),
    blocks: plan.take(gramBlocks * 8 * stride * stride),
    scratch: plan.takeWords(stride * (stride + scratchRows)),
  }
}

function viewsOf(memory: WebAssembly.Memory, address: ReturnType<typeof addressesIn>, itemCount: number, stride: number) {
  return {
    counter: wordsAt(memory, address.counter, 1),
    offsets: wordsAt(memory, address.offsets, 2),
    positions: wordsAt(memory, address.positions, itemCount),
    weights: floatsAt(memory, address.weights, itemCount),
    penalty: floatsAt(memory, address.penalty, 1),
    solution: floatsAt(memory, address.solution, stride),
    targets: wordsAt(memory, address.targets, targetsAtOnce),
    contributions: floatsAt(memory, address.contributions, targetsAtOnce * itemCount),
  }
}
