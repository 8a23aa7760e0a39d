import { MatineeError } from '../contracts/errors.ts'

/**
 * What `pending` gives, unless that takes longer than `ms`. An adapter may wait long for a store that is away; who
 * asks learns sooner. What was begun goes on and its outcome is dropped.
 * @throws MatineeError `store_unreachable` naming `key`.
 */
export async function answerWithin<T>(ms: number, key: string, pending: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  try {
    return await Promise.race([
      pending,
      new Promise<never>((_resolve, reject) => {
        timer = setTimeout(
          () => reject(new MatineeError('store_unreachable', `${key}: no answer within ${ms} ms`, { details: { key } })),
          ms,
        )
      }),
    ])
  } finally {
    clearTimeout(timer)
  }
}
