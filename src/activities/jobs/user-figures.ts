/** What each candidate reached for each test user: `metrics/<week>/<version>.users.parquet`, a row a user and candidate. */
import type { Cell } from '../../contracts/ports.ts'
import { userMetrics } from '../../model/metrics/ranking-metrics.ts'
import type { JobPorts } from './job-ports.ts'

const ROWS_A_BATCH = 2048

export class UserFigures {
  readonly #userIds: readonly string[]
  readonly #names: readonly string[]
  readonly #rows: Cell[][] = []

  /** @param userIds by position. */
  constructor(userIds: readonly string[], cutoffs: readonly number[]) {
    this.#userIds = userIds
    this.#names = cutoffs.flatMap((k) => userMetrics.map((metric) => `${metric}@${k}`))
  }

  /** @param values in the order of `RankingMetrics.columns`. */
  add(user: number, candidate: string, values: Float64Array): void {
    this.#rows.push([this.#userIds[user] ?? '', candidate, ...values])
  }

  async write(key: string, { columns, store }: JobPorts): Promise<void> {
    const database = await columns.open(new AbortController().signal)
    try {
      await database.run(
        `create table figures (subsr_id varchar, candidate varchar${this.#names.map((name) => `, "${name}" double`).join('')})`,
      )
      await database.append('figures', this.#batches())
      const file = await database.writeParquet('select * from figures', 'users.parquet')
      await store.upload(key, file.path)
    } finally {
      await database.close()
    }
  }

  async *#batches(): AsyncIterable<Cell[][]> {
    for (let start = 0; start < this.#rows.length; start += ROWS_A_BATCH) yield this.#rows.slice(start, start + ROWS_A_BATCH)
  }
}
