import assert from 'node:assert/strict'
import { statSync } from 'node:fs'
import test from 'node:test'
import { DuckDbEngine } from '../adapters/columns/duckdb.ts'
import type { Progress, RowSource } from '../contracts/ports.ts'
import { parseWeek } from '../contracts/week.ts'
import { temporaryFolder } from '../../test/support/temporary-folder.ts'
import { readRange } from './read-part.ts'

const quiet: Progress = { heartbeat: () => {}, signal: new AbortController().signal }

test('long lines wait in memory up to a limit, of whatever parts they are', async () => {
  const folder = await temporaryFolder('read-part')
  const database = await new DuckDbEngine({ memoryMib: 64, threads: 1, scratchDirectory: folder }).open(quiet.signal)
  const line = 'x'.repeat(8 * 1024 * 1024)
  const days = ['2024-01-01', '2024-01-08', '2024-01-15']
  const source = {
    async *readLines() {
      for (let batch = 0; batch < 4; batch++) yield { lines: days.map(() => line), times: days }
    },
  } as unknown as RowSource
  let waiting = 0
  const counted = new Proxy(database, {
    get: (target, name) => {
      if (name !== 'appendText') return Reflect.get(target, name, target).bind(target)
      return async (file: string, text: string) => {
        waiting = Math.max(waiting, text.length)
        await target.appendText(file, text)
      }
    },
  })
  const partOf = (time: string | null) => parseWeek(time === days[0] ? '2024-W01' : time === days[1] ? '2024-W02' : '2024-W03')
  const read = await readRange(
    { table: 'contlog', range: {}, partOf },
    { source, progress: quiet, database: counted },
    { phase: '', rows: 0 },
  )
  assert.equal(read.files.size, 3)
  for (const file of read.files.values()) assert.equal(statSync(database.scratchPath(file)).size, 4 * (line.length + 1))
  assert.ok(waiting <= 16 * 1024 * 1024 + 2, `${waiting} bytes at once`)
  await database.close()
})
