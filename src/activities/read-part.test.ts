import assert from 'node:assert/strict'
import { statSync } from 'node:fs'
import test from 'node:test'
import { DuckDbEngine } from '../adapters/columns/duckdb.ts'
import type { Progress, RowSource } from '../contracts/ports.ts'
import { weekOfLocal } from '../contracts/week.ts'
import { temporaryFolder } from '../../test/support/temporary-folder.ts'
import { readRange } from './read-part.ts'

const quiet: Progress = { heartbeat: () => {}, signal: new AbortController().signal }
const partOf = (time: string | null) => weekOfLocal(time ?? '')

test('long lines wait in memory up to a limit, of whatever parts they are', async (context) => {
  const folder = await temporaryFolder('read-part')
  const database = await new DuckDbEngine({ memoryMib: 64, threads: 1, scratchDirectory: folder }).open(quiet.signal)
  context.after(() => database.close())
  const line = 'x'.repeat(8 * 1024 * 1024)
  const days = ['2024-01-01', '2024-01-08', '2024-01-15']
  const source = {
    async *readLines() {
      for (let batch = 0; batch < 4; batch++) yield { lines: days.map(() => line), times: days }
    },
  } as unknown as RowSource
  let longest = 0
  const counted = new Proxy(database, {
    get: (target, name) => {
      if (name !== 'appendText') return Reflect.get(target, name, target).bind(target)
      return async (file: string, text: string) => {
        longest = Math.max(longest, text.length)
        await target.appendText(file, text)
      }
    },
  })
  const read = await readRange(
    { table: 'contlog', range: {}, partOf },
    { source, progress: quiet, database: counted },
    { phase: '', rows: 0 },
  )
  assert.equal(read.files.size, 3)
  for (const file of read.files.values()) assert.equal(statSync(database.scratchPath(file)).size, 4 * (line.length + 1))
  assert.ok(longest <= 16 * 1024 * 1024 + 2, `${longest} bytes at once`)
})
