/** A family with its parameters, and those of the signals that its pairs are weighed by: what is fitted, compared and published. */
import { MatineeError } from '../contracts/errors.ts'
import { familyOf } from './families.ts'
import type { Fit, FitResources, Interactions, ModelFamily, Parameters, Tensors } from './model.ts'
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
  return familyOf(algorithm).start(weighPairs(signals, resolved).input, ofFamily, seed, checkpoint, resources)
}

/** Those of the signals alone, all of them. */
export function signalsOfCandidate({ parameters }: Pick<Candidate, 'parameters'>): Parameters {
  const own = Object.entries(parameters).filter(([name]) => isSignal(name))
  return resolveParameters({ algorithm: 'signals', parameters: signalParameters }, Object.fromEntries(own))
}

/** Whether its pairs weigh their ratings, and nothing else of the signals counts. */
export function weighsRatings(candidate: Pick<Candidate, 'parameters'>): boolean {
  const parameters = signalsOfCandidate(candidate)
  return signalParameters.every(({ name, default: usual }) => parameters[name] === usual)
}

/** Those of the family alone, all of them. */
export function familyParameters({ algorithm, parameters }: Candidate): Parameters {
  const own = Object.entries(parameters).filter(([name]) => !isSignal(name))
  return resolveParameters(familyOf(algorithm), Object.fromEntries(own))
}

/** What a fit of it holds in memory beside the pairs, in MiB. */
export function memoryNeedMib(candidate: Candidate, { userCount, itemCount, items }: Interactions, threads: number): number {
  const shape = { userCount, itemCount, pairCount: items.length }
  return Math.ceil(familyOf(candidate.algorithm).memoryNeedMib?.(shape, familyParameters(candidate), threads) ?? 0)
}

/** Refuses before any work what would be killed in the middle of it. @throws MatineeError `training_memory`. */
export function checkMemory(candidate: Candidate, pairs: Interactions, threads: number, memoryMib: number): void {
  const needMib = memoryNeedMib(candidate, pairs, threads)
  if (needMib <= memoryMib) return
  const { algorithm } = candidate
  const { userCount, itemCount, items } = pairs
  throw new MatineeError(
    'training_memory',
    `${algorithm} needs ${needMib} MiB for ${userCount} users, ${itemCount} items, ${items.length} pairs; a training may use ${memoryMib}: raise MATINEE_MEMORY_MIB or choose a smaller model`,
    { details: { algorithm, needMib, memoryMib } },
  )
}

/** Whether it knows titles that nobody has watched by what the catalogue says of them. */
export const heedsFeatures = ({ parameters }: Candidate): boolean =>
  Object.entries(parameters).some(([name, value]) => /^(ials\.)?feature_pairs$/.test(name) && Number(value) > 0)

const signalNames: ReadonlySet<string> = new Set(signalParameters.map(({ name }) => name))
const isSignal = (name: string): boolean => signalNames.has(name)
