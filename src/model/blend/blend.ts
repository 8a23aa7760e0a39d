/**
 * A blend: the scores of several families, each standardised over the catalogue for the user in hand, added with a weight each.
 *
 *   score(u, i) = Σ_m weight_m × (s_m(u, i) - mean_m(u)) / deviation_m(u)
 *
 * with mean and standard deviation over all items. A family that scores every item of a user alike adds nothing. Parameters are those of the
 * families, each behind the family's name: `ials.weight`, `ials.factors`, `popularity.weeks`; a family of weight 0 takes no part.
 *
 * | tensor             | kind, shape       | what                                                |
 * |--------------------|-------------------|-----------------------------------------------------|
 * | `blend_weights`    | 64-bit, families  | in the order of `blendedFamilies`                   |
 * | `known_users`      | bytes, users      | 1 where the user has a pair of weight above 0       |
 * | `<family>.<name>`  |                   | the family's own                                    |
 *
 * Strangers, with whom nobody's taste can be told, get what `popularity` gives where it takes part, else what the first family gives them.
 * Sums in double precision in the order of items and families. Time and memory are the sums of those of the families. A checkpoint holds the
 * models that are done and the state of the one under way.
 */
import { MatineeError } from '../../contracts/errors.ts'
import { readTensorOf } from '../artifact/tensor-access.ts'
import { ease } from '../ease/ease.ts'
import { scoreUsers } from '../evaluation/score-users.ts'
import { vector } from '../factor-model.ts'
import { ials } from '../ials/ials.ts'
import { itemKnn } from '../item-knn/item-knn.ts'
import type {
  Fit,
  FitProgress,
  FitResources,
  Interactions,
  KernelMemories,
  Model,
  ModelFamily,
  Parameters,
  Tensor,
  Tensors,
  TrainingInput,
} from '../model.ts'
import { numberParameter, resolveParameters } from '../parameters.ts'
import { popularity } from '../popularity/popularity.ts'
import { checkInteractions } from '../sparse/interactions.ts'
import { warp } from '../warp/warp.ts'

const algorithm = 'blend'

export const blendedFamilies: readonly ModelFamily[] = [ials, ease, itemKnn, warp, popularity]

/** `parameters` of one family as a blend names them. */
export const blendParameters = (name: string, weight: number, parameters: Parameters): Parameters => ({
  [`${name}.weight`]: weight,
  ...Object.fromEntries(Object.entries(parameters).map(([parameter, value]) => [`${name}.${parameter}`, value])),
})

/** Adds to `sums` the scores of one user, standardised and times a weight. Undoes nothing in `scores`. */
export function addStandardised(scores: Float32Array, weight: number, sums: Float64Array): void {
  let sum = 0
  for (let item = 0; item < scores.length; item++) sum += scores[item] as number
  const mean = sum / scores.length
  let squares = 0
  for (let item = 0; item < scores.length; item++) squares += ((scores[item] as number) - mean) ** 2
  if (!(squares > 0)) return
  const scale = weight / Math.sqrt(squares / scores.length)
  for (let item = 0; item < scores.length; item++) sums[item] = (sums[item] as number) + ((scores[item] as number) - mean) * scale
}

interface Component {
  readonly family: ModelFamily
  readonly weight: number
  readonly parameters: Parameters
}

/** Those that take part. @throws MatineeError `parameter_invalid` where none does. */
function componentsOf(parameters: Parameters): readonly Component[] {
  const components = blendedFamilies.flatMap((family) => {
    const weight = numberParameter(parameters, `${family.algorithm}.weight`)
    if (weight === 0) return []
    const own = family.parameters.map(({ name }) => [name, parameters[`${family.algorithm}.${name}`] ?? 0] as const)
    return [{ family, weight, parameters: Object.fromEntries(own) }]
  })
  if (components.length === 0)
    throw new MatineeError('parameter_invalid', 'blend: every weight is 0; at least one must be above', { details: { algorithm } })
  return components
}

const prefixed = (prefix: string, tensors: Tensors): readonly (readonly [string, Tensor])[] =>
  [...tensors].map(([name, tensor]) => [`${prefix}.${name}`, tensor])

const ofPrefix = (prefix: string, tensors: Tensors): Tensors =>
  new Map([...tensors].flatMap(([name, tensor]) => (name.startsWith(`${prefix}.`) ? [[name.slice(prefix.length + 1), tensor]] : [])))

class BlendFit implements Fit {
  readonly #components: readonly Component[]
  readonly #input: TrainingInput
  readonly #seed: number
  readonly #resources: FitResources
  /** Models that are done, in the order of the components. */
  readonly #models: Model[] = []
  #fit: Fit | undefined

  constructor(
    input: TrainingInput,
    components: readonly Component[],
    seed: number,
    checkpoint: Tensors | undefined,
    resources: FitResources,
  ) {
    this.#components = components
    this.#input = input
    this.#seed = seed
    this.#resources = resources
    if (checkpoint !== undefined) this.#resume(checkpoint)
  }

  advance(): FitProgress {
    const component = this.#components[this.#models.length]
    const epochs = this.#components.length
    if (component === undefined) return { epoch: epochs, epochs, fraction: 1 }
    this.#fit ??= this.#start(component)
    const { fraction } = this.#fit.advance()
    if (fraction === 1) {
      this.#models.push(this.#fit.finish())
      this.#fit = undefined
      return { epoch: this.#models.length, epochs, fraction: this.#models.length / epochs }
    }
    return { epoch: this.#models.length, epochs, fraction: (this.#models.length + fraction) / epochs }
  }

  checkpoint(): Tensors | undefined {
    const state = this.#fit?.checkpoint()
    if (this.#models.length === 0 && state === undefined) return undefined
    if (this.#fit !== undefined && state === undefined) return undefined
    const { userCount, itemCount } = this.#input
    return new Map([
      ['epoch', vector(Uint32Array.of(this.#models.length))],
      ['shape', vector(Uint32Array.of(userCount, itemCount))],
      ...this.#models.flatMap((model) => prefixed(model.algorithm, model.tensors())),
      ...(state === undefined ? [] : prefixed('state', state)),
    ])
  }

  finish(): Model {
    if (this.#models.length < this.#components.length)
      throw new MatineeError(
        'internal',
        `blend: ${this.#models.length} of ${this.#components.length} families are done; advance until fraction is 1`,
      )
    const weights = blendedFamilies.map((family) => this.#components.find((one) => one.family === family)?.weight ?? 0)
    return new BlendModel(
      new Map([
        ['blend_weights', vector(Float64Array.from(weights))],
        ['known_users', vector(knownUsers(this.#input))],
        ...this.#models.flatMap((model) => prefixed(model.algorithm, model.tensors())),
      ]),
    )
  }

  #start({ family, parameters }: Component, state?: Tensors): Fit {
    return family.start(this.#input, parameters, this.#seed, state, this.#resources)
  }

  #resume(checkpoint: Tensors): void {
    const { userCount, itemCount } = this.#input
    const [users, items] = readTensorOf(checkpoint, 'shape', Uint32Array, [2])
    const done = readTensorOf(checkpoint, 'epoch', Uint32Array, [1])[0] ?? 0
    if (users !== userCount || items !== itemCount || done > this.#components.length)
      throw new MatineeError(
        'model_incompatible',
        `blend: the checkpoint is of ${users} users, ${items} items and ${done} families, expected ${userCount}, ${itemCount} and at most ${this.#components.length}`,
      )
    for (const { family } of this.#components.slice(0, done)) this.#models.push(loadComponent(family, checkpoint))
    const state = ofPrefix('state', checkpoint)
    const next = this.#components[done]
    if (state.size > 0 && next !== undefined) this.#fit = this.#start(next, state)
  }
}

function knownUsers({ userCount, offsets, weights }: Interactions): Uint8Array {
  return Uint8Array.from({ length: userCount }, (_, user) =>
    Number(weights.subarray(offsets[user], offsets[user + 1]).some((weight) => weight > 0)),
  )
}

/** @throws MatineeError `model_incompatible` that names tensors as the blend does. */
function loadComponent(family: ModelFamily, tensors: Tensors, memories?: KernelMemories): Model {
  try {
    return family.load(ofPrefix(family.algorithm, tensors), memories)
  } catch (error) {
    if (!(error instanceof MatineeError)) throw error
    throw new MatineeError(error.code, error.message.replace(/\btensors? /, `$&${family.algorithm}.`), {
      cause: error,
      details: error.details,
    })
  }
}

export class BlendModel implements Model {
  readonly algorithm = algorithm
  readonly userCount: number
  readonly itemCount: number
  /** The family that says most, popularity aside where there is another: what a list is explained by. */
  readonly leading: Model
  readonly #parts: readonly { readonly model: Model; readonly weight: number }[]
  readonly #strangers: Model
  readonly #knownUsers: Uint8Array
  readonly #tensors: Tensors
  readonly #sums: Float64Array

  /** @throws MatineeError `model_incompatible` where tensors are missing, do not fit each other, or hold what is not finite. */
  constructor(tensors: Tensors, memories?: KernelMemories) {
    const weights = readTensorOf(tensors, 'blend_weights', Float64Array, [blendedFamilies.length])
    const parts = blendedFamilies.flatMap((family, n) => {
      const weight = weights[n] as number
      return weight === 0 ? [] : [{ model: loadComponent(family, tensors, memories), weight }]
    })
    const [first] = parts
    if (first === undefined) throw new MatineeError('model_incompatible', 'model: tensor blend_weights has no weight above 0')
    this.userCount = first.model.userCount
    this.itemCount = first.model.itemCount
    for (const { model } of parts)
      if (model.userCount !== this.userCount || model.itemCount !== this.itemCount)
        throw new MatineeError(
          'model_incompatible',
          `model: ${model.algorithm} has ${model.userCount} users and ${model.itemCount} items, expected ${this.userCount} and ${this.itemCount}`,
        )
    const byWeight = parts.toSorted((a, b) => b.weight - a.weight)
    this.leading = (byWeight.find(({ model }) => model.algorithm !== popularity.algorithm) ?? first).model
    this.#strangers = (parts.find(({ model }) => model.algorithm === popularity.algorithm) ?? first).model
    this.#parts = parts
    this.#knownUsers = readTensorOf(tensors, 'known_users', Uint8Array, [this.userCount])
    this.#tensors = tensors
    this.#sums = new Float64Array(this.itemCount)
  }

  tensors(): Tensors {
    return this.#tensors
  }

  scoreUser(user: number, scores: Float32Array): void {
    if (!(user >= 0 && user < this.userCount)) throw new MatineeError('internal', `user ${user}, expected below ${this.userCount}`)
    if (this.#knownUsers[user] === 0) this.scoreStranger(scores)
    else this.#blend(scores, (model) => model.scoreUser(user, scores))
  }

  scoreUsers(users: Uint32Array, rows: Float32Array): void {
    const { itemCount } = this
    const sums = new Float64Array(rows.length)
    for (const { model, weight } of this.#parts) {
      scoreUsers(model, users, rows)
      for (let n = 0; n < users.length; n++) {
        const [start, end] = [n * itemCount, (n + 1) * itemCount]
        addStandardised(rows.subarray(start, end), weight, sums.subarray(start, end))
      }
    }
    rows.set(sums)
    for (const [n, user] of users.entries())
      if (this.#knownUsers[user] === 0) this.scoreStranger(rows.subarray(n * itemCount, (n + 1) * itemCount))
  }

  scoreStranger(scores: Float32Array): void {
    this.#strangers.scoreStranger(scores)
  }

  scoreHistory(items: Uint32Array, weights: Float32Array, scores: Float32Array): void {
    if (weights.some((weight) => weight > 0)) this.#blend(scores, (model) => model.scoreHistory(items, weights, scores))
    else this.scoreStranger(scores)
  }

  /** `score` writes what one family says into `scores`, which holds the blend in the end. */
  #blend(scores: Float32Array, score: (model: Model) => void): void {
    const sums = this.#sums.fill(0)
    for (const { model, weight } of this.#parts) {
      score(model)
      addStandardised(scores, weight, sums)
    }
    scores.set(sums)
  }
}

export const blend: ModelFamily = {
  algorithm,
  parameters: blendedFamilies.flatMap((family) => [
    {
      name: `${family.algorithm}.weight`,
      description: `Weight of ${family.algorithm}; 0: takes no part`,
      type: 'number' as const,
      default: family === ials ? 1 : 0,
      minimum: 0,
      maximum: 1000,
    },
    ...family.parameters.map((spec) => ({ ...spec, name: `${family.algorithm}.${spec.name}` })),
  ]),
  memoryNeedMib: (shape, parameters, threads) =>
    componentsOf(parameters).reduce((sum, { family, parameters: own }) => sum + (family.memoryNeedMib?.(shape, own, threads) ?? 0), 0),
  start(input: TrainingInput, given: Parameters, seed: number, checkpoint?: Tensors, resources: FitResources = {}): Fit {
    checkInteractions(input)
    return new BlendFit(input, componentsOf(resolveParameters(blend, given)), seed, checkpoint, resources)
  },
  load: (tensors, memories) => new BlendModel(tensors, memories),
}
