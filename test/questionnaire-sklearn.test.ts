/** The questionnaire's learners against the library that its first version predicted with. */
import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'node:test'
import { fileURLToPath } from 'node:url'
import { evaluateCurrent } from '../src/activities/questionnaire/evaluate-current.ts'
import { questionnaireJob, readRows } from '../src/activities/questionnaire/questionnaire-job.ts'
import { DirectoryObjectStore } from '../src/adapters/object-store/directory-store.ts'
import { outputOf } from '../src/adapters/tools/programs.ts'
import { questionnaireKeys } from '../src/contracts/store-keys.ts'
import { importQuestionnaire } from '../src/importing/questionnaire.ts'
import { decodeSafetensors } from '../src/model/artifact/safetensors.ts'
import { readTensor } from '../src/model/artifact/tensor-access.ts'
import { formNumbers, formsOf } from '../src/model/questionnaire/forms.ts'
import { learners } from '../src/model/questionnaire/learners.ts'
import { Random } from '../src/model/random/random.ts'
import { pythonEnvironment } from './support/python.ts'
import { temporaryFolder } from './support/temporary-folder.ts'

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const questions = 5
const limitMs = 300_000

/** A label a query; with `clear` also 1 for each whose label does not hang on the order of equals. */
async function sklearn(sample: Uint8Array, labels: Uint8Array, queries: Uint8Array, clear?: 'clear'): Promise<readonly Uint8Array[]> {
  const programs = await pythonEnvironment(here('questionnaire-requirements.txt'))
  const folder = await temporaryFolder('sklearn')
  for (const [name, values] of [
    ['sample', sample],
    ['labels', labels],
    ['queries', queries],
  ] as const)
    // prettier-ignore
    await writeFile(join(folder, `${name}.u8`), values)
  await outputOf(
    join(programs, 'python'),
    [here('support/nearest_neighbours.py'), folder, String(questions), ...(clear === undefined ? [] : [clear])],
    process.env,
    limitMs,
  )
  const results = ['predictions', ...(clear === undefined ? [] : [clear])]
  return Promise.all(results.map((name) => readFile(join(folder, `${name}.u8`))))
}

test('where no tie decides, every one of all forms gets the label that scikit-learn gives it', { timeout: limitMs }, async () => {
  const forms = formsOf([9, 9, 9, 9, 9])
  const random = Random.seeded(11)
  // Eighty places of ten and more rows of one label, and some rows strewn between them.
  const rows: number[][] = []
  for (let place = 0; place < 80; place++) {
    const answers = forms.sizes.map((size) => random.below(size))
    for (let n = 0; n < 10 + random.below(5); n++) rows.push([...answers, place % 12])
  }
  for (let n = 0; n < 40; n++) rows.push([...forms.sizes.map((size) => random.below(size)), random.below(12)])
  const answers = Uint8Array.from(rows.flatMap((row) => row.slice(0, questions)))
  const labels = Uint8Array.from(rows, (row) => row[questions] ?? 0)
  const queries = Uint8Array.from({ length: forms.count * questions }, (_, n) => {
    const question = n % questions
    return Math.floor(Math.floor(n / questions) / (forms.strides[question] ?? 1)) % (forms.sizes[question] ?? 1)
  })

  const fit = learners['nearest-neighbours'](forms, 12, { numbers: formNumbers(forms, answers), labels })
  let step = fit.next()
  while (step.done !== true) step = fit.next()
  const [predictions, clear] = await sklearn(answers, labels, queries, 'clear')
  assert.ok(predictions !== undefined && clear !== undefined)
  const decided = [...clear.keys()].filter((form) => clear[form] === 1)
  assert.ok(decided.length > 20_000, `${decided.length} forms are decided without a tie`)
  assert.deepEqual(
    decided.filter((form) => step.value?.table.labels[form] !== predictions[form]),
    [],
  )
})

test('on planted data neighbours are as accurate as scikit-learn’s, and counts no worse', { timeout: limitMs }, async () => {
  const random = Random.seeded(12)
  const folder = await temporaryFolder('planted')
  const file = join(folder, 'planted.csv')
  // Each label has its typical answers; each answer of a row is typical but for a share of noise.
  const typical = Array.from({ length: 12 }, () => Array.from({ length: questions }, () => random.below(8)))
  const lines = Array.from({ length: 60_000 }, () => {
    const label = random.below(12)
    const answers = (typical[label] ?? []).map((answer) => (random.unit() < 0.4 ? random.below(8) : answer))
    return `${[...answers, label].join(',')}\n`
  })
  await writeFile(file, lines.join(''))
  const store = new DirectoryObjectStore(join(folder, 'store'))
  const current = await importQuestionnaire(store, file, { now: () => 0 })
  const evaluation = await evaluateCurrent(store, { report: () => undefined, monotonicMs: () => performance.now() })

  const { answers, labels } = await readRows(store, current)
  const split = await store.read(questionnaireKeys.training(questionnaireJob(current, evaluation.seed), 'split.safetensors'))
  const { tensors } = decodeSafetensors(split?.body ?? new Uint8Array())
  const place = (part: string): Uint32Array => readTensor(tensors, part, Uint32Array, 1).data
  const answersAt = (places: Uint32Array): Uint8Array =>
    Uint8Array.from([...places].flatMap((row) => [...answers.subarray(row * questions, (row + 1) * questions)]))
  const labelsAt = (places: Uint32Array): Uint8Array => Uint8Array.from(places, (row) => labels[row] ?? 0)
  const [predictions] = await sklearn(answersAt(place('sample')), labelsAt(place('sample')), answersAt(place('test')))
  assert.ok(predictions !== undefined)
  const right = labelsAt(place('test')).reduce((sum, label, row) => sum + Number(label === predictions[row]), 0)
  const theirs = right / predictions.length

  const accuracy = (name: string): number => evaluation.learners.find((learner) => learner.name === name)?.accuracy ?? 0
  assert.ok(Math.abs(accuracy('nearest-neighbours') - theirs) <= 0.01, `${accuracy('nearest-neighbours')} against ${theirs}`)
  assert.ok(accuracy('smoothed-counts') >= theirs, `${accuracy('smoothed-counts')} against ${theirs}`)
  assert.equal(evaluation.model, 'smoothed-counts')
  assert.equal(evaluation.better_than_chance, true)
})
