/** Scores of several users at once, with whatever the model has for it. */
import type { Model } from '../model.ts'

/** @param rows users × items, row by row */
export function scoreUsers(model: Model, users: Uint32Array, rows: Float32Array): void {
  if (model.scoreUsers !== undefined) model.scoreUsers(users, rows)
  else for (const [n, user] of users.entries()) model.scoreUser(user, rows.subarray(n * model.itemCount, (n + 1) * model.itemCount))
}
