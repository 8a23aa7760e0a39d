import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { gzipSync } from 'node:zlib'
import * as fc from 'fast-check'
import { DirectoryObjectStore } from '../adapters/object-store/directory-store.ts'
import { defaultQuestionnaire } from '../contracts/questionnaire-default.ts'
import type { QuestionnaireDefinition } from '../contracts/questionnaire.ts'
import { questionnaireKeys } from '../contracts/store-keys.ts'
import { decodeSafetensors } from '../model/artifact/safetensors.ts'
import { importQuestionnaire, readAnswers } from './questionnaire.ts'

const clock = { now: () => 0 }

function folderOf(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'matinee-questionnaire-'))
  context.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

function fileOf(context: TestContext, content: string | Uint8Array, name = 'answers.csv'): string {
  const path = join(folderOf(context), name)
  writeFileSync(path, content)
  return path
}

async function keysOf(store: DirectoryObjectStore): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of store.list('')) keys.push(key)
  return keys
}

test('lines of answers: with a header or without, spaces, quotes, blank lines, either line end, a byte order mark, gzip', async (context) => {
  const expected = { answers: Uint8Array.of(0, 1, 2, 3, 8, 7, 6, 5, 4, 3), labels: Uint8Array.of(11, 0) }
  for (const content of [
    '0,1,2,3,8,11\n7,6,5,4,3,0\n',
    '0,1,2,3,8,11\n7,6,5,4,3,0',
    'a,b,c,d,e,label\r\n0,1,2,3,8,11\r\n7,6,5,4,3,0\r\n',
    '\uFEFFa,b,c,d,e,label\n0,1,2,3,8,11\n\n7,6,5,4,3,0\n\n',
    '\n나이,직업,휴식,색,운동,추천\n 0, 1,2 ,3,8,11\n"7","6","5","4","3","0"\n',
    '\uFEFF0,1,2,3,8,11\n7,6,5,4,3,0\n',
    '00,01,2,3,8,011\n7,6,5,4,3,0\n',
  ])
    for (const bytes of [content, gzipSync(content)])
      assert.deepEqual(await readAnswers(fileOf(context, bytes), defaultQuestionnaire), expected, JSON.stringify(content))
})

test('a bad line is named with its number and reason, and nothing is imported', async (context) => {
  const store = new DirectoryObjectStore(join(folderOf(context), 'store'))
  const good = '1,2,3,4,5,6\n'
  for (const [content, reason] of [
    ['1,2,3,4,9,6\n', / line 1: answer 5 is 9; 0 to 8 are allowed; nothing was imported$/],
    [`${good}${good}1,2,3,4,5,12\n`, / line 3: the label is 12; 0 to 11 are allowed/],
    [`${good}1,2,3,4,5\n${good}`, / line 2: it has 5 values; 6 are expected, 5 answers and the label/],
    [`${good}1,2,3,4,5,6,7\n`, / line 2: it has 7 values/],
    [`a,b,c,d,e,label\n${good}1,2,x,4,5,6\n`, / line 3: answer 3 "x" is not a whole number from 0 to 8/],
    [`${good}1,2,,4,5,6\n`, / line 2: answer 3 "" is not a whole number/],
    [`${good}1,2,-3,4,5,6\n`, / line 2: answer 3 "-3" is not a whole number/],
    [`${good}1,2,3.5,4,5,6\n`, / line 2: answer 3 "3.5" is not/],
    [`${good}a,b,c,d,e,label\n`, / line 2: answer 1 "a" is not/],
    ['1,2,3,4,5,label\n', / line 1: the label "label" is not/],
    [`${good}\n\nx\n${good}y\nz\n`, / line 4: it has 1 values; .*; 2 more bad lines: 6, 7; nothing/],
    [`${good}${'x\n'.repeat(9)}`, / line 2: .*; 8 more bad lines: 3, 4, 5, 6, 7, …; nothing/],
    ['', / has no line of answers$/],
    ['a,b,c,d,e,label\n', / has no line of answers$/],
    [`${good}${'1'.repeat(600_000)}\n`, / line 2: it /],
    [gzipSync(good.repeat(1000)).subarray(0, 30), / is gzip and broken/],
  ] as const) {
    const path = fileOf(context, content)
    await assert.rejects(importQuestionnaire(store, path, clock), (error: Error & { code?: string }) => {
      assert.equal(error.code, 'import_invalid')
      assert.ok(error.message.startsWith(path))
      assert.match(error.message, reason)
      return true
    })
  }
  await assert.rejects(importQuestionnaire(store, join(folderOf(context), 'none.csv'), clock), { code: 'import_invalid', message: /none\.csv is missing$/ }) // prettier-ignore
  assert.deepEqual(await keysOf(store), [])
})

test('what is stored is what stood in the file, wherever its pieces end', async (context) => {
  const answer = fc.integer({ min: 0, max: 8 })
  const rows = fc.array(fc.tuple(answer, answer, answer, answer, answer, fc.integer({ min: 0, max: 11 })), { minLength: 1, maxLength: 50 })
  await fc.assert(
    fc.asyncProperty(rows, fc.integer({ min: 1, max: 40_000 }), async (some, times) => {
      const many = Array.from({ length: Math.max(1, Math.ceil(times / some.length)) }, () => some).flat()
      const path = fileOf(context, many.map((row) => `${row.join(',')}\n`).join(''))
      const { answers, labels } = await readAnswers(path, defaultQuestionnaire)
      assert.deepEqual([...labels], many.map((row) => row[5])) // prettier-ignore
      assert.deepEqual([...answers], many.flatMap((row) => row.slice(0, 5))) // prettier-ignore
    }),
    { numRuns: 10 },
  )
})

test('a data set is immutable, opens anywhere, and the newest import is the current one', async (context) => {
  const store = new DirectoryObjectStore(join(folderOf(context), 'store'))
  const first = await importQuestionnaire(store, fileOf(context, '1,2,3,4,5,6\n0,0,0,0,0,0\n'), clock)
  assert.deepEqual(
    { ...first, data: '', definition: '' },
    { data: '', definition: '', rows: 2, imported_at: '1970-01-01T00:00:00.000Z', source: 'answers.csv' },
  )
  const { tensors } = decodeSafetensors((await store.read(questionnaireKeys.data(first.data)))?.body ?? new Uint8Array())
  assert.deepEqual(tensors.get('answers'), { shape: [2, 5], data: Uint8Array.of(1, 2, 3, 4, 5, 0, 0, 0, 0, 0) })
  assert.deepEqual(tensors.get('labels'), { shape: [2], data: Uint8Array.of(6, 0) })

  const second = await importQuestionnaire(store, fileOf(context, '1,2,3,4,5,7\n'), clock)
  assert.notEqual(second.data, first.data)
  assert.equal(second.definition, first.definition)
  assert.ok((await store.read(questionnaireKeys.data(first.data))) !== undefined, 'the one before stays')
  const again = await importQuestionnaire(store, fileOf(context, gzipSync('1,2,3,4,5,6\n0,0,0,0,0,0')), clock)
  assert.equal(again.data, first.data)
  assert.equal(JSON.parse(new TextDecoder().decode((await store.read(questionnaireKeys.current))?.body)).data, first.data)
})

const yesOrNo: QuestionnaireDefinition = {
  questions: ['wet', 'warm'].map((id) => ({
    id,
    text: { ko: `${id}?`, en: `${id}?` },
    options: [{ ko: '예', en: 'yes' }, { ko: '아니오', en: 'no' }], // prettier-ignore
  })),
  labels: [{ id: 'swim', name: 'Swimming' }, { id: 'ski' }, { id: 'read' }],
}

test('a definition of one’s own says how many answers and labels there are, and stays for the next import', async (context) => {
  const store = new DirectoryObjectStore(join(folderOf(context), 'store'))
  const definition = fileOf(context, JSON.stringify(yesOrNo), 'definition.json')
  const first = await importQuestionnaire(store, fileOf(context, '0,1,2\n2,2,0\n'), clock, definition)
  assert.equal((await importQuestionnaire(store, fileOf(context, '1,1,1\n'), clock)).definition, first.definition)
  await assert.rejects(importQuestionnaire(store, fileOf(context, '0,3,0\n'), clock), /line 1: answer 2 is 3; 0 to 2 are allowed/)
  await assert.rejects(importQuestionnaire(store, fileOf(context, '0,1,3\n'), clock), /line 1: the label is 3; 0 to 2 are allowed/)

  const twelve = Array.from({ length: 12 }, (_, n) => ({ ...yesOrNo.questions[0], id: `q${n}`, options: Array.from({ length: 9 }, () => ({ ko: '가', en: 'a' })) })) // prettier-ignore
  for (const [content, reason] of [
    ['{', /is not JSON/],
    [JSON.stringify({ ...yesOrNo, labels: [{ id: 'a' }] }), /\/labels/],
    [JSON.stringify({ ...yesOrNo, labels: [{ id: 'a' }, { id: 'a' }] }), /two labels have the id "a"/],
    [JSON.stringify({ ...yesOrNo, questions: [yesOrNo.questions[0], yesOrNo.questions[0]] }), /two questions have the id "wet"/],
    [JSON.stringify({ ...yesOrNo, questions: twelve }), /pairs of an entry and a label are possible/],
  ] as const)
    await assert.rejects(importQuestionnaire(store, fileOf(context, '0,1,2\n'), clock, fileOf(context, content, 'definition.json')), {
      code: 'import_invalid',
      message: reason,
    })
})
