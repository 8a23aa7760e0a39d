/** How many users watched each item: what strangers get where nothing better is known. */
import type { TrainingInput } from '../model.ts'

/** Pairs of weight above 0 by item, without those that were only looked at. */
export function watcherCounts({ itemCount, items, weights, watched }: TrainingInput): Float32Array {
  const counts = new Float64Array(itemCount)
  for (let pair = 0; pair < items.length; pair++) {
    const item = items[pair] as number
    if ((weights[pair] as number) > 0 && watched?.[pair] !== 0) counts[item] = (counts[item] as number) + 1
  }
  return Float32Array.from(counts)
}
