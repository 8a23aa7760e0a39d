/** Signs of life while something long runs whose parts report nothing. */
import type { Progress } from '../contracts/ports.ts'

const BEAT_MS = 2_000

/** Beats with what `details` says at that moment, from now until the work ends. */
export async function withHeartbeat<T>(progress: Progress, details: () => unknown, work: () => Promise<T>): Promise<T> {
  progress.heartbeat(details())
  const timer = setInterval(() => progress.heartbeat(details()), BEAT_MS)
  try {
    return await work()
  } finally {
    clearInterval(timer)
  }
}
