import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { after } from 'node:test'
import { array, assert as check, property, string } from 'fast-check'
import { IdIndex } from '../model/sparse/id-index.ts'
import { readPairsCsv, type PairRows } from './pairs-csv.ts'

const folder = mkdtempSync(join(tmpdir(), 'pairs-'))
after(() => rmSync(folder, { recursive: true }))
const path = join(folder, 'pairs.csv')

function read(text: string | Uint8Array): PairRows {
  writeFileSync(path, text)
  return readPairsCsv(path, new IdIndex(), new IdIndex())
}
const plain = ({ users, items, ratings, times }: PairRows): unknown => ({
  users: [...users],
  items: [...items],
  ...(ratings === undefined ? {} : { ratings: [...ratings] }),
  ...(times === undefined ? {} : { times: [...times] }),
})
const refuses = (text: string, message: RegExp): void => assert.throws(() => read(text), { code: 'import_invalid', message })

test('two, three or four columns, with a header or without, whatever ends the lines', () => {
  const pairs = { users: [0, 1, 0], items: [0, 0, 1] }
  assert.deepEqual(plain(read('u1,i1\nu2,i1\nu1,i2')), pairs)
  assert.deepEqual(plain(read('user,item\r\nu1,i1\r\n\r\nu2,i1\r\nu1,i2\r\n')), pairs)
  assert.deepEqual(plain(read('\ufeffuser_id,item_id,rating\nu1,i1,5\nu2,i1,-0.25\nu1,i2,1e2\n')), { ...pairs, ratings: [5, -0.25, 100] })
  assert.deepEqual(plain(read('who,what,stars,when\n1,1,5,881250949\n2,1,4,881250949.5\n1,2,3,0\n')), {
    ...pairs,
    ratings: [5, 4, 3],
    times: [881250949, 881250949.5, 0],
  })
  assert.deepEqual(plain(read('')), { users: [], items: [] })
})

test('ids are text: byte for byte, quoted or not', () => {
  assert.deepEqual(plain(read('1,a\n01,a\n1.0,a\n 1,a\n"1",a\n')), { users: [0, 1, 2, 3, 0], items: [0, 0, 0, 0, 0] })
  assert.deepEqual(plain(read('"a,b","say ""hi"""\n"a\nb",say\n"a,b","say ""hi"""\n')), { users: [0, 1, 0], items: [0, 1, 0] })
  assert.deepEqual(plain(read('사용자,영화\n사용자,극장\n')), { users: [0, 0], items: [0, 1] })
})

test('a malformed line is told by file, line and reason', () => {
  refuses('1,2\n3\n', /pairs\.csv line 2: it has 1 values, and the first line has 2/)
  refuses('1,2,3\n\n1,2,x\n', /line 3: the rating "x" is not a number/)
  refuses('1,2,3,4\n1,2,3,\n', /line 2: the timestamp "" is not a number/)
  refuses('1,2,3,4,5\n', /line 1: it has more than 4 values/)
  refuses('1,2\n,2\n', /line 2: the user is empty/)
  refuses('1,2\n1,\n', /line 2: the item is empty/)
  refuses('"1\n2",2\n"a"b,2\n', /line 3: a quoted value goes on after its quote/)
  refuses('1,2\n"a,2\n', /line 2: a quote is opened and never closed/)
  refuses('item,user\n1,2\n', /the columns are item,user, expected the user first/)
  assert.throws(() => readPairsCsv(join(folder, 'none.csv'), new IdIndex(), new IdIndex()), {
    message: /none\.csv cannot be opened \(ENOENT\)/,
  })
})

test('chunks leave no seams, and each id keeps its position', () => {
  const rows = 400_000
  const lines = Array.from({ length: rows }, (_, n) => `"user ""${(n * 7919) % 50_000}""",item-${n % 1013},${n % 5},${n}\n`)
  const { users, items, ratings, times } = read(lines.join(''))
  assert.equal(users.length, rows)
  const seen = new Map<number, number>()
  for (let n = 0; n < rows; n++) {
    const user = (n * 7919) % 50_000
    if (!seen.has(user)) seen.set(user, seen.size)
    assert.equal(users[n], seen.get(user))
    assert.equal(items[n], n % 1013)
    assert.equal(ratings?.[n], n % 5)
    assert.equal(times?.[n], n)
  }
})

test('an index gives equal bytes equal positions, others others', () => {
  check(
    property(array(string({ unit: 'binary', maxLength: 4 }), { maxLength: 3000 }), (ids) => {
      const index = new IdIndex()
      const known = new Map<string, number>()
      for (const id of ids) {
        const bytes = new TextEncoder().encode(`--${id}-`)
        if (!known.has(id)) known.set(id, known.size)
        assert.equal(index.positionOf(bytes, 2, bytes.length - 1), known.get(id))
      }
      assert.equal(index.count, known.size)
    }),
    { numRuns: 30 },
  )
})
