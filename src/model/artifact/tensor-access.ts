/** Reading tensors that came from outside: a model file or a checkpoint. */
import { MatineeError } from '../../contracts/errors.ts'
import type { Tensor, Tensors } from '../model.ts'

type ArrayKind<Data> = { new (length: number): Data; readonly name: string }

/**
 * The tensor of that name, if its values are of that kind, its shape has that many dimensions, and all of it is finite.
 * @throws MatineeError `model_incompatible` naming the tensor, what it is and what was expected.
 */
export function readTensor<Data extends Tensor['data']>(
  tensors: Tensors,
  name: string,
  kind: ArrayKind<Data>,
  dimensions: number,
): { readonly shape: readonly number[]; readonly data: Data } {
  const tensor = tensors.get(name)
  const wanted = `${kind.name} of ${dimensions} dimension${dimensions === 1 ? '' : 's'}`
  if (tensor === undefined)
    throw incompatible(`there is no tensor ${name}, expected ${wanted}; it has ${[...tensors.keys()].join(', ') || 'none'}`)
  const { shape, data } = tensor
  if (!isOf(data, kind) || shape.length !== dimensions)
    throw incompatible(`tensor ${name} is ${data.constructor.name} [${shape.join(', ')}], expected ${wanted}`)
  if (tensor.finite !== true && (data instanceof Float32Array || data instanceof Float64Array)) checkFinite(name, data)
  return { shape, data }
}

/** By the engine's own loops: one of ours would run interpreted, ten times as long, in a server that reads a model now and then. */
function checkFinite(name: string, data: Float32Array | Float64Array): void {
  if (!data.includes(NaN) && !data.includes(Infinity) && !data.includes(-Infinity)) return
  const first = data.findIndex((value) => !Number.isFinite(value))
  throw incompatible(`tensor ${name} has ${data[first]} at ${first}, expected finite numbers`)
}

/** The same where the shape is known. */
export function readTensorOf<Data extends Tensor['data']>(
  tensors: Tensors,
  name: string,
  kind: ArrayKind<Data>,
  shape: readonly number[],
): Data {
  const tensor = readTensor(tensors, name, kind, shape.length)
  if (shape.some((size, n) => tensor.shape[n] !== size))
    throw incompatible(`tensor ${name} has shape [${tensor.shape.join(', ')}], expected [${shape.join(', ')}]`)
  return tensor.data
}

function isOf<Data extends Tensor['data']>(data: Tensor['data'], kind: ArrayKind<Data>): data is Data {
  return data instanceof kind
}

const incompatible = (problem: string): MatineeError => new MatineeError('model_incompatible', `model: ${problem}`)
