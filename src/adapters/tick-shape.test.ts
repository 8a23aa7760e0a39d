import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { temporaryFolder } from '../../test/support/temporary-folder.ts'

/** How many shapes ticks had in a process that collected its heap after each of some, by V8's log. */
async function shapesOfTicks(start: string): Promise<number> {
  const log = join(await temporaryFolder('shapes'), 'v8.log')
  const program = `
    import { setTimeout as delay } from 'node:timers/promises'
    ${start}
    for (let n = 0; n < 4; n++) {
      process.nextTick(() => {})
      await delay(1)
      gc()
    }`
  const flags = ['--expose-gc', '--log-maps', '--no-log-maps-details', '--no-logfile-per-isolate', `--logfile=${log}`]
  execFileSync(process.execPath, [...flags, '--input-type=module', '--eval', program])
  return readFileSync(log, 'utf8').match(/^map,Transition,.*symbol\("async_id_symbol"/gm)?.length ?? 0
}

test('one tick that is kept keeps the shape of all, whatever V8 collects', async () => {
  const keep = `import { keepTickShape } from ${JSON.stringify(import.meta.resolve('./tick-shape.ts'))}; keepTickShape()`
  assert.equal(await shapesOfTicks(keep), 1)
  assert.ok((await shapesOfTicks('')) > 1, 'without it shapes come and go: where they do not, it can go')
})
