/** The example of docs/evaluation.md: `node examples/evaluation.ts`. Four users, five titles, two candidates. */
import { PairedBootstrap } from '../src/model/evaluation/bootstrap.ts'
import { ListQualities } from '../src/model/evaluation/list-qualities.ts'
import { SegmentFigures } from '../src/model/evaluation/segments.ts'
import { RankingMetrics } from '../src/model/metrics/ranking-metrics.ts'
import { buildInteractions } from '../src/model/sparse/interactions.ts'

// Who watched what before: Ann 0 and 2, Ben 0, Cem 0 and 1, Dee 3.
const train = buildInteractions(4, 5, { users: Uint32Array.of(0, 0, 1, 2, 2, 3), items: Uint32Array.of(0, 2, 0, 0, 1, 3) })
// Titles 0 and 1 are drama, 2 and 3 comedy, 4 has no genre and is new.
const genreOf = Int32Array.of(0, 0, 1, 1, -1)
const titles = new Map([['new_titles', Uint8Array.of(0, 0, 0, 0, 1)]])
// What Ann, Ben, Cem and Dee watched afterwards, and the lists of two that each candidate gave them.
const wanted = [[3], [2, 4], [3], [0]]
const lists = {
  first: [[3, 1], [2, 3], [2, 3], [0, 2]], // prettier-ignore
  second: [[1, 3], [1, 2], [2, 4], [0, 1]], // prettier-ignore
}

const print = (line: string): boolean => process.stdout.write(`${line}\n`)
const values: Float64Array[] = []
for (const [name, listsOfUsers] of Object.entries(lists)) {
  const metrics = new RankingMetrics({ cutoffs: [2], itemCount: 5, catalogueSize: 5 })
  const qualities = new ListQualities({ cutoffs: [2], train, genreOf })
  const segments = new SegmentFigures({ cutoffs: [2], train, users: Uint32Array.of(0, 1, 2, 3), titles })
  const column = new Float64Array(4)
  for (const [user, items] of listsOfUsers.entries()) {
    const list = Uint32Array.from(items)
    const targets = Uint32Array.from(wanted[user] ?? [])
    const measured = { user, list, targets, values: metrics.add(list, targets, 2) }
    qualities.add(user, list)
    segments.add(measured)
    column[user] = measured.values[metrics.columns.indexOf('ndcg@2')] ?? NaN
  }
  values.push(column)
  print(name)
  for (const [measure, value] of Object.entries({ ...metrics.result(), ...qualities.result() })) print(`  ${measure} ${value.toFixed(4)}`)
  for (const [segment, figures] of Object.entries(segments.result()))
    print(`  ${segment} ${Object.entries(figures).map(([measure, value]) => `${measure} ${value.toFixed(4)}`).join(', ')}`) // prettier-ignore
}

const bootstrap = new PairedBootstrap(values, { seed: 0, resamples: 1000, level: 0.95 })
while (bootstrap.advance() < 1);
const { difference, low, high } = bootstrap.difference(0, 1)
print(`ndcg@2 of the first less the second ${difference.toFixed(4)}, interval ${low.toFixed(4)} to ${high.toFixed(4)}`)
