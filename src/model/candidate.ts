/** A family with its parameters, and those of the signals that its pairs are weighed by: what is fitted, compared and published. */
import { familyOf } from './families.ts'
import type { Fit, FitResources, ModelFamily, Parameters, Tensors } from './model.ts'
import { resolveParameters } from './parameters.ts'
import { signalParameters, weighPairs, type PairSignals } from './signals/pair-weights.ts'

export interface Candidate {
  readonly algorithm: string
  /** Of the family and, beginning with `signals.`, of the signals. Those that are not named have their defaults. */
  readonly parameters: Parameters
}

/** All that may be set of a candidate. @throws MatineeError `parameter_invalid` where there is no such family. */
export function candidateParameters(algorithm: string): Pick<ModelFamily, 'algorithm' | 'parameters'> {
  return { algorithm, parameters: [...familyOf(algorithm).parameters, ...signalParameters] }
}

/** @throws MatineeError `parameter_invalid` as `resolveParameters`, and as the family's `start`. */
export function startCandidate(
  { algorithm, parameters }: Candidate,
  signals: PairSignals,
  seed: number,
  checkpoint?: Tensors,
  resources?: FitResources,
): Fit {
  const resolved = resolveParameters(candidateParameters(algorithm), parameters)
  const ofFamily = Object.fromEntries(Object.entries(resolved).filter(([name]) => !isSignal(name)))
  return familyOf(algorithm).start(weighPairs(signals, resolved), ofFamily, seed, checkpoint, resources)
}

/** Those of the family alone, all of them. */
export function familyParameters({ algorithm, parameters }: Candidate): Parameters {
  const own = Object.entries(parameters).filter(([name]) => !isSignal(name))
  return resolveParameters(familyOf(algorithm), Object.fromEntries(own))
}

/** Whether it knows titles that nobody has watched by what the catalogue says of them. */
export const heedsFeatures = ({ parameters }: Candidate): boolean =>
  Object.entries(parameters).some(([name, value]) => /^(ials\.)?feature_pairs$/.test(name) && Number(value) > 0)

const signalNames: ReadonlySet<string> = new Set(signalParameters.map(({ name }) => name))
const isSignal = (name: string): boolean => signalNames.has(name)
