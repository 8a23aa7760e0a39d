/** The analyst's notebook, run on what two real weekly runs left in the store: its figures must be the store's. */
import assert from 'node:assert/strict'
import { copyFile, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import test, { before } from 'node:test'
import { fileURLToPath } from 'node:url'
import { DuckDBInstance } from '@duckdb/node-api'
import { Type, type Static } from 'typebox'
import { sqlText } from '../src/adapters/columns/duckdb.ts'
import { outputOf } from '../src/adapters/tools/programs.ts'
import {
  AccuracyTable,
  FeaturesCurrent,
  FeaturesReport,
  LatestModel,
  ModelItems,
  parseDocument,
  WeekMetrics,
} from '../src/contracts/documents.ts'
import { storeKeys } from '../src/contracts/store-keys.ts'
import { readDocument } from '../src/contracts/stored-documents.ts'
import { decodeSafetensors } from '../src/model/artifact/safetensors.ts'
import { readTensor } from '../src/model/artifact/tensor-access.ts'
import type { Tensors } from '../src/model/model.ts'
import { finishedRun, type FinishedRun } from './support/finished-run.ts'
import { pythonEnvironment } from './support/python.ts'
import { temporaryFolder } from './support/temporary-folder.ts'

const examples = fileURLToPath(new URL('../examples/', import.meta.url))
const notebook = join(examples, 'analyst.ipynb')
const runLimitMs = 300_000

const Text = Type.Union([Type.String(), Type.Array(Type.String())])
const Cell = Type.Object({
  cell_type: Type.String(),
  execution_count: Type.Optional(Type.Union([Type.Integer(), Type.Null()])),
  outputs: Type.Optional(
    Type.Array(
      Type.Object({
        output_type: Type.String(),
        name: Type.Optional(Type.String()),
        text: Type.Optional(Text),
        data: Type.Optional(Type.Object({ 'image/png': Type.Optional(Text), 'text/plain': Type.Optional(Text) })),
      }),
    ),
  ),
})
const Notebook = Type.Object({ cells: Type.Array(Cell) })

const textOf = (text: Static<typeof Text> = ''): string => (typeof text === 'string' ? text : text.join(''))

async function codeCells(path: string): Promise<readonly Static<typeof Cell>[]> {
  const { cells } = parseDocument(Notebook, await readFile(path), path)
  return cells.filter(({ cell_type: kind }) => kind === 'code')
}

let run: FinishedRun
let executed: readonly Static<typeof Cell>[]
/** What the cells printed, and the tables that they ended with, as text. */
let said: string
let images: readonly Buffer[]

before(async () => {
  const [finished, programs] = await Promise.all([finishedRun(), pythonEnvironment(join(examples, 'requirements.txt'))])
  const folder = await temporaryFolder('notebook')
  const copy = join(folder, 'analyst.ipynb')
  await copyFile(notebook, copy)
  const environment = {
    ...process.env,
    STORE: finished.directory,
    // Nothing of the person's own kernels and settings.
    JUPYTER_PREFER_ENV_PATH: '1',
    JUPYTER_CONFIG_DIR: folder,
    JUPYTER_DATA_DIR: folder,
    IPYTHONDIR: folder,
    MPLCONFIGDIR: folder,
  }
  await outputOf(join(programs, 'jupyter'), ['execute', '--inplace', copy], environment, runLimitMs)
  run = finished
  executed = await codeCells(copy)
  const outputs = executed.flatMap((cell) => cell.outputs ?? [])
  said = outputs.map(({ text, data }) => textOf(text ?? data?.['text/plain'])).join('\n')
  images = outputs.flatMap(({ data }) => (data?.['image/png'] === undefined ? [] : [Buffer.from(textOf(data['image/png']), 'base64')]))
})

test('the committed notebook holds no results', async () => {
  for (const { outputs, execution_count: count } of await codeCells(notebook))
    assert.deepEqual({ outputs, count }, { outputs: [], count: null })
})

test('every cell ran, in order and without a complaint', () => {
  assert.deepEqual(
    executed.map(({ execution_count: count }) => count),
    executed.map((_, index) => index + 1),
  )
  const complaints = executed
    .flatMap((cell) => cell.outputs ?? [])
    .filter(({ output_type: type, name }) => type === 'error' || name === 'stderr')
  assert.deepEqual(complaints, [])
})

test('both charts were drawn', () => {
  assert.equal(images.length, 2)
  for (const image of images) {
    assert.equal(image.toString('latin1', 1, 4), 'PNG')
    assert.ok(image.readUInt32BE(16) > 400 && image.readUInt32BE(20) > 200, 'width and height in the header')
  }
})

test('the data of the week are the store’s', async () => {
  const week = run.weeks[1]
  const { digest } = await readDocument(run.store, FeaturesCurrent, storeKeys.featuresCurrent(week))
  const report = await readDocument(run.store, FeaturesReport, storeKeys.features(week, digest, 'report.json'))
  says(`newest published week: ${week}`)
  says(`${report.pairs} pairs of user and title, ${report.watched_pairs} of them watched`)
  saysRow('repeated exactly', report.vods_repeat, report.conts_repeat)
  saysRow('read in all', report.vods_in, report.conts_in)

  const viewers = await column(
    `select viewers from ${parquet(storeKeys.features(week, digest, 'items.parquet'))} where viewers > 0 order by 1 desc`,
  )
  const all = viewers.reduce((sum, count) => sum + count, 0)
  let covered = 0
  const half = viewers.findIndex((count) => (covered += count) >= all / 2) + 1
  says(`${half} of ${viewers.length} watched titles make up half of all watching; the most watched one has ${viewers[0]} viewers`)
})

test('the figures of the model are the store’s', async () => {
  const week = run.weeks[1]
  const accuracy = await readDocument(run.store, AccuracyTable, storeKeys.accuracy('precision'))
  assert.deepEqual(accuracy.weeks, run.weeks)
  says(`precision@10 in ${week}: ${accuracy.values.at(-1)?.[0]?.toFixed(5)}`)

  const { version } = await readDocument(run.store, LatestModel, storeKeys.modelLatest)
  const metrics = await readDocument(run.store, WeekMetrics, storeKeys.metrics(week, version))
  says(`${metrics.candidate} was chosen: ${metrics.choice.reason}`)
  for (const { candidate } of metrics.splits.find(({ kind }) => kind === 'random')?.candidates ?? []) {
    const hits = await column(
      `select avg(("precision@10" > 0)::int) from ${parquet(storeKeys.metricsUsers(week, version))} where candidate = ${sqlText(candidate)}`,
    )
    says(`users with a hit among ten, ${candidate}: ${hits[0]?.toFixed(4)}`)
  }
})

test('the nearest titles are those of the serving model', async () => {
  const { version } = await readDocument(run.store, LatestModel, storeKeys.modelLatest)
  says(`serving: ${version} (`)
  const items = await readDocument(run.store, ModelItems, storeKeys.model(version, 'items.json'))
  const { tensors } = decodeSafetensors((await run.store.read(storeKeys.model(version, 'model.safetensors')))?.body ?? new Uint8Array())
  const viewers = [...readTensor(tensors, 'item_viewers', Uint32Array, 1).data]
  const of = viewers.indexOf(Math.max(...viewers))
  const row = tensors.has('item_factors') ? rowsOf(readTensor(tensors, 'item_factors', Float32Array, 2)) : whoWatched(tensors, items.length)
  const cosines = items.map((_, item) => cosine(row(of), row(item)))
  const nearest = items
    .map((_, item) => item)
    .filter((item) => item !== of)
    .toSorted((a, b) => (cosines[b] ?? 0) - (cosines[a] ?? 0))
  says(`nearest to ${items[of]?.program_id} (`)
  for (const item of nearest.slice(0, 10))
    assert.match(said, new RegExp(String.raw`^${item} +${items[item]?.program_id} .* ${viewers[item]}$`, 'm'))
})

const product = (a: Float32Array, b: Float32Array): number => a.reduce((sum, value, factor) => sum + value * (b[factor] ?? 0), 0)
const cosine = (a: Float32Array, b: Float32Array): number => product(a, b) / (Math.sqrt(product(a, a) * product(b, b)) || 1)

const rowsOf =
  ({ data, shape: [, width = 0] }: { readonly data: Float32Array; readonly shape: readonly number[] }) =>
  (row: number): Float32Array =>
    data.subarray(row * width, (row + 1) * width)

/** Of each title, a 1 for each user who watched it. */
function whoWatched(tensors: Tensors, titles: number): (title: number) => Float32Array {
  const offsets = readTensor(tensors, 'seen_offsets', Uint32Array, 1).data
  const seen = readTensor(tensors, 'seen_items', Uint32Array, 1).data
  const users = offsets.length - 1
  const marks = new Float32Array(titles * users)
  for (let user = 0; user < users; user++)
    for (const title of seen.subarray(offsets[user], offsets[user + 1])) marks[title * users + user] = 1
  return rowsOf({ data: marks, shape: [titles, users] })
}

const says = (line: string): void => assert.ok(said.includes(line), `the notebook does not say "${line}":\n${said}`)
const saysRow = (name: string, ...values: readonly number[]): void => assert.match(said, new RegExp(`^${name} +${values.join(' +')}$`, 'm'))

const parquet = (key: string): string => `read_parquet(${sqlText(join(run.directory, key))})`

/** Numbers of a query's only column. */
async function column(query: string): Promise<readonly number[]> {
  const connection = await (await DuckDBInstance.create()).connect()
  try {
    return (await connection.runAndReadAll(query)).getColumns().flat().map(Number)
  } finally {
    connection.closeSync()
  }
}
