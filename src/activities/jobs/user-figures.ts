/** What each candidate reached for each test user: `metrics/<week>/<version>.users.parquet`, a row a user and candidate. */
import type { Cell } from '../../contracts/ports.ts'
import { userMetrics } from '../../model/metrics/ranking-metrics.ts'
import type { JobPorts } from './job-ports.ts'

export class UserFigures {
  readonly #userIds: readonly string[]
  readonly #names: readonly string[]
  /** `subsr_id`, `candidate`, and one a name. */
  readonly #columns: readonly Cell[][]

  /** @param userIds by position. */
  constructor(userIds: readonly string[], cutoffs: readonly number[]) {
    this.#userIds = userIds
    this.#names = cutoffs.flatMap((k) => userMetrics.map((metric) => `${metric}@${k}`))
    this.#columns = ['subsr_id', 'candidate', ...this.#names].map(() => [])
  }

  /** @param values in the order of `RankingMetrics.columns`. */
  add(user: number, candidate: string, values: Float64Array): void {
    const [users, candidates, ...figures] = this.#columns
    users?.push(this.#userIds[user] ?? '')
    candidates?.push(candidate)
    for (const [n, figure] of figures.entries()) figure.push(values[n] ?? NaN)
  }

  async write(key: string, { columns, store }: JobPorts): Promise<void> {
    const database = await columns.open(new AbortController().signal)
    try {
      await database.run(
        `create table figures (subsr_id varchar, candidate varchar${this.#names.map((name) => `, "${name}" double`).join('')})`,
      )
      await database.append('figures', once(this.#columns))
      const file = await database.writeParquet('select * from figures', 'users.parquet')
      await store.upload(key, file.path)
    } finally {
      await database.close()
    }
  }
}

async function* once<T>(value: T): AsyncIterable<T> {
  yield value
}
