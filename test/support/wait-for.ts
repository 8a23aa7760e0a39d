import { setTimeout as delay } from 'node:timers/promises'

/** Asks until the answer is there. Fails after `limitMs`, which no slow machine comes to, with what was waited for. */
export async function waitFor<T>(what: string, ask: () => Promise<T | undefined>, limitMs = 180_000): Promise<T> {
  const deadline = performance.now() + limitMs
  for (;;) {
    const answer = await ask()
    if (answer !== undefined) return answer
    if (performance.now() > deadline) throw new Error(`waited ${limitMs / 1000} s in vain for ${what}`)
    await delay(100)
  }
}
