/** Resamples of users, and the means of their values: see src/model/evaluation/bootstrap.ts. */
import { below, loadGenerator } from './random'
import { nextTask } from './vectors'

/**
 * Task r: draws `users` users with replacement, and writes the mean of each column over them to row r of `means`. Each is summed in the order
 * of the users, in double, so that columns do not change each other.
 * @param columns a multiple of 4, as are the rows of `values` (one a user) and `means`
 * @param counts `users` words a thread, scratch
 * @param generators 16 bytes a task
 */
export function resampleTasks(
  thread: i32,
  counter: usize,
  tasks: i32,
  users: i32,
  columns: i32,
  values: usize,
  counts: usize,
  generators: usize,
  means: usize,
): void {
  const rowBytes = (<usize>columns) << 3
  const drawn = counts + ((<usize>thread * <usize>users) << 2)
  const drawnEnd = drawn + ((<usize>users) << 2)
  const all = f64x2.splat(<f64>users)
  for (let task = nextTask(counter); task < tasks; task = nextTask(counter)) {
    loadGenerator(generators + ((<usize>task) << 4))
    memory.fill(drawn, 0, (<usize>users) << 2)
    for (let n = 0; n < users; n++) {
      const user = drawn + ((<usize>below(users)) << 2)
      store<u32>(user, load<u32>(user) + 1)
    }
    const row = means + <usize>task * rowBytes
    for (let column: usize = 0; column < rowBytes; column += 32) {
      let sums = f64x2.splat(0)
      let nextSums = f64x2.splat(0)
      let value = values + column
      for (let user = drawn; user < drawnEnd; user += 4) {
        const count = f64x2.splat(<f64>load<u32>(user))
        sums = f64x2.add(sums, f64x2.mul(count, v128.load(value)))
        nextSums = f64x2.add(nextSums, f64x2.mul(count, v128.load(value, 16)))
        value += rowBytes
      }
      v128.store(row + column, f64x2.div(sums, all))
      v128.store(row + column, f64x2.div(nextSums, all), 16)
    }
  }
}
