/** The shape of what `process.nextTick` queues, which Node does several times a request. */
import { executionAsyncResource } from 'node:async_hooks'

const kept: { tick?: object } = {}

/**
 * Keeps one of the objects that Node makes for each tick. Where none is left when V8 collects its whole heap, their shape goes too, and the
 * next has another one, though the same: V8 then takes the place in Node that makes them for one of many shapes, and makes them by its slow
 * way from then on. So call this before anything large is loaded.
 */
export function keepTickShape(): void {
  process.nextTick(() => {
    kept.tick = executionAsyncResource()
  })
}
