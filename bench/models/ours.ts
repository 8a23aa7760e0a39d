/** One task of the benchmark of models with our own: see task.ts. Times are of training or ranking alone. */
import { writeFileSync } from 'node:fs'
import { WorkerKernelThreads } from '../../src/adapters/kernel-threads.ts'
import { rankUsers } from '../../src/model/evaluation/rank-users.ts'
import { familyOf } from '../../src/model/families.ts'
import { matrix, vector } from '../../src/model/factor-model.ts'
import { IalsModel } from '../../src/model/ials/ials.ts'
import type { Interactions, Model } from '../../src/model/model.ts'
import { permutation, Random } from '../../src/model/random/random.ts'
import { listLength, readNumbers, readTrainPairs, type Task, type TaskResult } from './task.ts'

const task = JSON.parse(process.argv[2] ?? '{}') as Task
/** Seconds since then, of the clock and of the processor. */
function stopwatch(): () => Pick<TaskResult, 'seconds' | 'cpuSeconds'> {
  const [started, before] = [performance.now(), process.cpuUsage()]
  return () => {
    const seconds = (performance.now() - started) / 1000
    const { user, system } = process.cpuUsage(before)
    return { seconds, cpuSeconds: (user + system) / 1e6 }
  }
}

const threads = new WorkerKernelThreads(task.threads)

type Timing = Omit<TaskResult, 'peakRssMiB'>

function train(algorithm: string): Timing {
  const pairs = readTrainPairs(task.data)
  const taken = stopwatch()
  const fit = familyOf(algorithm).start(pairs, task.parameters, 1, undefined, { threads })
  while (fit.advance().fraction < 1);
  const model = fit.finish()
  const result = taken()
  writeLists(model, pairs)
  return result
}

function writeLists(model: Model, pairs: Interactions): void {
  if (task.lists === undefined) return
  const users = readNumbers(task.data, 'measured')
  const lists = new Uint32Array(users.length * listLength)
  let place = 0
  for (const batch of rankUsers({ model, train: pairs, users, k: listLength }))
    for (const { list } of batch) {
      lists.set(list, place)
      place += listLength
    }
  writeFileSync(task.lists, lists)
}

function randomModel(userCount: number, itemCount: number, factors: number): IalsModel {
  const random = Random.seeded(1)
  const draw = (rows: number): Float32Array => Float32Array.from({ length: rows * factors }, () => random.unit() - 0.5)
  return new IalsModel(
    new Map([
      ['user_factors', matrix(draw(userCount), userCount, factors)],
      ['item_factors', matrix(draw(itemCount), itemCount, factors)],
      ['item_scores', vector(new Float32Array(itemCount))],
      ['objective', vector(Float64Array.of(0.1, 0.01, 1))],
    ]),
  )
}

/** The top 10 of all users. */
function rankAll(): Timing {
  const pairs = readTrainPairs(task.data)
  const model = randomModel(pairs.userCount, pairs.itemCount, Number(task.parameters['factors']))
  const users = Uint32Array.from(Array(pairs.userCount).keys())
  const rank = (some: Uint32Array): void => {
    for (const _ of rankUsers({ model, train: pairs, users: some, k: 10, threads }));
  }
  rank(users.subarray(0, 100))
  const taken = stopwatch()
  rank(users)
  return taken()
}

/** One user at a time: 20,000 items, 200 of them seen, top 10. Random factors and histories. */
function answerRequests(): Timing {
  const model = randomModel(100, 20_000, Number(task.parameters['factors']))
  const random = Random.seeded(2)
  const histories = Array.from({ length: 50 }, () => permutation(model.itemCount, random).slice(0, 200).toSorted())
  const times: number[] = []
  const taken = stopwatch()
  for (let n = 0; n < 2200; n++) {
    const user = n % model.userCount
    const started = performance.now()
    const factors = model.userFactors.subarray(user * model.factorCount, (user + 1) * model.factorCount)
    model.bestItems(factors, 10, { exclude: histories[n % histories.length] ?? new Uint32Array(0) })
    if (n >= 200) times.push(performance.now() - started)
  }
  const sorted = Float64Array.from(times).toSorted()
  const quantile = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))] ?? NaN
  return { ...taken(), p50: quantile(0.5), p99: quantile(0.99) }
}

const runs: Readonly<Record<Task['kind'], () => Timing>> = {
  warp: () => train('warp'),
  ials: () => train('ials'),
  'irspack-ials': () => train('ials'),
  topk: rankAll,
  request: answerRequests,
  family: () => train(task.algorithm ?? ''),
}

const timing = runs[task.kind]()
await threads.close()
const result: TaskResult = { ...timing, peakRssMiB: Math.round(process.resourceUsage().maxRSS / 1024) }
process.stdout.write(`\n${JSON.stringify(result)}\n`)
